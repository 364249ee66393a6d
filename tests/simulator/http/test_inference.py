import asyncio
import base64
import io
import time
import uuid

import pytest
from PIL import Image
from simulator_client import CHAT, MODEL, ask, bearer, events, said

from harness.core.clock import VirtualClock

MESSAGE = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "Count from 1 to 5"}]}


def test_a_chat_completion_is_json_with_usage_that_adds_up(shared):
    body = shared.chat("Count from 1 to 5").json()

    usage = body["usage"]
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"].startswith("1")
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_is_events_that_end_with_done(shared):
    response = shared.chat("Count from 1 to 5", stream=True)

    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events(response.text)[-1] == "[DONE]"
    assert {event["object"] for event in events(response.text)[:-1]} == {"chat.completion.chunk"}


def test_a_stream_says_what_the_same_request_says_unstreamed(shared):
    asked = {"content": "Write a few words about rain", "model": "grok-3", "seed": 5}

    whole = shared.chat(**asked).json()["choices"][0]["message"]["content"]

    assert said(shared.chat(**asked, stream=True).text) == whole


def test_a_stream_trickles_at_the_pace_of_its_model(serve):
    client = serve(speed=20)

    with client.stream("POST", CHAT, json=ask("Count from 1 to 20", stream=True)) as response:
        arrived = [time.monotonic() for _ in response.iter_lines()]

    # Twenty times 0.3 ms a token, for forty tokens and more.
    assert arrived[-1] - arrived[0] > 0.2


def test_latency_is_the_clocks_and_not_the_machines(serve):
    clock = VirtualClock()

    response = serve(speed=1.0, clock=clock).chat(model="grok-4-0709")

    tokens = response.json()["usage"]["total_tokens"] - response.json()["usage"]["prompt_tokens"]
    assert clock.monotonic() == pytest.approx(0.12 + 0.0015 * tokens, rel=0.01)


def test_a_message_is_answered_in_the_words_of_the_other_api(shared):
    body = shared.post("/v1/messages", json=MESSAGE).json()

    assert (body["type"], body["role"]) == ("message", "assistant")
    assert body["content"][-1]["text"].startswith("1")
    assert body["usage"]["output_tokens"] > 0


def test_a_streamed_message_names_its_events(shared):
    text = shared.post("/v1/messages", json=MESSAGE | {"stream": True}).text

    names = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert names == [event["type"] for event in events(text)]
    assert (names[0], names[-1]) == ("message_start", "message_stop")


def test_a_message_may_carry_its_key_as_that_apis_clients_do(shared):
    request = shared.build_request("POST", "/v1/messages", json=MESSAGE, headers={"x-api-key": "sim-key"})
    del request.headers["authorization"]

    assert shared.send(request).status_code == 200


def deferred(client, **fields):
    response = client.chat(deferred=True, **fields)
    assert list(response.json()) == ["request_id"]
    return f"/v1/chat/deferred-completion/{uuid.UUID(response.json()['request_id'])}"


def test_a_deferred_completion_is_202_until_it_is_ready_then_200_once_then_404(serve):
    clock = VirtualClock()
    client = serve(clock=clock)
    path = deferred(client, content="Count from 1 to 3", stream=True)

    first = client.get(path)
    assert (first.status_code, first.content) == (202, b"")

    asyncio.run(clock.sleep(0.1))
    ready = client.get(path)
    assert ready.json()["choices"][0]["message"]["content"].startswith("1")
    assert client.get(path).status_code == 404


def test_looking_at_a_deferred_completion_by_head_does_not_take_it(serve):
    clock = VirtualClock()
    client = serve(clock=clock)
    path = deferred(client)
    asyncio.run(clock.sleep(60))

    looked, taken = client.head(path), client.get(path)

    assert (looked.status_code, looked.content) == (200, b"")
    assert taken.json()["object"] == "chat.completion"


