import json
from decimal import Decimal
from functools import partial

import pytest
from dialect_samples import exchange_of, read_as

from harness.core.chat import ChatRequest, Message, Part, ToolCall
from harness.core.exchange import HttpRequest
from harness.core.reply import ApiError, Timing, Usage
from harness.wire.dialects.openai_chat import DIALECT

ASKED = ChatRequest(model="m", messages=(Message(role="user", text="hi"),))
PLAIN, STREAMED = DIALECT.encode(ASKED), DIALECT.encode(ChatRequest(model="m", messages=ASKED.messages, stream=True))
JSON = (("content-type", "application/json"),)

XAI = {
    "id": "e1",
    "object": "chat.completion",
    "model": "grok-3-mini",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Oslo", "reasoning_content": "Hm.", "refusal": None},
            "finish_reason": "stop",
        },
    ],
    "usage": {
        "prompt_tokens": 12,
        "completion_tokens": 1,
        "total_tokens": 241,
        "prompt_tokens_details": {"text_tokens": 12, "cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 228},
        "cost_in_usd_ticks": 1176500,
    },
}


def body_of(**fields):
    request = ChatRequest(**{"model": "m", "messages": ASKED.messages} | fields)
    return json.loads(DIALECT.encode(request).body)


exchange = partial(exchange_of, request=PLAIN)
read = partial(read_as, request=PLAIN)


def message(**fields):
    return {"choices": [{"index": 0, "message": {"role": "assistant", **fields}, "finish_reason": "stop"}]}


def test_a_plain_request_says_no_more_than_it_must():
    assert (
        HttpRequest(
            method="POST",
            path="/chat/completions",
            body=b'{"messages":[{"content":"hi","role":"user"}],"model":"m"}',
        )
        == PLAIN
    )


def test_a_streamed_request_asks_for_usage():
    assert STREAMED.stream
    assert body_of(stream=True)["stream_options"] == {"include_usage": True}


def test_parameters_win_over_everything_but_model_and_messages():
    body = body_of(
        params={"model": "other", "messages": [], "tools": "probe", "seed": 7}, tools=({"type": "function"},)
    )

    assert body == {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": "probe", "seed": 7}


def test_a_parameter_that_unasks_the_stream_takes_its_options_along():
    request = ChatRequest(model="m", messages=(), params={"stream": False}, stream=True)

    assert not DIALECT.encode(request).stream
    assert json.loads(DIALECT.encode(request).body) == {"model": "m", "messages": [], "stream": False}


def test_images_calls_and_tool_results_are_spelled_as_the_api_takes_them():
    said = (
        Message(role="user", parts=(Part(text="what?"), Part(kind="image", image="data:image/png;base64,AA=="))),
        Message(role="assistant", tool_calls=(ToolCall(id="c1", name="look", arguments="{}"),)),
        Message(role="tool", text="", tool_call_id="c1"),
    )

    assert body_of(messages=said)["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ],
        },
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "", "tool_call_id": "c1"},
    ]


def test_what_an_assistant_said_beside_its_calls_is_sent():
    said = Message(role="assistant", text="Let me look.", tool_calls=(ToolCall(id="c", name="f", arguments="{}"),))

    assert body_of(messages=(said,))["messages"][0]["content"] == "Let me look."


def test_tools_and_response_format_are_sent_as_given_and_left_out_when_empty():
    tool, form = {"type": "function", "function": {"name": "f"}}, {"type": "json_object"}

    assert body_of(tools=(tool,), response_format=form)["tools"] == [tool]
    assert body_of(response_format=form)["response_format"] == form
    assert not {"tools", "response_format", "stream"} & set(body_of(tools=(), response_format={}))


def test_a_lone_surrogate_is_sent_as_an_escape_in_a_valid_body():
    body = DIALECT.encode(ChatRequest(model="m", messages=(Message(role="user", text="é \ud800"),))).body

    assert "é \\ud800" in body.decode("utf-8")


