import pytest
from endpoint_runs import attempt_of, claim_of, lineup_of, names, seen_of, verify_simulator

from harness.core.claims import Claim
from harness.core.clock import SystemClock
from harness.core.exchange import Attempt
from harness.probes import errors
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask
from harness.probes.load import FAMILY, read_burst, refusal_topic
from harness.probes.observation import Topic

PLAIN = "grok-2-vision-1212"
TOPIC = Topic("load.3-at-once", PLAIN)
ASK = Ask(about="one of many", body=chat(PLAIN, "count"), together=True)
REFUSED = attempt_of(429, {"error": "Too many requests"})


def burst(*firsts, **fields):
    """Requests that were sent at once, whose first attempts came to this; a refused one is mended."""
    fine = attempt_of(200, {"choices": []}, total_ms=1_000)
    return [seen_of(ASK, first, *([fine] if first.status == 429 else []), **fields) for first in firsts]


def let_in(ms=1_000):
    return attempt_of(200, {"choices": []}, total_ms=ms)


def claim(limit) -> Claim:
    return claim_of("rate_limit", PLAIN, {"model": PLAIN, "concurrent": limit}, kind_of_subject="model")


def test_one_more_than_are_allowed_at_once_and_one_is_refused():
    observation = read_burst(TOPIC, 3, burst(let_in(), let_in(), REFUSED, let_in()))

    assert (observation.outcome, observation.grade) == ("holds", "E3")


def test_more_at_once_than_are_allowed_and_all_answered_refutes_the_limit():
    assert read_burst(TOPIC, 3, burst(*[let_in()] * 4)).outcome == "broken"


@pytest.mark.parametrize("short", [[let_in(90)] * 4, [let_in(5_000)] * 3 + [let_in(900)]])
def test_requests_that_may_not_have_been_under_way_together_show_nothing(short):
    assert read_burst(TOPIC, 3, burst(*short)).outcome == "unknown"


def test_a_cassette_keeps_no_refusal_and_so_refutes_no_limit_and_what_was_asked_live_still_does_when_read_again():
    cassette = burst(*[let_in()] * 4, recorded=True, recorded_at="2026-01-01T00:00:00Z")

    assert read_burst(TOPIC, 3, cassette).outcome == "unknown"
    assert read_burst(TOPIC, 3, burst(*[let_in()] * 4, recorded=True)).outcome == "broken"


def test_several_refusals_may_have_other_causes_unless_they_tell():
    telling = attempt_of(429, {"error": "Concurrent Requests (actual/limit): 4/3"})

    assert read_burst(TOPIC, 3, burst(let_in(), let_in(), REFUSED, REFUSED)).outcome == "unknown"
    assert read_burst(TOPIC, 3, burst(let_in(), let_in(), telling, telling)).outcome == "holds"


def test_a_lost_request_leaves_it_open():
    observation = read_burst(TOPIC, 3, burst(let_in(), let_in(), let_in(), Attempt(error="timeout", message="late")))

    assert (observation.outcome, observation.error) == ("unknown", True)


def verify_load(*deviations, **options):
    """What a simulator that allows five at once makes of a claim of five."""
    lineup = lineup_of(PLAIN, claims=[claim(5)], allowed=("many-requests",))
    scaled = {"limits": 0.1, "speed": 0.5, "verifier_clock": SystemClock()}
    return names(verify_simulator(FAMILY, *deviations, lineup=lineup, **{**scaled, **options}))


def test_a_limit_is_confirmed_over_real_sockets_and_refuted_where_none_is_enforced():
    assert verify_load() == {"made.up": "confirmed"}
    assert verify_load("limits-not-enforced", speed=3.0) == {"made.up": "refuted"}


def test_many_requests_must_be_opted_into():
    verdicts = verify_simulator(FAMILY, lineup=lineup_of(PLAIN, claims=[claim(5)]))

    assert verdicts["made.up"].needs == ("many-requests",)


def test_a_refused_request_also_shows_what_a_429_is_worth():
    lineup = lineup_of("grok-3", allowed=("many-requests",))
    status = next(each for each in lineup.register.claims if each.value.get("status") == 429)

    assert errors.FAMILY.rule(status, lineup).topics == (refusal_topic(lineup),)


def test_other_limits_are_left_to_others():
    assert FAMILY.rule(claim_of("rate_limit", PLAIN, {"rpm": 5}, kind_of_subject="model"), lineup_of(PLAIN)) is None
