import json
from functools import partial

import pytest
from dialect_samples import exchange_of
from hypothesis import given
from hypothesis import strategies as st

from harness.core.chat import ChatRequest, Message, ToolCall
from harness.core.reply import StreamFacts, Timing, Usage
from harness.wire.dialects.anthropic_messages import DIALECT
from harness.wire.sse import MAX_EVENT_BYTES

SAID = (Message(role="user", text="hi"),)
ASKED, STREAMED = (DIALECT.encode(ChatRequest(model="m", messages=SAID, stream=stream)) for stream in (False, True))
SSE = (("content-type", "text/event-stream"),)

exchange = partial(exchange_of, request=STREAMED, headers=SSE)


def start(**fields):
    usage = {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    return {"type": "message_start", "message": message | fields}


def begin(index=0, kind="text", **fields):
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def delta(index=0, kind="text_delta", **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def end(index=0):
    return {"type": "content_block_stop", "index": index}


def finish(reason="end_turn", **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7, **usage}}


START, PING, STOP = start(), {"type": "ping"}, {"type": "message_stop"}
OS, LO = delta(text="Os"), delta(text="lo")
WHOLE = (START, begin(text=""), PING, OS, LO, end(), finish(), STOP)


def event(payload, kind=None):
    if isinstance(payload, str):
        return f"event: {kind or 'ping'}\ndata: {payload}\n\n"
    return f"event: {kind or payload.get('type')}\ndata: {json.dumps(payload)}\n\n"


def stream(*payloads, **where):
    return DIALECT.decode(exchange(*map(event, payloads), **where))


def rules(reply):
    return [violation.partition(":")[0] for violation in reply.stream.violations]


def test_a_stream_that_keeps_its_grammar_has_no_violations():
    reply = stream(*WHOLE)

    assert reply.stream == StreamFacts(events=8)
    assert (reply.id, reply.model, reply.content, reply.finish_reason) == ("msg_1", "m", "Oslo", "stop")
    assert (reply.usage, reply.error, reply.anomalies) == (Usage(prompt=7, completion=7, cached=2), None, ())


@pytest.mark.parametrize(
    ("rule", "events"),
    [
        ("one-id", (start(id=None), *WHOLE[1:])),
        ("one-id", (START, *WHOLE)),
        ("one-model", (start(model=""), *WHOLE[1:])),
        ("role-first", (start(role="user"), *WHOLE[1:])),
        ("index", (START, OS, finish(), STOP)),
        ("index", (*WHOLE[:4], *WHOLE[6:])),
        ("index", (START, begin(1), delta(1, text="Os"), end(1), finish(), STOP)),
        ("index", (*WHOLE[:4], delta(1, text="lo"), *WHOLE[5:])),
        ("index", (*WHOLE[:4], delta(None, text="lo"), *WHOLE[5:])),
        ("index", (START, begin(), begin(1), end(1), finish(), STOP)),
        ("finish-once", (*WHOLE[:6], STOP)),
        ("finish-once", (*WHOLE[:6], finish(""), STOP)),
        ("finish-once", (*WHOLE[:6], finish(), finish("refusal"), STOP)),
        ("finish-once", (*WHOLE[:5], finish(), LO, end(), STOP)),
        (
            "usage",
            (start(usage=None), *WHOLE[1:6], {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, STOP),
        ),
        ("done-last", WHOLE[:-1]),
        ("done-last", (*WHOLE, PING)),
        ("json", (START, "{oops", *WHOLE[1:])),
        ("json", (START, "[1]", *WHOLE[1:])),
    ],
)
def test_each_broken_promise_of_the_grammar_is_named_and_no_other(rule, events):
    assert set(rules(stream(*events))) == {rule}


def test_content_before_its_message_is_not_in_order():
    assert rules(stream(*WHOLE[1:]))[0] == "role-first"
    assert stream(*WHOLE[1:]).content == "Oslo"


@pytest.mark.parametrize(("payload", "kind"), [(OS, "message"), ({**OS, "type": None}, "content_block_delta")])
def test_an_event_whose_two_types_differ_is_read_by_the_one_that_is_known(payload, kind):
    events = [*map(event, WHOLE[:3]), event(payload, kind), *map(event, WHOLE[4:])]

    reply = DIALECT.decode(exchange(*events))

    assert (rules(reply), reply.content) == (["object"], "Oslo")


def test_a_new_type_of_event_is_no_fault_of_the_streams():
    reply = stream(*WHOLE[:4], {"type": "content_block_glow", "index": 0}, *WHOLE[4:])

    assert (rules(reply), reply.content, len(reply.anomalies)) == ([], "Oslo", 1)


def test_a_call_is_joined_from_its_pieces():
    pieces = [delta(1, "input_json_delta", partial_json=piece) for piece in ("", '{"a":', " 1}")]
    begins = begin(1, "tool_use", id="t1", name="f", input={})

    reply = stream(*WHOLE[:6], begins, *pieces, end(1), finish("tool_use"), STOP)

    assert reply.tool_calls == (ToolCall(id="t1", name="f", arguments='{"a": 1}'),)
    assert (reply.content, reply.finish_reason, rules(reply)) == ("Oslo", "tool_calls", [])


def test_a_call_that_came_whole_has_the_arguments_it_began_with():
    reply = stream(START, begin(0, "tool_use", id="t1", name="f", input={"a": 1}), end(), finish("tool_use"), STOP)

    assert reply.tool_calls == (ToolCall(id="t1", name="f", arguments='{"a": 1}'),)


def test_thoughts_and_sources_are_read_beside_the_answer():
    thought = (begin(0, "thinking", thinking=""), delta(0, "thinking_delta", thinking="Hm."), end(0))
    signed, cited = (
        delta(0, "signature_delta", signature="x"),
        delta(1, "citations_delta", citation={"url": "https://a"}),
    )

    reply = stream(
        START, *thought[:2], signed, thought[2], begin(1), cited, delta(1, text="Oslo"), end(1), finish(), STOP
    )

    assert (reply.reasoning, reply.content, reply.sources, reply.anomalies) == ("Hm.", "Oslo", ("https://a",), ())
    assert reply.stream.reasoning_first is True


def test_thoughts_after_the_answer_began_are_late():
    thought = (begin(1, "thinking", thinking=""), delta(1, "thinking_delta", thinking="Hm."), end(1))

    reply = stream(START, begin(0, text=""), OS, end(0), *thought, finish(), STOP)

    assert reply.stream.reasoning_first is False


def test_a_call_of_the_servers_own_is_none_of_the_models():
    begins = begin(1, "server_tool_use", id="s1", name="web_search", input={})

    reply = stream(*WHOLE[:6], begins, delta(1, "input_json_delta", partial_json='{"q":1}'), end(1), finish(), STOP)

    assert (reply.tool_calls, reply.content, reply.anomalies) == ((), "Oslo", ())


def test_a_piece_of_another_type_than_its_block_is_noted():
    reply = stream(START, begin(0, "thinking"), OS, end(), finish(), STOP)

    assert reply.anomalies == ("a text_delta came in a block of type 'thinking'",)


def test_blocks_are_read_by_their_index_and_without_one_in_the_order_of_their_coming():
    turned = stream(START, begin(1, text="b"), end(1), begin(0, text="a"), end(0), finish(), STOP)
    unnumbered = stream(START, begin(None, text="a"), begin(None, "thinking", thinking="b"), finish(), STOP)

    assert turned.content == "ab"
    assert (unnumbered.content, unnumbered.reasoning) == ("a", "b")


def test_the_first_stop_reason_stays():
    assert stream(*WHOLE[:6], finish("max_tokens"), finish("end_turn"), STOP).finish_reason == "length"


def test_later_counts_outweigh_earlier_ones():
    reply = stream(*WHOLE[:6], finish(input_tokens=6, cache_read_input_tokens=None), STOP)

    assert reply.usage == Usage(prompt=8, completion=7, cached=2)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "no"}}, "server"),
        ({"code": "invalid-argument", "error": "no"}, "refused"),
        ({"error": "Incorrect API key provided"}, "auth"),
        ({"type": "error"}, "refused"),
    ],
)
def test_an_error_in_mid_stream_keeps_what_came_before(error, kind):
    reply = stream(*WHOLE[:4], error)

    assert (reply.content, reply.error.kind) == ("Os", kind)


