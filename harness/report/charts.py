"""Bars of the page's small charts: positions in hundredths of the width, and the same figures in words.

It stands apart from the template so that the arithmetic has types and tests; the template only draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.core.outcome import Rate
from harness.report.figures import errors_line, finite, milliseconds, money, share_line
from harness.report.summary import Spend, SuiteFigures, TargetRef, Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, with its whisker.

    length   0 to 100; None where there is nothing to draw
    whisker  from and to, 0 to 100; None for none
    words    the figures that are drawn, for those who cannot see them
    """

    length: str | None
    whisker: tuple[str, str] | None = None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingRow:
    """A target's live or recorded times, with their bar."""

    target: TargetRef
    timings: Timings
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A target's quality and cost in a suite, with their bars."""

    figures: SuiteFigures
    quality: Bar
    cost: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCharts:
    """One suite, target by target.

    slowest   what a full latency bar stands for, as text; dearest likewise for cost. None if there is no bar
    """

    suite: str
    rows: tuple[FigureRow, ...]
    timings: tuple[TimingRow, ...]
    slowest: str | None
    dearest: str | None


def charts_of(figures: Sequence[SuiteFigures]) -> tuple[SuiteCharts, ...]:
    """The charts of each suite, in the order of the figures; bars of one suite share one scale."""
    suites = dict.fromkeys(each.suite for each in figures)
    return tuple(_suite(suite, [each for each in figures if each.suite == suite]) for suite in suites)


def _suite(suite: str, figures: Sequence[SuiteFigures]) -> SuiteCharts:
    timings = [(each.target, timings) for each in figures for timings in each.timings]
    slowest = max((timing.total_p95_ms for _, timing in timings if timing.total_p95_ms is not None), default=None)
    means = [mean for each in figures if (mean := each.spend.mean_usd) is not None and finite(float(mean))]
    dearest = max(means, default=None)
    return SuiteCharts(
        suite=suite,
        rows=tuple(
            FigureRow(figures=each, quality=_quality(each.rate), cost=_cost(each.spend, dearest)) for each in figures
        ),
        timings=tuple(
            TimingRow(target=target, timings=timing, bar=_latency(timing, slowest)) for target, timing in timings
        ),
        slowest=milliseconds(slowest) if slowest else None,
        dearest=money(dearest) if dearest else None,
    )


def _quality(rate: Rate) -> Bar:
    whisker = None
    if rate.errors and rate.lowest is not None and rate.highest is not None:
        whisker = (_hundredths(rate.lowest), _hundredths(rate.highest))
    length = None if rate.share is None else _hundredths(rate.share)
    return Bar(length=length, whisker=whisker, words=f"{share_line(rate)}; {errors_line(rate)}")


def _latency(timings: Timings, slowest: float | None) -> Bar:
    median, tail = timings.total_p50_ms, timings.total_p95_ms
    words = f"median {milliseconds(median)}, 95th percentile {milliseconds(tail)}"
    if not slowest or median is None or tail is None:
        return Bar(length=None, words=words)
    start, end = _hundredths(median / slowest), _hundredths(tail / slowest)
    return Bar(length=start, whisker=(start, end), words=words)


def _cost(spend: Spend, dearest: Decimal | None) -> Bar:
    words = f"mean {money(spend.mean_usd)} a trial"
    if not dearest or spend.mean_usd is None:
        return Bar(length=None, words=words)
    return Bar(length=_hundredths(float(spend.mean_usd) / float(dearest)), words=words)


def _hundredths(share: float) -> str:
    """A share of the width as CSS and SVG spell it: `83.33`; never outside the chart."""
    return f"{100 * min(max(share, 0.0), 1.0):.2f}"
