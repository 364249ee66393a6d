"""Limits over a real socket; their arithmetic is in tests/simulator/test_limits.py."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from simulator_client import bearer

from harness.core.clock import VirtualClock


def statuses(client, count, **fields):
    return [client.chat(**fields).status_code for _ in range(count)]


def test_exactly_the_allowance_passes_and_the_next_draws_429(serve):
    client = serve(limits=0.01, clock=VirtualClock())

    # 480 requests a minute, of which a hundredth.
    assert statuses(client, 6) == [200, 200, 200, 200, 429, 429]


def test_exactly_the_allowance_passes_when_several_ask_at_once(serve):
    client = serve(limits=0.1, clock=VirtualClock())

    # Five at once are allowed: what is refused is refused for the minute's sake.
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(client.chat, model="grok-3", max_tokens=1) for _ in range(80)]
        passed = [each.result().status_code for each in asked].count(200)

    # 600 requests a minute, of which a tenth.
    assert passed == 60


def test_a_429_says_which_limit_and_when_to_come_again(serve):
    client = serve(limits=0.001, clock=VirtualClock())
    client.chat()

    response = client.chat()

    assert response.status_code == 429
    assert response.headers["retry-after"] == "60"
    assert "Requests per Minute (actual/limit): 2/1" in response.json()["error"]
    assert response.headers["x-ratelimit-remaining-requests"] == "0"


def test_the_allowance_is_back_when_the_window_is_over(serve):
    clock = VirtualClock()
    client = serve(limits=0.001, clock=clock)
    assert statuses(client, 2) == [200, 429]

    asyncio.run(clock.sleep(60))

    assert statuses(client, 2) == [200, 429]


def test_every_reply_of_a_model_carries_the_six_headers_with_the_documented_limits(serve):
    headers = serve(clock=VirtualClock()).chat(model="grok-4-0709").headers

    told = {name: value for name, value in headers.items() if name.startswith("x-ratelimit-")}
    used = 2_000_000 - int(told.pop("x-ratelimit-remaining-tokens"))
    assert used > 500
    assert told == {
        "x-ratelimit-limit-requests": "480",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "479",
        "x-ratelimit-reset-requests": "2026-01-01T00:01:00Z",
        "x-ratelimit-reset-tokens": "2026-01-01T00:01:00Z",
    }


def test_what_remains_falls_by_what_the_reply_says_it_used(serve):
    client = serve(clock=VirtualClock())

    for model in ("grok-3", "grok-3-mini"):
        response = client.chat(model=model)
        used = response.json()["usage"]["total_tokens"]
        assert int(response.headers["x-ratelimit-remaining-tokens"]) == 131_000 - used


def prompt_of(client, words, model="grok-3"):
    """How many tokens the prompt of so many words has, as a key of its own is told."""
    key = client.manage("POST", "/api-keys", json={"name": "other"}).json()["apiKey"]
    return client.chat("word " * words, model=model, max_tokens=1, key=key).json()["usage"]["prompt_tokens"]


def test_a_prompt_that_fills_the_allowance_passes_and_one_token_more_is_refused(serve):
    client = serve(limits=0.01, clock=VirtualClock())
    others = prompt_of(client, 1_000) - 1_000

    too_long = client.chat("word " * (1_311 - others), model="grok-3", max_tokens=1)
    just_so = client.chat("word " * (1_310 - others), model="grok-3", max_tokens=1)

    assert too_long.status_code == 429
    assert "Tokens per Minute (actual/limit): 1311/1310" in too_long.json()["error"]
    assert just_so.json()["usage"]["prompt_tokens"] == 1_310


def test_once_the_tokens_are_used_up_the_very_next_request_is_refused(serve):
    client = serve(limits=0.01, clock=VirtualClock())
    used, allowed = 0, 131_000 // 100

    while used < allowed:
        response = client.chat("Count to 100", model="grok-3")
        used += response.json()["usage"]["total_tokens"]

    assert client.chat("Hi", model="grok-3").status_code == 429
    assert f"{used + prompt_of(client, 1)}/{allowed}" in client.chat("word ", model="grok-3").json()["error"]


def test_what_the_tokens_of_a_request_are_is_counted_and_not_guessed_from_its_length(serve):
    response = serve(clock=VirtualClock()).chat(" " * 540_000, model="grok-3", max_tokens=1)

    assert response.json()["usage"]["prompt_tokens"] < 40_000


def test_a_refused_request_counts_as_one_and_takes_no_tokens(serve):
    headers = serve(clock=VirtualClock()).chat(temperature=9).headers

    assert headers["x-ratelimit-remaining-requests"] == "479"
    assert headers["x-ratelimit-remaining-tokens"] == headers["x-ratelimit-limit-tokens"]


def test_two_models_and_two_keys_have_allowances_of_their_own(serve):
    client = serve(limits=0.001, clock=VirtualClock())
    other = client.manage("POST", "/api-keys", json={"name": "other"}).json()["apiKey"]

    assert statuses(client, 2) == [200, 429]
    assert statuses(client, 2, model="grok-4-0709") == [200, 429]
    assert statuses(client, 2, key=other) == [200, 429]


def test_an_alias_draws_on_the_allowance_of_its_model(serve):
    client = serve(limits=0.001, clock=VirtualClock())

    assert statuses(client, 1, model="grok-4-latest") == [200]
    assert statuses(client, 1, model="grok-4-0709") == [429]


@pytest.mark.parametrize("stream", [True, False])
def test_one_more_at_once_than_allowed_is_refused(serve, stream):
    # Fifty at once, of which a tenth; slow enough to overlap, and nothing is left of them afterwards.
    client = serve(limits=0.1, speed=4)

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.chat, model="grok-2-vision-1212", stream=stream) for _ in range(6)]
        responses = [each.result() for each in asked]

    assert sorted(response.status_code for response in responses) == [200] * 5 + [429]
    refused = next(response for response in responses if response.status_code == 429)
    assert "Concurrent Requests (actual/limit): 6/5" in refused.json()["error"]
    assert client.chat(model="grok-2-vision-1212").status_code == 200


def test_a_client_that_leaves_gives_its_place_back(serve):
    client = serve(limits=0.02, speed=100)
    asked = {"model": "grok-2-vision-1212", "messages": [{"role": "user", "content": "Count to 50"}], "stream": True}

    for _ in range(4):
        with client.stream("POST", "/v1/chat/completions", json=asked, timeout=0.3) as response:
            assert response.status_code == 200


def test_limits_can_be_off(serve):
    response = serve(limits=None).chat(model="grok-3")

    assert [name for name in response.headers if name.startswith("x-ratelimit")] == []


def test_a_request_that_is_not_let_in_for_its_key_uses_nothing_up(serve):
    client = serve(limits=0.001, clock=VirtualClock())

    assert client.chat(key="xai-unknown-key").status_code == 400
    assert client.get("/v1/models", headers=bearer("sim-key")).status_code == 200
    assert statuses(client, 1) == [200]
