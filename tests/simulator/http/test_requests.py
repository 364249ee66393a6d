import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_client import CHAT, MODEL, ask, bearer

from harness.simulator.chat.fields import DEEPEST
from harness.simulator.http import connection, requests
from harness.simulator.http.inference import LONGEST_TOKENIZED
from harness.simulator.http.loopback import serving
from harness.simulator.http.requests import MOST_BYTES

JSON = {"Content-Type": "application/json"}
POSTS = [CHAT, "/v1/messages", "/v1/images/generations", "/v1/tokenize-text"]
GOOD = ask(max_tokens=5, prompt="a dot", text="some text")
FIELDS = [
    "model", "messages", "role", "content", "type", "text", "image_url", "url", "detail", "name", "tool_calls",
    "tool_call_id", "id", "function", "arguments", "parameters", "properties", "max_tokens", "temperature", "top_p",
    "stop", "tools", "tool_choice", "response_format", "json_schema", "schema", "stream", "stream_options",
    "include_usage", "frequency_penalty", "presence_penalty", "reasoning_effort", "logprobs", "top_logprobs", "seed",
    "n", "deferred", "system", "stop_sequences", "input_schema", "source", "media_type", "data", "prompt", "size",
    "search_parameters", "parallel_tool_calls", "max_completion_tokens", "logit_bias", "user",
]  # fmt: skip


def refusal(response):
    """Status and message of a refusal, which must be flat and nothing more."""
    body = response.json()
    assert set(body) == {"code", "error"}
    assert all(isinstance(value, str) for value in body.values())
    return response.status_code, body["error"]


def without_key(shared, headers):
    return shared.build_request("POST", CHAT, json=ask(), headers=headers)


@pytest.mark.parametrize("credentials", [None, "", "Bearer", "Basic c2ltLWtleQ==", "sim-key", "Bearer a b"])
def test_a_request_without_well_formed_credentials_is_401(shared, credentials):
    request = without_key(shared, {})
    del request.headers["authorization"]
    if credentials is not None:
        request.headers["authorization"] = credentials

    assert refusal(shared.send(request))[0] == 401


def test_a_key_that_nobody_issued_is_400_and_is_shown_masked(shared):
    status, message = refusal(shared.chat(key="xai-not-a-key-at-all"))

    assert status == 400
    assert "Incorrect API key provided: xa***ll." in message
    assert "not-a-key" not in message


def test_the_scheme_of_credentials_is_read_in_either_case(shared):
    assert shared.post(CHAT, json=ask(), headers={"Authorization": "bearer sim-key"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/models/", "/v1/chat/completions/", "/v2/models", "/v1/embeddings"]
)
def test_a_route_that_is_not_there_is_404_and_named(shared, path):
    assert refusal(shared.post(path, json={})) == (404, f"No handler found on route {path}")


def test_a_method_that_a_route_has_not_is_405_and_names_those_it_has(shared):
    response = shared.get(CHAT)

    assert refusal(response)[0] == 405
    assert response.headers["allow"] == "POST"
    assert shared.manage("PUT", "/api-keys").headers["allow"] == "GET, HEAD, POST"


def test_a_target_in_absolute_form_is_served_as_its_path(shared):
    head = b"Host: api.x.ai\r\nAuthorization: Bearer sim-key\r\nConnection: close\r\n\r\n"

    assert raw(shared, b"GET http://api.x.ai/v1/models HTTP/1.1\r\n" + head).startswith(b"HTTP/1.1 200 ")
    assert raw(shared, b"GET HTTP://api.x.ai HTTP/1.1\r\n" + head).startswith(b"HTTP/1.1 404 ")


def test_others_are_served_while_a_large_body_is_parsed(serve, monkeypatch):
    began, served, parse = threading.Event(), threading.Event(), requests._parse
    monkeypatch.setattr(requests, "_parse", lambda raw: (began.set(), served.wait(5), parse(raw)))
    client = serve()

    with ThreadPoolExecutor(1) as pool:
        large = pool.submit(client.chat, "word " * 20_000)
        assert began.wait(5)
        assert client.get("/v1/models").status_code == 200
        assert not large.done()
        served.set()


def test_a_text_is_tokenized_up_to_a_bound_and_beyond_it_refused(shared):
    def tokenize(length):
        return shared.post("/v1/tokenize-text", json={"model": MODEL, "text": " " * length})

    assert refusal(tokenize(LONGEST_TOKENIZED + 1))[0] == 413
    assert len(tokenize(LONGEST_TOKENIZED).json()["token_ids"]) == LONGEST_TOKENIZED / 16


def test_a_model_that_is_not_there_is_404_and_named(shared):
    status, message = refusal(shared.chat(model="grok-9"))

    assert status == 404
    assert "grok-9" in message


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_of_another_type_is_415(shared, kind):
    headers = {"Content-Type": kind} if kind else {}

    assert refusal(shared.post(CHAT, content=json.dumps(ask()), headers=headers))[0] == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff{}",
        b'{"model": NaN}',
        b'{"temperature": -Infinity}',
        b'{"temperature": 1e999}',
        b'{"n": 1' + b"0" * 5_000 + b"}",
        b'{"model": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
    ],
)
def test_a_body_that_is_no_json_text_or_too_deep_is_400(shared, body):
    assert refusal(shared.post(CHAT, content=body, headers=JSON))[0] == 400


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"', b"{}", b"[" * DEEPEST + b"]" * DEEPEST])
def test_a_body_of_the_wrong_shape_is_refused_and_breaks_nothing(shared, body):
    assert refusal(shared.post(CHAT, content=body, headers=JSON))[0] in (400, 422)


