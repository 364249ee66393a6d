import json
from functools import partial

import pytest
from dialect_samples import exchange_of, read_as
from hypothesis import given
from hypothesis import strategies as st

from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.core.reply import Timing, Usage
from harness.wire.dialects.plain import decode_plain

GET = HttpRequest(method="GET", path="/models")

read = partial(read_as, decode=decode_plain, request=GET)


@pytest.mark.parametrize("text", ['{"object": "list",  "data": []}', "pong", "[1]", "<html>", "\ufeff{}", '"x"', "{"])
def test_a_body_is_the_content_as_it_came_and_no_error(text):
    reply = read(text)

    assert (reply.content, reply.error, reply.finish_reason, reply.anomalies) == (text, None, None, ())
    assert (reply.status, reply.timing) == (200, Timing(total_ms=99.0))


def test_bytes_that_are_no_utf8_are_replaced():
    assert read(b'{"a": "\xff"}').content == '{"a": "\ufffd"}'


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_success_is_no_error(status):
    assert read("", status=status).error is None


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "refused"), (401, "auth"), (404, "not-found"), (422, "refused"), (500, "server")]
)
def test_an_error_keeps_its_body_so_that_its_shape_can_be_checked(status, kind):
    reply = read({"code": "c", "error": "no"}, status=status)

    assert (reply.error.kind, reply.error.message) == (kind, "no")
    assert json.loads(reply.content) == {"code": "c", "error": "no"}


@pytest.mark.parametrize("error", ["no", {"message": "no"}, [{"msg": "no"}]])
def test_an_error_in_the_body_of_a_success_is_one(error):
    assert read({"error": error}).error.message == "no"


@pytest.mark.parametrize(
    "body", [{"message": "deleted"}, {"detail": "ok"}, {"error": None}, {"error": ""}, [{"error": 1}]]
)
def test_what_a_success_says_beside_an_error_is_none(body):
    assert read(body).error is None


def test_what_went_wrong_below_http_is_an_error():
    lost = Exchange(key="k", request=GET, attempts=(Attempt(error="connect", message="no"),))

    assert (decode_plain(lost).error.kind, decode_plain(lost).content) == ("network", "")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 5, "total_tokens": 5}, Usage(prompt=5, total=5)),
        ({"input_tokens": 5, "output_tokens": 2}, Usage(prompt=5, completion=2)),
        (
            {"input_tokens": 5, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 1},
            Usage(prompt=10, completion=1, cached=2),
        ),
        ({"num_server_side_tools_used": 2}, Usage(server_calls={"": 2})),
        ({"prompt_tokens": 9, "input_tokens": 9, "cache_read_input_tokens": 2}, Usage(prompt=9, cached=2)),
        (None, Usage()),
        ([7], Usage()),
    ],
)
def test_usage_is_read_in_either_vendors_shape(usage, expected):
    reply = read({"id": "i", "model": "m", "usage": usage})

    assert (reply.usage, reply.model, reply.id) == (expected, "m", "i")


def test_calls_of_the_servers_own_tools_are_counted_beside_the_usage_too():
    assert read({"server_side_tool_usage": {"web_search": 2}}).usage == Usage(server_calls={"web_search": 2})


@pytest.mark.parametrize(
    ("items", "images"),
    [
        ([{"url": "https://x"}, {"b64_json": "AA=="}, {"revised_prompt": "x"}], 2),
        ([{"url": "https://x", "b64_json": None}], 1),
        ([{"id": "grok-3", "object": "model"}], None),
        ([{"url": None}, 7, None], None),
        ({"url": "https://x"}, None),
        ([], None),
    ],
)
def test_images_are_counted_by_what_they_hold(items, images):
    assert read({"data": items}).usage.images == images


@given(
    body=st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud800"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "url", "usage", "error", "model", "input_tokens"]), inner)
        ),
        max_leaves=15,
    ),
    status=st.sampled_from([200, 204, 301, 400, 429, 500]),
)
def test_a_body_of_any_shape_is_read_without_raising(body, status):
    text = json.dumps(body)

    assert read(text, status=status).content == text


@given(bodies=st.lists(st.binary(max_size=40) | st.sampled_from([b"{", b'{"data":[', b"data: ", b"\xff"])))
def test_bytes_of_any_kind_are_read_without_raising(bodies):
    assert decode_plain(exchange_of(*bodies, request=GET)).error is None


def test_a_body_nested_without_end_is_a_text_all_the_same():
    deep = '{"data":' + "[" * 100_000

    assert read(deep).content == deep
