"""Sums of what a target did in a suite: outcomes, times, speeds and costs, fed record by record.

It stands apart from the digest because here is what an exchange counts for; a reply costs eight bytes for each of its
times and nothing else, so that a run of any length can be summed while it goes on.
"""

from array import array
from collections.abc import Sequence
from decimal import Context, Decimal

from harness.core.cost import Cost
from harness.core.record import ExchangeRecord, TrialRecord
from harness.report.figures import finite, mean_of
from harness.report.summary import Spend, SuiteFigures, TargetRef, Timings, Verdicts
from harness.report.tally import Counts

# Sums of money are exact: prices have at most a dozen decimals, and no run costs 10^40 dollars.
EXACT = Context(prec=60, traps=[])
# Sorting makes an object of each value: beyond so many, the few around the percentile are looked for first.
_SORTED_WHOLE = 20_000
_BINS = 256


class Outlay:
    """What trials cost together, exactly, in the words of `Spend`. Those for which nothing was sent are left out."""

    __slots__ = ("known", "lower", "profiles", "total", "unknown", "upper")

    def __init__(self) -> None:
        """Nothing was spent yet."""
        self.known = self.unknown = 0
        self.total = Decimal(0)
        self.upper = self.lower = False
        self.profiles: set[str] = set()

    def add_trial(self, usd: Decimal | None) -> None:
        """Count a trial for which something was sent; None where its cost is not known."""
        if usd is not None and usd.is_finite():
            self.known += 1
            self.total = EXACT.add(self.total, usd)
        else:
            self.unknown += 1

    def add_bill(self, cost: Cost) -> None:
        """Note how one of its replies was priced."""
        self.profiles.add(cost.profile)
        if cost.upper_bound:
            self.upper = True
        if cost.lower_bound:
            self.lower = True

    def add_all(self, other: "Outlay") -> None:
        """Count everything that another one counted."""
        self.known += other.known
        self.unknown += other.unknown
        self.total = EXACT.add(self.total, other.total)
        self.upper |= other.upper
        self.lower |= other.lower
        self.profiles |= other.profiles

    def spend(self) -> Spend:
        """The sum so far."""
        return Spend(
            usd=self.total if self.known else None,
            mean_usd=mean_of(self.total, self.known),
            known=self.known,
            unknown=self.unknown,
            upper_bound=self.upper,
            lower_bound=self.lower,
            profiles=tuple(sorted(self.profiles)),
        )


class Times:
    """The times of replies without an error: all live, or all recorded."""

    __slots__ = ("_firsts", "_speeds", "_totals", "any")

    def __init__(self) -> None:
        """No reply yet."""
        self.any = False
        self._totals, self._firsts, self._speeds = array("d"), array("d"), array("d")

    def add(self, exchange: ExchangeRecord) -> None:
        """Keep what a reply tells."""
        self.any = True
        timing = exchange.reply.timing
        if (total := finite(timing.total_ms)) is not None:
            self._totals.append(total)
        if (first := finite(timing.ttft_ms)) is not None:
            self._firsts.append(first)
        if (speed := tokens_per_second(exchange)) is not None:
            self._speeds.append(speed)

    def timings(self, *, recorded: bool) -> Timings:
        """Their percentiles."""
        return Timings(
            recorded=recorded,
            replies=len(self._totals),
            total_p50_ms=percentile(self._totals, 50),
            total_p95_ms=percentile(self._totals, 95),
            ttft_p50_ms=percentile(self._firsts, 50),
            tokens_per_second_p50=percentile(self._speeds, 50),
        )


class Column(Counts):
    """One suite asked of one target, counted."""

    __slots__ = ("judging", "live", "number", "recorded", "spend", "suite", "target")

    def __init__(self, number: int, suite: str, target: TargetRef) -> None:
        """Begin with nothing; `number` is its place among all columns, in the order in which they came."""
        super().__init__()
        self.number = number
        self.suite = suite
        self.target = target
        self.live, self.recorded = Times(), Times()
        self.spend, self.judging = Outlay(), Outlay()

    def add(self, record: TrialRecord) -> None:
        """Count a trial."""
        self.count(record.outcome)
        asked = judged = False
        for exchange in record.exchanges:
            error = exchange.reply.error
            sent = error is None or error.kind != "missing-recording"
            if exchange.follow_up is not None:
                judged |= sent
                if sent and exchange.cost is not None:
                    self.judging.add_bill(exchange.cost)
                continue
            asked |= sent
            if sent and exchange.cost is not None:
                self.spend.add_bill(exchange.cost)
            if error is None:
                is_recorded = exchange.recorded or exchange.reply.timing.recorded
                (self.recorded if is_recorded else self.live).add(exchange)
        if asked:
            self.spend.add_trial(record.cost_usd)
        if judged:
            self.judging.add_trial(record.judge_cost_usd)

    def figures(self, verdicts: Verdicts) -> SuiteFigures:
        """What it comes to, given what its cases do."""
        return SuiteFigures(
            suite=self.suite,
            target=self.target,
            rate=self.rate,
            verdicts=verdicts,
            timings=tuple(
                times.timings(recorded=times is self.recorded) for times in (self.live, self.recorded) if times.any
            ),
            spend=self.spend.spend(),
            judging=self.judging.spend(),
        )


def tokens_per_second(exchange: ExchangeRecord) -> float | None:
    """A reply's speed; None where it is not known, or a server's count is beyond all numbers."""
    reply = exchange.reply
    usage, total_ms = reply.usage, reply.timing.total_ms
    if usage.completion is None or finite(usage.completion) is None or finite(total_ms) is None:
        return None
    return finite(reply.tokens_per_second) if finite(usage.reasoning or 0) is not None else None


def percentile(values: Sequence[float], hundredth: int, *, whole: int = _SORTED_WHOLE) -> float | None:
    """The nearest-rank percentile: the least value that at least `hundredth` % of all do not exceed; None for none.

    values  finite numbers
    whole   how many may be sorted at once
    """
    rank = -(-len(values) * hundredth // 100) - 1
    while len(values) > whole:
        low, high = min(values), max(values)
        scale = (_BINS - 1) / (high - low) if high > low else 0.0
        # Equal values have but one answer; values too near each other for the arithmetic are not told apart by it.
        if not 0 < scale < float("inf"):
            break
        counts = [0] * _BINS
        for value in values:
            counts[int((value - low) * scale)] += 1
        place = 0
        while rank >= counts[place]:
            rank -= counts[place]
            place += 1
        values = array("d", (value for value in values if int((value - low) * scale) == place))
    return sorted(values)[rank] if values else None
