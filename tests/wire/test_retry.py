from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.exchange import Attempt, Frame
from harness.wire.retry import RetryPolicy, next_delay

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy()
SPENT = '{"code":"rate","error":"Your team has either used all available credits or reached its spending limit."}'


def answered(status, body="", **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Attempt(status=status, headers=pairs, frames=(Frame(at_ms=1.0, content=body.encode()),))


def delay(*attempts, policy=POLICY, seed=0):
    return next_delay(attempts, policy, Random(seed), NOW)  # noqa: S311 - jitter keeps no secret


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
def test_a_passing_failure_is_asked_again(status):
    assert delay(answered(status)) is not None


@pytest.mark.parametrize("status", [200, 301, 400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 422, 501, 505, 999])
def test_every_other_answer_stands(status):
    assert delay(answered(status, retry_after="1")) is None


@pytest.mark.parametrize(
    "body",
    [SPENT, '{"error":{"code":"insufficient_quota","message":"x"}}', "You exceeded your current quota, please"],
)
def test_spent_credit_is_not_asked_again(body):
    assert delay(answered(429, body)) is None


def test_a_rate_limit_that_mentions_billing_is_asked_again():
    body = '{"error":{"message":"Rate limit reached. You can increase it at https://x/billing","code":"rate_limit"}}'

    assert delay(answered(429, body)) is not None


def test_a_connection_that_never_was_is_tried_again():
    assert delay(Attempt(error="connect")) is not None


@pytest.mark.parametrize("error", ["lost", "timeout"])
def test_what_may_have_been_billed_is_resent_only_on_request(error):
    lost = Attempt(status=200, error=error)

    assert delay(lost) is None
    assert delay(lost, policy=RetryPolicy(resend_lost=True)) is not None


@pytest.mark.parametrize("error", ["too-large", "missing-recording", "wrong-source", "no-key"])
def test_what_will_not_change_is_never_asked_again(error):
    assert delay(Attempt(status=503, error=error), policy=RetryPolicy(resend_lost=True)) is None


def test_the_last_attempt_is_the_last():
    assert delay(*[answered(503)] * 4) is not None
    assert delay(*[answered(503)] * 5) is None


@given(tries=st.integers(1, 2000), seed=st.integers())
def test_waits_of_our_own_double_up_to_the_cap_and_use_the_full_range(tries, seed):
    policy = RetryPolicy(max_attempts=10_000, base_s=1.0, cap_s=20.0)

    waits = [delay(*[answered(503)] * tries, policy=policy, seed=seed + n) for n in range(20)]

    ceiling = min(20.0, 2.0 ** min(tries - 1, 10))
    assert all(0 <= wait <= ceiling for wait in waits)
    assert max(waits) > ceiling / 4


@given(asked=st.integers(0, 120), seed=st.integers(), dated=st.booleans())
def test_a_retry_after_is_obeyed_and_jitter_never_undercuts_it(asked, seed, dated):
    value = format_datetime(NOW + timedelta(seconds=asked), usegmt=True) if dated else str(asked)

    wait = delay(answered(429, retry_after=value), seed=seed)

    assert asked <= wait <= min(120, asked + 0.5)


@pytest.mark.parametrize("value", ["121", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_patience_stops(value):
    assert delay(answered(503, retry_after=value)) is None


def test_the_longest_wait_that_is_allowed_is_waited():
    assert delay(answered(503, retry_after="120")) == 120


def test_a_date_without_a_zone_is_read_as_utc():
    assert 10 <= delay(answered(503, retry_after="Mon, 04 May 2026 12:00:10 -0000")) <= 10.5


def test_a_date_that_has_passed_means_now():
    assert 0 <= delay(answered(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) <= 0.5


@given(value=st.one_of(st.sampled_from(["-5", "nan", "inf", "1e3", "soon", "١٢", "", " "]), st.text()))
def test_a_retry_after_that_makes_no_sense_never_raises_nor_waits_long(value):
    wait = delay(answered(503, retry_after=value))

    assert wait is None or 0 <= wait <= 120


@pytest.mark.parametrize("value", ["-5", "nan", "inf", "soon", "١٢", "Mon, 99 Zzz 99999999999999999999 99:99:99 GMT"])
def test_a_retry_after_that_makes_no_sense_is_as_if_absent(value):
    assert delay(answered(503, retry_after=value)) == delay(answered(503))


def turned_away(tries, policy=POLICY, seed=0, **headers):
    """What is waited between tries that are all turned away."""
    attempts, random = [], Random(seed)  # noqa: S311 - jitter keeps no secret
    waited_s, waits = 0.0, []
    while waited_s is not None and len(attempts) < tries:
        attempts.append(replace(answered(429, **headers), waited_s=waited_s))
        waited_s = next_delay(attempts, policy, random, NOW)
        waits.append(waited_s)
    return waits


def test_being_turned_away_spends_none_of_the_attempts():
    attempts = [answered(429)] * 8 + [answered(503)] * 4

    assert delay(*attempts) is not None
    assert delay(*attempts, answered(503)) is None


@given(seed=st.integers(), asked=st.sampled_from([None, "0", "1", "20"]))
def test_patience_with_being_turned_away_ends(seed, asked):
    waits = turned_away(1000, seed=seed, **({} if asked is None else {"retry_after": asked}))

    assert waits[-1] is None
    assert POLICY.patience_s / 3 < sum(waits[:-1]) <= POLICY.patience_s


def test_the_same_seed_waits_the_same():
    assert turned_away(50, seed=4) == turned_away(50, seed=4) != turned_away(50, seed=5)


@given(seed=st.integers(), asked=st.integers(0, 60))
def test_however_often_it_was_turned_away_it_never_comes_back_before_the_time_asked_for(seed, asked):
    waits = turned_away(12, seed=seed, retry_after=str(asked))

    assert all(wait is None or wait >= asked for wait in waits)


def test_who_asks_once_is_turned_away_once():
    assert delay(answered(429), policy=RetryPolicy(max_attempts=1)) is None
