"""What the bars of the small charts must show."""

from harness.report import summarise
from harness.report.charts import charts_of


def chart(run):
    (only,) = charts_of(summarise(run).figures)
    return only


def test_a_quality_bar_is_the_share_and_its_whisker_what_errors_leave_open(trial, run_of):
    records = [trial(outcome, case=str(i)) for i, outcome in enumerate(["pass", "pass", "fail", "error"])]

    (row,) = chart(run_of(*records)).rows

    assert (row.quality.length, row.quality.whisker) == ("66.67", ("50.00", "75.00"))
    assert row.quality.words == "67 %, 2 of 3; 1 error of 4, so 50 % to 75 %"


def test_without_errors_there_is_no_whisker(trial, run_of):
    (row,) = chart(run_of(trial())).rows

    assert (row.quality.length, row.quality.whisker) == ("100.00", None)


def test_where_nothing_is_decided_there_is_no_bar(trial, run_of):
    (row,) = chart(run_of(trial("error"))).rows

    assert (row.quality.length, row.quality.whisker) == (None, ("0.00", "100.00"))


def test_latency_bars_of_a_suite_share_one_scale(trial, exchange, run_of):
    fast, slow = (trial(target=str(ms), exchanges=[exchange(ms=ms)]) for ms in (250, 1000))

    drawn = chart(run_of(fast, slow))

    assert [row.bar.length for row in drawn.timings] == ["25.00", "100.00"]
    assert drawn.slowest == "1,000 ms"


def test_live_and_recorded_times_have_bars_of_their_own(trial, exchange, run_of):
    exchanges = [exchange(ms=1), exchange(ms=2, recorded=True)]

    assert [row.timings.recorded for row in chart(run_of(trial(exchanges=exchanges))).timings] == [False, True]


def test_a_cost_that_is_not_known_has_no_bar(trial, exchange, run_of):
    priced, unpriced = (trial(target=str(usd), exchanges=[exchange(cost=usd)]) for usd in ("0.5", None))

    drawn = chart(run_of(priced, unpriced))

    assert [row.cost.length for row in drawn.rows] == ["100.00", None]
    assert drawn.rows[1].cost.words == "mean unknown a trial"
