"""Suites and targets -> the trials of a run, and what they would send, cost and take.

It stands apart from execution because a plan is pure: it can be shown, sharded and compared before a cent is spent.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

from harness.catalogue import Catalogues
from harness.checks import models_of
from harness.core.canonical import canonical_json, digest
from harness.core.catalogue import Provider, Target, Tariff
from harness.core.chat import Message
from harness.core.check import CheckKind
from harness.core.cost import MILLION
from harness.core.errors import InputError, UsageError
from harness.core.keys import PairKey, TrialKey
from harness.core.suite import Case, Suite, Turn
from harness.reading import did_you_mean
from harness.runner.targets import matches

# Bytes of UTF-8 a token, for estimates only: English prose runs at about four, code and other scripts at fewer.
BYTES_PER_TOKEN = 4
MAX_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One case of one target, once."""

    case: Case
    target: Target
    index: int
    key: TrialKey
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every trial of a run, in the order of its records.

    digest  of all trial keys: two runs with one digest asked the same
    """

    suites: tuple[Suite, ...]
    targets: tuple[Target, ...]
    trials: tuple[Trial, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases are wanted; empty means all.

    cases  globs over case ids
    tags   a case with any of them
    """

    cases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def wants(self, case: Case) -> bool:
        """Whether a case is selected."""
        named = not self.cases or any(fnmatchcase(case.id, pattern) for pattern in self.cases)
        return named and (not self.tags or bool(set(self.tags) & set(case.tags)))


def asked_digest(case: Case) -> str:
    """Digest of what a case asks, whatever the target: checks are left out."""
    # Keys that a case does not use are left out: what was asked before they existed keeps its digest.
    further: dict[str, object] = {}
    if any(turn.request is not None for turn in case.turns):
        further["requests"] = [_spell_plain(turn) for turn in case.turns]
    if case.dialect is not None:
        further["dialect"] = case.dialect
    if case.deferred:
        further["deferred"] = True
    return digest(
        {
            **further,
            "system": case.system,
            "turns": [[_spell(message) for message in turn.messages] for turn in case.turns],
            "params": dict(case.params),
            "tools": list(case.tools),
            "tool_results": dict(case.tool_results),
            "max_rounds": case.max_rounds if case.tool_results else None,
            "response_format": case.response_format,
            "stream": case.stream,
            "credential": case.credential,
        }
    )


def _spell(message: Message) -> list[object]:
    parts = [[part.kind, part.text, part.image, *([part.detail] if part.detail else [])] for part in message.parts]
    calls = [[call.id, call.name, call.arguments] for call in message.tool_calls]
    spoken: list[object] = [message.role, message.text, parts, calls, message.tool_call_id]
    return spoken if message.name is None else [*spoken, message.name]


def _spell_plain(turn: Turn) -> list[object] | None:
    request = turn.request
    if request is None:
        return None
    return [request.method, request.path, request.body, request.domain, dict(turn.save)]


def plan_run(
    suites: Sequence[Suite],
    targets: Mapping[str, tuple[Target, ...]],
    selection: Selection,
    repeats: int | None = None,
) -> Plan:
    """The trials of a run: by suite, case, row, target, index.

    targets  by suite name
    repeats  overrides the cases' own number
    raises   UsageError if nothing is selected, or a case could never pass with so few repeats
    """
    _check_selection(suites, selection)
    trials = tuple(itertools.islice(_trials(suites, targets, selection, repeats), MAX_TRIALS + 1))
    if len(trials) > MAX_TRIALS:
        message = f"more than {MAX_TRIALS:,} trials"
        raise UsageError(message, remedy="narrow them with --case, --tag or --target, or ask fewer repeats")
    if not trials:
        remedy = "the selected cases are meant for other targets, by their `only:` lists, or carry other tags"
        raise UsageError("no trial is selected", remedy=remedy)
    used: dict[str, Target] = {}
    for trial in trials:
        label = trial.target.label
        if used.setdefault(label, trial.target) != trial.target:
            message = f"the label '{label}' means different targets in different suites"
            raise InputError(
                message, remedy="figures go by label: give each its own with `as:`, or run the suites apart"
            )
    return Plan(
        suites=tuple(suites), targets=tuple(used.values()), trials=trials, digest=digest([t.key.digest for t in trials])
    )


def empty_plan(suites: Sequence[Suite], targets: Mapping[str, tuple[Target, ...]]) -> Plan:
    """The plan of suites whose cases are not asked, for what is asked beside them."""
    used = {target.label: target for suite in suites for target in targets[suite.name]}
    return Plan(suites=tuple(suites), targets=tuple(used.values()), trials=(), digest=digest([]))


def _check_selection(suites: Sequence[Suite], selection: Selection) -> None:
    cases = sorted({case.id for suite in suites for case in suite.cases})
    tags = sorted({tag for suite in suites for case in suite.cases for tag in case.tags})
    for pattern in selection.cases:
        if not any(fnmatchcase(case, pattern) for case in cases):
            raise UsageError(f"--case: no case is named '{pattern}'", remedy=did_you_mean(pattern, cases))
    for tag in selection.tags:
        if tag not in tags:
            remedy = did_you_mean(tag, tags) if tags else "no case here has a tag"
            raise UsageError(f"--tag: no case has the tag '{tag}'", remedy=remedy)


