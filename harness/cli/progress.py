"""Progress of a run that sends requests: a live table by target on a terminal, a plain line now and then elsewhere.

It stands apart so that a replay, which is over before a table could be drawn, does not import what draws one. A record
only moves counters; what is shown is made of them a few times a second, however fast records come.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from harness.cli.tables import display_width, visible
from harness.cli.terminal import say
from harness.core.outcome import Outcome
from harness.core.record import TrialRecord

# Plain lines: one for every tenth of the trials, these seconds apart at least; one after these seconds in any case.
_STEPS = 10
_NEAREST_S, _FARTHEST_S = 2.0, 30.0
# A few rows are drawn four times a second; many, which take longer to draw and to read, once.
_OFTEN_HZ, _SELDOM_HZ, _MANY = 4, 1, 12
# Columns that a terminal of at least so many characters has room for, beside the target and what is done.
_WIDTHS = {"errors": 0, "failed": 34, "left": 50, "USD": 58, "req/s": 68, "passed": 78}
_ORDER = ("passed", "failed", "errors", "req/s", "USD", "left")
_FINEST_USD, _MINUTE, _HOUR = 0.01, 60, 3600


class Counts:
    """One target's trials: how many there will be, and what those came to that are done."""

    __slots__ = ("done", "errors", "failed", "passed", "requests", "total", "unpriced", "usd")

    def __init__(self, total: int = 0) -> None:
        """None is done yet."""
        self.total = total
        self.done = self.passed = self.failed = self.errors = self.requests = 0
        self.usd = 0.0
        self.unpriced = False

    def add(self, record: TrialRecord) -> None:
        """Count a trial."""
        self.done += 1
        outcome = record.outcome
        if outcome is Outcome.PASS:
            self.passed += 1
        elif outcome is Outcome.FAIL:
            self.failed += 1
        elif outcome is Outcome.ERROR:
            self.errors += 1
        else:
            return
        self.requests += len(record.exchanges)
        if record.cost_usd is None or record.judge_cost_usd is None:
            self.unpriced = True
        else:
            self.usd += float(record.cost_usd + record.judge_cost_usd)


class Progress:
    """What is done so far, by target; called with a record, it counts it."""

    def __init__(self, totals: Mapping[str, int], clock: Callable[[], float]) -> None:
        """Begin now.

        totals  trials to come, by the target's label
        clock   seconds from an arbitrary point
        """
        self.targets = {label: Counts(total) for label, total in totals.items()}
        self._clock = clock
        self._started = clock()

    def tick(self, record: TrialRecord) -> None:
        """Count a finished trial."""
        counts = self.targets.get(record.target)
        if counts is None:
            counts = self.targets[record.target] = Counts()
        counts.add(record)

    def __call__(self, record: TrialRecord) -> None:
        """Count a finished trial."""
        self.tick(record)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._started

    def whole(self) -> Counts:
        """All targets together."""
        whole = Counts()
        # A copy: another thread may draw while a record of a target that was not announced is counted.
        for each in tuple(self.targets.values()):
            for name in ("total", "done", "passed", "failed", "errors", "requests", "usd"):
                setattr(whole, name, getattr(whole, name) + getattr(each, name))
            whole.unpriced |= each.unpriced
        return whole


