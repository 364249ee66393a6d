import json
from functools import partial

import pytest
from dialect_samples import exchange_of, read_as
from hypothesis import given
from hypothesis import strategies as st

from harness.core.chat import ChatRequest, Message, ToolCall
from harness.core.exchange import Attempt, Exchange, Frame
from harness.core.reply import StreamFacts, Timing, Usage
from harness.wire.dialects.openai_chat import DIALECT
from harness.wire.dialects.stream_rules import STREAM_RULES
from harness.wire.sse import MAX_EVENT_BYTES

SAID = (Message(role="user", text="hi"),)
PLAIN, STREAMED = (DIALECT.encode(ChatRequest(model="m", messages=SAID, stream=stream)) for stream in (False, True))
SSE = (("content-type", "text/event-stream; charset=utf-8"),)
JSON = (("content-type", "application/json"),)


exchange = partial(exchange_of, request=STREAMED)
read = partial(read_as, request=STREAMED)


def chunk(delta=None, finish=None, index=0, **fields):
    choice = {"index": index, "delta": {} if delta is None else delta}
    choice |= {"finish_reason": finish} if finish is not None else {}
    return {"id": "e1", "object": "chat.completion.chunk", "model": "m", "created": 1, "choices": [choice], **fields}


FIRST, LAST = chunk({"role": "assistant", "content": "Os"}), chunk(finish="stop")
COUNTED = chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
WHOLE = (FIRST, chunk({"content": "lo"}, created=2), LAST, COUNTED, "[DONE]")


def event(chunk):
    return f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n"


def stream(*chunks, request=STREAMED, headers=SSE, **where):
    return DIALECT.decode(exchange(*map(event, chunks), request=request, headers=headers, **where))


def rules(reply):
    return [violation.partition(":")[0] for violation in reply.stream.violations]


def test_an_error_in_mid_stream_keeps_what_came_before():
    reply = stream(FIRST, {"error": {"message": "overloaded"}})

    assert (reply.content, reply.error.kind, reply.error.message) == ("Os", "server", "overloaded")


def test_a_stream_that_keeps_its_grammar_has_no_violations():
    reply = stream(*WHOLE)

    assert reply.stream == StreamFacts(events=4)
    assert (reply.content, reply.finish_reason, reply.anomalies, reply.error) == ("Oslo", "stop", (), None)
    assert reply.usage == Usage(prompt=3, completion=2, total=5)


@pytest.mark.parametrize(
    ("rule", "chunks"),
    [
        ("one-id", (FIRST, chunk({"content": "lo"}, id="e2"), *WHOLE[2:])),
        ("one-id", (FIRST, chunk({"content": "lo"}, id=None), *WHOLE[2:])),
        ("one-model", (FIRST, chunk({"content": "lo"}, model="n"), *WHOLE[2:])),
        ("role-first", (chunk({"content": "Os"}), *WHOLE[2:])),
        ("role-first", (FIRST, chunk({"role": "user", "content": "lo"}), *WHOLE[2:])),
        ("index", (FIRST, chunk({"content": "lo"}, index=None), *WHOLE[2:])),
        ("index", (FIRST, chunk({"tool_calls": [{"id": "c", "function": {"name": "f"}}]}), *WHOLE[2:])),
        ("object", (FIRST, chunk({"content": "lo"}, object="chat.completion"), *WHOLE[2:])),
        ("finish-once", (*WHOLE[:2], *WHOLE[3:])),
        ("finish-once", (*WHOLE[:3], *WHOLE[2:])),
        ("finish-once", (FIRST, LAST, chunk({"content": "lo"}), COUNTED, "[DONE]")),
        ("finish-once", (FIRST, chunk({"content": "lo"}, finish=""), *WHOLE[2:])),
        ("usage", (*WHOLE[:3], "[DONE]")),
        ("done-last", WHOLE[:4]),
        ("done-last", (*WHOLE, chunk({"content": "!"}))),
        ("json", (FIRST, "{oops", *WHOLE[1:])),
        ("json", (FIRST, "[1]", *WHOLE[1:])),
    ],
)
def test_each_broken_promise_of_the_grammar_is_named_and_no_other(rule, chunks):
    assert rules(stream(*chunks)) == [rule]


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([{"reasoning_content": "Hm"}, {"content": "Oslo"}], True),
        ([{"reasoning_content": "Hm", "content": "Oslo"}], True),
        ([{"content": "Oslo"}, {"reasoning_content": "Hm"}], False),
        ([{"reasoning": "Hm"}, {"content": "Os"}, {"reasoning": "m"}, {"content": "lo"}], False),
        ([{"content": "Oslo"}], None),
    ],
)
def test_a_stream_tells_whether_all_reasoning_came_before_the_answer(deltas, expected):
    reply = stream(chunk({"role": "assistant"}), *map(chunk, deltas), LAST, "[DONE]")

    assert reply.stream.reasoning_first is expected


