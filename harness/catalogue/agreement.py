"""Whether a provider's file says what the claims of its register say: rates, limits, windows, names, endpoints.

It stands apart from both loaders because a provider is read by every run, and its claims hardly ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.catalogue.numbers import is_number
from harness.core.catalogue import EndpointRow, Model, Provider, Tariff
from harness.core.claims import Claim, Register

_KEYS = {
    "input": "usd_per_1m_input",
    "cached_input": "usd_per_1m_cached_input",
    "output": "usd_per_1m_output",
    "reasoning": "usd_per_1m_reasoning",
    "image": "usd_per_image",
    "long_context": "threshold_tokens",
    "long_context.input": "usd_per_1m_input_beyond",
    "long_context.cached_input": "usd_per_1m_cached_input_beyond",
    "long_context.output": "usd_per_1m_output_beyond",
}
"""Field of a claim's value that holds a rate, by the rate's name in a tariff."""
_LIMITS = {"tokens_per_minute": "tpm", "requests_per_minute": "rpm", "concurrent_requests": "concurrent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A figure or name of the provider's file that its claims do not bear out.

    where  the place in the file, in words, such as 'grok-3, documented, input'
    claim  id of the claim that it was held against, or ''
    """

    where: str
    claim: str
    fault: str


def find_disagreements(provider: Provider, register: Register) -> Iterator[Disagreement]:
    """Where the file and the register differ: cited claims that are unknown or say otherwise, and figures of no claim.

    Prices that cite no claim are not held to any: those of public evidence have none.
    """
    for tariff in provider.tariffs:
        yield from _tariff(tariff, None, register)
    for model in provider.models:
        for tariff in model.tariffs:
            yield from _tariff(tariff, model, register)
        yield from _figures(model, register)
        yield from _aliases(model, register)
    for row in provider.endpoints:
        yield from _endpoint(row, register)
    yield from _groups(provider, register)


def _tariff(tariff: Tariff, model: Model | None, register: Register) -> Iterator[Disagreement]:
    for rate, name in tariff.claims.items():
        where = ", ".join([model.id if model else "every model", tariff.profile, rate])
        claim = register.find(name)
        if claim is None:
            yield Disagreement(where=where, claim=name, fault="the register has no such claim")
            continue
        stated, claimed = _rate(tariff, rate), _claimed(claim, rate, tariff)
        if stated is None or stated != claimed:
            fault = f"the file says {_shown(stated)}, the claim {_shown(claimed)}"
            yield Disagreement(where=where, claim=name, fault=fault)
        elif (
            model and claim.kind == "pricing" and rate in ("input", "output", "image") and claim.subject.id != model.id
        ):
            yield Disagreement(where=where, claim=name, fault=f"the claim is about {claim.subject.id}")


def _rate(tariff: Tariff, rate: str) -> Decimal | None:
    """The figure of that name in a tariff."""
    if rate.startswith("calls."):
        return tariff.calls.get(rate.removeprefix("calls."))
    if rate == "long_context":
        return Decimal(tariff.long_context.above_tokens) if tariff.long_context else None
    holder: object = tariff.long_context if rate.startswith("long_context.") else tariff
    found = getattr(holder, rate.removeprefix("long_context."), None)
    return found if isinstance(found, Decimal) else None


def _claimed(claim: Claim, rate: str, tariff: Tariff) -> Decimal | None:
    """What a claim says of that rate."""
    key = "usd_per_call" if rate.startswith("calls.") else _KEYS.get(rate, "")
    if rate == "reasoning" and key not in claim.value and claim.kind == "rule":
        return tariff.output  # a formula that prices reasoning as output names no figure
    return _number(claim.value.get(key))


def _number(value: object) -> Decimal | None:
    return Decimal(str(value)) if is_number(value) else None


def _shown(figure: Decimal | None) -> str:
    return "nothing" if figure is None else f"{figure.normalize():f}"


def _figures(model: Model, register: Register) -> Iterator[Disagreement]:
    """Window and limits: each must be what some claim about that model says."""
    figures: dict[str, tuple[int | None, str]] = {"window_tokens": (model.window_tokens, "context_tokens")}
    for name, key in _LIMITS.items():
        figures[f"limits, {name}"] = (getattr(model.limits, name), key)
    for name, (figure, key) in figures.items():
        claims = [claim for claim in register.claims if _is_about(claim, model.id) and key in claim.value]
        if figure is not None and figure not in [claim.value[key] for claim in claims]:
            said = ", ".join(f"{claim.value[key]} ({claim.id})" for claim in claims) or "nothing"
            fault = f"the file says {figure}, the claims {said}"
            yield Disagreement(where=f"{model.id}, {name}", claim=claims[0].id if claims else "", fault=fault)


def _is_about(claim: Claim, model: str) -> bool:
    return claim.subject.type == "model" and claim.subject.id == model


def _aliases(model: Model, register: Register) -> Iterator[Disagreement]:
    named = {alias: owner for claim in register.claims if claim.kind == "alias" for alias, owner in _names(claim.value)}
    for alias in model.aliases:
        if named.get(alias) != model.id:
            said = f"makes it a name of {named[alias]}" if alias in named else "says nothing of it"
            yield Disagreement(where=f"{model.id}, alias {alias}", claim="", fault=f"the register {said}")


def _names(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, owner in (("alias", "of"), ("name", "pins")):
        if isinstance(value.get(name), str) and isinstance(value.get(owner), str):
            yield value[name], value[owner]


def _endpoint(row: EndpointRow, register: Register) -> Iterator[Disagreement]:
    for name in row.claims:
        where = f"endpoint {row.name}"
        claim = register.find(name)
        if claim is None:
            yield Disagreement(where=where, claim=name, fault="the register has no such claim")
            continue
        for key, stated in (("method", row.method), ("available", row.available)):
            if claim.value.get(key, stated) != stated:
                fault = f"the file says {key} {stated}, the claim {claim.value[key]}"
                yield Disagreement(where=where, claim=name, fault=fault)


def _groups(provider: Provider, register: Register) -> Iterator[Disagreement]:
    for claim in register.claims:
        case, model = claim.value.get("use_case"), claim.value.get("model")
        if isinstance(case, str) and model not in provider.groups.get(case, ()):
            yield Disagreement(where=f"group {case}", claim=claim.id, fault=f"the group has no {model}")
