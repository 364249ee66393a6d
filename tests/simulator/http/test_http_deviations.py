"""Each deviation that the HTTP part carries out, seen over a real socket beside its absence."""

import asyncio

import pytest
from simulator_client import CHAT, ask, bearer

from harness.core.clock import VirtualClock
from harness.simulator.deviations import DEVIATIONS

IMAGE = {"model": "grok-2-image-1212", "prompt": "a dot"}
MESSAGE = {"model": "grok-3", "max_tokens": 5, "messages": [{"role": "user", "content": "Say hello"}]}
TEXT = {"model": "grok-3", "text": "hello"}
TEAM = "/auth/teams/sim-team"


def chat(client, key="sim-key", **fields):
    return client.post(CHAT, json=ask(**fields), headers=bearer(key))


def keyless(client):
    return client.post(CHAT, json=ask(), headers={"Authorization": ""})


def managed(method, path, key="sim-management-key", **options):
    return lambda client: client.request(method, path, headers=bearer(key), **options)


def revoked(client):
    made = client.manage("POST", "/api-keys", json={"name": "n"}).json()
    client.manage("DELETE", f"/api-keys/{made['apiKeyId']}")
    return chat(client, key=made["apiKey"])


# Name -> what is asked, and the status without the deviation and with it.
STATUSES = {
    "auth-bad-key-accepted": (lambda client: chat(client, key="xai-unknown-key"), 400, 200),
    "auth-missing-key-accepted": (keyless, 401, 200),
    "auth-bad-key-500": (lambda client: chat(client, key="xai-unknown-key"), 400, 500),
    "errors-inside-200": (lambda client: client.get("/v1/nothing"), 404, 200),
    "broken-json-500": (
        lambda client: client.post(CHAT, content="{", headers={"Content-Type": "application/json"}),
        400,
        500,
    ),
    "models-absent": (lambda client: client.get("/v1/models"), 200, 404),
    "api-key-absent": (lambda client: client.get("/v1/api-key"), 200, 404),
    "tokenize-absent": (lambda client: client.post("/v1/tokenize-text", json=TEXT), 200, 404),
    "messages-absent": (lambda client: client.post("/v1/messages", json=MESSAGE), 200, 404),
    "images-absent": (lambda client: client.post("/v1/images/generations", json=IMAGE), 200, 404),
    "embeddings-available": (lambda client: client.post("/v1/embeddings", json={"model": "e", "input": "t"}), 404, 200),
    "management-accepts-inference-key": (managed("GET", TEAM + "/models", key="sim-key"), 403, 200),
    "inference-accepts-management-key": (lambda client: chat(client, key="sim-management-key"), 403, 200),
    "management-create-absent": (managed("POST", TEAM + "/api-keys", json={"name": "n"}), 200, 404),
    "management-models-absent": (managed("GET", TEAM + "/models"), 200, 404),
    "management-endpoints-absent": (managed("GET", TEAM + "/endpoints"), 200, 404),
    "management-validation-absent": (managed("GET", "/auth/management-keys/validation"), 200, 404),
    "management-revoke-absent": (revoked, 400, 200),
    "management-revoke-ignored": (revoked, 400, 200),
}


@pytest.mark.parametrize("name", STATUSES)
def test_a_deviation_changes_the_status_that_it_says_it_does(serve, shared, name):
    request, without, broken = STATUSES[name]

    assert request(shared).status_code == without
    assert request(serve(deviations=[name])).status_code == broken


def test_errors_may_be_nested_or_text(serve):
    nested = serve(deviations=["errors-nested"]).get("/v1/nothing")
    text = serve(deviations=["errors-as-text"]).get("/v1/nothing")

    assert set(nested.json()["error"]) == {"message", "type", "code"}
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == "No handler found on route /v1/nothing"


def test_errors_of_one_model_may_deviate_alone(serve):
    client = serve(deviations=["errors-nested@grok-3"])

    assert isinstance(client.chat(model="grok-3", temperature=9).json()["error"], dict)
    assert isinstance(client.chat(temperature=9).json()["error"], str)


def test_a_bad_key_may_be_echoed(serve):
    assert "xai-unknown-key" in serve(deviations=["auth-key-echoed"]).chat(key="xai-unknown-key").text


# Name -> the headers that it changes, by what they say then.
HEADERS = {
    "limit-headers-wrong-requests": {"limit-requests": "240"},
    "limit-headers-wrong-tokens": {"limit-tokens": "2000000"},
    "limit-headers-frozen": {"remaining-requests": "480", "remaining-tokens": "4000000"},
    "limit-headers-reset-duration": {"reset-requests": "60.0s", "reset-tokens": "60.0s"},
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_deviation_changes_the_headers_that_it_says_and_no_others(serve, name):
    def told(**options):
        headers = serve(clock=VirtualClock(), **options).chat().headers
        return {key[12:]: value for key, value in headers.items() if key.startswith("x-ratelimit-")}

    assert told(deviations=[name]) == told() | HEADERS[name]


def test_limit_headers_may_be_absent_or_no_integers(serve):
    absent = serve(deviations=["limit-headers-absent"]).chat().headers
    worded = serve(deviations=["limit-headers-not-integers"]).chat().headers

    assert [name for name in absent if name.startswith("x-ratelimit")] == []
    assert worded["x-ratelimit-limit-requests"] == "480.0 per minute"


@pytest.mark.parametrize(("name", "passes"), [("limits-lower", 2), ("limits-not-enforced", 6)])
def test_limits_may_hold_otherwise_than_the_headers_say(serve, name, passes):
    client = serve(deviations=[name], limits=0.01, clock=VirtualClock())

    responses = [client.chat() for _ in range(6)]

    assert [response.status_code for response in responses] == [200] * passes + [429] * (6 - passes)
    assert {response.headers["x-ratelimit-limit-requests"] for response in responses} == {"4"}


def test_a_stream_may_break_its_framing(serve):
    def streamed(name):
        return serve(deviations=[name]).chat(stream=True)

    assert streamed("stream-content-type").headers["content-type"] == "text/plain; charset=utf-8"
    assert "\n\n" not in streamed("stream-no-blank-line").text
    assert "data: " not in streamed("stream-no-data-prefix").text


def test_deferring_may_be_ignored_or_never_end(serve):
    ignoring = serve(deviations=["deferred-absent"])
    clock = VirtualClock()
    stuck = serve(deviations=["deferred-never-ready"], clock=clock)
    path = f"/v1/chat/deferred-completion/{stuck.chat(deferred=True).json()['request_id']}"

    asyncio.run(clock.sleep(3_600))

    assert ignoring.chat(deferred=True).json()["object"] == "chat.completion"
    assert stuck.get(path).status_code == 202


def test_a_stream_that_is_ignored_is_plain_json(serve):
    response = serve(deviations=["stream-ignored"]).chat(stream=True)

    assert response.headers["content-type"] == "application/json"
    assert response.json()["object"] == "chat.completion"


def test_every_deviation_of_the_http_part_is_tried_here():
    elsewhere = {
        "errors-nested", "errors-as-text", "auth-key-echoed", "limit-headers-absent", "limit-headers-not-integers",
        "limits-lower", "limits-not-enforced", "stream-content-type", "stream-no-blank-line", "stream-no-data-prefix",
        "deferred-absent", "deferred-never-ready",
    }  # fmt: skip

    tried = elsewhere | set(STATUSES) | set(HEADERS)

    assert tried == {name for name, deviation in DEVIATIONS.items() if deviation.part == "http"}