def test_a_violation_says_what_was_seen_and_where():
    reply = stream(FIRST, chunk({"role": "user"}, id="e2"), *WHOLE[2:])

    assert reply.stream.violations == (
        "one-id: event 2 has 'e2' after 'e1'",
        "role-first: a later delta of choice 0 has role 'user'",
    )


def test_a_stream_that_ends_inside_an_event_is_not_complete():
    reply = read("".join(map(event, WHOLE)).rstrip(), headers=SSE)

    assert rules(reply) == ["complete"]
    assert reply.error is None


def test_a_stream_under_another_content_type_is_read_all_the_same():
    reply = stream(*WHOLE, headers=JSON)

    assert (reply.stream.violations, reply.content) == (("content-type: application/json",), "Oslo")


def test_a_stream_that_begins_with_an_unknown_field_is_known_by_its_header():
    assert read("x-note\n" + "".join(map(event, WHOLE)), headers=SSE).content == "Oslo"


def test_a_stream_without_a_content_type_says_so():
    assert stream(*WHOLE, headers=()).stream.violations == ("content-type: no content type",)
    assert read({"choices": [{"message": {}}]}).stream.violations[0].startswith("content-type: no content type")


def test_an_event_beyond_all_bounds_is_malformed_and_keeps_what_came_before():
    reply = stream(FIRST, "x" * MAX_EVENT_BYTES)

    assert (reply.content, reply.error.kind) == ("Os", "malformed")


@pytest.mark.parametrize("headers", [JSON, SSE, ()])
def test_one_json_body_in_place_of_a_stream_is_read_whatever_its_header_says(headers):
    body = {"choices": [{"message": {"content": "Oslo"}, "finish_reason": "stop"}]}

    reply = read(body, headers=headers)

    assert (rules(reply), reply.content, reply.error) == (["content-type"], "Oslo", None)


def test_an_error_in_place_of_a_stream_is_no_breach_of_grammar():
    assert read({"error": "no"}, request=STREAMED, status=400, headers=JSON).stream is None


def test_a_stream_that_nobody_asked_for_is_read_and_noted():
    reply = stream(*WHOLE, request=PLAIN)

    assert (reply.content, reply.stream.violations) == ("Oslo", ())
    assert reply.anomalies == ("a stream came although none was asked for",)


def test_usage_that_was_not_asked_for_is_not_missed():
    request = DIALECT.encode(ChatRequest(model="m", messages=(), stream=True, params={"stream_options": None}))

    assert stream(*WHOLE[:3], "[DONE]", request=request).stream.violations == ()


def test_every_rule_has_a_name_that_violations_carry():
    seen = stream("{", chunk(id=1, model=2, object=3, index=-1), headers=JSON, error="lost")

    assert rules(seen) == list(STREAM_RULES)


def test_repeated_violations_of_a_rule_are_one_line():
    assert stream("{", "}", "[", *WHOLE).stream.violations[0].endswith("(and 2 more)")


def test_further_choices_of_a_stream_are_alternatives_by_index():
    deltas = [chunk({"role": "assistant", "content": text}, index=index) for index, text in ((1, "b"), (0, "a"))]

    reply = stream(*deltas, chunk({"content": "B"}, index=1), LAST, chunk(finish="stop", index=1), COUNTED, "[DONE]")

    assert (reply.content, reply.alternatives, reply.stream.violations) == ("a", ("bB",), ())


def fragments(*entries):
    deltas = [chunk({"role": "assistant", "tool_calls": [entry]}) for entry in entries]
    calls = stream(*deltas, chunk(finish="tool_calls"), COUNTED, "[DONE]").tool_calls
    return [(call.id, call.name, call.arguments) for call in calls]


