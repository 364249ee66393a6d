"""A run digested record by record: every figure of it, and as much evidence as is worth showing, in bounded memory.

It stands apart from what the figures mean so that a run can be summed while it goes on, and its records be forgotten.
"""

from collections.abc import Iterable
from decimal import Decimal

from harness.core.outcome import CaseVerdict, Outcome, Rate
from harness.core.record import Run, RunFooter, RunHeader, TrialRecord
from harness.report.explained import Explanations
from harness.report.kept import WHOLE_TRIALS, KeptCase, Shelf, rank_of
from harness.report.measures import EXACT, Column, Outlay
from harness.report.summary import (
    CaseResult,
    Recording,
    RunDecision,
    RunSummary,
    TargetRef,
    Verdicts,
    decide_by_trials,
    decide_whole,
)
from harness.report.tally import CaseName, CaseTally, Piece, Settled

# Recorded replies are told by model and server; what servers call themselves is theirs to choose.
_MOST_RECORDINGS = 50
_FURTHER = "further servers"
_PASSED: set[CaseVerdict] = {"pass"}


class RunDigest:
    """A run's records, counted as they come; a record need not be kept once it was added.

    Any order gives the same figures. In a plan's order memory stays flat: all repeats of a case, and all its targets,
    stand together, so that it is decided when the next case begins. A record that is added twice counts twice.
    """

    def __init__(self) -> None:
        """Nothing was added yet."""
        self.trials = 0
        self._over = False
        self._name: CaseName | None = None
        self._pieces: dict[int, Piece] = {}
        self._columns: dict[tuple[str, str, str, str, bool], Column] = {}
        self._targets: dict[TargetRef, int] = {}
        self._tally, self._shelf, self._explanations = CaseTally(), Shelf(), Explanations()
        self._recordings: dict[tuple[str, str | None], _Recorded] = {}
        self._spent: Decimal | None = Decimal(0)

    def add(self, record: TrialRecord) -> None:
        """Count a trial.

        raises  ValueError if the run was decided or closed
        """
        self.trials += 1
        name = (record.suite, record.case, record.row)
        if name != self._name:
            self._end_case()
            if self._over:
                raise ValueError("this run was already decided")
            self._name = name
        column = self._columns.get((record.suite, record.target, record.source, record.model, record.simulated))
        if column is None:
            column = self._open_column(record)
        column.add(record)
        piece = self._pieces.get(column.number)
        if piece is None:
            piece = self._pieces[column.number] = Piece(column.number, record.at_least, record.index)
        piece.add(record, WHOLE_TRIALS)
        self._note_recordings(record)
        if record.outcome is not Outcome.SKIP and self._spent is not None:
            self._spend(record)

    @property
    def rate(self) -> Rate:
        """All trials by outcome."""
        rates = [column.rate for column in self._columns.values()]
        return Rate(
            passed=sum(rate.passed for rate in rates),
            failed=sum(rate.failed for rate in rates),
            errors=sum(rate.errors for rate in rates),
            skipped=sum(rate.skipped for rate in rates),
        )

    @property
    def spent_usd(self) -> Decimal | None:
        """Dollars for all trials together, judges included, as a run's footer has them; None if any is unknown."""
        return self._spent

    def decide(self, max_errors: int) -> RunDecision:
        """The decision by its trials, as `decide_by_trials` has it; nothing can be added any more."""
        self._over = True
        self._end_case()
        return decide_by_trials(_sum(self._tally.settle()), self.rate, max_errors)

    def close(self, header: RunHeader, footer: RunFooter | None) -> RunSummary:
        """The run in figures, given what its records do not tell; nothing can be added any more.

        footer  None if the run never closed
        """
        self._over = True
        self._end_case()
        settled, columns = self._tally.settle(), list(self._columns.values())
        suites = tuple(dict.fromkeys(column.suite for column in columns))
        places = {suite: place for place, suite in enumerate(suites)}
        spend, judging, verdicts, rate = Outlay(), Outlay(), _sum(settled), self.rate
        for column in columns:
            spend.add_all(column.spend)
            judging.add_all(column.judging)
        by_trials = decide_by_trials(verdicts, rate, header.max_errors)
        return RunSummary(
            header=header,
            footer=footer,
            decision=decide_whole(by_trials, self.trials, header, footer),
            trials=self.trials,
            targets=tuple(self._targets),
            suites=suites,
            figures=tuple(
                column.figures(settled.columns[column.number])
                for column in sorted(columns, key=lambda column: places[column.suite])
            ),
            cases=settled.cases,
            results=self._results(settled, places),
            whole=self._shelf.whole,
            alike=self._explanations.alike(),
            rate=rate,
            verdicts=verdicts,
            spend=spend.spend(),
            judging=judging.spend(),
            recordings=tuple(each.told(name, server) for (name, server), each in self._recordings.items()),
        )

    def _open_column(self, record: TrialRecord) -> Column:
        target = TargetRef(label=record.target, source=record.source, model=record.model, simulated=record.simulated)
        self._targets.setdefault(target, len(self._targets))
        column = Column(len(self._columns), record.suite, target)
        self._columns[record.suite, record.target, record.source, record.model, record.simulated] = column
        self._tally.open_column(record.suite)
        return column

    def _end_case(self) -> None:
        """Decide the case whose trials came last."""
        if self._name is None:
            return
        pieces = list(self._pieces.values())
        verdicts = self._tally.add(self._name, pieces)
        if verdicts != _PASSED:
            for piece in pieces:
                if piece.verdict != "pass":
                    self._explanations.add(self._name, piece, piece.records[0].target)
        self._shelf.add(self._name, pieces, verdicts)
        self._name, self._pieces = None, {}

    def _spend(self, record: TrialRecord) -> None:
        if record.cost_usd is None or record.judge_cost_usd is None or self._spent is None:
            self._spent = None
        else:
            self._spent = EXACT.add(self._spent, EXACT.add(record.cost_usd, record.judge_cost_usd))

    def _note_recordings(self, record: TrialRecord) -> None:
        for exchange in record.exchanges:
            if not exchange.recorded:
                continue
            asked = exchange.follow_up
            name = asked.model if asked is not None else f"{record.source}/{record.model}"
            noted = self._recordings.get((name, exchange.server))
            if noted is None:
                key = (name, exchange.server) if len(self._recordings) < _MOST_RECORDINGS else (_FURTHER, None)
                noted = self._recordings.setdefault(key, _Recorded())
            noted.add(exchange.recorded_at)

    def _results(self, settled: Settled, places: dict[str, int]) -> tuple[CaseResult, ...]:
        """The cases that are kept, each with all its targets, even those of which no trial is kept."""
        kept: dict[CaseName, list[KeptCase]] = {}
        for case in self._shelf.cases():
            kept.setdefault(case.name, []).append(case)
        columns = sorted(self._columns.values(), key=lambda column: self._targets[column.target])
        of_suite: dict[str, list[Column]] = {}
        for column in columns:
            of_suite.setdefault(column.suite, []).append(column)
        found = {
            name: [
                result for column in of_suite[name[0]] if (result := _result(name, cases, column, settled)) is not None
            ]
            for name, cases in kept.items()
        }
        ordered = sorted(found, key=lambda name: places[name[0]])
        if not self._shelf.whole:
            ordered.sort(key=lambda name: rank_of([result.verdict for result in found[name]]))
        return tuple(result for name in ordered for result in found[name])


