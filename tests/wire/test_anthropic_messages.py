from decimal import Decimal
from functools import partial

import pytest
from dialect_samples import exchange_of, read_as

from harness.core.chat import ChatRequest, Message, ToolCall
from harness.core.reply import ApiError, Timing, Usage
from harness.wire.dialects.anthropic_messages import DIALECT

ASKED, STREAMED = (
    DIALECT.encode(ChatRequest(model="m", messages=(Message(role="user", text="hi"),), stream=stream))
    for stream in (False, True)
)

read = partial(read_as, decode=DIALECT.decode, request=ASKED)

SEARCHED = {
    "type": "web_search_tool_result",
    "tool_use_id": "s1",
    "content": [{"type": "web_search_result", "url": "https://a", "title": "A"}],
}


def message(*blocks, stop_reason="end_turn", **fields):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": list(blocks)} | {
        "stop_reason": stop_reason,
        **fields,
    }


def text(words, **fields):
    return {"type": "text", "text": words, **fields}


def test_a_reply_is_read_whole():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": ""}

    reply = read(message(thought, text("Os"), text("lo"), usage={"input_tokens": 9, "output_tokens": 3}))

    assert (reply.id, reply.model, reply.content, reply.reasoning) == ("msg_1", "m", "Oslo", "Hm.")
    assert (reply.finish_reason, reply.error, reply.anomalies, reply.stream) == ("stop", None, (), None)
    assert (reply.usage, reply.timing) == (Usage(prompt=9, completion=3), Timing(total_ms=99.0))


def test_calls_are_read_with_their_arguments_as_a_json_text():
    called = {"type": "tool_use", "id": "t1", "name": "f", "input": {"city": "Århus", "n": 1}}

    reply = read(message(text("Wait."), called, stop_reason="tool_use"))

    assert reply.tool_calls == (ToolCall(id="t1", name="f", arguments='{"city": "Århus", "n": 1}'),)
    assert (reply.content, reply.finish_reason) == ("Wait.", "tool_calls")


@pytest.mark.parametrize(
    ("reason", "read_as"),
    [
        *(("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("tool_use", "tool_calls")),
        *(("refusal", "content_filter"), ("pause_turn", "pause_turn"), ("", ""), (None, None)),
    ],
)
def test_a_stop_reason_is_read_in_the_words_of_every_dialect(reason, read_as):
    reply = read(message(text("x"), stop_reason=reason))

    assert (reply.finish_reason, bool(reply.anomalies)) == (read_as, not reason)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 2},
            Usage(prompt=125, completion=2, cached=100),
        ),
        ({"input_tokens": 5, "cache_read_input_tokens": None}, Usage(prompt=5)),
        ({"cache_read_input_tokens": 3}, Usage(cached=3)),
        ({"input_tokens": 5, "cost_in_usd_ticks": 10**9}, Usage(prompt=5, billed_usd=Decimal("0.1"))),
        (
            {"input_tokens": 1, "server_tool_use": {"web_search_requests": 2}},
            Usage(prompt=1, server_calls={"web_search": 2}),
        ),
    ],
)
def test_cached_tokens_count_among_those_of_the_prompt(usage, expected):
    assert read(message(text("x"), usage=usage)).usage == expected


@pytest.mark.parametrize(
    "usage", [{"input_tokens": -1}, {"output_tokens": "3"}, {"cache_creation_input_tokens": 1.5}, 7]
)
def test_a_count_that_cannot_be_one_is_left_out_and_noted(usage):
    reply = read(message(text("x"), usage=usage))

    assert (reply.usage, len(reply.anomalies)) == (Usage(), 1)


def test_what_the_server_searched_is_a_source_and_no_call_of_the_models():
    cited = text(
        "Oslo", citations=[{"type": "web_search_result_location", "url": "https://b"}, {"type": "char_location"}]
    )

    reply = read(message({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}, SEARCHED, cited))

    assert (reply.sources, reply.tool_calls, reply.content) == (("https://a", "https://b"), (), "Oslo")
    assert reply.anomalies == ()


@pytest.mark.parametrize(
    ("blocks", "content", "anomalies"),
    [
        ([{"type": "redacted_thinking", "data": "x"}, text("a")], "a", 0),
        ([{"type": "hologram"}, text("a")], "a", 1),
        ([7, text("a")], "a", 1),
        ([text(7)], "", 1),
        ([{"type": "tool_use", "id": "t", "input": {}}], "", 1),
        ([text("half \ud83d"), text("\ude00 and lone \ud800")], "half 😀 and lone \ufffd", 1),
    ],
)
def test_what_is_odd_about_a_block_is_noted_and_the_rest_is_read(blocks, content, anomalies):
    reply = read(message(*blocks))

    assert (reply.content, len(reply.anomalies), reply.error) == (content, anomalies, None)


def test_content_that_is_one_text_is_read_and_noted():
    reply = read({"type": "message", "content": "Oslo", "stop_reason": "end_turn"})

    assert (reply.content, reply.anomalies) == ("Oslo", ("content is one text, not a list of blocks",))


def test_an_empty_answer_is_an_answer():
    assert read(message()).error is None


@pytest.mark.parametrize("body", [{}, [], 7, "", "{", "<html>", "[" * 100_000, {"content": 7}, {"choices": []}])
def test_a_success_without_content_is_malformed(body):
    assert read(body).error.kind == "malformed"


def test_an_error_is_read_by_its_status_and_within_a_success_by_its_type():
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}, "request_id": "r"}

    assert read(overloaded).error == ApiError(kind="server", message="no", code="overloaded_error")
    assert read(overloaded, status=529).error.kind == "server"
    assert read({"code": "c", "error": "no"}, status=422).error == ApiError(kind="refused", message="no", code="c")


def test_one_json_body_in_place_of_a_stream_is_read_and_named():
    reply = read(message(text("Oslo")), request=STREAMED)

    assert reply.content == "Oslo"
    assert reply.stream.violations == ("content-type: no content type, one JSON body and no events",)


def test_a_body_that_broke_off_is_an_error():
    assert DIALECT.decode(exchange_of(b'{"content": [', request=ASKED, error="lost")).error.kind == "network"