def piece(arguments=None, name=None, **fields):
    return {**fields, "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        # as OpenAI sends them; whole, as xAI does
        ((piece("", "f", index=0, id="a"), piece('{"x"', index=0), piece(":1}", index=0)), [("a", "f", '{"x":1}')]),
        ((piece("{}", "f", index=0, id="a"), piece("[]", "g", index=1, id="b")), [("a", "f", "{}"), ("b", "g", "[]")]),
        # interleaved; out of order
        (
            (piece("1", "f", index=1, id="b"), piece("2", "g", index=0, id="a"), piece("3", index=1)),
            [("a", "g", "2"), ("b", "f", "13")],
        ),
        # every call numbered 0; no numbers at all; neither numbers nor ids on what continues
        ((piece("{}", "f", index=0, id="a"), piece("[]", "f", index=0, id="b")), [("a", "f", "{}"), ("b", "f", "[]")]),
        ((piece("1", "f", id="a"), piece("2", "g", id="b"), piece("3", id="a")), [("a", "f", "13"), ("b", "g", "2")]),
        (
            (piece("1", "f", id="a"), piece("2"), piece("3", "g", id="b"), piece("4")),
            [("a", "f", "12"), ("b", "g", "34")],
        ),
        ((piece("1", "f"), piece("2", "g")), [("", "f", "1"), ("", "g", "2")]),
        ((piece("1"), piece("2")), [("", "", "12")]),
        # the name in pieces; repeated; the id repeated and late
        ((piece("", "get_", index=0, id="a"), piece("{}", "rain", index=0)), [("a", "get_rain", "{}")]),
        ((piece("{", "f", index=0, id="a"), piece("}", "f", index=0, id="a")), [("a", "f", "{}")]),
        ((piece("{", "f", index=0), piece("}", index=0, id="a")), [("a", "f", "{}")]),
        # arguments as an object; a number beyond all bounds
        ((piece({"x": 1}, "f", index=0, id="a"),), [("a", "f", '{"x": 1}')]),
        ((piece("{}", "f", index=10**30, id="a"),), [("a", "f", "{}")]),
    ],
)
def test_fragments_of_tool_calls_are_joined_under_every_numbering(entries, expected):
    assert fragments(*entries) == expected


def test_fragments_of_the_old_function_call_are_joined():
    deltas = [chunk({"role": "assistant", "function_call": {"name": "f", "arguments": "{"}})]
    deltas += [chunk({"function_call": {"arguments": "}"}}), chunk(finish="function_call")]

    assert stream(*deltas, "[DONE]").tool_calls == (ToolCall(id="", name="f", arguments="{}"),)


def test_half_an_emoji_in_each_of_two_deltas_is_one_emoji():
    reply = stream(chunk({"role": "assistant", "content": "\ud83d"}), chunk({"content": "\ude00"}), *WHOLE[2:])

    assert (reply.content, reply.anomalies) == ("😀", ())


@pytest.mark.parametrize(
    "delta",
    [{"content": "x"}, {"reasoning_content": "x"}, {"reasoning": "x"}, {"tool_calls": [piece("{}", "f", index=0)]}],
)
def test_the_first_token_is_timed_by_the_frame_that_completed_its_event(delta):
    first, second = event(chunk({"role": "assistant", "content": ""})), event(chunk(delta))

    reply = DIALECT.decode(exchange(first, second[:30], second[30:], event(LAST), headers=SSE))

    assert reply.timing == Timing(ttft_ms=30.0, total_ms=99.0)


def test_times_that_a_recording_does_not_tell_stay_unknown_and_recorded_ones_are_marked():
    frames = tuple(Frame(at_ms=None, content=event(chunk).encode()) for chunk in WHOLE)
    attempt = Attempt(status=200, headers=SSE, frames=frames)

    reply = DIALECT.decode(Exchange(key="k", request=STREAMED, attempts=(attempt,), recorded=True))

    assert reply.timing == Timing(recorded=True)


@pytest.mark.parametrize(("error", "kind"), [("lost", "network"), ("timeout", "timeout"), ("too-large", "network")])
def test_a_stream_that_breaks_off_keeps_what_came_and_is_an_error(error, kind):
    reply = stream(*WHOLE[:2], error=error)

    assert (reply.content, reply.error.kind, reply.timing.ttft_ms) == ("Oslo", kind, 10.0)
    assert "complete" in rules(reply)


def test_half_an_answer_whose_connection_closed_cleanly_is_an_error_of_the_network():
    assert stream(*WHOLE[:2]).error.kind == "network"
    assert stream(*WHOLE[:3]).error is None
    assert stream(*WHOLE[:2], "[DONE]").error is None


def test_a_stream_without_a_choice_is_malformed():
    assert stream(": nothing").error.kind == stream("[DONE]").error.kind == "malformed"


BYTES = ("\ufeff: hi\r\n\r\n" + "".join(map(event, WHOLE)).replace("Os", "Ös")).encode()