def test_half_an_answer_whose_connection_closed_cleanly_is_an_error_of_the_network():
    assert stream(*WHOLE[:5]).error.kind == "network"
    assert stream(*WHOLE[:7]).error is None
    assert stream(*WHOLE[:6], STOP).error is None


def test_a_stream_that_breaks_off_is_not_complete():
    lost, cut = stream(*WHOLE, error="lost"), exchange("".join(map(event, WHOLE)).rstrip())

    assert (rules(lost), lost.error.kind) == (["complete"], "network")
    assert (rules(DIALECT.decode(cut)), DIALECT.decode(cut).content) == (["complete"], "Oslo")


def test_a_stream_without_a_message_is_malformed():
    assert stream(PING).error.kind == stream("7").error.kind == "malformed"


def test_an_event_beyond_all_bounds_is_malformed_and_keeps_what_came_before():
    reply = stream(*WHOLE[:4], "x" * MAX_EVENT_BYTES)

    assert (reply.content, reply.error.kind) == ("Os", "malformed")


def test_a_stream_that_nobody_asked_for_or_that_has_another_type_is_read_and_noted():
    unasked, mistyped = stream(*WHOLE, request=ASKED), stream(*WHOLE, headers=(("content-type", "text/plain"),))

    assert (unasked.content, unasked.anomalies) == ("Oslo", ("a stream came although none was asked for",))
    assert (mistyped.content, mistyped.stream.violations) == ("Oslo", ("content-type: text/plain",))


