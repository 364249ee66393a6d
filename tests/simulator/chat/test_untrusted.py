"""Whatever JSON comes, a body or a refusal goes out, and both can be written as UTF-8."""

import json
import threading

from chat_samples import COUNT, MINI, NOW, PLAIN, SEER, WEATHER, WEB_SEARCH, ask, profile, serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.simulator.chat.refusal import Refusal

SERVICE = serve()
OBSERVED = serve(name="observed")
NAMES = [*profile().models, "grok-4", "grok-9", ""]
FIELDS = [
    *("messages", "model", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "stream", "n"),
    *("frequency_penalty", "presence_penalty", "reasoning_effort", "tools", "tool_choice", "parallel_tool_calls"),
    *("response_format", "logprobs", "top_logprobs", "seed", "stream_options", "search_parameters", "system"),
    *("prompt", "size", "text", "stop_sequences", "deferred"),
]
WORDS = [
    *("type", "function", "name", "description", "parameters", "object", "properties", "required", "role", "content"),
    *("user", "assistant", "tool", "system", "text", "image_url", "url", "json_object", "json_schema", "schema"),
    *("tool_calls", "tool_call_id", "id", "arguments", "auto", "none", "low", "high", "mode", "on", "include_usage"),
    *(
        "web_search",
        "input_schema",
        "source",
        "tool_use",
        "tool_result",
        "data:image/png;base64,",
        "https://a.example/",
    ),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**30, -(10**400), 2**63, 0.5, -0.0, 1e308, float("nan"), float("inf"), "\ud800", "\0"]),
    st.sampled_from(WORDS),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
GOOD = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 3}
BODIES = st.builds(
    lambda model, fields, sound: {"model": model, **(GOOD if sound else {}), **fields},
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    st.booleans(),
)
GENTLE = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def answered(call):
    """What came out, as it would be written."""
    try:
        return call()
    except Refusal as refused:
        return {"code": refused.code, "error": refused.message} if 400 <= refused.status < 500 else None


def written(value):
    return json.dumps(value, ensure_ascii=False).encode()


@GENTLE
@given(BODIES)
def test_any_body_is_answered_or_refused(body):
    for service in (SERVICE, OBSERVED):
        answer = answered(lambda service=service: service.complete(body, caller="a", now=NOW))

        assert written(answer if isinstance(answer, dict) else [answer.body, answer.chunks])


@GENTLE
@given(BODIES)
def test_any_message_tokenization_and_picture_is_answered_or_refused(body):
    message = answered(lambda: SERVICE.message(body, caller="a", now=NOW))

    assert written(message if isinstance(message, dict) else [message.body, message.chunks])
    assert written(answered(lambda: SERVICE.tokenize(body)))
    assert SERVICE.count_prompt(body) >= 0
    assert SERVICE.count_prompt(body, message=True) >= 0


@GENTLE
@given(st.lists(st.sampled_from([WEATHER, WEB_SEARCH]) | VALUES, max_size=3), VALUES)
def test_any_tools_are_taken_or_refused(tools, parameters):
    odd = {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": parameters}},
    }

    for choice in ("auto", "required"):
        answer = answered(
            lambda choice=choice: ask(SERVICE, "Book it for 3 in Oslo.", tools=[*tools, odd], tool_choice=choice)
        )
        assert written(answer if isinstance(answer, dict) else answer.body)


@GENTLE
@given(VALUES)
def test_any_message_content_is_taken_or_refused(content):
    for role in ("user", "assistant", "tool"):
        messages = [{"role": role, "content": content, "tool_call_id": "x"}]
        answer = answered(lambda messages=messages: ask(SERVICE, model=SEER, messages=messages, max_tokens=3))
        assert written(answer if isinstance(answer, dict) else answer.body)


def test_threads_that_ask_at_once_get_what_they_would_alone():
    alone = [ask(serve(), COUNT, seed=number, temperature=2).body["choices"] for number in range(6)]
    shared, found = serve(), [None] * 6

    def work(number):
        found[number] = ask(shared, COUNT, seed=number, temperature=2).body["choices"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == alone


def test_eight_megabytes_of_text_are_counted_and_refused():
    prompt = "word and word " * 600_000

    refused = answered(lambda: ask(SERVICE, prompt, model=MINI))

    assert "maximum prompt length" in refused["error"]
    assert SERVICE.count_prompt({"model": MINI, "messages": [{"role": "user", "content": prompt}]}) == 0


def test_a_list_of_numbers_without_end_is_refused():
    refused = answered(lambda: ask(SERVICE, model=PLAIN, messages=[1] * 2_100_000))

    assert "holds more than" in refused["error"]
