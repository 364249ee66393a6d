"""A catalogue file's content -> the Provider noun; everything in it has been checked.

It stands apart from the loader so that where files come from and what they mean can be read one at a time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.core.catalogue import EndpointRow, Limits, LongContext, Management, Model, Provenance, Provider, Tariff

if TYPE_CHECKING:
    from harness.catalogue.file_format import EndpointItem, ManagementItem, ModelItem, PriceItem, ProviderFile


def build_provider(item: "ProviderFile") -> Provider:
    """The provider that a file describes, what it shares of another already in it."""
    return Provider(
        name=item.provider,
        base_url=item.base_url.rstrip("/"),
        dialect=item.dialect or "",
        dialects=tuple(item.dialects),
        regions={name: url.rstrip("/") for name, url in item.regions.items()},
        auth_header=item.auth_header,
        auth_prefix=item.auth_prefix,
        key_variable=item.key_variable,
        url_variable=item.url_variable,
        management=_management(item.management),
        model_list=item.model_list,
        endpoints=tuple(_endpoint(row) for row in item.endpoints),
        groups={name: tuple(members) for name, members in item.groups.items()},
        register=item.claim_register,
        hosts=tuple(host.lower() for host in item.hosts),
        simulated=item.simulated,
        open_models=item.open_models,
        tariffs=tuple(_tariff(price) for price in item.prices),
        models=tuple(_model(model, item.prices) for model in item.models),
    )


def _model(model: "ModelItem", shared: "Sequence[PriceItem]") -> Model:
    limits = model.limits
    return Model(
        id=model.id,
        makes=model.makes,
        aliases=tuple(model.aliases),
        window_tokens=model.window_tokens,
        max_output_tokens=model.max_output_tokens,
        capabilities=tuple(model.capabilities),
        tariffs=tuple(_tariff(price, shared if model.makes == "text" else ()) for price in model.prices),
        limits=Limits(
            requests_per_minute=limits.requests_per_minute,
            tokens_per_minute=limits.tokens_per_minute,
            concurrent_requests=limits.concurrent_requests,
        ),
    )


def _tariff(price: "PriceItem", shared: "Sequence[PriceItem]" = ()) -> Tariff:
    """One price entry.

    shared  the provider's own entries: a tool that it runs costs the same whichever model calls it
    """
    provider_wide = next((each for each in shared if each.profile == price.profile), price)
    call_claims = {rate: claim for rate, claim in provider_wide.claims.items() if rate.startswith("calls.")}
    source = price.provenance
    tier = price.long_context
    return Tariff(
        profile=price.profile,
        input=price.input,
        cached_input=price.cached_input,
        output=price.output,
        reasoning=price.reasoning,
        long_context=LongContext(
            above_tokens=tier.above_tokens, input=tier.input, cached_input=tier.cached_input, output=tier.output
        )
        if tier
        else None,
        calls={**provider_wide.calls, **price.calls},
        image=price.image,
        provenance=Provenance(
            document=source.document, section=source.section, lines=source.lines, quote=source.quote, read=source.read
        )
        if source
        else None,
        claims={**call_claims, **price.claims},
    )


def _management(item: "ManagementItem | None") -> Management | None:
    if item is None:
        return None
    return Management(
        base_url=item.base_url.rstrip("/"), key_variable=item.key_variable, team_variable=item.team_variable
    )


def _endpoint(row: "EndpointItem") -> EndpointRow:
    return EndpointRow(
        name=row.name,
        method=row.method,
        path=row.path,
        domain=row.domain,
        about=row.about,
        available=row.available,
        claims=tuple(row.claims),
    )
