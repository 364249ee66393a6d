import base64
import json

import pytest
from chat_samples import COUNT, NOW, PLAIN, SEER, THINKER, digits, serve

from harness.simulator.chat.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "get_weather", "description": "Current weather of a city", "input_schema": SCHEMA}
RAIN = "Is it raining in Oslo?"


@pytest.fixture(scope="module")
def service():
    return serve()


def send(service, prompt=COUNT, **fields):
    body = {"model": PLAIN, "max_tokens": 200, "messages": [{"role": "user", "content": prompt}], **fields}
    return service.message(body, caller="someone", now=NOW)


def folded(answer):
    """The content blocks that the events of a stream come to."""
    blocks = []
    for name, payload in answer.chunks:
        assert name == payload["type"]
        if name == "content_block_start":
            blocks.append({**payload["content_block"], "json": ""})
        elif name == "content_block_delta":
            [(field, piece)] = [(key, value) for key, value in payload["delta"].items() if key != "type"]
            field = "json" if field == "partial_json" else field
            blocks[payload["index"]][field] += piece
    for block in blocks:
        text = block.pop("json")
        if block["type"] == "tool_use":
            block["input"] = json.loads(text)
    return blocks


def test_a_message_has_the_shape_of_that_api(service):
    body = send(service).body

    assert (body["type"], body["role"], body["model"]) == ("message", "assistant", PLAIN)
    assert [block["type"] for block in body["content"]] == ["text"]
    assert (body["stop_reason"], body["stop_sequence"]) == ("end_turn", None)
    assert set(body["usage"]) >= {"input_tokens", "output_tokens", "cache_read_input_tokens"}


def test_reasoning_is_a_block_before_the_text_and_counts_as_output(service):
    body = send(service, model=THINKER).body

    assert [block["type"] for block in body["content"]] == ["thinking", "text"]
    assert body["content"][0]["signature"] == ""
    assert body["usage"]["output_tokens"] > 500


def test_cached_input_stands_beside_the_rest_of_the_input():
    service = serve()
    first, second = (send(service, COUNT * 40).body["usage"] for _ in range(2))

    assert first["cache_read_input_tokens"] == 0 < second["cache_read_input_tokens"]
    assert second["input_tokens"] + second["cache_read_input_tokens"] == first["input_tokens"]


@pytest.mark.parametrize(
    ("fields", "reason", "sequence"),
    [({"max_tokens": 5}, "max_tokens", None), ({"stop_sequences": ["7", "zz"]}, "stop_sequence", "7")],
)
def test_why_a_message_ended_is_said_in_that_apis_words(service, fields, reason, sequence):
    body = send(service, **fields).body

    assert (body["stop_reason"], body["stop_sequence"]) == (reason, sequence)


def test_a_tool_is_used_and_its_result_answers(service):
    question = {"role": "user", "content": RAIN}
    used = send(service, RAIN, tools=[WEATHER]).body
    [block] = used["content"]
    result = {
        "type": "tool_result",
        "tool_use_id": block["id"],
        "content": [{"type": "text", "text": '{"sky":"hail"}'}],
    }
    turns = [question, {"role": "assistant", "content": [block]}, {"role": "user", "content": [result]}]

    final = send(service, messages=turns, tools=[WEATHER]).body

    assert (used["stop_reason"], block["name"], block["input"]) == ("tool_use", "get_weather", {"city": "Oslo"})
    assert "hail" in final["content"][0]["text"]


@pytest.mark.parametrize(
    ("choice", "used"),
    [({"type": "auto"}, 2), ({"type": "any"}, 2), ({"type": "tool", "name": "get_weather"}, 2), ({"type": "none"}, 0)],
)
def test_the_choice_among_tools_is_obeyed(service, choice, used):
    body = send(service, "What is the weather in Oslo and in Paris?", tools=[WEATHER], tool_choice=choice).body

    assert sum(block["type"] == "tool_use" for block in body["content"]) == used


def test_parallel_use_can_be_switched_off(service):
    choice = {"type": "auto", "disable_parallel_tool_use": True}

    body = send(service, "What is the weather in Oslo and in Paris?", tools=[WEATHER], tool_choice=choice).body

    assert sum(block["type"] == "tool_use" for block in body["content"]) == 1


def test_a_picture_is_read(service):
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(digits("4719")).decode()}
    blocks = [{"type": "image", "source": source}, {"type": "text", "text": "What number is in the picture?"}]

    body = send(service, blocks, model=SEER).body

    assert "4719" in body["content"][0]["text"]


def test_a_system_text_comes_before_the_conversation(service):
    blocks = [{"type": "text", "text": "Always answer with the single word blue."}]

    assert send(service, "What is your name?", system=blocks).body["usage"]["input_tokens"] > 10


@pytest.mark.parametrize("fields", [{"model": PLAIN}, {"model": THINKER}, {"tools": [WEATHER], "messages": None}])
def test_a_stream_folds_into_the_message_of_the_same_conversation(service, fields):
    messages = [{"role": "user", "content": RAIN if "tools" in fields else COUNT}]
    fields = fields | {"messages": messages, "temperature": 0}

    stream, whole = send(service, stream=True, **fields), send(service, **fields)

    def told(blocks):
        return [{key: value for key, value in block.items() if key not in {"id", "thinking"}} for block in blocks]

    assert told(folded(stream)) == told(whole.body["content"])
    assert [stream.chunks[0][0], stream.chunks[-1][0]] == ["message_start", "message_stop"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"max_tokens": None}, 422),
        ({"messages": None}, 422),
        ({"messages": [{"role": "system", "content": "x"}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file"}}]}]}, 400),
        ({"messages": [{"role": "user"}]}, 422),
        ({"tools": [3]}, 422),
        ({"tool_choice": {"type": "tool"}}, 422),
        ({"model": "grok-9"}, 404),
        ({"model": THINKER, "stop_sequences": ["x"]}, 400),
        ({"temperature": 3}, 400),
    ],
)
def test_what_cannot_be_served_is_refused(service, fields, status):
    with pytest.raises(Refusal) as refused:
        send(service, **fields)

    assert refused.value.status == status