def test_a_recorded_reply_of_the_vendor_is_read_whole():
    reply = read(XAI, headers=JSON)

    assert (reply.id, reply.model, reply.content, reply.reasoning) == ("e1", "grok-3-mini", "Oslo", "Hm.")
    assert (reply.finish_reason, reply.error, reply.refusal, reply.stream) == ("stop", None, None, None)
    assert reply.usage == Usage(
        prompt=12, completion=1, total=241, cached=2, reasoning=228, billed_usd=Decimal("0.00011765")
    )
    assert (reply.timing, reply.anomalies) == (Timing(total_ms=99.0), ())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ""),
        ("", ""),
        ("text", "text"),
        (["a", {"type": "text", "text": "b"}, {"type": "output_text", "text": "c"}], "abc"),
        (["a", {"type": "audio", "id": 1}], "a"),
        (7, ""),
        ("half \ud83d\ude00 and lone \ud800", "half 😀 and lone \ufffd"),
    ],
)
def test_content_is_read_in_every_form(content, expected):
    assert read(message(content=content)).content == expected


def test_parts_that_think_or_refuse_are_no_content():
    parts = [{"type": "thinking", "thinking": "Hm."}, {"type": "refusal", "refusal": "No."}, "Yes."]

    reply = read(message(content=parts))

    assert (reply.content, reply.reasoning, reply.refusal) == ("Yes.", "Hm.", "No.")


@pytest.mark.parametrize(
    "fields",
    [{"reasoning": "Hm."}, {"reasoning_content": "Hm."}, {"reasoning_content": "Hm.", "reasoning": "Hm."}],
)
def test_reasoning_is_read_from_either_place_once(fields):
    assert read(message(content="x", **fields)).reasoning == "Hm."


def test_a_think_tag_is_left_in_the_content():
    assert read(message(content="<think>a</think>b")).content == "<think>a</think>b"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '{"a":1}'}}]}, [("c", "f", '{"a":1}')]),
        ({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]}, [("c", "f", '{"a": 1}')]),
        ({"tool_calls": {"id": "c", "name": "f"}}, [("c", "f", "")]),
        ({"tool_calls": [{"id": "c", "name": "f"}, {"id": "c", "name": "g"}]}, [("c", "f", ""), ("c", "g", "")]),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [("", "f", "{}")]),
        ({"tool_calls": [None, 3, {"function": {"name": 5}}]}, [("", "", "")]),
    ],
)
def test_whole_tool_calls_are_read_in_every_form(fields, expected):
    calls = read(message(content=None, **fields)).tool_calls

    assert [(call.id, call.name, call.arguments) for call in calls] == expected


@pytest.mark.parametrize(
    ("calls", "anomalies"),
    [
        ([{"id": "c", "function": {"name": "f", "arguments": "{}"}}], ()),
        ([{"id": "c", "function": {"arguments": "{}"}}], ("a tool call has no name",)),
        ([{"function": {"name": "f"}}], ("a tool call has no id",)),
        ([3], ("a tool call is 3, not an object",)),
        ([{"id": "c", "name": "f", "arguments": [1]}], ("the arguments of a tool call are [1], not a JSON text",)),
        ({"id": "c", "name": "f"}, ("tool_calls is one object, not a list",)),
        ("f()", ("tool_calls is 'f()', not a list",)),
    ],
)
def test_what_is_odd_about_a_tool_call_is_noted(calls, anomalies):
    assert read(message(tool_calls=calls)).anomalies == anomalies


def test_the_old_function_call_has_no_id_and_that_is_not_odd():
    assert read(message(function_call={"name": "f"})).anomalies == ()


def test_arguments_nested_to_the_edge_of_what_can_be_read_never_raise():
    for depth in range(900, 1000):
        deep = '{"a":' + "[" * depth + "]" * depth + "}"
        assert read('{"choices":[{"message":{"tool_calls":[{"id":"c","name":"f","arguments":' + deep + "}]}}]}")