def test_a_surrogate_pair_is_text(shared):
    body = json.dumps(ask("\N{GRINNING FACE}"))

    assert "\\ud83d" in body
    assert shared.post(CHAT, content=body, headers=JSON).status_code == 200


def test_a_body_that_says_it_is_too_large_is_413_before_it_is_sent(shared):
    socket_ = http.client.HTTPConnection("127.0.0.1", shared.base_url.port, timeout=10)
    headers = {**JSON, **bearer("sim-key"), "Content-Length": str(MOST_BYTES + 1)}

    socket_.request("POST", CHAT, headers=headers)
    response = socket_.getresponse()

    assert (response.status, json.load(response)["code"]) == (413, "Request too large")
    socket_.close()


def test_a_body_that_turns_out_to_be_too_large_is_413(shared):
    parts = (b" " * 1_000_000 for _ in range(MOST_BYTES // 1_000_000 + 1))

    assert refusal(shared.post(CHAT, content=parts, headers=JSON))[0] == 413


def raw(shared, sent):
    """What the server says to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", shared.base_url.port), timeout=10) as client:
        client.sendall(sent)
        received = b""
        while part := client.recv(65_536):
            received += part
    return received


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 no HTTP\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000])
def test_what_is_no_http_or_has_endless_headers_is_400_in_json(shared, sent):
    head, _, body = raw(shared, sent).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert set(json.loads(body)) == {"code", "error"}


@pytest.mark.parametrize(
    "sent", [b"", b"POST / HTTP/1.1\r\n", b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"]
)
def test_a_client_that_does_not_finish_its_request_is_cut_off(serve, monkeypatch, sent):
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.1)
    client = serve()

    with pytest.raises(ConnectionResetError):
        raw(client, sent)


def test_a_fault_of_ours_is_500_without_a_word_of_why_and_is_told_on_standard_error(serve, monkeypatch, capfd):
    from harness.simulator.chat.service import ChatService

    def fail(*_arguments, **_named):
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(ChatService, "complete", fail)
    response = serve().chat()

    assert refusal(response) == (500, "Internal error")
    assert "a secret of ours" in capfd.readouterr().err


def drip(client, seconds):
    """Send a byte now and then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        client.sendall(b"a")
        time.sleep(0.05)


def test_a_client_that_drips_its_request_gains_no_time(serve, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.2)

    with socket.create_connection(("127.0.0.1", serve().base_url.port)) as client, pytest.raises(ConnectionError):
        drip(client, seconds=1)


def test_a_request_that_came_with_another_and_is_never_finished_is_cut_off(serve, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.2)
    head = b" HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sim-key\r\n"
    begun = b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n"

    with pytest.raises(ConnectionResetError):
        raw(serve(), b"GET /v1/models" + head + b"\r\n" + b"POST /v1/chat/completions" + head + begun)


def test_one_connection_too_many_is_503_in_json(serve, monkeypatch):
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 1)
    client = serve()
    with socket.create_connection(("127.0.0.1", client.base_url.port)):
        refused = client.chat()

    assert refusal(refused)[0] == 503
    assert client.chat().status_code == 200


def test_a_client_that_takes_nothing_of_its_reply_is_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "TAKEN_WITHIN_S", 0.2)
    given_up = threading.Event()

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2):
            await send({"type": "http.response.body", "body": bytes(50_000_000), "more_body": True})
        given_up.set()

    with serving(app) as server, socket.create_connection(("127.0.0.1", httpx.URL(server.origin).port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert given_up.wait(5)


def test_a_client_that_leaves_amid_its_request_is_no_fault_of_ours(serve, capfd):
    client = serve()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sim-key\r\nContent-Type: application/json\r\n"

    with socket.create_connection(("127.0.0.1", client.base_url.port)) as leaving:
        leaving.sendall(f"{head}Content-Length: 99\r\n\r\n{{".encode())

    assert client.chat().status_code == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("host", ["us-east-1.api.x.ai", "eu-west-1.api.x.ai:443", "[", "a b", ""])
def test_whatever_a_host_header_says_is_as_good_as_any(shared, host):
    drawn = {"model": "grok-2-image-1212", "prompt": "a dot"}

    assert shared.post(CHAT, json=ask(), headers={"Host": host}).status_code == 200
    assert shared.get("/nothing", headers={"Host": host}).status_code == 404
    assert shared.post("/v1/images/generations", json=drawn, headers={"Host": host}).status_code == 200


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    | st.sampled_from([0, -1, 1, 2**31, 10**400, "auto", "grok-3", "user", "function", MODEL]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(path=st.sampled_from(POSTS), fields=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5), whole=VALUES)
def test_no_body_whatever_draws_a_server_error(shared, path, fields, whole):
    for body in (whole, {**GOOD, **fields}):
        response = shared.post(path, content=json.dumps(body), headers=JSON)

        assert response.status_code in (200, 400, 404, 410, 413, 422), (response.text, body)
