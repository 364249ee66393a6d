"""What a plan would send, cost and take, and what of it would be refused, by target, before anything is sent.

It stands apart from the plan, which says what is asked and not what that comes to, and sends nothing itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from harness.catalogue import Catalogues
from harness.checks import models_of
from harness.core.canonical import canonical_json
from harness.core.catalogue import Limits, Provider, Target, Tariff
from harness.core.chat import ChatRequest
from harness.core.check import CheckKind
from harness.core.claims import Register
from harness.core.cost import MILLION
from harness.core.plain import PlainRequest
from harness.runner.plan import Plan, Trial
from harness.runner.worst_case import WorstCase, worst_case

# English prose runs at about four; code and other scripts at fewer.
BYTES_PER_TOKEN = 4
ANY = "*"
"""The model of a claim that is about all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A parameter that a target's catalogue says it refuses, or does nothing with, and that cases send it.

    claim  id of the claim that says so
    cases  how many trials send it
    """

    parameter: str
    claim: str
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan would send to one target, before anything is sent.

    requests       one a turn; tool rounds come on top, at most `more_requests`
    judgements     questions to judges, which are asked and billed beside all other figures here
    input_tokens   about, at four bytes a token; each turn sends the conversation so far
    output_tokens  at most, where every request bounds them; None if one does not
    least_usd      for the prompts alone, on that reckoning; None where there is no price
    most_usd       what a budget would set aside: no run costs more; None where a price or a bound is missing
    minutes        at least, under the documented limits; None where there are none
    refused        parameters that the catalogue says are refused
    """

    target: str
    trials: int = 0
    requests: int = 0
    more_requests: int = 0
    judgements: int = 0
    input_tokens: int = 0
    output_tokens: int | None = 0
    least_usd: Decimal | None = Decimal(0)
    most_usd: Decimal | None = Decimal(0)
    minutes: float | None = None
    refused: tuple[Refused, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Sum:
    """What the trials of one target add up to."""

    target: Target
    provider: Provider
    tariff: Tariff | None
    refuses: Mapping[str, str]
    trials: int = 0
    requests: int = 0
    more_requests: int = 0
    judgements: int = 0
    input_bytes: int = 0
    worst_input_tokens: int = 0
    output_tokens: int | None = 0
    most_usd: Decimal | None = Decimal(0)
    refused: dict[str, int] = field(default_factory=dict)


def estimate(
    plan: Plan,
    catalogues: Catalogues,
    kinds: Mapping[str, CheckKind],
    profile: str,
    registers: Mapping[str, Register] | None = None,
) -> tuple[Estimate, ...]:
    """What a plan would send, cost and take, by target.

    registers  documented claims by provider, for what a target refuses; without them nothing is said of that
    """
    sums: dict[str, _Sum] = {}
    for target in plan.targets:
        provider = catalogues.provider(target.provider)
        sums[target.label] = _Sum(
            target=target,
            provider=provider,
            tariff=provider.find_tariff(target.model, profile),
            refuses=refuses(provider, target.model, (registers or {}).get(target.provider)),
        )
    for trial in plan.trials:
        _add(sums[trial.target.label], trial, kinds, profile)
    return tuple(_estimate(each) for each in sums.values())


def refuses(provider: Provider, model: str, register: Register | None) -> dict[str, str]:
    """Parameters that a model does not support by its vendor's claims, each with the claim that says so."""
    if register is None:
        return {}
    found = provider.find_model(model)
    name = model if found is None else found.id
    said: dict[str, str] = {}
    supported: set[str] = set()
    for claim in register.of_kind("parameter"):
        if claim.value.get("model") not in (name, ANY):
            continue
        parameter = str(claim.value.get("param"))
        if claim.value.get("support") == "unsupported":
            said.setdefault(parameter, claim.id)
        else:
            supported.add(parameter)
    # Where one document says so and another the contrary, nobody knows before it is tried.
    return {parameter: claim for parameter, claim in said.items() if parameter not in supported}


def _add(total: _Sum, trial: Trial, kinds: Mapping[str, CheckKind], profile: str) -> None:
    case, target = trial.case, trial.target
    total.trials += 1
    if case.skip is not None:
        return
    turns = len(case.turns)
    total.requests += turns
    total.more_requests += turns * case.max_rounds if case.tool_results else 0
    total.judgements += sum(len(models_of(check, kinds)) for turn in case.turns for check in turn.expect)
    params = {**case.params, **target.params}
    for parameter in total.refuses.keys() & params.keys():
        total.refused[parameter] = total.refused.get(parameter, 0) + 1
    fixed = sum(len(text.encode()) for text in (case.system, target.system) if text)
    so_far = fixed + sum(len(str(tool)) for tool in case.tools)
    said = sum(len(result.encode()) for result in case.tool_results.values())
    for turn in case.turns:
        if turn.request is not None:
            size = len(canonical_json(turn.request.body)) if turn.request.asks_model else 0
            _count(total, turn.request, size, 1, profile)
            continue
        so_far += sum(len(message.plain.encode("utf-8", "replace")) for message in turn.messages)
        request = ChatRequest(model=target.model, messages=turn.messages, params=params, tools=case.tools)
        rounds = 1 + (case.max_rounds if case.tool_results else 0)
        worst = _count(total, request, so_far, 1, profile)
        # What the model says in one turn is read again in the next.
        answer = worst.output_tokens or 0
        for number in range(1, rounds):
            _count(total, request, so_far + number * (said + BYTES_PER_TOKEN * answer), 0, profile)
        so_far += BYTES_PER_TOKEN * answer + (rounds - 1) * said if rounds > 1 else 0


def _count(total: _Sum, request: ChatRequest | PlainRequest, size: int, surely: int, profile: str) -> WorstCase:
    """Count a request of `size` bytes; `surely` is 0 for one that is sent only if a model calls a tool."""
    worst = worst_case(request, size, total.provider, total.target.model, profile)
    total.input_bytes += size * surely
    total.worst_input_tokens += worst.input_tokens
    if total.most_usd is not None:
        total.most_usd = None if worst.usd is None else total.most_usd + worst.usd
    if total.output_tokens is not None:
        total.output_tokens = None if worst.output_tokens is None else total.output_tokens + worst.output_tokens
    return worst


def _estimate(total: _Sum) -> Estimate:
    model = total.provider.find_model(total.target.model)
    input_tokens = total.input_bytes // BYTES_PER_TOKEN
    rates = [] if total.tariff is None else [total.tariff.input, total.tariff.cached_input]
    known = [rate for rate in rates if rate is not None]
    return Estimate(
        target=total.target.label,
        trials=total.trials,
        requests=total.requests,
        more_requests=total.more_requests,
        judgements=total.judgements,
        input_tokens=input_tokens,
        output_tokens=total.output_tokens,
        least_usd=input_tokens * min(known) / MILLION if known else None,
        most_usd=total.most_usd,
        minutes=_minutes(model.limits if model is not None else Limits(), total.requests, input_tokens),
        refused=tuple(
            Refused(parameter=parameter, claim=total.refuses[parameter], cases=cases)
            for parameter, cases in sorted(total.refused.items())
        ),
    )


def _minutes(limits: Limits, requests: int, tokens: int) -> float | None:
    """Under the documented limits, at least: the replies' tokens count, too, and nobody knows them yet."""
    shares = [
        count / limit
        for count, limit in ((requests, limits.requests_per_minute), (tokens, limits.tokens_per_minute))
        if limit
    ]
    return max(shares, default=None)
