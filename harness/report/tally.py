"""Cases decided as their trials go by, and counted, in a few bytes for each.

It stands apart because it must be right in any order: a plan's order lets each case be decided when the next one
begins, but a journal holds trials as they finished, and shards of a plan may each hold some repeats of one case.
"""

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.core.outcome import CaseVerdict, Outcome, Rate, decide_case
from harness.core.record import TrialRecord
from harness.report.summary import CaseCounts, Verdicts

CaseName = tuple[str, str, str | None]
"""Suite, case and row: what targets are compared by."""

# Passed, failed, errors, skipped, at_least.
_Shape = tuple[int, int, int, int, int | None]


class Counts:
    """Trials counted by outcome."""

    __slots__ = ("errors", "failed", "passed", "skipped")

    def __init__(self) -> None:
        """None yet."""
        self.passed = self.failed = self.errors = self.skipped = 0

    def count(self, outcome: Outcome) -> None:
        """One more."""
        if outcome is Outcome.PASS:
            self.passed += 1
        elif outcome is Outcome.FAIL:
            self.failed += 1
        elif outcome is Outcome.ERROR:
            self.errors += 1
        else:
            self.skipped += 1

    @property
    def rate(self) -> Rate:
        """All of them."""
        return Rate(passed=self.passed, failed=self.failed, errors=self.errors, skipped=self.skipped)


class Piece(Counts):
    """Trials of one case and one target that came together: all of them, in a plan's order.

    column   number of the suite and target
    first    the least of their indices
    records  what is kept of them
    verdict  what they alone come to; known when the tally has counted them
    """

    __slots__ = ("at_least", "column", "first", "records", "verdict")

    def __init__(self, column: int, at_least: int | None, first: int) -> None:
        """No trial yet; `first` is the index of the one to come."""
        super().__init__()
        self.column = column
        self.at_least = at_least
        self.first = first
        self.records: list[TrialRecord] = []
        self.verdict: CaseVerdict = "skip"

    def add(self, record: TrialRecord, most: int) -> None:
        """Count a trial, and keep it: of more than `most`, only as many again that did not pass."""
        self.count(record.outcome)
        self.first = min(self.first, record.index)
        kept = len(self.records)
        if kept < most or (kept < 2 * most and record.outcome in (Outcome.FAIL, Outcome.ERROR)):
            self.records.append(record)


@dataclass(frozen=True, slots=True)
class Settled:
    """Every case decided.

    columns  verdicts counted, by number of the column
    """

    columns: Sequence[Verdicts]
    cases: CaseCounts
    _scattered: Mapping[int, Mapping[int, tuple[Rate, CaseVerdict]]]

    def result_of(self, name: CaseName, pieces: Sequence[Piece], column: int) -> tuple[Rate, CaseVerdict] | None:
        """What a case came to in a column; None if it was not asked. `pieces` are those of this case that are kept."""
        scattered = self._scattered.get(hash(name))
        if scattered is not None:
            return scattered.get(column)
        return next(((piece.rate, piece.verdict) for piece in pieces if piece.column == column), None)


