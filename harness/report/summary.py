"""A run in figures: what each target came to in each suite, each case's verdict, and the run's decision.

It stands apart from every output so that page, JUnit, Markdown and terminal state the same figures, and from the
digest that makes them: here is what a run comes to, there how it is counted.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from harness.core.outcome import CaseVerdict, Rate
from harness.core.record import RunFooter, RunHeader, TrialRecord
from harness.report.figures import count, number


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
    """One case, of one row, asked of one target: what its trials come to.

    at_least  how many trials must pass; None for all
    rate      of all its trials
    trials    those that are kept to be shown, by index: all in a small run, of a large one those that tell most
    """

    suite: str
    case: str
    row: str | None
    target: TargetRef
    at_least: int | None
    rate: Rate
    verdict: CaseVerdict
    trials: tuple[TrialRecord, ...] = ()

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
class CaseCounts:
    """Cases, each of one row, counted by what all their targets came to.

    failed     some target failed; undecided: none failed, and errors leave some open; passed: every target passed
    differing  targets came to different verdicts
    """

    all: int = 0
    passed: int = 0
    failed: int = 0
    undecided: int = 0
    differing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a case result that did not pass says for itself, in the words of whoever wrote them.

    reason          of the first trial that is an error or was skipped
    expected, seen  of the first finding that failed, where a trial did
    """

    reason: str | None = None
    expected: str | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Case results that did not pass, with one explanation: one case on nine targets, one error of all cases.

    suite, case, row  the first of its cases; cases: how many there are
    targets           labels, in order
    results           how many case results, each of rate `rate`
    why               None if there is no explanation: then it is one target's alone
    """

    verdict: CaseVerdict
    suite: str
    case: str
    row: str | None
    cases: int
    targets: tuple[str, ...]
    results: int
    rate: Rate
    why: Why | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The recorded replies of one model at one server.

    name      `<source>/<model>` that recorded them
    server    what the server called itself, or None
    earliest  when they were recorded, ISO time; None if none tells
    undated   how many do not tell
    """

    name: str
    server: str | None
    replies: int
    earliest: str | None
    latest: str | None
    undated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in figures, which count all of it, and as much of its evidence as is kept.

    trials      how many stand here
    figures     suite by suite, targets within, both in the order of the records
    cases       counted, all of them
    results     those whose evidence is kept, case by case. All of them, in the order of the records, if `whole`; else
                those of cases that failed, then of undecided ones, then some of all other cases
    alike       the first explanations of each verdict but 'pass', with all that they stand for
    recordings  who recorded the replies that were replayed, in order
    """

    header: RunHeader
    footer: RunFooter | None
    decision: RunDecision
    trials: int
    targets: tuple[TargetRef, ...]
    suites: tuple[str, ...]
    figures: tuple[SuiteFigures, ...]
    cases: CaseCounts
    results: tuple[CaseResult, ...]
    whole: bool
    alike: tuple[Alike, ...]
    rate: Rate
    verdicts: Verdicts
    spend: Spend
    judging: Spend
    recordings: tuple[Recording, ...]

    @property
    def simulated(self) -> tuple[TargetRef, ...]:
        """The targets that a simulator answered for: never evidence about a vendor's model."""
        return tuple(target for target in self.targets if target.simulated)


def decide_by_trials(verdicts: Verdicts, rate: Rate, max_errors: int) -> RunDecision:
    """May this change merge, by its trials alone: 0, 1 or 3.

    max_errors  how many trials may end as an error
    A case that fails whatever its errors would have been is a certain no. Skipped cases never fail a run; where all
    are skipped there was no question, and the answer is 0. Where every trial asked was an error there is no answer,
    whatever is tolerated.
    """
    results = verdicts.passed + verdicts.failed + verdicts.undecided
    asked = count(results, "case result")
    errors = f"{count(rate.errors, 'error')} of {count(rate.asked, 'trial')}"
    if not results + verdicts.skipped:
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


def decide_whole(by_trials: RunDecision, trials: int, header: RunHeader, footer: RunFooter | None) -> RunDecision:
    """The run's decision, which also counts what its trials cannot tell: that it never closed, or stopped.

    by_trials  what `decide_by_trials` says of the `trials` that stand here
    """
    if by_trials.exit_code == 1:
        return by_trials
    if footer is None or trials != footer.trials or trials < header.trials:
        reason = f"The run is not complete: of {count(header.trials, 'trial')} planned, {number(trials)} stand here."
        return RunDecision(exit_code=3, reason=reason)
    if by_trials.exit_code == 0 and footer.exit_code != 0:
        reason = f"The run itself ended with exit code {footer.exit_code}, though what it recorded passes."
        return RunDecision(exit_code=footer.exit_code, reason=reason)
    return by_trials
