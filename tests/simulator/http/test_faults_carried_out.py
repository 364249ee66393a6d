import json
import socket

import httpx
import pytest
from simulator_client import CHAT, MODEL, ask, bearer, events

from harness.core.clock import VirtualClock
from harness.simulator.http import connection


def test_a_429_carries_retry_after_for_as_often_as_asked(serve):
    client = serve(faults=["429:7,x2"])

    first, second, third = (client.chat() for _ in range(3))

    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert (second.status_code, third.status_code) == (429, 200)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_server_error_is_json_of_the_server_or_html_of_a_proxy(serve, status):
    response = serve(faults=[str(status)]).chat()

    assert response.status_code == status
    assert "retry-after" not in response.headers
    if status in (502, 504):
        assert response.text.startswith("<html>")
    else:
        assert set(response.json()) == {"code", "error"}


@pytest.mark.parametrize("stream", [True, False])
def test_a_reset_is_a_tcp_reset_amid_the_body(serve, stream):
    client = serve(faults=["reset:2"])
    received = []

    with (
        client.stream("POST", CHAT, json=ask(stream=stream)) as response,
        pytest.raises(httpx.ReadError, match="reset by peer"),
    ):
        received.extend(response.iter_raw())

    assert response.status_code == 200
    assert b"".join(received).count(b"data: ") == (2 if stream else 0)


def test_a_truncated_stream_ends_as_if_it_were_whole_without_its_end(serve):
    response = serve(faults=["truncated:2"]).chat(stream=True)

    assert len(events(response.text)) == 2
    assert "[DONE]" not in response.text


def test_a_truncated_body_has_a_length_that_hides_it(serve):
    response = serve(faults=["truncated"]).chat()

    assert response.headers["content-length"] == str(len(response.content))
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_one_event_of_a_malformed_stream_is_not_json_and_the_others_are(serve):
    text = serve(faults=["malformed:1"]).chat("Count from 1 to 5", stream=True).text

    contents = [line.removeprefix("data: ") for line in text.splitlines() if line and line != "data: [DONE]"]
    unreadable = [place for place, content in enumerate(contents) if not readable(content)]
    assert unreadable == [1]
    assert text.endswith("data: [DONE]\n\n")


def readable(content):
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def test_a_malformed_body_is_not_json(serve):
    assert not readable(serve(faults=["malformed"]).chat().text)


def test_a_stall_sends_nothing_until_it_is_over(serve):
    client = serve(faults=["stall:0.3,x1"])

    with pytest.raises(httpx.ReadTimeout):
        client.post(CHAT, json=ask(), timeout=0.1)

    assert client.chat().status_code == 200


def test_a_stalled_reply_is_whole_when_it_comes(serve):
    clock = VirtualClock()

    response = serve(faults=["stall:40"], clock=clock).chat()

    assert response.json()["object"] == "chat.completion"
    assert clock.monotonic() >= 40


@pytest.mark.parametrize("stream", [True, False])
def test_a_slow_reply_trickles_and_is_whole(serve, stream):
    clock = VirtualClock()
    client = serve(faults=["slow:500"], clock=clock)

    content = client.chat(stream=stream).content

    assert clock.monotonic() == pytest.approx(len(content) / 500, rel=0.3)
    assert content.endswith(b"data: [DONE]\n\n" if stream else b"}")


def test_a_slow_reply_arrives_in_small_pieces(serve):
    client = serve(faults=["slow:5000"])

    with client.stream("POST", CHAT, json=ask()) as response:
        parts = list(response.iter_raw())

    assert len(parts) > 4


@pytest.mark.parametrize(("spec", "stream"), [("error-in-200", False), ("error-in-200:0", True)])
def test_an_error_inside_200_may_be_the_whole_body(serve, spec, stream):
    response = serve(faults=[spec]).chat(stream=stream)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json()["code"] == "The service is currently unavailable"


def test_an_error_inside_200_may_come_amid_a_stream(serve):
    response = serve(faults=["error-in-200:2"]).chat(stream=True)

    said = events(response.text)
    assert response.status_code == 200
    assert ["error" in event for event in said] == [False, False, True]


def test_an_empty_body_comes_with_200(serve):
    response = serve(faults=["empty-body"]).chat()

    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("stream", [True, False])
def test_a_wrong_content_type_labels_a_reply_that_is_otherwise_right(serve, stream):
    response = serve(faults=["wrong-content-type"]).chat(stream=stream)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "chat.completion" in response.text


def test_a_fault_meets_only_the_model_or_the_path_it_names(serve):
    client = serve(faults=["500@grok-3", "503@/v1/models"])

    assert client.chat().status_code == 200
    assert client.chat(model="grok-3").status_code == 500
    assert client.get("/v1/models").status_code == 503
    assert client.get("/v1/api-key").status_code == 200


@pytest.mark.parametrize("named", ["grok-4", "grok-4-0709", "grok-4-latest"])
@pytest.mark.parametrize("asked", ["grok-4", "grok-4-0709", "grok-4-latest"])
def test_a_fault_of_a_model_meets_it_under_each_of_its_names(serve, named, asked):
    assert serve(faults=[f"500@{named}"]).chat(model=asked).status_code == 500


def test_a_stall_is_no_dawdling_of_a_client_whose_request_is_large(serve, monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.5)
    client = serve(faults=["stall:1"])

    assert client.chat("word " * 40_000, max_tokens=1).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"[1]", b'{"model": 3}'])
def test_a_body_that_names_no_model_meets_no_fault_of_one(serve, body):
    client = serve(faults=[f"500@{MODEL}"])

    response = client.post(CHAT, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code in (400, 422)


def test_every_so_manieth_request_meets_its_fault_over_one_connection(serve):
    client = serve(faults=["503,every=2"])

    assert [client.chat().status_code for _ in range(4)] == [200, 503, 200, 503]


def test_a_reset_leaves_the_server_serving_others(serve):
    client = serve(faults=["reset,x1"])
    with socket.create_connection(("127.0.0.1", client.base_url.port)):
        with pytest.raises(httpx.ReadError):
            client.chat(stream=True)

        assert client.get("/v1/models", headers=bearer("sim-key")).status_code == 200