class PlainProgress(Progress):
    """Progress that says a line now and then."""

    def __init__(self, totals: Mapping[str, int], clock: Callable[[], float]) -> None:
        """Begin now; nothing is said before the first tenth is done."""
        super().__init__(totals, clock)
        self._total = sum(totals.values())
        self._done = 0
        self._wait()

    def tick(self, record: TrialRecord) -> None:
        """Count a finished trial, and say a line if it is time."""
        super().tick(record)
        self._done += 1
        now = self._clock()
        if now >= self._farthest or self._done == self._total or (self._done >= self._enough and now >= self._nearest):
            say(line_of(self.whole(), self.elapsed_s), err=True)
            self._wait()

    def _wait(self) -> None:
        """Settle when the next line is due: after another tenth, but not at once, and not never."""
        now = self._clock()
        self._nearest, self._farthest = now + _NEAREST_S, now + _FARTHEST_S
        self._enough = self._done + -(-self._total // _STEPS)


@contextmanager
def progress_of(
    totals: Mapping[str, int], *, live: bool, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """What to call with each finished record; a table on the terminal goes when the block ends.

    totals  trials to come, by the target's label
    live    False for a run that sends nothing: then nothing is shown
    """
    if not live:
        yield Progress(totals, clock)
    elif sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        with _table(Progress(totals, clock)) as progress:
            yield progress
    else:
        yield PlainProgress(totals, clock)


@contextmanager
def _table(progress: Progress) -> Iterator[Progress]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)

    def draw() -> Text:
        lines = table_of(progress, console.size.width, console.size.height)
        return Text("\n".join(lines), no_wrap=True, overflow="crop")

    often = _OFTEN_HZ if len(progress.targets) <= _MANY else _SELDOM_HZ
    with Live(get_renderable=draw, console=console, refresh_per_second=often, transient=True):
        yield progress


def line_of(counts: Counts, elapsed_s: float) -> str:
    """`120 of 1,000 trials, 24 requests/s, 3 failed, 0 errors, $0.12, 2 min left`."""
    told = [
        f"{counts.done:,} of {counts.total:,} trials",
        f"{_rate(counts, elapsed_s)} requests/s",
        f"{counts.failed:,} failed",
        f"{counts.errors:,} error{'' if counts.errors == 1 else 's'}",
        _usd(counts),
    ]
    if counts.done < counts.total:
        told.append(f"{_left(counts, elapsed_s)} left")
    return ", ".join(told)


def table_of(progress: Progress, width: int, height: int) -> list[str]:
    """The table in lines, as large as the terminal allows: all targets together, then each, those that are done last.

    width, height  of the terminal, in characters
    """
    # Not a table of rich: laying out its cells takes far longer, and this is done again and again.
    elapsed_s, targets = progress.elapsed_s, list(progress.targets.items())
    columns = [name for name in _ORDER if width >= _WIDTHS[name]]
    named = [] if len(targets) == 1 else [("all", progress.whole())]
    named += sorted(targets, key=lambda each: each[1].done >= each[1].total)
    # The header takes a line, and the cursor one.
    room = max(1, height - 2)
    shown = named if len(named) <= room else named[: max(1, room - 1)]
    rows = [("target", "done", *columns)]
    rows += [(visible(name, 200), *_cells(counts, columns, elapsed_s)) for name, counts in shown]
    widths = [max(len(row[place]) for row in rows) for place in range(1, len(rows[0]))]
    widest = max(6, width - sum(widths) - 2 * len(widths) - 1)
    names = [_cut(row[0], widest) for row in rows]
    first = max(map(display_width, names))
    lines = [
        name
        + " " * (first - display_width(name))
        + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], widths, strict=True))
        for name, row in zip(names, rows, strict=True)
    ]
    return lines if len(shown) == len(named) else [*lines, f"… {len(named) - len(shown)} more"]


def _cut(name: str, widest: int) -> str:
    """A name in so many columns of a terminal: of a long one its end, which tells models of one provider apart."""
    if display_width(name) <= widest:
        return name
    while display_width(name) > widest - 1:
        name = name[1:]
    return f"…{name}"


def _cells(counts: Counts, columns: Iterable[str], elapsed_s: float) -> Iterator[str]:
    yield f"{counts.done:,}/{counts.total:,}"
    told = {
        "passed": f"{counts.passed:,}",
        "failed": f"{counts.failed:,}",
        "errors": f"{counts.errors:,}",
        "req/s": _rate(counts, elapsed_s),
        "USD": _usd(counts),
        "left": "" if counts.done >= counts.total else _left(counts, elapsed_s),
    }
    yield from (told[column] for column in columns)


def _rate(counts: Counts, elapsed_s: float) -> str:
    rate = counts.requests / elapsed_s if elapsed_s > 0 else 0.0
    return f"{rate:,.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}"  # noqa: PLR2004 - below it, decimals say something


def _usd(counts: Counts) -> str:
    """What is spent so far, to the cent or to two figures; '+ ?' where some of it is not known."""
    if not math.isfinite(counts.usd):
        return "?"
    if counts.usd >= _FINEST_USD or counts.usd == 0:
        known = f"${counts.usd:,.2f}"
    else:
        known = f"${counts.usd:.2g}" if counts.usd >= _FINEST_USD**2 else "<$0.0001"
    return f"{known} + ?" if counts.unpriced else known


def _left(counts: Counts, elapsed_s: float) -> str:
    """How long what is left takes at the pace so far."""
    if not counts.done or elapsed_s <= 0:
        return "?"
    seconds = (counts.total - counts.done) * elapsed_s / counts.done
    if seconds < 2 * _MINUTE:
        return f"{math.ceil(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{math.ceil(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:,.1f} h"