def _trials(
    suites: Iterable[Suite], targets: Mapping[str, tuple[Target, ...]], selection: Selection, repeats: int | None
) -> Iterable[Trial]:
    for suite in suites:
        for case in filter(selection.wants, suite.cases):
            count = repeats or case.repeats
            if case.at_least is not None and case.at_least > count:
                message = f"case '{case.id}' passes with at least {case.at_least} of its repeats; {count} are too few"
                raise UsageError(message, remedy=f"pass --repeats {case.at_least} or more")
            asked = asked_digest(case)
            for target in targets[suite.name]:
                if case.only and not any(matches(target, pattern) for pattern in case.only):
                    continue
                rendered = digest([asked, target.model, dict(target.params), target.system, target.region])
                for index in range(count):
                    pair = PairKey(suite=suite.name, case=case.id, row=case.row, index=index)
                    key = TrialKey(pair=pair, target=target.label, rendered=rendered)
                    yield Trial(case=case, target=target, index=index, key=key, asked=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan would send to one target, before anything is sent.

    requests       one a turn; tool rounds come on top, at most `more_requests`
    judgements     questions to judges, which are asked and billed beside all other figures here
    input_tokens   about, at four bytes a token; each turn sends the conversation so far
    output_tokens  at most, where every request bounds them; None if one does not
    cost_usd       at most, on that reckoning; None where a price or a bound is missing
    minutes        at least, under the documented limits; None where there are none
    """

    target: str
    requests: int
    more_requests: int
    judgements: int
    input_tokens: int
    output_tokens: int | None
    cost_usd: Decimal | None
    minutes: float | None


def estimate(plan: Plan, catalogues: Catalogues, kinds: Mapping[str, CheckKind], profile: str) -> tuple[Estimate, ...]:
    """What a plan would send, cost and take, by target."""
    asked = [trial for trial in plan.trials if trial.case.skip is None]
    return tuple(
        _estimate(
            target,
            [trial for trial in asked if trial.target.label == target.label],
            catalogues.provider(target.provider),
            kinds,
            profile,
        )
        for target in plan.targets
    )


def _estimate(
    target: Target, trials: Sequence[Trial], provider: Provider, kinds: Mapping[str, CheckKind], profile: str
) -> Estimate:
    model = provider.find_model(target.model)
    requests = sum(len(trial.case.turns) for trial in trials)
    more = sum(len(trial.case.turns) * trial.case.max_rounds for trial in trials if trial.case.tool_results)
    input_tokens = sum(_input_bytes(trial) for trial in trials) // BYTES_PER_TOKEN
    bounds = [_output_bound(trial) for trial in trials]
    known = [bound for bound in bounds if bound is not None]
    output_tokens = sum(known) if len(known) == len(bounds) else None
    limits = model.limits if model else None
    rate = limits.requests_per_minute if limits else None
    return Estimate(
        target=target.label,
        requests=requests,
        more_requests=more,
        judgements=sum(
            len(models_of(check, kinds)) for trial in trials for turn in trial.case.turns for check in turn.expect
        ),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_usd=_cost(input_tokens, output_tokens, provider.find_tariff(target.model, profile)),
        minutes=requests / rate if rate else None,
    )


def _cost(input_tokens: int, output_tokens: int | None, tariff: Tariff | None) -> Decimal | None:
    if tariff is None or tariff.input is None or tariff.output is None:
        return None
    dearest = max(tariff.output, tariff.reasoning or tariff.output)
    if output_tokens is None:
        # What costs nothing a token costs nothing without a bound, too.
        return Decimal(0) if tariff.input == dearest == 0 else None
    return (input_tokens * tariff.input + output_tokens * dearest) / MILLION


def _input_bytes(trial: Trial) -> int:
    fixed = sum(len(text.encode()) for text in (trial.case.system, trial.target.system) if text)
    total, so_far = 0, fixed + sum(len(str(tool)) for tool in trial.case.tools)
    for turn in trial.case.turns:
        if turn.request is not None:
            total += len(canonical_json(turn.request.body)) if turn.request.asks_model else 0
            continue
        so_far += sum(len(message.plain.encode("utf-8", "replace")) for message in turn.messages)
        total += so_far
    return total


def _output_bound(trial: Trial) -> int | None:
    if any(turn.request is not None and turn.request.asks_model for turn in trial.case.turns):
        # What bounds it, and what it costs, is a matter of the endpoint: an image is priced by none of these figures.
        return None
    turns = sum(turn.request is None for turn in trial.case.turns)
    if not turns:
        return 0
    params = {**trial.case.params, **trial.target.params}
    bound = params.get("max_completion_tokens", params.get("max_tokens"))
    count = params.get("n", 1)
    if not isinstance(bound, int) or not isinstance(count, int):
        return None
    return bound * count * turns
