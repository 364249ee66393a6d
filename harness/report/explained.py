"""What did not pass, by its explanation: one error that ten thousand cases have is told once, and counted.

It stands apart from the cases that are kept as evidence because an explanation stands for all that it explains.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.core.outcome import CaseVerdict, Outcome
from harness.core.record import TrialRecord
from harness.report.summary import Alike, Why
from harness.report.tally import CaseName, Piece

# Explanations that are told apart, of each verdict; what further ones explain is in the figures.
MOST = 50
# Of a text: beyond it, two that begin alike count as one.
_COMPARED = 12_000


@dataclass(slots=True)
class _Group:
    first: CaseName
    last: CaseName
    why: Why | None
    piece: Piece
    cases: int = 1
    results: int = 1
    targets: dict[str, None] = field(default_factory=dict)


class Explanations:
    """Case results that did not pass, grouped as they come."""

    def __init__(self) -> None:
        """Nothing to explain yet."""
        self._groups: dict[CaseVerdict, dict[object, _Group]] = {}

    def add(self, name: CaseName, piece: Piece, label: str) -> None:
        """Count a case result that did not pass, of a target of this label."""
        verdict, why = piece.verdict, why_of(piece.records)
        # Without an explanation there is nothing that they share; a failure is its own case's.
        apart = (name if verdict == "fail" or why is None else None, piece.column if why is None else None)
        key = (apart, piece.passed, piece.failed, piece.errors, piece.skipped, why)
        groups = self._groups.setdefault(verdict, {})
        group = groups.get(key)
        if group is not None:
            group.results += 1
            group.cases += group.last != name
            group.last = name
        elif len(groups) < MOST:
            group = groups[key] = _Group(first=name, last=name, why=why, piece=piece)
        else:
            return
        group.targets[label] = None

    def alike(self) -> tuple[Alike, ...]:
        """The groups, in order of verdict and then of their first case."""
        return tuple(
            Alike(
                verdict=verdict,
                suite=group.first[0],
                case=group.first[1],
                row=group.first[2],
                cases=group.cases,
                targets=tuple(group.targets),
                results=group.results,
                rate=group.piece.rate,
                why=group.why,
            )
            for verdict, groups in self._groups.items()
            for group in groups.values()
        )


def why_of(trials: Sequence[TrialRecord]) -> Why | None:
    """The first explanation among trials: a finding that failed, or the reason of an error; None if there is none."""
    for trial in trials:
        if trial.outcome is Outcome.FAIL:
            for turn in trial.findings:
                for finding in turn:
                    if finding.status == "fail":
                        return Why(expected=finding.expected[:_COMPARED], seen=finding.seen[:_COMPARED])
        elif trial.outcome is not Outcome.PASS and trial.reason:
            return Why(reason=trial.reason[:_COMPARED])
    return None
