from dataclasses import replace
from decimal import Decimal

import pytest
from check_samples import faults_of, finding_of, status_of

from harness.core.reply import Reply, StreamFacts, Timing, Usage

USAGE = Usage(prompt=10, completion=20, total=30, cached=4, reasoning=5)
HIDDEN = Reply(status=200, usage=USAGE, timing=Timing(ttft_ms=100.0, total_ms=1100.0), stream=StreamFacts())
TIMED = replace(HIDDEN, reasoning="Hm.")


@pytest.mark.parametrize(
    ("kind", "argument", "status"),
    [
        ("latency_ms", {"max": 1100}, "pass"),
        ("latency_ms", {"max": 1099.9}, "fail"),
        ("latency_ms", {"min": 1000, "max": 2000}, "pass"),
        ("ttft_ms", {"max": 100}, "pass"),
        ("ttft_ms", {"max": 99}, "fail"),
        ("tokens_per_second", {"min": 19}, "pass"),
        ("tokens_per_second", {"min": 19.1}, "fail"),
        ("tokens", {"output": {"max": 20}}, "pass"),
        ("tokens", {"input": {"max": 9}, "output": {"max": 20}}, "fail"),
        ("tokens", {"total": {"min": 30, "max": 30}, "cached": {"min": 4}, "reasoning": {"max": 5}}, "pass"),
        ("cost_usd", {"max": "0.3"}, "pass"),
        ("cost_usd", {"max": 0.29}, "fail"),
    ],
)
def test_a_figure_is_held_against_its_bounds(kind, argument, status):
    assert status_of(kind, argument, TIMED, cost_usd=Decimal("0.3")) == status


def test_thoughts_that_are_counted_and_never_shown_do_not_quicken_a_stream():
    assert HIDDEN.tokens_per_second == 14
    assert TIMED.tokens_per_second == 19


@pytest.mark.parametrize(
    ("kind", "argument", "reason"),
    [
        ("latency_ms", {"max": 10**9}, "recording does not tell"),
        ("ttft_ms", {"max": 10**9}, "not streamed"),
        ("tokens_per_second", {"min": 0}, "did not count tokens"),
        ("tokens", {"output": {"max": 10**9}}, "not counted by the server"),
        ("cost_usd", {"max": 10**9}, "not known"),
    ],
)
def test_a_figure_that_is_not_known_neither_passes_nor_fails(kind, argument, reason):
    finding = finding_of(kind, argument, "hello")

    assert (finding.status, reason in finding.seen) == ("unknown", True)


def test_latency_and_tokens_are_those_of_the_whole_turn():
    assert status_of("latency_ms", {"min": 2200, "max": 2200}, TIMED, TIMED) == "pass"
    assert status_of("tokens", {"input": {"min": 20, "max": 20}}, TIMED, TIMED) == "pass"
    assert status_of("latency_ms", {"max": 10**6}, TIMED, Reply(status=200)) == "unknown"


def test_one_count_beyond_its_bounds_fails_whatever_is_not_known():
    reply = Reply(status=200, usage=Usage(prompt=10))

    assert status_of("tokens", {"input": {"max": 9}, "output": {"max": 5}}, reply) == "fail"
    assert status_of("tokens", {"input": {"max": 10}, "output": {"max": 5}}, reply) == "unknown"


def test_a_cost_is_compared_exactly_and_not_as_a_float():
    exact = Decimal("0.1") + Decimal("0.2")

    assert status_of("cost_usd", {"max": "0.3"}, "x", cost_usd=exact) == "pass"
    assert status_of("cost_usd", {"max": "0.3"}, "x", cost_usd=exact + Decimal("1e-20")) == "fail"


def test_a_recorded_time_is_marked_as_such():
    reply = Reply(status=200, timing=Timing(total_ms=5.0, recorded=True))

    assert finding_of("latency_ms", {"max": 10}, reply).seen == "5 ms (as recorded)"


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("latency_ms", {}),
        ("latency_ms", {"min": 2, "max": 1}),
        ("latency_ms", {"min": 1, "max": None}),
        ("ttft_ms", {"max": -1}),
        ("tokens", {}),
        ("tokens", {"output": {}}),
        ("tokens", {"output": 5}),
        ("cost_usd", {"max": float("nan")}),
        ("cost_usd", {"max": True}),
    ],
)
def test_bounds_that_bound_nothing_are_a_problem(kind, argument):
    assert len(faults_of(kind, argument)) == 1