class _Recorded:
    """Recorded replies of one model at one server."""

    __slots__ = ("earliest", "latest", "replies", "undated")

    def __init__(self) -> None:
        self.replies = self.undated = 0
        self.earliest: str | None = None
        self.latest: str | None = None

    def add(self, at: str | None) -> None:
        self.replies += 1
        if at is None:
            self.undated += 1
            return
        if self.earliest is None or at < self.earliest:
            self.earliest = at
        if self.latest is None or at > self.latest:
            self.latest = at

    def told(self, name: str, server: str | None) -> Recording:
        return Recording(
            name=name,
            server=server,
            replies=self.replies,
            earliest=self.earliest,
            latest=self.latest,
            undated=self.undated,
        )


def summarise(run: Run) -> RunSummary:
    """The figures of a run, its records gone through once."""
    digest = RunDigest()
    for record in run.records:
        digest.add(record)
    return digest.close(run.header, run.footer)


def summary_of(run: Run | RunSummary) -> RunSummary:
    """A run in figures: as it was handed over, or made now."""
    return run if isinstance(run, RunSummary) else summarise(run)


def decide_run(records: Iterable[TrialRecord], max_errors: int) -> RunDecision:
    """The decision by trials alone, as `decide_by_trials` has it."""
    digest = RunDigest()
    for record in records:
        digest.add(record)
    return digest.decide(max_errors)


def _result(name: CaseName, cases: list[KeptCase], column: Column, settled: Settled) -> CaseResult | None:
    pieces = [piece for case in cases for piece in case.pieces if piece.column == column.number]
    found = settled.result_of(name, pieces, column.number)
    if found is None:
        return None
    rate, verdict = found
    trials = sorted((trial for piece in pieces for trial in piece.records), key=lambda trial: trial.index)
    at_least = pieces[0].at_least if pieces else None
    suite, case, row = name
    return CaseResult(
        suite=suite,
        case=case,
        row=row,
        target=column.target,
        at_least=at_least,
        rate=rate,
        verdict=verdict,
        trials=tuple(trials),
    )


def _sum(settled: Settled) -> Verdicts:
    return Verdicts(
        passed=sum(column.passed for column in settled.columns),
        failed=sum(column.failed for column in settled.columns),
        undecided=sum(column.undecided for column in settled.columns),
        skipped=sum(column.skipped for column in settled.columns),
    )
