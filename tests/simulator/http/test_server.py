import asyncio
import contextlib
import json
import socket
import threading

import httpx
import pytest
from simulator_client import CHAT, Client, ask

from harness.core.errors import Unanswerable, UsageError
from harness.simulator.http.server import running
from harness.simulator.http.workers import Workers


def test_a_server_stops_though_a_reply_is_under_way():
    with contextlib.ExitStack() as clients, running(speed=1_000) as server:
        client = clients.enter_context(Client(server))
        clients.enter_context(client.stream("POST", CHAT, json=ask(stream=True)))

    assert server.stopped.is_set()


def test_what_was_under_way_is_cut_and_the_port_is_free_again():
    with contextlib.ExitStack() as clients:
        with running(speed=1_000) as server:
            client = clients.enter_context(Client(server))
            response = clients.enter_context(client.stream("POST", CHAT, json=ask(stream=True)))
            port = client.base_url.port
        with pytest.raises(httpx.HTTPError):
            response.read()

    with running(port=port) as again:
        assert again.origin == f"http://127.0.0.1:{port}"


def test_a_request_under_way_when_the_server_stops_gets_no_answer_rather_than_a_foreign_one():
    body = json.dumps(ask()).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sim-key\r\nContent-Length: {len(body)}\r\n"
    with socket.socket() as waiting:
        with running(speed=1_000) as server, Client(server) as client:
            waiting.connect(("127.0.0.1", client.base_url.port))
            waiting.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            client.chat(max_tokens="many")
        waiting.settimeout(1)

        with contextlib.suppress(ConnectionResetError):
            assert waiting.recv(1_000) == b""


def test_a_connection_that_nobody_uses_is_closed_with_the_server():
    with socket.socket() as idle:
        with running() as server, Client(server) as client:
            idle.connect(("127.0.0.1", client.base_url.port))
            client.get("/v1/models")
        idle.settimeout(1)

        with contextlib.suppress(ConnectionResetError):
            assert idle.recv(1) == b""


def test_a_port_that_is_taken_is_named_with_a_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Unanswerable, match=f"127.0.0.1:{port} cannot be used") as caught, running(port=port):
            pass

    assert "--port" in caught.value.remedy


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com", "", "127.0.0.2"])
def test_nothing_but_loopback_is_listened_on(host):
    with pytest.raises(UsageError, match="loopback only"), running(host=host):
        pass


def test_the_other_loopback_address_will_do():
    with running(host="::1") as server, Client(server) as client:
        assert server.url.startswith("http://[::1]:")
        assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize("wrong", [{"faults": ["tuncated"]}, {"deviations": ["stop-ignord"]}])
def test_an_unknown_fault_or_deviation_stops_it_before_it_starts(wrong):
    before = set(threading.enumerate())

    with pytest.raises(UsageError), running(**wrong):
        pass

    assert set(threading.enumerate()) <= before


def test_a_line_for_every_request_is_told_on_demand(capfd):
    with running(log=True) as server, Client(server) as client:
        client.get("/v1/models")
        client.get("/v1/x%0Ay")

    lines = capfd.readouterr().err.splitlines()
    assert lines[0].startswith("GET /v1/models 200 ")
    assert lines[1].startswith(r"GET /v1/x\ny 404 ")


def test_nothing_is_told_otherwise(capfd):
    with running() as server, Client(server) as client:
        client.chat()

    assert capfd.readouterr() == ("", "")


def test_the_same_seed_and_requests_give_the_same_replies():
    def reply():
        with running(seed=3) as server, Client(server) as client:
            return client.chat("Write a line about the sea", temperature=1).json()["choices"]

    assert reply() == reply()


def test_a_worker_gives_back_what_its_function_returns_or_raises():
    workers = Workers(threads=1)

    assert asyncio.run(workers.run(lambda: 2 + 2)) == 4
    with pytest.raises(ZeroDivisionError):
        asyncio.run(workers.run(lambda: 1 / 0))
    workers.close()
