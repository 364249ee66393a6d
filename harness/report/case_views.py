"""The cases of a run as their templates show them: the table of cases and targets, and the evidence beneath it.

It stands apart from the page because both show the same cases, which a large run bounds: every link of the one leads
into the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from harness.core.outcome import Outcome
from harness.core.record import TrialRecord
from harness.report.evidence import CaseEvidence
from harness.report.figures import count, number
from harness.report.kept import FAILED, OTHER, UNDECIDED
from harness.report.summary import CaseResult, RunSummary
from harness.report.trial_views import MessageView, TrialView, message_views, trial_view
from harness.report.untrusted import beyond, cut, some

# Characters of evidence: of a run that is kept whole, and of a larger one.
_LARGEST_WHOLE, _LARGEST = 12_000_000, 2_500_000
# Cases of a larger run that are shown unfolded: beyond it, a line says what failed.
_UNFOLDED = 25
_ORDER = {
    FAILED: "those that failed",
    UNDECIDED: "those that errors leave undecided",
    OTHER: "the first of each suite and target that passed or were skipped",
}
_PARTS = {FAILED: "Failed", UNDECIDED: "Undecided for errors", OTHER: "Passed, or skipped"}


class CaseView(NamedTuple):
    """A case, and what its trials were told and answered.

    first     any of its trials: what it says about the case, all say
    unfolded  True if what it asks is shown unfolded
    asked     what it says, turn by turn, where all of its trials were told the same
    in_turns  how many turns these are, in words; '' for one
    results   target by target: trials, how many others there are in words or '', and the target's label
    """

    anchor: str
    suite: str
    case: str
    row: str | None
    differs: bool
    first: TrialRecord
    unfolded: bool
    asked: Sequence[tuple[int, Sequence[MessageView]]]
    in_turns: str
    more_asked: str
    results: Sequence[tuple[Sequence[TrialView], str, str]]


@dataclass(frozen=True, slots=True)
class ShownCases:
    """The cases that a page has room for.

    cases   in order
    trials  how many are shown
    groups  rows of the table: suite, what kind of its cases these are in words or '', and the cases
    order   of a larger run: which cases stand here, in words; else ''
    parts   articles, each part under its heading, which is '' for a run that is kept whole
    """

    cases: Sequence[CaseEvidence]
    trials: int
    groups: Sequence[tuple[str, str, Sequence[CaseEvidence]]]
    order: str
    parts: Sequence[tuple[str, Sequence[str]]]

    @property
    def differing(self) -> bool:
        """True if any of these has targets that differ."""
        return any(case.differs for case in self.cases)


def show_cases(summary: RunSummary, cases: Sequence[CaseEvidence], article: Callable[[CaseView], str]) -> ShownCases:
    """As many of the cases as a page has room for, at least one.

    article  makes the markup of one
    """
    whole = summary.whole
    room = _LARGEST_WHOLE if whole else _LARGEST
    articles: list[str] = []
    for place, case in enumerate(cases):
        articles.append(article(_view(case, unfold=whole or place < _UNFOLDED)))
        room -= len(articles[-1])
        if room < 0 and place > 0:
            articles.pop()
            break
    shown = tuple(cases[: len(articles)])
    groups = groupby(shown, key=lambda case: ("" if whole else f": {_PARTS[case.rank].lower()}", case.suite))
    return ShownCases(
        cases=shown,
        trials=sum(len(result.trials) for case in shown for result in case.results),
        groups=[(suite, part, tuple(those)) for (part, suite), those in groups],
        order="" if whole else _order(summary, shown),
        parts=[("", articles)] if whole else _parts(summary, shown, articles),
    )


def _order(summary: RunSummary, shown: Sequence[CaseEvidence]) -> str:
    kinds = ", then ".join(_ORDER[rank] for rank in sorted({case.rank for case in shown}))
    return f", from {number(len(shown))} of {count(summary.cases.all, 'case')}: {kinds}"


def _parts(
    summary: RunSummary, shown: Sequence[CaseEvidence], articles: Sequence[str]
) -> list[tuple[str, Sequence[str]]]:
    counts = summary.cases
    parts: list[tuple[str, Sequence[str]]] = []
    totals = {FAILED: counts.failed, UNDECIDED: counts.undecided, OTHER: counts.all - counts.failed - counts.undecided}
    for rank, pairs in groupby(zip(shown, articles, strict=True), key=lambda pair: pair[0].rank):
        those = [article for _, article in pairs]
        many = number(len(those)) if len(those) < totals[rank] else "all"
        parts.append((f"{_PARTS[rank]}: {many} of {count(totals[rank], 'case')}", those))
    return parts


def _view(case: CaseEvidence, *, unfold: bool) -> CaseView:
    turns = case.said or ()
    return CaseView(
        anchor=case.anchor,
        suite=case.suite,
        case=case.case,
        row=case.row,
        differs=case.differs,
        first=case.first,
        unfolded=unfold and not case.passes,
        asked=[(place, message_views(turn)) for place, turn in enumerate(some(turns), start=1)],
        in_turns=f", in {number(len(turns))} turns" if len(turns) > 1 else "",
        more_asked=beyond(turns),
        results=[_result(result, shared=bool(turns), unfold=unfold) for result in case.results],
    )


def _result(result: CaseResult, *, shared: bool, unfold: bool) -> tuple[Sequence[TrialView], str, str]:
    failed = next((trial for trial in result.trials if trial.outcome is Outcome.FAIL), None) if unfold else None
    rest = result.rate.asked + result.rate.skipped - len(result.trials)
    return (
        [trial_view(trial, result, shared=shared, opened=trial is failed) for trial in result.trials],
        count(rest, "more trial" if result.trials else "trial") if rest else "",
        cut(result.target.label, 120),
    )
