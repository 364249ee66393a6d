import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.chat import ChatRequest, Message, Part, ToolCall
from harness.core.exchange import HttpRequest
from harness.wire.dialects.anthropic_messages import DEFAULT_MAX_TOKENS, DIALECT

HI = Message(role="user", text="hi")


def body_of(**fields):
    return json.loads(DIALECT.encode(ChatRequest(**{"model": "m", "messages": (HI,)} | fields)).body)


def messages_of(*messages):
    return body_of(messages=messages)["messages"]


def test_a_plain_request_says_no_more_than_it_must():
    assert DIALECT.encode(ChatRequest(model="m", messages=(HI,))) == HttpRequest(
        method="POST",
        path="/messages",
        body=b'{"max_tokens":1024,"messages":[{"content":"hi","role":"user"}],"model":"m"}',
    )


def test_a_bound_that_the_request_names_wins_over_the_default():
    assert body_of()["max_tokens"] == DEFAULT_MAX_TOKENS
    assert body_of(params={"max_tokens": 16})["max_tokens"] == 16
    assert body_of(params={"max_tokens": None})["max_tokens"] is None


def test_system_messages_stand_on_top_wherever_they_were_said():
    body = body_of(messages=(Message(role="system", text="a"), HI, Message(role="system", parts=(Part(text="b"),))))

    assert (body["system"], body["messages"]) == ("a\n\nb", [{"role": "user", "content": "hi"}])


def test_a_streamed_request_says_so_and_a_parameter_may_unsay_it():
    streamed = DIALECT.encode(ChatRequest(model="m", messages=(HI,), stream=True))
    unsaid = DIALECT.encode(ChatRequest(model="m", messages=(HI,), stream=True, params={"stream": False}))

    assert (streamed.stream, json.loads(streamed.body)["stream"]) == (True, True)
    assert not unsaid.stream


def test_parameters_win_over_everything_but_model_and_messages():
    body = body_of(params={"model": "other", "messages": [], "tools": "probe", "top_k": 7}, tools=({"name": "f"},))

    assert (body["model"], len(body["messages"]), body["tools"], body["top_k"]) == ("m", 1, "probe", 7)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"stop": "."}, {"stop_sequences": ["."]}),
        ({"stop": [".", "!"]}, {"stop_sequences": [".", "!"]}),
        ({"stop_sequences": ["."]}, {"stop_sequences": ["."]}),
        ({"stop": "!", "stop_sequences": ["."]}, {"stop": "!", "stop_sequences": ["."]}),
        ({"tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ({"tool_choice": "sometimes"}, {"tool_choice": "sometimes"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "tool", "name": "f"}},
        ),
        ({"tool_choice": {"type": "function", "name": "f"}}, {"tool_choice": {"type": "tool", "name": "f"}}),
        ({"tool_choice": {"type": "any"}}, {"tool_choice": {"type": "any"}}),
        ({"tool_choice": [1]}, {"tool_choice": [1]}),
    ],
)
def test_the_parameters_that_have_other_words_here_are_mapped_and_native_ones_pass(params, expected):
    body = body_of(params=params)

    assert {key: body[key] for key in body if key not in ("model", "messages", "max_tokens")} == expected


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
            {"name": "f", "description": "d", "input_schema": {"type": "object"}},
        ),
        (
            {"type": "function", "function": {"name": "f"}},
            {"name": "f", "input_schema": {"type": "object", "properties": {}}},
        ),
        ({"name": "f", "input_schema": {}}, {"name": "f", "input_schema": {}}),
        ({"type": "web_search_20250305", "name": "web_search"}, {"type": "web_search_20250305", "name": "web_search"}),
    ],
)
def test_functions_become_tools_and_native_tools_pass(tool, expected):
    assert body_of(tools=(tool,))["tools"] == [expected]


def test_calls_and_their_results_are_blocks_and_one_round_of_results_is_one_message():
    calls = (ToolCall(id="a", name="f", arguments='{"x": 1}'), ToolCall(id="b", name="g", arguments="{}"))
    results = (Message(role="tool", text="1", tool_call_id="a"), Message(role="tool", text="2", tool_call_id="b"))

    asked, called, answered = messages_of(HI, Message(role="assistant", text="Wait.", tool_calls=calls), *results)

    assert asked == {"role": "user", "content": "hi"}
    assert called["content"] == [
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "g", "input": {}},
    ]
    assert answered == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {"type": "tool_result", "tool_use_id": "b", "content": "2"},
        ],
    }


def test_results_of_two_rounds_stay_two_messages():
    call = Message(role="assistant", tool_calls=(ToolCall(id="a", name="f", arguments="{}"),))
    result = Message(role="tool", text="1", tool_call_id="a")

    assert [message["role"] for message in messages_of(HI, call, result, call, result)] == [
        *("user", "assistant", "user"),
        *("assistant", "user"),
    ]


DEEP = "[" * 900 + "]" * 900


def input_of(arguments):
    call = Message(role="assistant", tool_calls=(ToolCall(id="a", name="f", arguments=arguments),))
    return messages_of(call)[0]["content"][0]["input"]


@pytest.mark.parametrize("arguments", ["{oops", "", '{"x":' + "9" * 5000 + "}", DEEP, '{"x":NaN}'])
def test_arguments_that_cannot_be_sent_as_json_are_sent_as_a_text_for_the_server_to_judge(arguments):
    assert input_of(arguments) == arguments


def test_arguments_that_are_json_are_sent_as_it_even_where_they_are_no_object():
    assert input_of(" [1] ") == [1]


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ("https://x/y.png", {"type": "url", "url": "https://x/y.png"}),
        ("data:image/png;base64,AA==", {"type": "base64", "media_type": "image/png", "data": "AA=="}),
        ("DATA:image/png;base64,AA==", {"type": "base64", "media_type": "image/png", "data": "AA=="}),
        ("data:image/svg+xml,%3Csvg%3E", {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="}),
        ("data:", {"type": "base64", "media_type": "text/plain", "data": ""}),
    ],
)
def test_images_are_sources_by_their_bytes_or_their_url(image, source):
    said = Message(role="user", parts=(Part(text="what?"), Part(kind="image", image=image, detail="low")), name="ann")

    assert messages_of(said) == [
        {"role": "user", "content": [{"type": "text", "text": "what?"}, {"type": "image", "source": source}]}
    ]


def test_what_the_api_has_no_word_for_is_sent_for_the_server_to_judge():
    body = body_of(response_format={"type": "json_object"}, deferred=True, params={"seed": 7})

    assert (body["response_format"], body["deferred"], body["seed"]) == ({"type": "json_object"}, True, 7)


@given(arguments=st.text() | st.sampled_from(['{"a":"\\ud800"}', "[" * 200 + "]" * 200]), image=st.text())
def test_whatever_a_model_called_with_can_be_sent_back_to_it(arguments, image):
    call = Message(role="assistant", tool_calls=(ToolCall(id="\ud800", name="", arguments=arguments),))
    seen = Message(role="user", parts=(Part(kind="image", image=f"data:{image}"),))

    assert len(messages_of(call, seen)) == 2
