"""Which cases of a run are kept to be shown: all of a small run; of a large one what did not pass, then examples.

It stands apart because these bounds are what keeps a page readable and a run's memory flat, whatever the run is: they
are few, and they are here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from harness.core.outcome import CaseVerdict, Outcome
from harness.core.record import TrialRecord
from harness.report.tally import CaseName, Piece

# A run of so many trials, with so many characters in all, is kept and shown whole.
WHOLE_TRIALS = 500
_WHOLE_TEXT = 4_000_000
# Of a larger one: trials of cases that failed, of undecided ones and of examples of all others, and their characters.
# Each has room of its own: neither does an error drown among failures, nor a failure among errors.
_OPEN_TRIALS, _OPEN_TEXT = (500, 100), (3_500_000, 500_000)
_EXAMPLE_TRIALS, _EXAMPLE_TEXT = 200, 1_000_000
# Where there are more suites and targets than examples: one of each, up to so many.
_MOST_EXAMPLE_TRIALS = 600
# Of one case and target.
_OPEN_REPEATS, _EXAMPLE_REPEATS = 10, 3

FAILED, UNDECIDED, OTHER = range(3)
"""How cases rank: some target failed; none did and errors leave some open; all else."""

_TELLING = {Outcome.FAIL: 0, Outcome.ERROR: 1, Outcome.PASS: 2, Outcome.SKIP: 3}


@dataclass(slots=True)
class KeptCase:
    """A case whose evidence is kept, or as much of it as came together.

    text     about how many characters its trials hold
    trials   how many are kept
    ordinal  among examples: how many of its suite and target came before it, where there are fewest
    """

    name: CaseName
    pieces: list[Piece]
    rank: int
    text: int
    trials: int = 0
    ordinal: int = 0


class Shelf:
    """Room for a bounded number of cases, filled in the order in which they come.

    whole  True as long as every case is kept
    """

    def __init__(self) -> None:
        """Empty."""
        self.whole = True
        self._all: list[KeptCase] = []
        self._open: tuple[list[KeptCase], list[KeptCase]] = ([], [])
        self._examples: list[KeptCase] = []
        # Of each suite, target and verdict, how many examples are kept, and may be.
        self._counts: dict[tuple[int, str], int] = {}
        self._each = _EXAMPLE_TRIALS
        self._trials, self._text = [0, 0], [0, 0]

    def add(self, name: CaseName, pieces: list[Piece], verdicts: Collection[CaseVerdict]) -> None:
        """Keep a case whose pieces came to these verdicts, or not."""
        rank = rank_of(verdicts)
        if not self.whole and rank == OTHER and self._ordinal(pieces) >= self._each:
            return
        text = sum(_text_of(record) for piece in pieces for record in piece.records)
        case = KeptCase(name, pieces, rank, text)
        if not self.whole:
            self._file(case)
            return
        self._all.append(case)
        self._trials[0] += sum(piece.rate.asked + piece.skipped for piece in pieces)
        self._text[0] += text
        if self._trials[0] > WHOLE_TRIALS or self._text[0] > _WHOLE_TEXT:
            self.whole = False
            self._trials, self._text = [0, 0], [0, 0]
            kept, self._all = self._all, []
            for each in kept:
                self._file(each)

    def cases(self) -> Iterator[KeptCase]:
        """What is kept: in the order in which it came if whole, else by rank, and so within each."""
        yield from self._all
        for cases in (*self._open, self._examples):
            yield from cases

    def _file(self, case: KeptCase) -> None:
        """Keep a case of a large run, or not."""
        for piece in case.pieces:
            _trim(piece, _EXAMPLE_REPEATS if case.rank == OTHER else _OPEN_REPEATS)
        case.trials = sum(len(piece.records) for piece in case.pieces)
        if case.rank == OTHER:
            self._file_example(case)
            return
        kept, trials, text = self._open[case.rank], self._trials[case.rank], self._text[case.rank]
        fits = trials + case.trials <= _OPEN_TRIALS[case.rank] and text + case.text <= _OPEN_TEXT[case.rank]
        # The first is kept whatever its size: a page without any evidence explains nothing.
        if fits or not kept:
            kept.append(case)
            self._trials[case.rank] += case.trials
            self._text[case.rank] += case.text

    def _file_example(self, case: KeptCase) -> None:
        case.ordinal = self._ordinal(case.pieces)
        if case.ordinal >= self._each or (self._examples and not self._fits(case, _MOST_EXAMPLE_TRIALS)):
            return
        self._examples.append(case)
        for piece in case.pieces:
            key = (piece.column, piece.verdict)
            self._counts[key] = self._counts.get(key, 0) + 1
        # Fewer of each make room for more suites and targets.
        while self._each > 1 and not self._fits(None, _EXAMPLE_TRIALS):
            self._each //= 2
            self._examples = [each for each in self._examples if each.ordinal < self._each]

    def _fits(self, further: KeptCase | None, trials: int) -> bool:
        """Whether the examples, and a further one, stay within these trials and the characters allowed."""
        examples = self._examples if further is None else [*self._examples, further]
        return sum(each.trials for each in examples) <= trials and sum(each.text for each in examples) <= _EXAMPLE_TEXT

    def _ordinal(self, pieces: list[Piece]) -> int:
        # Not `min` of a generator: nearly every case of a large run is turned away here.
        fewest = self._each
        for piece in pieces:
            count = self._counts.get((piece.column, piece.verdict), 0)
            fewest = min(fewest, count)
        return fewest


def rank_of(verdicts: Collection[CaseVerdict]) -> int:
    """How a case ranks whose targets came to these verdicts."""
    return FAILED if "fail" in verdicts else UNDECIDED if "undecided" in verdicts else OTHER


def _trim(piece: Piece, most: int) -> None:
    """Leave the trials that tell most: failures first, then errors, in the order of their indices."""
    if len(piece.records) > most:
        telling = sorted(piece.records, key=lambda record: (_TELLING[record.outcome], record.index))
        piece.records = sorted(telling[:most], key=lambda record: record.index)


def _text_of(record: TrialRecord) -> int:
    """About how many characters a trial holds."""
    size = len(record.reason or "") + len(record.about)
    for turn in record.said:
        size += sum(
            len(message.text or "") + sum(len(p.text) + len(p.image) for p in message.parts) for message in turn
        )
    for exchange in record.exchanges:
        reply = exchange.reply
        size += len(reply.content) + len(reply.reasoning or "") + sum(map(len, reply.alternatives))
        size += sum(len(call.arguments) for call in reply.tool_calls)
        size += len(reply.error.message) if reply.error is not None else 0
    for findings in record.findings:
        size += sum(len(finding.expected) + len(finding.seen) for finding in findings)
    return size