@pytest.mark.parametrize(
    "first",
    [OS, delta(kind="thinking_delta", thinking="x"), begin(1, "tool_use", id="t", name="f"), begin(1, text="x")],
)
def test_the_first_token_is_timed_by_the_frame_that_completed_its_event(first):
    opening, token = "".join(map(event, (START, begin(text=""), PING))), event(first)

    reply = DIALECT.decode(exchange(opening, token[:30], token[30:], event(LO)))

    assert reply.timing == Timing(ttft_ms=30.0, total_ms=99.0)


def test_a_server_cannot_fill_the_memory_with_blocks():
    reply = stream(START, *(delta(index, text="x") for index in range(10_100)), finish(), STOP)

    assert len(reply.content) == 10_000
    assert "blocks beyond the first 10,000 were left out" in reply.anomalies


def test_a_stream_is_known_by_its_first_bytes_behind_a_byte_order_mark():
    assert DIALECT.decode(exchange("\ufeff" + "".join(map(event, WHOLE)), headers=())).content == "Oslo"


BYTES = ("\ufeff: hi\r\n\r\n" + "".join(map(event, WHOLE)).replace("Os", "Ös")).encode()


@pytest.mark.parametrize("cut", range(0, len(BYTES), 31))
def test_where_the_network_cuts_a_stream_does_not_change_its_reply(cut):
    whole, halves = DIALECT.decode(exchange(BYTES)), DIALECT.decode(exchange(BYTES[:cut], BYTES[cut:]))

    assert (halves.content, halves.usage, halves.stream) == (whole.content, whole.usage, whole.stream)


KEYS = [
    *("type", "message", "content", "content_block", "delta", "index", "id", "name", "input", "text", "thinking"),
    *("partial_json", "stop_reason", "usage", "input_tokens", "cache_read_input_tokens", "server_tool_use", "error"),
    *("role", "model", "citations", "citation", "url", "cost_in_usd_ticks"),
]
KINDS = [
    *("message_start", "message_delta", "message_stop", "ping", "error", "content_block_start", "content_block_stop"),
    *("content_block_delta", "text", "text_delta", "thinking_delta", "tool_use", "input_json_delta", "citations_delta"),
    "web_search_tool_result",
]
hostile = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400), st.just("\ud800\udc00\udfff")),
        st.sampled_from(KINDS),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
events = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(KEYS), hostile),
)


def assert_sound(reply):
    texts = [reply.content, reply.reasoning, reply.id, reply.model, reply.finish_reason, *reply.anomalies]
    texts += [text for call in reply.tool_calls for text in (call.id, call.name, call.arguments)]
    texts += [*reply.sources, *reply.usage.server_calls, *(reply.stream.violations if reply.stream else ())]
    texts += [reply.error.message] if reply.error else []
    assert all(isinstance(text, str) and text.encode() is not None for text in texts if text is not None)


@given(payloads=st.lists(events | hostile, min_size=1, max_size=4), status=st.sampled_from([200, 400, 529]))
def test_json_of_any_shape_is_read_without_raising_into_sound_texts(payloads, status):
    assert_sound(DIALECT.decode(exchange(json.dumps(payloads[0]), status=status)))
    assert_sound(DIALECT.decode(exchange(*(event(json.dumps(payload), "ping") for payload in payloads), status=status)))


@given(
    bodies=st.lists(st.binary(max_size=40) | st.sampled_from([b"event: ", b"data: ", b"\n\n", b'{"type":', b"\xff"]))
)
def test_bytes_of_any_kind_are_read_without_raising(bodies):
    for headers in ((), SSE):
        assert_sound(DIALECT.decode(exchange(*bodies, headers=headers)))