@pytest.mark.parametrize("cut", range(0, len(BYTES), 7))
def test_where_the_network_cuts_a_stream_does_not_change_its_reply(cut):
    whole = DIALECT.decode(exchange(BYTES, headers=SSE))

    halves = DIALECT.decode(exchange(BYTES[:cut], BYTES[cut:], headers=SSE))

    assert (halves.content, halves.usage, halves.stream) == (whole.content, whole.usage, whole.stream)


KEYS = [
    *("choices", "message", "delta", "content", "role", "tool_calls", "function_call", "function", "name", "arguments"),
    *("index", "id", "model", "object", "usage", "prompt_tokens", "completion_tokens_details", "reasoning_tokens"),
    *("error", "code", "detail", "loc", "msg", "finish_reason", "refusal", "reasoning", "type", "text"),
    *("cost_in_usd_ticks", "x_groq"),
]
hostile = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400), st.just("\ud800\udc00\udfff")),
        st.text(max_size=3),
        st.sampled_from(["assistant", "chat.completion.chunk", "text", "[DONE]", "stop"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
envelopes = st.builds(
    lambda value, key: {"choices": [{"message": value, "delta": value}], key: value}, hostile, st.sampled_from(KEYS)
)


def assert_sound(reply):
    texts = [
        reply.content,
        reply.reasoning,
        reply.id,
        reply.model,
        reply.finish_reason,
        reply.refusal,
        *reply.anomalies,
    ]
    texts += [
        *reply.alternatives,
        *(text for call in reply.tool_calls for text in (call.id, call.name, call.arguments)),
    ]
    texts += [*(reply.stream.violations if reply.stream else ()), *((reply.error.message,) if reply.error else ())]
    assert all(isinstance(text, str) and text.encode() is not None for text in texts if text is not None)


@given(values=st.lists(hostile | envelopes, min_size=1, max_size=3), status=st.sampled_from([200, 400, 429]))
def test_json_of_any_shape_is_read_without_raising_into_sound_texts(values, status):
    assert_sound(read(json.dumps(values[0]), status=status))
    assert_sound(stream(*map(json.dumps, values), status=status))


odd = st.one_of(
    st.sampled_from([0, 1, True, 0.0, None, "", "e1", "m", "stop", "assistant", "chat.completion.chunk", [], {}]),
    hostile,
)
deltas = st.dictionaries(st.sampled_from(["content", "role", "refusal", "tool_calls"]), st.just("é") | odd, max_size=2)
fields_of_chunks = st.dictionaries(
    st.sampled_from(["id", "model", "object", "usage", "error", "citations", "system_fingerprint", "choices"]),
    odd,
    max_size=1,
)


MORE = {"content": "lo"}
VARIANTS = [
    *(chunk(MORE, index=index) for index in (0, 0.0, False, 1, None, "0")),
    *(chunk(MORE, finish=reason) for reason in ("stop", "", 0)),
    *(
        chunk({**MORE, **more})
        for more in ({"role": "assistant"}, {"refusal": "no"}, {"tool_calls": [{"index": None}]})
    ),
    *(chunk({"content": text}) for text in ("", None, 7, [{"text": "x"}])),
    *(chunk(MORE, **{key: "other"}) for key in ("id", "model", "object", "system_fingerprint", "usage", "error")),
    chunk(MORE, usage={"prompt_tokens": 1}),
    chunk(MORE, choices=[]),
    chunk(MORE, choices=[{"index": 0, "delta": MORE}, {"index": 1, "delta": MORE}]),
]


@st.composite
def chunks_of_streams(draw):
    made = chunk(draw(st.just({"content": "lo"}) | deltas), index=draw(st.just(0) | odd))
    beside = draw(st.dictionaries(st.sampled_from(["finish_reason", "logprobs", "usage"]), odd, max_size=1))
    choices = [made["choices"][0] | beside] * draw(st.integers(1, 2))
    return {**made, "choices": choices, **draw(fields_of_chunks)}


@given(made=st.lists(st.sampled_from(VARIANTS) | chunks_of_streams(), max_size=4), opening=st.booleans())
def test_a_chunk_that_only_goes_on_is_read_as_one_that_says_more_would_be(made, opening):
    chunks = [*([FIRST, chunk({"content": "a"})] if opening else []), *made]

    # What no one knows is passed over, and no chunk that holds it is taken for text alone.
    assert stream(*chunks) == stream(*({**each, "unknown": 1} for each in chunks))


@given(bodies=st.lists(st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n\n", b'{"choices":[', b"\xff"])))
def test_bytes_of_any_kind_are_read_without_raising(bodies):
    for headers in ((), SSE, JSON):
        assert_sound(DIALECT.decode(exchange(*bodies, headers=headers, request=STREAMED)))