class CaseTally:
    """Sixteen bytes for each case and target."""

    def __init__(self) -> None:
        """No case yet."""
        self._shapes = _Shapes()
        # A hash stands for a case's name. Two of a million names share one with a chance of 3 in 10^8, and then only
        # matter where trials came out of order.
        self._names, self._columns, self._seen = array("q"), array("I"), array("I")
        # Of each suite: its columns, and of its cases that came the pieces and the number.
        self._suites: dict[str, list[int]] = {}
        self._suite_of: list[str] = []
        self._verdicts: list[dict[CaseVerdict, int]] = []
        self._cases: dict[str, int] = {}
        self._torn: set[int] = set()

    def open_column(self, suite: str) -> None:
        """Make room for the next column, which is of this suite."""
        self._verdicts.append({"pass": 0, "fail": 0, "undecided": 0, "skip": 0})
        self._suites.setdefault(suite, [0, 0, 0])[0] += 1
        self._suite_of.append(suite)

    def add(self, name: CaseName, pieces: Collection[Piece]) -> set[CaseVerdict]:
        """Count a case, or as much of it as came together; its verdicts, which its pieces know from now on."""
        suite, key = self._suites[name[0]], hash(name)
        seen: set[CaseVerdict] = set()
        for piece in pieces:
            shape = self._shapes.number((piece.passed, piece.failed, piece.errors, piece.skipped, piece.at_least))
            verdict = piece.verdict = self._shapes.told[shape][1]
            self._names.append(key)
            self._columns.append(piece.column)
            self._seen.append(shape)
            self._verdicts[piece.column][verdict] += 1
            seen.add(verdict)
            # Repeats are numbered from 0 and stand together: where 0 is not here, it is elsewhere.
            if piece.first > 0:
                self._torn.add(key)
        suite[1] += len(pieces)
        suite[2] += 1
        _count(self._cases, seen)
        return seen

    def settle(self) -> Settled:
        """Every case decided by all of its trials."""
        suspects = self._suspects()
        columns, cases = [dict(each) for each in self._verdicts], dict(self._cases)
        merged: dict[int, dict[int, int]] = {}
        for name, (start, end) in self._cases_in_order() if suspects else ():
            if name not in suspects:
                continue
            together, seen = merged.setdefault(name, {}), set()
            for column, shape in zip(self._columns[start:end], self._seen[start:end], strict=True):
                before = together.get(column)
                together[column] = shape if before is None else self._shapes.together(before, shape)
                verdict = self._shapes.told[shape][1]
                columns[column][verdict] -= 1
                seen.add(verdict)
            _count(cases, seen, -1)
        scattered = {
            name: {column: self._shapes.told[shape] for column, shape in together.items()}
            for name, together in merged.items()
        }
        for results in scattered.values():
            for column, (_, verdict) in results.items():
                columns[column][verdict] += 1
            _count(cases, {verdict for _, verdict in results.values()})
        return Settled(tuple(map(_verdicts, columns)), CaseCounts(**cases), scattered)

    def _suspects(self) -> set[int]:
        """The cases of which there may be more than one piece for a target: those that did not come whole."""
        suspects = set(self._torn)
        # Where each case came with all the targets of its suite, none can have come in parts.
        if any(columns * cases != pieces for columns, pieces, cases in self._suites.values()):
            suspects.update(
                name
                for name, (start, end) in self._cases_in_order()
                if end - start < self._suites[self._suite_of[self._columns[start]]][0]
            )
        return suspects

    def _cases_in_order(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Each case, or part of one, that came together: its name's hash, and from where to where its pieces stand."""
        start = 0
        for end in range(1, len(self._names) + 1):
            if end == len(self._names) or self._names[end] != self._names[start]:
                yield self._names[start], (start, end)
                start = end


class _Shapes:
    """What cases came to, each different result once: few differ in a run."""

    def __init__(self) -> None:
        self._numbers: dict[_Shape, int] = {}
        self.told: list[tuple[Rate, CaseVerdict]] = []

    def number(self, shape: _Shape) -> int:
        known = self._numbers.get(shape)
        if known is not None:
            return known
        rate = Rate(passed=shape[0], failed=shape[1], errors=shape[2], skipped=shape[3])
        self.told.append((rate, decide_case(rate, shape[4])))
        return self._numbers.setdefault(shape, len(self._numbers))

    def together(self, one: int, other: int) -> int:
        """Trials of one case that came in two pieces."""
        shapes = list(self._numbers)
        (passed, failed, errors, skipped, at_least), more = shapes[one], shapes[other]
        return self.number((passed + more[0], failed + more[1], errors + more[2], skipped + more[3], at_least))


def _verdicts(counted: Mapping[CaseVerdict, int]) -> Verdicts:
    return Verdicts(
        passed=counted["pass"], failed=counted["fail"], undecided=counted["undecided"], skipped=counted["skip"]
    )


def _count(cases: dict[str, int], verdicts: set[CaseVerdict], by: int = 1) -> None:
    """Add a case of these verdicts to the counts that CaseCounts has, or take it away."""
    cases["all"] = cases.get("all", 0) + by
    if verdicts == {"pass"}:
        cases["passed"] = cases.get("passed", 0) + by
    elif "fail" in verdicts:
        cases["failed"] = cases.get("failed", 0) + by
    elif "undecided" in verdicts:
        cases["undecided"] = cases.get("undecided", 0) + by
    if len(verdicts) > 1:
        cases["differing"] = cases.get("differing", 0) + by
