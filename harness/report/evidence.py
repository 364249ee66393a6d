"""What the page shows beneath the figures: each case with its trials, where they came from, and their anchors.

It stands apart from the template so that grouping, naming and flattening are typed and tested; nothing is judged here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.core.canonical import digest
from harness.core.chat import Message
from harness.core.check import Finding
from harness.core.record import ExchangeRecord, TrialRecord
from harness.report.kept import rank_of
from harness.report.summary import CaseResult, TargetRef
from harness.report.tally import CaseName

T = TypeVar("T")
_LONGEST_ANCHOR = 120
_DEEPEST_FINDING = 6
_NOT_IN_ANCHOR = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvidence:
    """One case, of one row, with every target's trials.

    anchor   id of its place in the page, stable from run to run
    cells    its result for each target of the run, in order; None where it was not asked
    differs  True if the targets that were asked came to different verdicts
    said     the scripted messages, turn by turn, where all trials were told the same; else None
    """

    suite: str
    case: str
    row: str | None
    anchor: str
    cells: tuple[CaseResult | None, ...]
    differs: bool
    said: tuple[tuple[Message, ...], ...] | None

    @property
    def results(self) -> tuple[CaseResult, ...]:
        """The results of the targets that were asked."""
        return tuple(cell for cell in self.cells if cell is not None)

    @property
    def first(self) -> TrialRecord:
        """Any trial that is kept: what it says about the case, all say."""
        return next(trial for result in self.results for trial in result.trials)

    @property
    def passes(self) -> bool:
        """True if it passes for every target that was asked."""
        return all(result.verdict == "pass" for result in self.results)

    @property
    def rank(self) -> int:
        """Where it stands among cases of a large run, as `kept` ranks them."""
        return rank_of([result.verdict for result in self.results])


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEvidence:
    """One turn of a trial: what was said, what came back, what the checks found."""

    said: tuple[Message, ...]
    exchanges: tuple[ExchangeRecord, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A finding as one line of a table, `depth` combinators deep."""

    depth: int
    finding: Finding


def evidence_of(results: Sequence[CaseResult], targets: Sequence[TargetRef]) -> tuple[CaseEvidence, ...]:
    """Each case with its result for every target, in the order of the results."""
    grouped: dict[CaseName, dict[TargetRef, CaseResult]] = {}
    for result in results:
        grouped.setdefault(result.key, {})[result.target] = result
    anchors = case_anchors(grouped)
    return tuple(_evidence(name, anchors[name], cells, targets) for name, cells in grouped.items())


def case_anchors(names: Iterable[CaseName]) -> dict[CaseName, str]:
    """An id for each case: `case-<suite>-<case>-<row>`.

    A digest of the name is added where the id would not say the name whole, or would stand for two.
    """
    plain = {name: "case-" + "-".join(part for part in name if part is not None) for name in names}
    taken = Counter(plain.values())
    return {name: _anchor(anchor, name, alone=taken[anchor] == 1) for name, anchor in plain.items()}


def turns_of(record: TrialRecord) -> tuple[TurnEvidence, ...]:
    """The trial turn by turn; a turn that was never reached has what was to be said alone."""
    turns = {*range(max(len(record.said), len(record.findings))), *(exchange.turn for exchange in record.exchanges)}
    return tuple(
        TurnEvidence(
            said=_at(record.said, turn),
            exchanges=tuple(exchange for exchange in record.exchanges if exchange.turn == turn),
            findings=_at(record.findings, turn),
        )
        for turn in sorted(turns)
    )


def finding_lines(findings: Iterable[Finding]) -> tuple[FindingLine, ...]:
    """Findings and those inside them, each before its children; what lies too deep is left out."""
    lines: list[FindingLine] = []
    waiting = [FindingLine(depth=0, finding=finding) for finding in reversed(tuple(findings))]
    while waiting:
        line = waiting.pop()
        lines.append(line)
        if line.depth < _DEEPEST_FINDING:
            children = reversed(line.finding.children)
            waiting.extend(FindingLine(depth=line.depth + 1, finding=child) for child in children)
    return tuple(lines)


def failed_findings(record: TrialRecord) -> tuple[Finding, ...]:
    """The trial's findings that did not pass, turn by turn."""
    return tuple(finding for turn in record.findings for finding in turn if finding.status != "pass")


def _anchor(plain: str, name: CaseName, *, alone: bool) -> str:
    spelled = _NOT_IN_ANCHOR.sub("-", plain)
    if alone and spelled == plain and len(plain) <= _LONGEST_ANCHOR:
        return plain
    return f"{spelled[:_LONGEST_ANCHOR]}-{digest(list(name))[:12]}"


def _evidence(
    name: CaseName, anchor: str, cells: Mapping[TargetRef, CaseResult], targets: Sequence[TargetRef]
) -> CaseEvidence:
    told = [trial.said for result in cells.values() for trial in result.trials if trial.said]
    suite, case, row = name
    return CaseEvidence(
        suite=suite,
        case=case,
        row=row,
        anchor=anchor,
        cells=tuple(cells.get(target) for target in targets),
        differs=len({result.verdict for result in cells.values()}) > 1,
        said=told[0] if told and all(said == told[0] for said in told) else None,
    )


def _at(turns: tuple[tuple[T, ...], ...], turn: int) -> tuple[T, ...]:
    return turns[turn] if 0 <= turn < len(turns) else ()