def test_further_choices_are_alternatives():
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in "abc"]

    assert (read({"choices": choices}).content, read({"choices": choices}).alternatives) == ("a", ("b", "c"))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 5, "output_tokens": 2}, Usage(prompt=5, completion=2)),
        ({"prompt_tokens": 5, "cached_tokens": 3, "reasoning_tokens": 4}, Usage(prompt=5, cached=3, reasoning=4)),
        ({"prompt_cache_hit_tokens": 3}, Usage(cached=3)),
        ({"cache_read_input_tokens": 3}, Usage(cached=3)),
        (
            {"input_tokens_details": {"cached_tokens": 3}, "output_tokens_details": {"reasoning_tokens": 4}},
            Usage(cached=3, reasoning=4),
        ),
        ({"prompt_tokens_details": None, "completion_tokens_details": [], "cached_tokens": 0}, Usage(cached=0)),
        ({"cost_in_usd_ticks": 10**10}, Usage(billed_usd=Decimal(1))),
    ],
)
def test_counts_are_read_wherever_servers_put_them(usage, expected):
    assert read({**message(content="x"), "usage": usage}).usage == expected


def test_usage_is_found_at_the_top_in_a_vendors_corner_or_within_a_choice():
    choice, usage = {"message": {"content": "x"}, "finish_reason": "stop"}, {"usage": {"prompt_tokens": 5}}

    bodies = [{"choices": [choice], **usage}, {"choices": [choice], "x_groq": usage}, {"choices": [choice | usage]}]

    assert [read(body).usage for body in bodies] == [Usage(prompt=5)] * 3


def test_a_flood_of_oddities_is_cut_off():
    assert len(read(message(tool_calls=list(range(1000)))).anomalies) == 20


@pytest.mark.parametrize("count", ["-1", "1.5", "true", '"12"', "1e999", "9" * 40, "9" * 5000, "NaN", "[]"])
def test_a_count_that_cannot_be_one_is_left_out_and_noted(count):
    body = json.dumps({**message(content="x"), "usage": {"prompt_tokens": 0, "completion_tokens": 1}})

    reply = read(body.replace('"prompt_tokens": 0', f'"prompt_tokens": {count}'))

    assert (reply.usage, reply.content) == (Usage(completion=1), "x")
    assert len(reply.anomalies) == 1


@pytest.mark.parametrize(
    ("reason", "seen", "anomaly"),
    [
        ("", "", "finish_reason is ''"),
        (None, None, "finish_reason is missing"),
        (7, None, "finish_reason is 7, not a text"),
    ],
)
def test_a_finish_reason_that_says_nothing_is_an_anomaly(reason, seen, anomaly):
    reply = read({"choices": [{"message": {"content": "x"}, "finish_reason": reason}]})

    assert reply.finish_reason == seen
    assert reply.anomalies[0] == anomaly


@pytest.mark.parametrize(
    "body",
    [
        {"choices": []},
        {"choices": None},
        {},
        [],
        7,
        "",
        "{",
        "<html>",
        "[" * 100_000,
        {"choices": [{}]},
        {"choices": [3]},
    ],
)
def test_a_success_without_a_choice_is_malformed(body):
    assert read(body).error.kind == "malformed"


def test_an_error_body_within_a_success_is_an_error():
    assert read({"code": "invalid-argument", "error": "no"}).error == ApiError(
        kind="refused", message="no", code="invalid-argument"
    )


def test_an_error_status_is_an_error_whatever_its_body():
    reply = read(XAI, status=500)

    assert (reply.status, reply.error.kind, reply.content) == (500, "server", "")


def test_a_success_without_a_body_is_malformed():
    assert DIALECT.decode(exchange(status=202)).error.message == "HTTP 202 with an empty body"


def test_a_null_error_beside_choices_is_no_error():
    assert read({**XAI, "error": None}).error is None
