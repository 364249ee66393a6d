import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.catalogue import Limits
from harness.core.clock import VirtualClock
from harness.simulator.limits import LimitExceeded, RateLimiter

LIMITS = Limits(requests_per_minute=3, tokens_per_minute=100, concurrent_requests=2)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def limiter(clock):
    return RateLimiter(clock)


def ask(limiter, *, key="k", model="m", tokens=10, billed=None, limits=LIMITS):
    """One request from its admission to its end."""
    admission = limiter.admit(key=key, model=model, stated=limits, prompt=tokens)
    admission.settle(tokens if billed is None else billed)
    admission.release()
    return admission


def refused(limiter, **options):
    with pytest.raises(LimitExceeded) as caught:
        ask(limiter, **options)
    return caught.value


@given(allowance=st.integers(1, 50))
def test_exactly_the_allowance_of_requests_passes(allowance):
    limits = Limits(requests_per_minute=allowance)
    limiter = RateLimiter(VirtualClock())

    for _ in range(allowance):
        ask(limiter, limits=limits)

    assert (refused(limiter, limits=limits).actual, refused(limiter, limits=limits).limit) == (allowance + 1, allowance)


@given(prompt=st.integers(0, 100), billed=st.integers(0, 200))
def test_what_counts_is_what_was_billed_and_not_the_prompt_alone(prompt, billed):
    limiter = RateLimiter(VirtualClock())

    headers = ask(limiter, tokens=prompt, billed=billed).headers()

    assert headers["X-RateLimit-Remaining-Tokens"] == str(max(0, 100 - billed))


def test_the_prompts_of_requests_under_way_count(limiter):
    limiter.admit(key="k", model="m", stated=LIMITS, prompt=60)

    error = refused(limiter, tokens=41)

    assert ask(limiter, tokens=40)
    assert (error.kind, error.actual, error.limit) == ("tokens", 101, 100)


def test_an_output_past_the_allowance_is_given_and_shuts_the_minute(limiter):
    ask(limiter, tokens=10, billed=250)

    assert refused(limiter, tokens=1).actual == 251


def test_the_allowance_returns_with_the_minute_and_not_before(limiter, clock):
    for _ in range(3):
        ask(limiter)
    asyncio.run(clock.sleep(59.9))
    error = refused(limiter)

    asyncio.run(clock.sleep(error.retry_after_s))

    assert error.retry_after_s == 1
    assert ask(limiter).headers()["X-RateLimit-Remaining-Requests"] == "2"


def test_the_reset_is_the_end_of_the_minute_in_utc(limiter, clock):
    asyncio.run(clock.sleep(61.5))

    headers = ask(limiter).headers()

    assert headers["X-RateLimit-Reset-Requests"] == headers["X-RateLimit-Reset-Tokens"] == "2026-01-01T00:02:00Z"


def test_one_more_at_once_than_allowed_is_refused_until_one_ends(limiter):
    first = limiter.admit(key="k", model="m", stated=LIMITS, prompt=1)
    limiter.admit(key="k", model="m", stated=LIMITS, prompt=1)
    error = refused(limiter, tokens=1)

    first.release()

    assert (error.kind, error.actual, error.limit) == ("concurrency", 3, 2)
    assert ask(limiter, tokens=1)


def test_a_place_given_back_twice_is_one_place(limiter):
    first = limiter.admit(key="k", model="m", stated=LIMITS, prompt=1)
    limiter.admit(key="k", model="m", stated=LIMITS, prompt=1)

    first.release()
    first.release()
    limiter.admit(key="k", model="m", stated=LIMITS, prompt=1)

    assert refused(limiter, limits=Limits(concurrent_requests=2)).kind == "concurrency"


@pytest.mark.parametrize("other", [{"key": "k2"}, {"model": "m2"}])
def test_two_keys_and_two_models_are_counted_apart(limiter, other):
    for _ in range(3):
        ask(limiter)

    assert refused(limiter).kind == "requests"
    assert ask(limiter, **other).headers()["X-RateLimit-Remaining-Requests"] == "2"


def test_what_is_refused_uses_nothing_up(limiter):
    for _ in range(3):
        refused(limiter, tokens=101)

    assert ask(limiter, tokens=100).headers()["X-RateLimit-Remaining-Requests"] == "2"


def test_a_reply_that_ends_in_the_next_minute_takes_nothing_from_it(limiter, clock):
    slow = limiter.admit(key="k", model="m", stated=LIMITS, prompt=10)
    asyncio.run(clock.sleep(60))
    ask(limiter, tokens=10)

    slow.settle(100)

    assert ask(limiter, tokens=90).headers()["X-RateLimit-Remaining-Tokens"] == "0"


def test_a_limit_that_is_not_known_is_neither_enforced_nor_stated(limiter):
    limits = Limits(requests_per_minute=1)

    assert sorted(ask(limiter, limits=limits, tokens=10**9).headers()) == [
        "X-RateLimit-Limit-Requests",
        "X-RateLimit-Remaining-Requests",
        "X-RateLimit-Reset-Requests",
    ]


def test_limits_can_be_scaled_and_turned_off():
    scaled, off = RateLimiter(VirtualClock(), scale=0.5), RateLimiter(VirtualClock(), scale=None)

    assert ask(scaled).headers()["X-RateLimit-Limit-Requests"] == "1"
    assert refused(scaled).limit == 1
    assert [ask(off).headers() for _ in range(10)] == [{}] * 10


def test_a_refusal_says_which_limit_how_much_was_asked_and_how_much_there_is(limiter):
    error = refused(limiter, tokens=101)

    assert "Tokens per Minute (actual/limit): 101/100" in error.says("team-1", "grok-3")
    assert "team-1" in error.says("team-1", "grok-3")
