from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runner.allowance import Meter, Tally, TokenLog, lateness_s
from harness.wire.rate_headers import RateHeader

MINUTE = 60.0


def spent_at(meter, lags):
    """When requests are let in, each as late after it might be as its lag says."""
    now, times = 0.0, []
    for lag in lags:
        now = max(now, meter.free_at(now)) + lag
        meter.spend(1, now)
        times.append(now)
    return times


@given(limit=st.integers(1, 700), lags=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_window_holds_more_than_the_limit_even_if_it_is_1_3_s_longer(limit, lags):
    times = spent_at(Meter(limit, window_s=MINUTE), (lags * (3 * limit // len(lags) + 2))[: 3 * limit + 2])

    assert all(bisect_left(times, begin + MINUTE + 1.29) - place <= limit for place, begin in enumerate(times))


@given(limit=st.integers(1, 5000))
def test_who_is_never_late_uses_97_percent(limit):
    times = spent_at(Meter(limit, window_s=MINUTE), [0.0] * (2 * limit + 2))

    assert (len(times) - 1) / (times[-1] / MINUTE * limit) > 0.97


@given(limit=st.floats(0.1, 1e6), window_s=st.floats(0.5, 600))
def test_lateness_stays_within_what_a_bucket_of_one_seconds_worth_forgives(limit, window_s):
    spacing_s, second_s = window_s / limit, window_s / 60
    capacity = max(1.0, limit / 60)

    assert lateness_s(limit, window_s) <= 1.025 * spacing_s * capacity - spacing_s + 1e-9
    assert lateness_s(limit, window_s) <= 0.2 * second_s + 1e-9


@given(
    calls=st.lists(st.tuples(st.floats(0, 20), st.floats(0, 90), st.integers(1, 400), st.floats(0, 1)), max_size=60),
    place=st.floats(0, 1),
)
def test_a_servers_window_never_holds_more_tokens_than_the_log_did(calls, place):
    log, under_way, counted, now = TokenLog(MINUTE), [], [], 0.0
    for number, (pause, lasts, worst, used) in enumerate(calls):
        now += pause
        for call in sorted(call for call in under_way if call[0] <= now):
            under_way.remove(call)
            end, _, took, taken = call
            log.end(taken, end)
            log.settle(taken, took, end)
        if log.room_at(worst, 1000, now) > now:
            continue
        took, taken = int(worst * used), log.take(worst)
        under_way.append((now + lasts, number, took, taken))
        # Somewhere between being sent and its end, the server counts it.
        counted.append((now + place * lasts, took))
        assert sum(took for at, took in counted if now - MINUTE < at <= now) <= log.used <= 1000


def test_what_fits_into_no_window_goes_alone():
    log = TokenLog(MINUTE)

    assert log.room_at(5000, 1000, 0.0) == 0.0
    taken = log.take(5000)
    assert log.room_at(1, 1000, 1.0) == float("inf")
    log.end(taken, 2.0)
    log.settle(taken, 400, 2.0)
    assert log.room_at(5000, 1000, 3.0) == 3.0


def test_a_header_replaces_the_documented_limit_either_way():
    meter = Meter(480, window_s=MINUTE)

    for stated in (240, 960):
        meter.hear(RateHeader(limit=stated), 1.0, used=1, over_s=1.0)
        assert meter.allowed(1.0) == stated


def test_the_limit_of_a_day_is_not_taken_for_a_minutes():
    meter = Meter(30, window_s=MINUTE)

    meter.hear(RateHeader(limit=14_400, remaining=14_000, reset_s=3600.0), 1.0, used=1, over_s=1.0)

    assert meter.allowed(1.0) == 30


def test_what_somebody_else_uses_is_not_ours_to_use_and_a_shards_neighbours_are_nobody_else():
    meter, shard = Meter(480, window_s=MINUTE), Meter(240, window_s=MINUTE, share=0.5)

    for each in (meter, shard):
        each.hear(RateHeader(limit=480, remaining=240, reset_s=10.0), 1.0, used=40, over_s=1.0)

    assert meter.allowed(1.0) == 480 - 200
    assert shard.allowed(1.0) == 240
    assert meter.allowed(62.0) == 480


def test_nothing_left_holds_until_the_reset_unless_it_was_we_who_used_it():
    meter = Meter(100, window_s=MINUTE)

    assert meter.hear(RateHeader(remaining=0, reset_s=20.0), 1.0, used=100, over_s=60.0) is None
    assert meter.hear(RateHeader(remaining=0, reset_s=20.0), 1.0, used=10, over_s=60.0) == 21.0


def test_a_server_that_always_says_nothing_is_left_is_not_believed_for_long():
    meter, now = Meter(100, window_s=MINUTE), 0.0

    for _ in range(3):
        now = meter.hear(RateHeader(remaining=0, reset_s=1e9), now, used=10, over_s=60.0) or now

    assert now == 2 * 2 * MINUTE


def test_a_cut_halves_and_comes_back_by_a_tenth_a_clean_minute():
    meter = Meter(480, window_s=MINUTE)

    meter.cut(10.0, sent=20, accepted=16, over_s=10.0)

    assert meter.allowed(10.0) == pytest.approx(60)
    assert meter.allowed(71.0) == pytest.approx(66)
    assert meter.allowed(10.0 + 23 * 60) == 480


def test_what_a_whole_window_let_in_is_better_known_than_half_the_pace():
    meter = Meter(480, window_s=MINUTE)

    meter.cut(60.0, sent=470, accepted=400, over_s=60.0)

    assert meter.allowed(60.0) == 400


def test_one_reply_that_claims_a_billion_tokens_does_not_stop_everything():
    meter = Meter(1000, window_s=MINUTE)

    meter.spend(1e18, 0.0)

    assert meter.free_at(0.0) <= 2 * MINUTE


def test_a_tally_forgets_what_is_older_than_a_window():
    tally = Tally(MINUTE)
    for second in range(200):
        tally.add(float(second), sent=2, refused=1)

    assert (tally.sent, tally.accepted, tally.total) == (122, 61, 400)
