import json
from decimal import Decimal
from functools import partial

import pytest
from dialect_samples import exchange_of, read_as
from hypothesis import given
from hypothesis import strategies as st

from harness.core.chat import ChatRequest, Message, Part, ToolCall
from harness.core.reply import Timing, Usage
from harness.wire.dialects.openai_chat import DIALECT

SAID = (Message(role="user", text="hi"),)
PLAIN, STREAMED, DEFERRED = (
    DIALECT.encode(ChatRequest(model="m", messages=SAID, **more)) for more in ({}, {"stream": True}, {"deferred": True})
)
POLL = DIALECT.poll("r1")
SSE = (("content-type", "text/event-stream"),)

read = partial(read_as, request=PLAIN)


def body(message=None, **fields):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Oslo"} | (message or {}),
        "finish_reason": "stop",
    }
    return {"id": "e1", "model": "m", "choices": [choice], **fields}


def message_of(**fields):
    request = ChatRequest(model="m", messages=(Message(**fields),))
    return json.loads(DIALECT.encode(request).body)["messages"][0]


def stream(*chunks, request=STREAMED):
    events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return DIALECT.decode(exchange_of(*events, request=request, headers=SSE))


def chunk(delta, **fields):
    return {
        "id": "e",
        "model": "m",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta}],
    } | fields


def usage_of(usage, **fields):
    reply = read(body(usage=usage, **fields))
    return reply.usage, reply.anomalies


