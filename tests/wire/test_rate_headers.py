from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.exchange import Attempt
from harness.wire.rate_headers import RateHeader, find_retry_after_s, read_rate_headers

NOW = datetime(2025, 1, 15, 12, 34, 30, tzinfo=UTC)
UNIX = int(NOW.timestamp())


def read(*headers):
    return read_rate_headers(Attempt(status=200, headers=headers), NOW)


def reset_s(value, *headers):
    return read(("x-ratelimit-reset-tokens", value), *headers)["tokens"].reset_s


def test_the_six_documented_headers_are_read():
    headers = {"limit-requests": "480", "remaining-requests": "479", "reset-requests": "2025-01-15T12:35:00Z"}
    headers |= {"limit-tokens": "4000000", "remaining-tokens": "3998500", "reset-tokens": "2025-01-15T12:35:00Z"}

    said = read(*((f"x-ratelimit-{name}", value) for name, value in headers.items()))

    assert said == {
        "requests": RateHeader(limit=480, remaining=479, reset_s=30.0),
        "tokens": RateHeader(limit=4_000_000, remaining=3_998_500, reset_s=30.0),
    }


def test_anthropics_names_are_read_as_well():
    said = read(("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "0"))

    assert said == {"requests": RateHeader(limit=50, remaining=0)}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("6m0s", 360),
        ("1s", 1),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("1m30s", 90),
        ("250µs", 0.00025),
        ("12", 12),
        ("7.66", 7.66),
        (str(UNIX + 45), 45),
        (str((UNIX + 45) * 1000), 45),
        ("2025-01-15T12:35:00Z", 30),
        ("2025-01-15T13:35:00+01:00", 30),
        ("2025-01-15T12:35:00", 30),
        ("2025-01-15T12:00:00Z", 0),
    ],
)
def test_a_reset_is_read_as_a_duration_or_as_a_time(value, seconds):
    assert reset_s(value) == pytest.approx(seconds)


def test_a_time_is_read_against_the_servers_own_clock():
    assert reset_s("2025-01-15T12:35:00Z", ("date", "Wed, 15 Jan 2025 12:34:50 GMT")) == 10


def test_where_nothing_is_said_nothing_is_read():
    assert read(("content-type", "application/json"), ("date", "Wed, 15 Jan 2025 12:34:50 GMT")) == {}


@pytest.mark.parametrize("value", ["", "-1", "0", "1e3", "4,000", "١٢", "9" * 400, "NaN", "100, 100;w=60"])
def test_a_limit_that_makes_no_sense_is_none(value):
    assert read(("x-ratelimit-limit-requests", value))["requests"].limit is None


@given(value=st.one_of(st.text(), st.from_regex(r"[0-9.:TZ+hmsµ-]{0,80}", fullmatch=True)))
def test_no_value_raises_or_comes_to_less_than_nothing(value):
    said = read(*((f"x-ratelimit-{field}-requests", value) for field in ("limit", "remaining", "reset")))["requests"]

    assert said.limit is None or said.limit >= 1
    assert said.remaining is None or said.remaining >= 0
    assert said.reset_s is None or 0 <= said.reset_s < float("inf")


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("1.5", 1.5), ("Wed, 15 Jan 2025 12:34:40 GMT", 10)])
def test_a_retry_after_is_read_in_seconds_or_as_a_date(value, seconds):
    assert find_retry_after_s(Attempt(status=429, headers=(("retry-after", value),)), NOW) == seconds
