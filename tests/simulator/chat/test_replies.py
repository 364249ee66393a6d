from decimal import Decimal

import pytest
from chat_samples import (
    COUNT,
    MINI,
    NOW,
    PLAIN,
    THINKER,
    WEATHER,
    WEB_SEARCH,
    ask,
    profile,
    serve,
    streamed,
    text,
)
from hypothesis import given
from hypothesis import strategies as st

from harness.core.catalogue import LongContext, Tariff
from harness.simulator.chat.billing import ticks

CHAT = [name for name, each in profile().models.items() if each.makes == "text"]
THINKERS = [name for name in CHAT if profile().models[name].reasoning != "none"]
OPEN = "Write about the sea."


@pytest.fixture(scope="module")
def service():
    return serve()


@pytest.mark.parametrize("model", CHAT)
def test_a_reply_has_the_documented_shape(service, model):
    body = ask(service, COUNT, model=model).body

    assert (body["object"], body["created"], body["model"]) == ("chat.completion", int(NOW), model)
    assert body["id"].startswith("chatcmpl-")
    assert [(each["index"], each["message"]["role"], each["finish_reason"]) for each in body["choices"]] == [
        (0, "assistant", "stop")
    ]


def test_ids_never_repeat(service):
    ids = {ask(service, COUNT, seed=1).body["id"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize("model", CHAT)
def test_the_total_is_prompt_and_completion_and_reasoning(service, model):
    usage = ask(service, COUNT, model=model).body["usage"]

    reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + reasoning
    assert usage.get("reasoning_tokens", 0) == reasoning
    assert ("reasoning_tokens" in usage) == (model in THINKERS)


@pytest.mark.parametrize("model", CHAT)
def test_a_reply_is_billed_exactly_by_its_tariff(service, model):
    usage = ask(service, COUNT, model=model).body["usage"]
    tariff = profile().models[model].tariff

    # Ten thousand ticks are a dollar a million tokens.
    prompt = usage["prompt_tokens"] * tariff.input
    said = (usage["completion_tokens"] + usage["completion_tokens_details"]["reasoning_tokens"]) * tariff.output
    assert usage["cost_in_usd_ticks"] == (prompt + said) * 10_000


def test_a_search_costs_its_fee_beside_the_tokens(service):
    usage = ask(service, "What is the latest news?", tools=[WEB_SEARCH]).body["usage"]
    tariff = profile().models[PLAIN].tariff

    tokens = usage["prompt_tokens"] * tariff.input + usage["completion_tokens"] * tariff.output
    assert usage["cost_in_usd_ticks"] == tokens * 10_000 + 50_000_000


def test_the_worked_example_of_a_price():
    tariff = Tariff(input=Decimal(2), output=Decimal(10))

    assert ticks(tariff, prompt=1_000, cached=0, visible=500, reasoning=5_000) == 570_000_000


def test_beyond_the_length_that_a_tariff_names_all_tokens_have_the_longer_rates():
    longer = LongContext(above_tokens=100, input=Decimal(4), output=Decimal(20))
    tariff = Tariff(input=Decimal(2), output=Decimal(10), long_context=longer)

    at, beyond = (ticks(tariff, prompt=prompt, cached=0, visible=1, reasoning=0) for prompt in (100, 101))

    assert (at, beyond) == ((200 + 10) * 10_000, (404 + 20) * 10_000)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cached_token_is_never_dearer_than_a_fresh_one(prompt, cached):
    tariff = Tariff(input=Decimal("0.2"), cached_input=Decimal("0.05"), output=Decimal("0.5"))
    cached = min(prompt, cached)

    warm = ticks(tariff, prompt=prompt, cached=cached, visible=7, reasoning=3)

    assert warm == ticks(tariff, prompt=prompt, cached=0, visible=7, reasoning=3) - cached * 1_500


@pytest.mark.parametrize("model", ["grok-4-0709", THINKER, "grok-code-fast-1", "grok-4-fast-reasoning"])
def test_an_always_on_model_thinks_500_tokens_at_least_and_shows_some(service, model):
    body = ask(service, COUNT, model=model).body

    assert body["usage"]["reasoning_tokens"] >= 500
    assert body["choices"][0]["message"]["reasoning_content"]


def test_how_long_a_model_thinks_varies(service):
    lengths = {ask(service, COUNT, model=THINKER, seed=1).body["usage"]["reasoning_tokens"] for _ in range(8)}

    assert len(lengths) > 4


@pytest.mark.parametrize("model", ["grok-3", MINI])
def test_low_effort_is_less_reasoning_than_high_and_the_default(service, model):
    def spent(**fields):
        return [ask(service, COUNT, model=model, **fields).body["usage"]["reasoning_tokens"] for _ in range(8)]

    low, high, unasked = spent(reasoning_effort="low"), spent(reasoning_effort="high"), spent()

    assert max(low) < min(high)
    assert 0 < max(unasked) < min(high)


def test_a_model_that_does_not_reason_says_nothing_of_it(service):
    body = ask(service, COUNT, model=PLAIN).body

    assert "reasoning_content" not in body["choices"][0]["message"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_max_tokens_bounds_what_is_seen_and_not_what_is_thought(service):
    for field in ("max_tokens", "max_completion_tokens"):
        body = ask(service, COUNT, model=THINKER, **{field: 16}).body

        assert body["choices"][0]["finish_reason"] == "length"
        assert body["usage"]["completion_tokens"] == 16
        assert body["usage"]["reasoning_tokens"] >= 500


def test_stop_ends_the_text_before_itself(service):
    answer = ask(service, COUNT, stop=["12", "9"])

    assert text(answer).rstrip(", ").endswith("8")
    assert answer.body["choices"][0]["finish_reason"] == "stop"


def test_a_seed_fixes_the_words_and_another_changes_them(service):
    def said(seed):
        return text(ask(service, OPEN, seed=seed, temperature=1, max_tokens=40))

    assert said(1) == said(1) != said(2)


def test_without_a_seed_the_words_differ_and_at_temperature_zero_they_do_not(service):
    def said(temperature):
        return {text(ask(service, OPEN, temperature=temperature, max_tokens=40)) for _ in range(4)}

    assert (len(said(1)), len(said(0))) == (4, 1)


def test_at_temperature_zero_thoughts_and_searches_are_the_same_too(service):
    news = {"prompt": "What is the latest news?", "model": THINKER, "tools": [WEB_SEARCH], "temperature": 0}

    messages = [ask(service, **news).body["choices"][0]["message"] for _ in range(4)]

    assert all(message == messages[0] for message in messages)


def test_at_temperature_zero_an_irrelevant_field_changes_nothing(service):
    plain = text(ask(service, OPEN, temperature=0, max_tokens=40))

    assert text(ask(service, OPEN, temperature=0, max_tokens=40, made_up=1)) == plain


def test_n_choices_are_numbered_differ_and_are_all_counted(service):
    body = ask(service, OPEN, n=3, max_tokens=20, temperature=1).body

    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in body["choices"]}) == 3
    assert body["usage"]["completion_tokens"] == 60


def test_logprobs_come_token_by_token_with_as_many_alternatives_as_asked(service):
    answer = ask(service, COUNT, logprobs=True, top_logprobs=3)
    entries = answer.body["choices"][0]["logprobs"]["content"]

    assert "".join(entry["token"] for entry in entries) == text(answer)
    assert all(len(entry["top_logprobs"]) == 3 and entry["logprob"] <= 0 for entry in entries)


def test_json_is_json_at_any_temperature(service):
    import json

    for _ in range(5):
        said = text(
            ask(service, "Tell me about cats.", response_format={"type": "json_object"}, temperature=2, top_p=1)
        )
        assert isinstance(json.loads(said), dict)


def test_the_same_seed_of_the_service_gives_the_same_replies_whatever_came_between():
    first, second = serve(seed=3), serve(seed=3)
    ask(second, COUNT)

    for _ in range(2):
        assert ask(first, OPEN, max_tokens=20).body == ask(second, OPEN, max_tokens=20).body
    assert ask(first, OPEN, max_tokens=20).body != ask(serve(seed=4), OPEN, max_tokens=20).body


def test_without_a_seed_no_two_services_say_the_same():
    said = {text(ask(serve(seed=None), OPEN, max_tokens=20)) for _ in range(4)}

    assert len(said) == 4


def test_slow_models_take_longer_and_hidden_thought_delays_the_first_word(service):
    quick, slow = ask(service, COUNT, model=PLAIN), ask(service, COUNT, model="grok-4-0709")

    assert quick.ttft_s < 0.1 < slow.ttft_s
    assert quick.seconds_per_token < slow.seconds_per_token


@pytest.mark.parametrize("name", ["documented", "observed"])
@pytest.mark.parametrize("model", [PLAIN, THINKER, MINI])
@pytest.mark.parametrize("fields", [{}, {"n": 2}, {"tools": [WEATHER], "tool_choice": "required"}, {"logprobs": True}])
def test_a_stream_comes_to_what_the_unstreamed_reply_of_the_same_seed_says(name, model, fields):
    service = serve(name=name)
    whole = ask(service, COUNT, model=model, seed=5, temperature=1.5, **fields)
    stream = ask(service, COUNT, model=model, seed=5, temperature=1.5, stream=True, **fields)

    message = whole.body["choices"][0]["message"]
    assert streamed(stream) == (message["content"] or "")
    assert streamed(stream, "reasoning_content") == message.get("reasoning_content", "")
    deltas = [chunk["choices"][0]["delta"] for chunk in stream.chunks[:-1]]
    made = [
        {name: call[name] for name in ("id", "type", "function")}
        for delta in deltas
        for call in delta.get("tool_calls", [])
    ]
    assert made[: len(message.get("tool_calls", []))] == message.get("tool_calls", [])


def test_as_observed_the_envelope_is_the_recorded_one():
    body = ask(serve(name="observed"), COUNT, model=MINI).body

    assert not body["id"].startswith("chatcmpl-")
    assert body["choices"][0]["message"]["refusal"] is None
    assert "reasoning_tokens" not in body["usage"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
