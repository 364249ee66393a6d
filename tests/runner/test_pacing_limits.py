import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_servers import Bucket, FixedWindow, SlidingWindow, asking, crowd

from harness.core.clock import run_virtually

SERVERS = {
    "sliding": lambda limit, _: SlidingWindow(limit),
    "fixed": FixedWindow,
    "bucket": lambda limit, _: Bucket(limit),
}


@settings(max_examples=30)
@given(
    kind=st.sampled_from(sorted(SERVERS)),
    phase_s=st.floats(0, 60),
    limit=st.integers(1, 90),
    ways=st.fixed_dictionaries(
        {
            "latency_s": st.floats(0, 4),
            "jitter_s": st.floats(0, 1.2),
            "seed": st.integers(0, 99),
        }
    ),
    extra=st.integers(2, 20),
)
def test_a_documented_limit_is_used_and_draws_no_429(kind, phase_s, limit, ways, extra):
    server = SERVERS[kind](limit, phase_s)
    workers = extra + int(limit * (ways["latency_s"] + ways["jitter_s"]) / 60)

    out = run_virtually(crowd(server, asking(limit), trials=4 * limit + 2, workers=workers, **ways))

    assert not out.turned
    assert out.share(limit) >= 0.95


@pytest.mark.parametrize("kind", sorted(SERVERS))
@pytest.mark.parametrize("limit", [480, 600])
def test_the_limits_of_the_catalogue_are_used_and_draw_no_429(kind, limit):
    out = run_virtually(crowd(SERVERS[kind](limit, 17.0), asking(limit), trials=3 * limit, jitter_s=0.3, workers=24))

    assert not out.turned
    assert out.share(limit) >= 0.95


@settings(max_examples=12)
@given(limit=st.integers(1, 300), latency_s=st.floats(0, 2), seed=st.integers(0, 99))
def test_a_bucket_of_one_seconds_worth_turns_nothing_away(limit, latency_s, seed):
    server = Bucket(limit, max(1.0, limit / 60))

    out = run_virtually(
        crowd(server, asking(limit), trials=2 * limit + 2, latency_s=latency_s, jitter_s=0.012, workers=20, seed=seed)
    )

    assert not out.turned
    assert out.share(limit) >= 0.95


@settings(max_examples=12)
@given(
    counts=st.sampled_from(["tokens", "replies"]),
    workers=st.integers(1, 12),
    least=st.floats(0.1, 1),
    busy=st.floats(0.3, 0.8),
    seed=st.integers(0, 99),
)
def test_the_tokens_of_a_limit_are_used_and_draw_no_429(counts, workers, least, busy, seed):
    limit, worst = 100_000, 5000 // workers
    mean = worst * (1 + least) / 2
    latency_s = busy * workers * mean / (limit / 60)

    out = run_virtually(
        crowd(
            SlidingWindow(limit),
            asking(None, limit),
            trials=int(4 * limit / mean),
            workers=workers,
            latency_s=latency_s,
            worst=worst,
            # What is counted when it is asked for is all that can be used; else what the reply took.
            tokens=None if counts == "tokens" else lambda random: int(worst * random.uniform(least, 1)),
            counts=counts,
            seed=seed,
        )
    )

    assert not out.turned
    assert out.tokens / (limit * out.ended_s / 60) >= 0.9


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("kind", sorted(SERVERS))
def test_half_the_documented_limit_is_found_and_every_trial_is_answered(kind, retry_after):
    server = SERVERS[kind](240, 11.0)

    out = run_virtually(crowd(server, asking(480), trials=1200, workers=32, retry_after=retry_after))

    assert (len(out.answered), out.failed) == (1200, 0)
    assert len(out.turned) <= 24
    assert out.share(240) >= 0.9


def test_half_the_limit_that_headers_tell_of_draws_no_429_at_all():
    def headers(server, now):
        used = sum(1 for at, _ in server.log if at > now - 60)
        return (
            ("x-ratelimit-limit-requests", str(server.limit)),
            ("x-ratelimit-remaining-requests", str(server.limit - used)),
            ("x-ratelimit-reset-requests", "60s"),
        )

    out = run_virtually(crowd(SlidingWindow(240), asking(480), trials=700, workers=32, headers=headers))

    assert not out.turned
    assert out.share(240) >= 0.95


def test_half_the_tokens_are_found_and_every_trial_is_answered():
    out = run_virtually(
        crowd(SlidingWindow(50_000), asking(480, 100_000), trials=500, workers=8, worst=500, counts="tokens")
    )

    assert out.failed == 0
    assert len(out.turned) <= 16


def test_a_limit_that_nobody_told_of_is_found():
    out = run_virtually(crowd(SlidingWindow(240), asking(), trials=1200, workers=32))

    assert out.failed == 0
    assert out.share(240) >= 0.85
