import json

import pytest

from harness.core.exchange import Attempt, Frame
from harness.wire.api_errors import error_within_success, find_api_error, find_error_body


def error_of(body, status=422, **attempt):
    content = body if isinstance(body, str) else json.dumps(body)
    frame = Frame(at_ms=None, content=content.encode())
    return find_api_error(Attempt(status=status, frames=(frame,), **attempt))


XAI_REPLY = {"id": "e", "choices": [{"message": {"content": "x"}}], "message": "x"}
NESTED = {"error": {"message": "no", "type": "invalid_request_error", "code": "bad", "param": "stop"}}


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        ({"code": "invalid-argument", "error": "no"}, "no", "invalid-argument"),
        (NESTED, "no", "bad"),
        ({"error": {"message": "no", "type": "t", "code": None}}, "no", "t"),
        ({"error": {"message": "no", "code": 400, "status": "INVALID"}}, "no", "INVALID"),
        ([{"error": {"message": "no"}}], "no", None),
        ({"error": {"message": "no", "code": 400}}, "no", "400"),
        ({"error": "no"}, "no", None),
        ({"detail": "no"}, "no", None),
        ({"detail": [{"loc": ["body", "n", 0], "msg": "no", "type": "int"}]}, "body.n.0: no", None),
        ({"detail": ["no", 7]}, "no; 7", None),
        ({"message": "no", "type": "t"}, "no", "t"),
        ("no", "no", None),
        ('"no"', "no", None),
        ("<html><style>p{}</style><body><h1>502</h1>\n<p>no</p>", "502 no", None),
        (f"data: {json.dumps(NESTED)}\n\n", "no", "bad"),
        ("", "HTTP 422, no message", None),
        ("{}", "{}", None),
    ],
)
def test_an_error_body_is_read_in_every_shape(body, words, code):
    error = error_of(body)

    assert (error.kind, error.message, error.code) == ("refused", words, code)


@pytest.mark.parametrize("wrap", [lambda words: {"code": "c", "error": words}, lambda words: {"error": words}])
@pytest.mark.parametrize("nest", [lambda words: words, lambda words: {"message": words, "type": "t", "code": "c"}])
def test_words_are_classed_alike_in_a_flat_and_in_a_nested_body(wrap, nest):
    exhausted = "Your team has either used all available credits or reached its monthly spending limit."

    assert error_of(wrap(nest("Incorrect API key provided: na***ys.")), 400).kind == "auth"
    assert error_of(wrap(nest(exhausted)), 429).kind == "credit"


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "Argument not supported on this model: stop", "refused"),
        (400, "Incorrect API key provided: na***ys. You can obtain an API key from https://console.x.ai.", "auth"),
        (400, "API key not valid. Please pass a valid API key.", "auth"),
        (400, "Argument not supported: api_key", "refused"),
        (400, "Your credit balance is too low", "credit"),
        (401, "", "auth"),
        (402, "", "credit"),
        (403, "blocked", "auth"),
        (403, "Your newly created team doesn't have any credits yet.", "credit"),
        (429, "Too many tokens for team", "rate-limit"),
        (429, "Your team has either used all available credits or reached its monthly spending limit.", "credit"),
        (429, "insufficient_quota", "credit"),
        (408, "", "timeout"),
        (400, "invalid x-api-key", "auth"),
        (400, "Model m does not support parameter presencePenalty.", "refused"),
        (400, "This model's maximum prompt length is 131072 but the request contains 136973 tokens.", "refused"),
        (403, "The team is blocked from using this key", "auth"),
        (404, "The model m does not exist or your team does not have access to it.", "not-found"),
        (404, "No handler found on route /v1/x", "not-found"),
        (410, "Live search is deprecated. Please switch to the Agent Tools API", "refused"),
        (
            429,
            "Too many tokens for team t and model m. Your team's rate limit is - Tokens per Minute: 2/1.",
            "rate-limit",
        ),
        *((status, "", "not-found") for status in (404, 405, 501)),
        *((status, "", "refused") for status in (409, 410, 413, 415, 422, 451)),
        *((status, "", "server") for status in (425, 500, 502, 503, 504, 529, 599)),
        (199, "", "malformed"),
    ],
)
def test_an_error_is_classed_by_its_status_and_then_by_its_words(status, words, kind):
    assert error_of({"error": words}, status).kind == kind


def test_a_redirect_is_refused_and_says_where_to():
    error = error_of("", 307, headers=(("location", "https://elsewhere/v1"),))

    assert error.kind == "refused"
    assert "redirects to https://elsewhere/v1" in error.message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": "The service is currently unavailable", "error": "try again"}, "server"),
        ({"code": "invalid-argument", "error": "Model m does not support parameter stop."}, "refused"),
        ({"error": {"message": "slow down", "code": 429}}, "rate-limit"),
        ({"error": {"message": "Loading model", "code": 503, "type": "unavailable_error"}}, "server"),
        ({"error": "Incorrect API key provided"}, "auth"),
        ({"code": "x", "error": "used all available credits"}, "credit"),
        ({"detail": "no such thing"}, "refused"),
        ({"error": {"message": "overloaded", "code": 400}}, "refused"),
        ({"error": {"message": "no", "code": 40003}}, "refused"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "no"}}, "server"),
        ({"type": "error", "error": {"type": "authentication_error", "message": "no"}}, "auth"),
        ({"type": "error", "error": {"type": "not_found_error", "message": "no"}}, "not-found"),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}, "refused"),
        ({"type": "error", "error": {"type": "api_error", "message": "Your credit balance is too low"}}, "credit"),
    ],
)
def test_an_error_within_a_success_is_classed_by_its_words(body, kind):
    assert error_within_success(find_error_body(body)).kind == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *(("connect", "network"), ("timeout", "timeout"), ("lost", "network"), ("too-large", "network")),
        *(("missing-recording", "missing-recording"), ("wrong-source", "missing-recording"), ("no-key", "auth")),
    ],
)
def test_what_went_wrong_below_http_keeps_its_words(error, kind):
    read = find_api_error(Attempt(error=error, message="in words"))

    assert (read.kind, read.message, read.code) == (kind, "in words", error)


def test_an_error_message_is_bounded_and_has_a_utf8_form():
    message = error_of({"error": "\ud800" + "x" * 10**6}).message

    assert len(message.encode()) < 10_000


@pytest.mark.parametrize(
    "body", [XAI_REPLY, {"error": None, "choices": []}, {"error": {}}, [], None, 7, {"message": {}}]
)
def test_what_is_no_error_body_is_not_taken_for_one(body):
    assert find_error_body(body) is None


def test_a_reply_that_arrived_is_no_error():
    assert error_of(XAI_REPLY, 200) is None


def test_no_reply_at_all_is_the_networks():
    assert find_api_error(Attempt()).kind == "network"


def test_an_error_nested_to_the_edge_of_what_can_be_read_is_still_an_error():
    for depth in range(900, 1000):
        assert error_of('{"error":{"message":' + "[" * depth + "]" * depth + "}}").message
