import pytest
from endpoint_runs import HOSTILE, MadeUp, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings
from reply_runs import answer, look, reply, used

from harness.core.exchange import Attempt, Frame
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask
from harness.probes.reasoning import FAMILY

ALWAYS, NEVER, OPTIONAL, PLAIN = "grok-4-0709", "grok-2-vision-1212", "grok-3-mini", "grok-4-1-fast-non-reasoning"


def claim(model):
    return f"comp.capability.{model}.reasoning"


def seen(model, *replies):
    """What is observed of the model's claim in replies with these counts of reasoning; None for no count."""
    answers = [answer(each, number, model=model) for number, each in enumerate(replies, start=1)]
    return look(FAMILY, claim(model), *answers, model=model)


def counting(*tokens):
    return [reply(usage=used(reasoning=each)) for each in tokens]


def test_always_is_said_with_its_lower_bound():
    found = seen(ALWAYS, *counting(90, 120, 100, 80, 300))

    assert found.outcome == "holds"
    assert "all of 5 replies are reasoned, 80 to 300 tokens: at least 55%" in found.words


@pytest.mark.parametrize(("tokens", "outcome"), [((0, 0), "broken"), ((9, 0), "partly"), ((None, None), "unknown")])
def test_always_needs_reasoning_in_every_reply_that_counts_it(tokens, outcome):
    assert seen(ALWAYS, *counting(*tokens)).outcome == outcome


@pytest.mark.parametrize(("tokens", "outcome"), [((0, 0), "holds"), ((None,), "holds"), ((0, 7), "broken")])
def test_never_allows_reasoning_in_no_reply(tokens, outcome):
    assert seen(NEVER, *counting(*tokens)).outcome == outcome


@pytest.mark.parametrize("message", [{"reasoning_content": "So."}, {"content": "<think>So.</think> ok"}])
def test_reasoning_that_is_shown_counts_though_it_is_not_counted(message):
    assert seen(ALWAYS, reply(message=message)).outcome == "holds"
    assert seen(NEVER, reply(message=message)).outcome == "broken"


def test_replies_at_an_effort_say_nothing_of_what_a_model_does_by_itself():
    body = chat(NEVER, "hello", reasoning_effort="high")

    found = look(FAMILY, claim(NEVER), answer(counting(70)[0], body=body), model=NEVER)

    assert found is None


def test_an_error_is_no_reply():
    assert look(FAMILY, claim(ALWAYS), answer({"error": "no"}, status=500, model=ALWAYS), model=ALWAYS) is None


def efforts(answer_to):
    return observed(probe_of(FAMILY, lineup_of(OPTIONAL), "reasoning.optional"), MadeUp(answer_to))[
        "reasoning.optional"
    ]


def thinking(ask, high, low=0):
    return reply_to(ask, usage=used(reasoning=high if "reasoning_effort" in ask.body else low))


def test_reasoning_at_high_effort_is_enough_for_optional_reasoning():
    found = efforts(lambda ask: thinking(ask, 400))

    assert found.outcome == "holds"
    assert found.words == "400 reasoning tokens at high effort, 0 reasoning tokens without the field"


def test_one_puzzle_without_reasoning_is_followed_by_two_more():
    sender = MadeUp(lambda ask: thinking(ask, 0))

    found = observed(probe_of(FAMILY, lineup_of(OPTIONAL), "reasoning.optional"), sender)["reasoning.optional"]

    assert (found.outcome, len(sender.asks)) == ("broken", 4)


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, "rejected"), (500, "server-error"), (429, "unknown"), (401, "unknown")]
)
def test_an_effort_is_refused_only_if_it_is_refused_for_itself(status, outcome):
    found = efforts(lambda ask: (status, {"error": "no"}) if "reasoning_effort" in ask.body else reply_to(ask))

    assert found.outcome == outcome


def test_a_server_that_says_nothing_of_reasoning_decides_nothing():
    assert efforts(reply_to).outcome == "unknown"


@settings(max_examples=40)
@given(body=HOSTILE)
def test_no_server_makes_the_probe_raise(body):
    for made in ({"choices": [{"message": body}], "usage": body}, body):
        assert efforts(lambda _, made=made: (200, made)).outcome in ("holds", "broken", "unknown", "rejected")
        seen(ALWAYS, made)


def streamed(*deltas):
    """A stream of these deltas."""
    import json

    chunks = [{"id": "1", "model": ALWAYS, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks[-1]["choices"][0]["finish_reason"] = "stop"
    content = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return Attempt(
        status=200,
        headers=(("content-type", "text/event-stream"),),
        frames=(Frame(at_ms=1.0, content=content.encode()),),
    )


@pytest.mark.parametrize(("order", "outcome"), [((0, 1), "holds"), ((1, 0), "broken")])
def test_reasoning_before_the_answer_is_seen_in_streams(order, outcome):
    from endpoint_runs import seen_of

    from harness.probes.family import Watched

    deltas = ({"reasoning_content": "So."}, {"content": "ok"})
    ask = Ask(about="a stream", body=chat(ALWAYS, "hello", stream=True))
    answered = seen_of(ask, streamed(*(deltas[place] for place in order)))

    lineup = lineup_of(ALWAYS)
    found = {each.topic.name: each for each in FAMILY.watch(Watched(lineup=lineup, seen=[answered]))}

    assert found["reasoning.before"].outcome == outcome


@pytest.mark.parametrize(
    ("deviation", "model", "verdict"),
    [
        (None, ALWAYS, "confirmed"),
        (None, PLAIN, "confirmed"),
        (None, OPTIONAL, "confirmed"),
        ("reasoning-absent", ALWAYS, "refuted"),
        ("reasoning-absent", OPTIONAL, "refuted"),
        ("reasons-anyway", PLAIN, "refuted"),
        ("reasoning-content-missing", ALWAYS, "confirmed"),
        ("reasoning-tokens-missing", ALWAYS, "confirmed"),
    ],
)
def test_the_simulators_models_reason_as_they_do(deviation, model, verdict):
    deviations = [f"{deviation}@{model}"] if deviation else []

    verdicts = names(verify_simulator(FAMILY, *deviations, models=(model,)))

    assert verdicts[claim(model)] == verdict
