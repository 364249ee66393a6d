"""What a catalogue file may not say although every value has the right shape: names, hosts, claims, prices.

It stands apart from the loader because rules grow with the format, and loading does not.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.reading import Document, Problem, did_you_mean, quoted

if TYPE_CHECKING:
    from harness.catalogue.file_format import PriceItem, ProviderFile

Where = tuple[str | int, ...]


def check_provider(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    """Every rule that a catalogue file breaks, each at its place.

    item      with what it shares of another provider already in it
    document  the file itself: what is shared has no place in it, and is told at the nearest part that has
    """
    yield from _dialect(item, document)
    yield from _repeated_names(item, document)
    yield from _unknown_members(item, document)
    yield from _foreign_hosts(item, document)
    yield from _endpoints(item, document)
    yield from _prices(item, document)
    yield from _claims(item, document)


def _dialect(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    if item.dialect is None:
        yield document.problem(
            (), "missing key 'dialect'", "catalogue-missing-key", "write 'dialect: …' here, such as openai-chat"
        )


def _repeated_names(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for position, model in enumerate(item.models):
        for name in (model.id, *model.aliases):
            if name in seen:
                message = f"model name '{name}' is already taken by '{seen[name]}'"
                yield document.problem(("models", position), message, "catalogue-duplicate", "rename or remove one")
            seen[name] = model.id


def _unknown_members(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    known = {name for model in item.models for name in (model.id, *model.aliases)}
    for group, members in item.groups.items():
        for position, name in enumerate(members):
            if name not in known and not item.open_models:
                message = f"group '{group}' names '{name}', which is no model of this provider"
                where = ("groups", group, position)
                yield document.problem(where, message, "catalogue-group", did_you_mean(name, known))


def _foreign_hosts(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    """What answers at a host that is not the provider's own would be filed under its name all the same."""
    places: list[tuple[Where, str]] = [(("base_url",), item.base_url)]
    places += [(("regions", name), url) for name, url in item.regions.items()]
    if item.management is not None:
        places.append((("management", "base_url"), item.management.base_url))
    own = {name.lower() for name in item.hosts}
    for where, url in places:
        host = _host_of(url)
        if host is None:
            message = f"{quoted(url)} is not a URL that can be asked"
            remedy = "write a host, and a port if need be; a user or a password does not belong in it"
            yield document.problem(where, message, "catalogue-url", remedy)
        elif own and host not in own:
            message = f"'{host}' is not among the provider's own hosts"
            yield document.problem(where, message, "catalogue-host", "add it to hosts, or correct it")


def _host_of(url: str) -> str | None:
    """The host of a URL in small letters; None if it cannot be told, or a user stands before it."""
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in parts.netloc
    except ValueError:
        # A broken bracket or port, or characters that only look like a host's.
        return None
    return (parts.hostname or "").lower() if sound else None


def _endpoints(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    names: set[str] = set()
    places: set[tuple[str, ...]] = set()
    for position, row in enumerate(item.endpoints):
        place = (row.domain, row.method, row.path)
        where = ("endpoints", position)
        if row.name in names or place in places:
            twice = f"'{row.name}'" if row.name in names else f"{row.method} {row.path}"
            message = f"endpoint {twice} is listed twice"
            yield document.problem(where, message, "catalogue-duplicate", "rename or remove one")
        if row.domain == "management" and item.management is None:
            message = f"endpoint '{row.name}' is of a management domain that this provider has not"
            yield document.problem(where, message, "catalogue-endpoint", "describe it: 'management: {base_url: …}'")
        names.add(row.name)
        places.add(place)


def _price_lists(item: "ProviderFile") -> Iterator[tuple[Where, "list[PriceItem]"]]:
    yield ("prices",), item.prices
    yield from ((("models", position, "prices"), model.prices) for position, model in enumerate(item.models))


def _prices(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    for where, prices in _price_lists(item):
        seen: set[str] = set()
        for position, price in enumerate(prices):
            if price.profile in seen:
                message = f"the price profile '{price.profile}' is given twice"
                yield document.problem((*where, position), message, "catalogue-duplicate", "rename or remove one")
            seen.add(price.profile)
            given = _given_rates(price)
            for rate in price.claims:
                if rate not in given:
                    message = f"a claim is cited for the rate '{rate}', which is not given"
                    place = (*where, position, "claims", rate)
                    yield document.problem(place, message, "catalogue-claim", did_you_mean(rate, given), key=True)


def _given_rates(price: "PriceItem") -> list[str]:
    """The names of the rates that a price entry gives, as its `claims` spell them."""
    names = [
        name for name in ("input", "cached_input", "output", "reasoning", "image") if getattr(price, name) is not None
    ]
    names += [f"calls.{tool}" for tool in price.calls]
    if (tier := price.long_context) is not None:
        tiers = [name for name in ("input", "cached_input", "output") if getattr(tier, name) is not None]
        names += ["long_context", *(f"long_context.{name}" for name in tiers)]
    return names


def _claims(item: "ProviderFile", document: Document) -> Iterator[Problem]:
    """A cited claim that no register holds could never be looked up."""
    if item.claim_register is not None:
        return
    cited: Iterable[Where] = (
        *(
            (*where, n, "claims")
            for where, prices in _price_lists(item)
            for n, price in enumerate(prices)
            if price.claims
        ),
        *(("endpoints", position, "claims") for position, row in enumerate(item.endpoints) if row.claims),
    )
    for where in cited:
        message = "claims are cited, and this provider has no register of claims"
        yield document.problem(
            where, message, "catalogue-claim", "name it: 'register: …', or leave the claims out", key=True
        )
