import pytest
from endpoint_runs import HOSTILE, MadeUp, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings

from harness.probes.cache import FAMILY, MISSES
from harness.probes.family import Undecidable
from harness.wire import NONCE

CACHED, PLAIN = "grok-4-1-fast-non-reasoning", "grok-3"
SIZE = 1_600


def says(cached, prompt=SIZE):
    return {
        "usage": {"prompt_tokens": prompt, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": cached}}
    }


def text_of(ask):
    return ask.body["messages"][0]["content"]


def run(figure):
    """What is observed of a server whose n-th reply, from 0, has these cached tokens; and what it was asked."""
    sender = MadeUp(lambda ask: reply_to(ask, **says(figure(len(sender.asks) - 1, ask))))
    return observed(probe_of(FAMILY, lineup_of(PLAIN), "cache"), sender)["cache"], sender.asks


def test_most_of_a_beginning_that_comes_again_is_cached_and_nothing_of_a_new_one():
    seen, asks = run(lambda number, _: 1_536 if number == 2 else 0)

    assert seen.outcome == "holds"
    assert "1536 of 1600" in seen.words
    assert len(asks) == 3


def test_only_the_control_has_a_beginning_that_is_fresh_whenever_it_is_sent():
    _, asks = run(lambda *_: 0)

    assert [NONCE in text_of(ask) for ask in asks] == [False, True] + [False] * MISSES
    assert len({text_of(ask).splitlines()[0] for ask in asks}) == 2
    assert len(text_of(asks[0]).split()) > 1_024


def test_absence_takes_seven_misses():
    seen, asks = run(lambda *_: 0)

    assert MISSES == 7
    assert (seen.outcome, len(asks)) == ("broken", 1 + 1 + 7)


def test_a_hit_after_misses_is_a_hit():
    seen, asks = run(lambda number, _: 1_536 if number == 6 else 0)

    assert (seen.outcome, len(asks)) == ("holds", 7)
    assert "after 4 misses" in seen.words


def test_what_every_prompt_of_a_vendor_begins_with_is_not_our_beginning():
    seen, _ = run(lambda *_: 679)

    assert seen.outcome == "broken"


@pytest.mark.parametrize("cached", [SIZE, SIZE + 64])
def test_a_prompt_that_was_never_sent_cannot_be_cached(cached):
    seen, asks = run(lambda *_: cached)

    assert (seen.outcome, len(asks)) == ("partly", 2)
    assert "never sent before" in seen.words


def test_without_figures_nothing_is_said():
    sender = MadeUp(reply_to)

    seen = observed(probe_of(FAMILY, lineup_of(PLAIN), "cache"), sender)["cache"]

    assert (seen.outcome, seen.error, len(sender.asks)) == ("unknown", False, 2)


def test_an_outage_in_the_midst_is_an_error():
    sender = MadeUp(lambda ask: (503, "") if len(sender.asks) > 4 else reply_to(ask, **says(0)))

    seen = observed(probe_of(FAMILY, lineup_of(PLAIN), "cache"), sender)["cache"]

    assert (seen.outcome, seen.error) == ("unknown", True)


@settings(max_examples=40)
@given(body=HOSTILE)
def test_no_server_makes_the_probe_raise(body):
    for answer in ({"choices": [{"message": {"content": "a"}}], "usage": body}, body):
        seen = observed(probe_of(FAMILY, lineup_of(PLAIN), "cache"), MadeUp(lambda _, made=answer: (200, made)))

        assert seen["cache"].outcome in ("unknown", "partly", "broken", "holds")


def test_a_claim_that_leaves_models_out_is_about_those_that_were_selected():
    lineup = lineup_of(PLAIN, CACHED)
    claim = lineup.register.find("comp.capability.prompt-caching.grok-4-only")

    how = FAMILY.rule(claim, lineup)

    assert [topic.model for topic in how.topics] == [PLAIN]
    assert isinstance(FAMILY.rule(claim, lineup_of(CACHED)), Undecidable)


@pytest.mark.parametrize(
    ("deviations", "turned"),
    [
        ((), {}),
        ((f"cached-never@{CACHED}",), {f"comp.capability.{CACHED}.prompt_cache": "refuted"}),
        (
            (f"cached-always@{PLAIN}",),
            {
                f"comp.capability.{PLAIN}.prompt_cache": "partial",
                "comp.capability.prompt-caching.grok-4-only": "partial",
            },
        ),
    ],
)
def test_the_simulators_caches_are_as_they_are(deviations, turned):
    verdicts = names(verify_simulator(FAMILY, *deviations, models=(CACHED, PLAIN)))

    asked = {claim: name for claim, name in verdicts.items() if name not in ("not-tested", "confirmed")}
    assert asked == turned