def test_who_speaks_and_how_closely_to_look_are_said_only_where_they_are_given():
    image = Part(kind="image", image="https://x/y.png", detail="high")

    said = message_of(role="user", name="ann", parts=(image,))

    assert said["name"] == "ann"
    assert said["content"] == [{"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "high"}}]


def test_a_null_content_beside_calls_is_sent_where_it_is_asked_for():
    calling = {"role": "assistant", "tool_calls": (ToolCall(id="c", name="f", arguments="{}"),)}

    assert message_of(**calling, null_content=True)["content"] is None
    assert "content" not in message_of(**calling)


@pytest.mark.parametrize(
    ("usage", "expected", "anomalies"),
    [
        ({"reasoning_tokens": 4}, Usage(reasoning=4), ()),
        ({"reasoning_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(reasoning=4), ()),
        (
            {"reasoning_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}},
            Usage(reasoning=4),
            ("usage.reasoning_tokens is 9, and usage.completion_tokens_details.reasoning_tokens is 4",),
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": 2}, "cached_tokens": 3},
            Usage(cached=2),
            ("usage.cached_tokens is 3, and usage.prompt_tokens_details.cached_tokens is 2",),
        ),
        ({"num_sources_used": 3}, Usage(sources_used=3), ()),
    ],
)
def test_a_figure_that_stands_in_two_places_is_read_from_the_details_and_a_difference_noted(usage, expected, anomalies):
    assert usage_of(usage) == (expected, anomalies)


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [(10**10, Decimal(1)), (1176500, Decimal("0.00011765")), (-1, None), (1.5, None), ("7", None), (10**30, None)],
)
def test_ticks_are_dollars_and_what_cannot_be_ticks_is_noted(ticks, expected):
    usage, anomalies = usage_of({"cost_in_usd_ticks": ticks})

    assert usage.billed_usd == expected
    assert bool(anomalies) == (expected is None)


@pytest.mark.parametrize(("total", "apart"), [(241, True), (13, False)])
def test_the_sum_tells_whether_reasoning_is_counted_apart(total, apart):
    usage, _ = usage_of(
        {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": total, "reasoning_tokens": 228},
    )

    assert usage.reasoning_is_apart == apart


@pytest.mark.parametrize(
    ("usage", "fields", "expected"),
    [
        ({"num_server_side_tools_used": 2}, {}, {"": 2}),
        ({"num_server_side_tools_used": {"web_search": 2}}, {}, {"web_search": 2}),
        (
            {"server_side_tool_usage": {"SERVER_SIDE_TOOL_WEB_SEARCH": 1, "x_search": 3}},
            {},
            {"web_search": 1, "x_search": 3},
        ),
        ({"server_side_tool_usage_details": {"web_search_calls": 1, "x_search_calls": 0}}, {}, {"web_search": 1}),
        ({}, {"server_side_tool_usage": {"web_search": 1}}, {"web_search": 1}),
        ({"num_server_side_tools_used": 3, "server_side_tool_usage": {"web_search": 3}}, {}, {"web_search": 3}),
        ({"num_server_side_tools_used": 0}, {}, {}),
    ],
)
def test_calls_of_the_servers_own_tools_are_counted_by_name(usage, fields, expected):
    assert usage_of(usage, **fields) == (Usage(server_calls=expected), ())


@pytest.mark.parametrize("calls", [-1, 1.5, True, "2", [1], {"web_search": -1}, {"web_search": [1]}])
def test_a_number_of_calls_that_cannot_be_one_is_left_out_and_noted(calls):
    usage, anomalies = usage_of({"num_server_side_tools_used": calls})

    assert (usage.server_calls, len(anomalies)) == ({}, 1)


def test_a_server_cannot_fill_the_records_with_tools_or_sources():
    flood = {f"tool{n}{'x' * 1000}": 1 for n in range(1000)}

    reply = read(body(usage={"server_side_tool_usage": flood}, citations=[f"https://{n}" for n in range(5000)]))

    assert (len(reply.usage.server_calls), len(reply.sources)) == (100, 1000)
    assert max(map(len, reply.usage.server_calls)) == 100


def test_the_fingerprint_and_the_citations_are_read_each_once():
    cited = ["https://a", {"url": "https://b", "title": "B"}]

    reply = read(body({"citations": ["https://a", "https://c"]}, citations=cited, system_fingerprint="fp_1"))

    assert (reply.fingerprint, reply.sources) == ("fp_1", ("https://a", "https://b", "https://c"))


@pytest.mark.parametrize("citations", ["https://a", {"url": "https://a"}, [7], [{"title": "A"}]])
def test_citations_that_are_none_are_noted(citations):
    reply = read(body(citations=citations))

    assert (reply.sources, len(reply.anomalies)) == ((), 1)


def test_citations_and_calls_of_the_last_chunks_are_read():
    first = chunk({"role": "assistant", "content": "Oslo"}, system_fingerprint="fp_1")

    reply = stream(first, chunk({}, citations=["https://a"]), chunk({}, choices=[], server_side_tool_usage={"x": 2}))

    assert (reply.sources, reply.usage.server_calls, reply.fingerprint) == (("https://a",), {"x": 2}, "fp_1")


def test_calls_that_one_chunk_counted_are_not_lost_to_the_next():
    first = chunk({"role": "assistant", "content": "Oslo"}, server_side_tool_usage={"x": 2})

    assert stream(first, chunk({}, usage={"prompt_tokens": 1})).usage == Usage(prompt=1, server_calls={"x": 2})


ERRORS = [
    {"code": "The service is currently unavailable", "error": "try again"},
    {"error": {"message": "The service is currently unavailable"}},
    {"error": "The service is currently unavailable"},
    {"detail": "The service is currently unavailable"},
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_a_success_is_one_in_every_shape_whole_or_in_mid_stream(error):
    streamed = stream(chunk({"role": "assistant", "content": "Os"}), error)

    assert read(error).error.kind == streamed.error.kind == "server"
    assert streamed.content == "Os"


def test_a_request_is_deferred_only_where_it_is_asked_to_be():
    assert json.loads(DEFERRED.body)["deferred"] is True
    assert b"deferred" not in PLAIN.body


@pytest.mark.parametrize(
    ("request_id", "path"),
    [("r-1", "r-1"), ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("é\ud800{team}", "%C3%A9%3F%7Bteam%7D")],
)
def test_what_a_server_calls_a_request_cannot_leave_its_place_in_the_path(request_id, path):
    asked = DIALECT.poll(request_id)

    assert (asked.method, asked.path, asked.body) == ("GET", f"/chat/deferred-completion/{path}", b"")


def test_the_promise_of_a_reply_is_no_error():
    reply = read({"request_id": "r1"}, request=DEFERRED)

    assert (reply.deferred_id, reply.error, reply.content, reply.pending) == ("r1", None, "", False)


def test_an_error_that_names_its_request_is_no_promise():
    reply = read({"request_id": "r1", "error": "no"}, request=DEFERRED)

    assert (reply.deferred_id, reply.error.message) == (None, "no")


def test_a_promise_that_nobody_asked_for_is_malformed():
    assert read({"request_id": "r1"}).error.kind == "malformed"


@pytest.mark.parametrize("request_id", ["", ".", "..", "x" * 257, 7, None])
def test_an_id_that_no_path_can_hold_is_malformed(request_id):
    reply = read({"request_id": request_id}, request=DEFERRED)

    assert (reply.deferred_id, reply.error.kind) == (None, "malformed")


@pytest.mark.parametrize("told", ["", "{}", "null", '{"status": "pending", "message": "wait"}', "\xff{"])
def test_a_reply_that_is_not_ready_is_pending_and_no_error(told):
    reply = read(told, request=POLL, status=202)

    assert (reply.status, reply.pending, reply.error, reply.timing) == (202, True, None, Timing(total_ms=99.0))


def test_a_promise_that_was_broken_is_an_error():
    failed = read({"code": "c", "error": "expired"}, request=POLL, status=202)
    lost = read("", request=POLL, status=202, error="lost")

    assert (failed.pending, failed.error.message) == (False, "expired")
    assert (lost.pending, lost.error.kind) == (False, "network")


def test_a_promised_reply_is_read_as_any_other():
    assert read(body(), request=POLL).content == "Oslo"
    assert read("", request=POLL, status=404).error.kind == "not-found"


hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.just(10**400)
    | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("url"), inner, max_size=3)
    ),
    max_leaves=10,
)
KEYS = [
    *("citations", "system_fingerprint", "server_side_tool_usage", "num_server_side_tools_used", "request_id", "usage"),
    *("num_sources_used", "reasoning_tokens", "cached_tokens", "completion_tokens_details", "cost_in_usd_ticks"),
]


@given(found=st.dictionaries(st.sampled_from(KEYS), hostile, max_size=5), status=st.sampled_from([200, 202]))
def test_whatever_stands_in_these_places_nothing_raises_and_all_has_a_utf8_form(found, status):
    for value in (found, body(**{"usage": found} | found)):
        for request in (DEFERRED, POLL):
            reply = read(value, request=request, status=status)
            texts = [reply.fingerprint or "", reply.deferred_id or "", *reply.sources, *reply.usage.server_calls]
            assert all(text.encode() is not None for text in [*texts, *reply.anomalies])
