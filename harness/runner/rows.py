"""`parameters:` of suites: which rows are asked of whom, and what an observation makes of them.

It stands apart from the probes that decide rows: planning and grading need none of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from harness.catalogue import Catalogues
from harness.core.canonical import digest
from harness.core.catalogue import Target
from harness.core.keys import PairKey, TrialKey
from harness.core.outcome import Outcome
from harness.core.record import TrialRecord
from harness.core.suite import ParameterRow, Suite
from harness.runner.targets import means

_PASSES: Mapping[str, frozenset[str]] = {
    "supported": frozenset({"effect", "holds"}),
    "unsupported": frozenset({"rejected", "no-effect", "broken"}),
    "rejected": frozenset({"rejected"}),
    "ignored": frozenset({"no-effect"}),
}
_FAILS: Mapping[str, frozenset[str]] = {
    "supported": frozenset({"rejected", "no-effect", "broken", "server-error", "partly"}),
    "unsupported": frozenset({"effect", "holds", "partly"}),
    "rejected": frozenset({"effect", "holds", "no-effect", "accepted", "partly"}),
    "ignored": frozenset({"effect", "holds", "rejected", "partly"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTrial:
    """One row of a suite's `parameters:`, for one target.

    row   which of several equal rows of that suite and target, or None for the first
    """

    suite: str
    row: str | None
    asks: ParameterRow
    target: Target

    @property
    def case(self) -> str:
        """What the row is called among cases: 'parameter-stop', 'capability-vision'."""
        return case_of(self.asks)

    @property
    def key(self) -> TrialKey:
        """The key of its record."""
        pair = PairKey(suite=self.suite, case=self.case, row=self.row)
        return TrialKey(pair=pair, target=self.target.label, rendered=_rendered(self.asks, self.target))


def case_of(row: ParameterRow) -> str:
    """What a row is called among cases."""
    return f"parameter-{row.parameter}" if row.parameter is not None else f"capability-{row.capability}"


def _rendered(row: ParameterRow, target: Target) -> str:
    return digest([row.parameter, row.capability, list(row.values), target.model, target.region])


def expand_rows(
    suites: Sequence[Suite],
    targets: Mapping[str, tuple[Target, ...]],
    catalogues: Catalogues,
    cases: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> tuple[RowTrial, ...]:
    """Every row of every target that it is about.

    cases  globs of `--case`, which mean rows by their names, too; with tags no row is asked: it has none
    """
    found: list[RowTrial] = []
    seen: dict[tuple[str, str, str], int] = {}
    for suite in suites:
        for row in suite.parameters if not tags else ():
            if cases and not any(fnmatchcase(case_of(row), pattern) for pattern in cases):
                continue
            for target in targets[suite.name]:
                if is_about(row, target, catalogues):
                    place = (suite.name, case_of(row), target.label)
                    seen[place] = seen.get(place, 0) + 1
                    name = None if seen[place] == 1 else str(seen[place])
                    found.append(RowTrial(suite=suite.name, row=name, asks=row, target=target))
    return tuple(found)


def judge_row(expect: str, outcome: str) -> Outcome:
    """Whether what was seen is what a row expects; an error where the evidence does not say.

    outcome  as observations have it
    """
    if outcome in _PASSES[expect]:
        return Outcome.PASS
    return Outcome.FAIL if outcome in _FAILS[expect] else Outcome.ERROR


def regrade_row(
    record: TrialRecord, rows: Iterable[ParameterRow], target: Target | None, catalogues: Catalogues
) -> TrialRecord | None:
    """A record of a row under what the suite expects today; None if it has no such row any more.

    target  that of the record
    """
    number = int(record.row or 1)
    alike = [row for row in rows if case_of(row) == record.case and target and is_about(row, target, catalogues)]
    if len(alike) < number:
        return None
    row = alike[number - 1]
    finding = record.findings[-1][0] if record.findings and record.findings[-1] else None
    if finding is None:
        return record
    result = judge_row(row.expect, finding.seen.partition(":")[0])
    status = "pass" if result is Outcome.PASS else "fail" if result is Outcome.FAIL else "unknown"
    again = replace(finding, check=f"{record.case} {row.expect}", expected=row.expect, status=status)  # type: ignore[arg-type]
    reason = None if result is not Outcome.ERROR else finding.seen
    return replace(record, outcome=result, reason=reason, findings=(*record.findings[:-1], (again,)))


def is_about(row: ParameterRow, target: Target, catalogues: Catalogues) -> bool:
    """Whether a row asks something of a target."""
    return any(means(target, pattern, catalogues) for pattern in row.models)
