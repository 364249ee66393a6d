"""A run in figures: what each target came to in each suite, each case's verdict, and the run's decision.

It stands apart from every output so that page, JUnit, Markdown and terminal state the same figures. Pure functions
over records: no clock, no files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from itertools import groupby
from typing import Literal

from harness.core.cost import Cost
from harness.core.outcome import CaseVerdict, Rate, decide_case, rate_of
from harness.core.record import ExchangeRecord, Run, TrialRecord
from harness.report.figures import count, finite, mean_of, number

# Sums of money are exact: prices have at most a dozen decimals, and no run costs 10^40 dollars.
_EXACT = Context(prec=60, traps=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRef:
    """One column of the comparison: a target's label and who really answered for it."""

    label: str
    source: str
    model: str
    simulated: bool = False

    @property
    def name(self) -> str:
        """`<source>/<model>`, as every page and table shows it."""
        return f"{self.source}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How fast a target's replies were: live ones or recorded ones, never both in one figure.

    replies  replies without an error that tell any time; judges' replies do not count
    The percentiles are by nearest rank: each is a time that was really measured. None where no reply tells it.
    """

    recorded: bool
    replies: int
    total_p50_ms: float | None
    total_p95_ms: float | None
    ttft_p50_ms: float | None
    tokens_per_second_p50: float | None


def sign_of(*, upper: bool, lower: bool) -> str:
    """The sign before a figure that is an upper or a lower bound, or both for different parts; '' for neither."""
    return {(True, False): "≤", (False, True): "≥", (True, True): "≈"}.get((upper, lower), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What trials cost, in US dollars. Trials for which nothing was sent are left out.

    usd          exact sum over the trials whose cost is known; None if none is
    mean_usd     its mean over those trials, to four significant digits
    known        trials whose cost is known; `unknown` those whose cost is not, and which are in no figure
    upper_bound  True if any reply was billed at a rate dearer than may be right; lower_bound likewise, cheaper
    profiles     the price profiles used, 'billed' where the server's own figure won
    """

    usd: Decimal | None = None
    mean_usd: Decimal | None = None
    known: int = 0
    unknown: int = 0
    upper_bound: bool = False
    lower_bound: bool = False
    profiles: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """How the figure stands to the true one: '≤', '≥', '≈' where it may be off both ways, or ''."""
        return sign_of(upper=self.upper_bound, lower=self.lower_bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case, of one row, asked of one target: its trials and what they come to.

    at_least  how many trials must pass; None for all
    """

    suite: str
    case: str
    row: str | None
    target: TargetRef
    at_least: int | None
    rate: Rate
    verdict: CaseVerdict
    trials: tuple[TrialRecord, ...]

    @property
    def key(self) -> tuple[str, str, str | None]:
        """Suite, case and row: what targets are compared by."""
        return (self.suite, self.case, self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Case results counted by verdict."""

    passed: int = 0
    failed: int = 0
    undecided: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFigures:
    """One suite asked of one target.

    timings  at most two: live, then recorded
    judging  what the judges cost, which is in no other figure
    """

    suite: str
    target: TargetRef
    rate: Rate
    verdicts: Verdicts
    timings: tuple[Timings, ...]
    spend: Spend
    judging: Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDecision:
    """The answer, as DESIGN's exit codes have it, and why in one sentence.

    asked  False if every case was skipped
    """

    exit_code: int
    reason: str
    asked: bool = True

    @property
    def word(self) -> Literal["pass", "fail", "no answer", "no question"]:
        """The answer in a word: 0 and 1 are answers, every other code is none."""
        if not self.asked:
            return "no question"
        return "pass" if self.exit_code == 0 else "fail" if self.exit_code == 1 else "no answer"

    @property
    def status(self) -> Literal["pass", "fail", "error"]:
        """The answer as an outcome, for what is coloured by it."""
        return "pass" if self.exit_code == 0 else "fail" if self.exit_code == 1 else "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in figures.

    figures  suite by suite, targets within, both in the order of the records
    results  likewise, case by case
    """

    decision: RunDecision
    targets: tuple[TargetRef, ...]
    suites: tuple[str, ...]
    figures: tuple[SuiteFigures, ...]
    results: tuple[CaseResult, ...]
    rate: Rate
    verdicts: Verdicts
    spend: Spend
    judging: Spend

    @property
    def simulated(self) -> tuple[TargetRef, ...]:
        """The targets that a simulator answered for: never evidence about a vendor's model."""
        return tuple(target for target in self.targets if target.simulated)


def summarise(run: Run) -> RunSummary:
    """The figures of a run. The decision counts what the records cannot tell: a run that never closed, or stopped."""
    results = case_results(run.records)
    return RunSummary(
        decision=_decide_whole(run, results),
        targets=tuple(dict.fromkeys(target_of(record) for record in run.records)),
        suites=tuple(dict.fromkeys(record.suite for record in run.records)),
        figures=tuple(_figures(group) for group in by_suite_and_target(results)),
        results=results,
        rate=rate_of(record.outcome for record in run.records),
        verdicts=_verdicts(results),
        spend=spend_of(run.records),
        judging=spend_of(run.records, judging=True),
    )


def target_of(record: TrialRecord) -> TargetRef:
    """The target that a trial was asked of."""
    return TargetRef(label=record.target, source=record.source, model=record.model, simulated=record.simulated)


def case_results(records: Iterable[TrialRecord]) -> tuple[CaseResult, ...]:
    """Each (case, row, target) decided, in the order of the records, suites together, then cases, then targets."""
    # Records may stand target by target; readers want case by case.
    places: dict[object, int] = {}

    def place(record: TrialRecord) -> tuple[int, ...]:
        names = (record.suite, (record.suite, record.case, record.row), target_of(record))
        return tuple(places.setdefault(name, len(places)) for name in names)

    ordered = sorted(records, key=lambda record: (place(record), record.index))
    return tuple(_result(tuple(trials)) for _, trials in groupby(ordered, key=place))


def decide_run(records: Sequence[TrialRecord], max_errors: int) -> RunDecision:
    """May this change merge, by its trials alone: 0, 1 or 3.

    max_errors  how many trials may end as an error
    A case that fails whatever its errors would have been is a certain no. Skipped cases never fail a run; where all
    are skipped there was no question, and the answer is 0. Where every trial asked was an error there is no answer,
    whatever is tolerated.
    """
    return _decide(case_results(records), max_errors)


def spend_of(records: Iterable[TrialRecord], *, judging: bool = False) -> Spend:
    """What trials cost together: what the targets were asked, or what their judges were."""
    costs: list[Decimal | None] = []
    priced: list[Cost] = []
    for record in records:
        sent = [each for each in record.exchanges if (each.follow_up is not None) is judging and _was_sent(each)]
        if sent:
            costs.append(record.judge_cost_usd if judging else record.cost_usd)
            priced += [exchange.cost for exchange in sent if exchange.cost is not None]
    known = [cost for cost in costs if cost is not None and cost.is_finite()]
    total = reduce(_EXACT.add, known, Decimal(0))
    return Spend(
        usd=total if known else None,
        mean_usd=mean_of(total, len(known)),
        known=len(known),
        unknown=len(costs) - len(known),
        upper_bound=any(cost.upper_bound for cost in priced),
        lower_bound=any(cost.lower_bound for cost in priced),
        profiles=tuple(sorted({cost.profile for cost in priced})),
    )


def percentile(values: Iterable[float], hundredth: int) -> float | None:
    """The nearest-rank percentile: the least value that at least `hundredth` % of all do not exceed; None for none."""
    ranked = sorted(values)
    return ranked[-(-len(ranked) * hundredth // 100) - 1] if ranked else None


def _decide_whole(run: Run, results: Sequence[CaseResult]) -> RunDecision:
    decision = _decide(results, run.header.max_errors)
    if decision.exit_code == 1:
        return decision
    there = len(run.records)
    if run.footer is None or there != run.footer.trials or there < run.header.trials:
        reason = f"The run is not complete: of {count(run.header.trials, 'trial')} planned, {number(there)} stand here."
        return RunDecision(exit_code=3, reason=reason)
    if decision.exit_code == 0 and run.footer.exit_code != 0:
        reason = f"The run itself ended with exit code {run.footer.exit_code}, though what it recorded passes."
        return RunDecision(exit_code=run.footer.exit_code, reason=reason)
    return decision


def _decide(results: Sequence[CaseResult], max_errors: int) -> RunDecision:
    verdicts, rate = _verdicts(results), rate_of(trial.outcome for result in results for trial in result.trials)
    asked = count(len(results) - verdicts.skipped, "case result")
    errors = f"{count(rate.errors, 'error')} of {count(rate.asked, 'trial')}"
    if not results:
        return RunDecision(exit_code=3, reason="Nothing was asked: there are no trials.")
    if verdicts.failed:
        beside = f", with {errors}" if rate.errors else ""
        return RunDecision(exit_code=1, reason=f"{number(verdicts.failed)} of {asked} failed{beside}.")
    if rate.errors > max_errors:
        tolerated = f"{number(max_errors)} tolerated" if max_errors else "none tolerated"
        return RunDecision(
            exit_code=3, reason=f"{errors}, {tolerated}: too much is open for a yes, and no case surely fails."
        )
    if not rate.asked:
        return RunDecision(exit_code=0, reason="There was no question: every case was skipped.", asked=False)
    if not rate.passed + rate.failed:
        return RunDecision(exit_code=3, reason=f"Nothing was decided: {errors}.")
    beside = f", with {errors}, which is tolerated" if rate.errors else ""
    if verdicts.undecided:
        beside = f", {number(verdicts.undecided)} stay open{beside}"
    if verdicts.skipped:
        beside += f"; {number(verdicts.skipped)} more skipped"
    return RunDecision(exit_code=0, reason=f"{number(verdicts.passed)} of {asked} passed{beside}.")


def _result(trials: tuple[TrialRecord, ...]) -> CaseResult:
    first, rate = trials[0], rate_of(trial.outcome for trial in trials)
    return CaseResult(
        suite=first.suite,
        case=first.case,
        row=first.row,
        target=target_of(first),
        at_least=first.at_least,
        rate=rate,
        verdict=decide_case(rate, first.at_least),
        trials=trials,
    )


def _verdicts(results: Iterable[CaseResult]) -> Verdicts:
    seen = [result.verdict for result in results]
    return Verdicts(
        passed=seen.count("pass"),
        failed=seen.count("fail"),
        undecided=seen.count("undecided"),
        skipped=seen.count("skip"),
    )


def _figures(results: Sequence[CaseResult]) -> SuiteFigures:
    records = [trial for result in results for trial in result.trials]
    replies = [e for record in records for e in record.exchanges if e.follow_up is None and e.reply.error is None]
    live = [exchange for exchange in replies if not _is_recorded(exchange)]
    recorded = [exchange for exchange in replies if _is_recorded(exchange)]
    return SuiteFigures(
        suite=results[0].suite,
        target=results[0].target,
        rate=rate_of(record.outcome for record in records),
        verdicts=_verdicts(results),
        timings=tuple(_timings(those) for those in (live, recorded) if those),
        spend=spend_of(records),
        judging=spend_of(records, judging=True),
    )


def _timings(exchanges: Sequence[ExchangeRecord]) -> Timings:
    replies = [exchange.reply for exchange in exchanges]
    totals = [ms for reply in replies if (ms := finite(reply.timing.total_ms)) is not None]
    firsts = [ms for reply in replies if (ms := finite(reply.timing.ttft_ms)) is not None]
    speeds = [speed for exchange in exchanges if (speed := tokens_per_second(exchange)) is not None]
    return Timings(
        recorded=_is_recorded(exchanges[0]),
        replies=len(totals),
        total_p50_ms=percentile(totals, 50),
        total_p95_ms=percentile(totals, 95),
        ttft_p50_ms=percentile(firsts, 50),
        tokens_per_second_p50=percentile(speeds, 50),
    )


def tokens_per_second(exchange: ExchangeRecord) -> float | None:
    """A reply's speed; None where it is not known, or a server's count is beyond all numbers."""
    reply = exchange.reply
    told = (reply.usage.completion, reply.usage.reasoning or 0, reply.timing.total_ms)
    return None if any(finite(figure) is None for figure in told) else finite(reply.tokens_per_second)


def _is_recorded(exchange: ExchangeRecord) -> bool:
    return exchange.recorded or exchange.reply.timing.recorded


def _was_sent(exchange: ExchangeRecord) -> bool:
    error = exchange.reply.error
    return error is None or error.kind != "missing-recording"


def by_suite_and_target(results: Iterable[CaseResult]) -> list[list[CaseResult]]:
    """Results in groups of one suite and one target, in their order."""
    groups: dict[tuple[str, TargetRef], list[CaseResult]] = {}
    for result in results:
        groups.setdefault((result.suite, result.target), []).append(result)
    return list(groups.values())