def test_a_deferred_completion_is_there_for_its_own_key_alone(shared):
    other = shared.manage("POST", "/api-keys", json={"name": "other"}).json()["apiKey"]

    assert shared.get(deferred(shared), headers=bearer(other)).status_code == 404
    assert shared.get(f"/v1/chat/deferred-completion/{uuid.uuid4()}").status_code == 404


def test_a_deferred_request_that_is_wrong_is_refused_at_once(shared):
    assert shared.chat(deferred=True, temperature=9).status_code == 400


def draw(client, **fields):
    asked = {"model": "grok-2-image-1212", "prompt": "a red circle", **fields}
    return client.post("/v1/images/generations", json=asked)


def test_a_picture_is_drawn_and_served_on_the_same_origin(shared):
    url = draw(shared).json()["data"][0]["url"]

    response = shared.get(url, headers={"Authorization": ""})

    assert url.startswith(shared.server.origin)
    assert response.headers["content-type"] == "image/png"
    assert (255, 0, 0) in Image.open(io.BytesIO(response.content)).get_flattened_data()


def test_a_picture_may_come_as_base64_and_several_at_once(shared):
    drawn = draw(shared, n=2, response_format="b64_json").json()["data"]

    first, second = (base64.b64decode(each["b64_json"]) for each in drawn)
    assert first.startswith(b"\x89PNG")
    assert first != second


def test_a_picture_that_is_not_there_is_404(shared):
    assert shared.get("/generated/0123.png").status_code == 404


@pytest.mark.parametrize("wrong", [{"model": "grok-3"}, {"model": "nobody"}, {"prompt": None}, {"n": 0}, {"n": "2"}])
def test_a_picture_that_cannot_be_drawn_is_refused(shared, wrong):
    assert draw(shared, **wrong).status_code in (400, 404, 422)


def test_a_text_is_taken_apart_into_tokens_that_make_it_up(shared):
    response = shared.post("/v1/tokenize-text", json={"model": "grok-3", "text": "Counting tokens, one by one."})

    assert "".join(each["string_token"] for each in response.json()["token_ids"]) == "Counting tokens, one by one."


def test_models_are_listed_and_each_can_be_looked_up_by_any_of_its_names(shared):
    listed = [model["id"] for model in shared.get("/v1/models").json()["data"]]

    assert len(listed) == 10
    assert {shared.get(f"/v1/models/{name}").json()["id"] for name in listed} == set(listed)
    assert shared.get("/v1/models/grok-4-latest").json()["id"] == "grok-4-0709"
    assert shared.get("/v1/models/grok-9").status_code == 404


@pytest.mark.parametrize(
    ("path", "name"), [("/v1/language-models", "grok-3"), ("/v1/image-generation-models", "grok-2-image-1212")]
)
def test_models_of_either_kind_are_listed_with_their_prices(shared, path, name):
    one = shared.get(f"{path}/{name}").json()

    assert one in shared.get(path).json()["models"]
    assert any("price" in field for field in one)


def test_the_key_that_asks_can_be_looked_up_without_its_secret(shared):
    response = shared.get("/v1/api-key")

    assert response.json()["team_id"] == "sim-team"
    assert "sim-key" not in response.text


@pytest.mark.parametrize("path", ["/v1/models", "/v1/language-models", "/v1/image-generation-models", "/v1/api-key"])
def test_nothing_is_listed_without_a_key(shared, path):
    assert shared.get(path, headers=bearer("xai-unknown-key")).status_code == 400


def test_embeddings_are_no_route_as_documented_and_refuse_language_models_as_observed(serve, shared):
    observed = serve("observed")
    asked = {"model": "grok-3", "input": "text"}

    assert shared.post("/v1/embeddings", json=asked).status_code == 404
    assert shared.get("/v1/embedding-models").status_code == 404
    assert observed.post("/v1/embeddings", json=asked).json()["error"] == "Model grok-3 is not an embedding model."
    assert observed.get("/v1/embedding-models").json() == {"models": []}
