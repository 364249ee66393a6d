"""The vendor-neutral SDK that the documents use, talking to the simulator over a real socket without complaint."""

import json

import openai
import pytest

from harness.simulator.http.server import running

MODEL = "grok-4-1-fast-non-reasoning"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
WEATHER = [{"role": "user", "content": "What is the weather in Oslo?"}]


@pytest.fixture(scope="module")
def server():
    with running(seed=1) as server:
        yield server


def connect(server, **options):
    return openai.OpenAI(**{"base_url": server.url, "api_key": server.key, "max_retries": 0, **options})


@pytest.fixture(scope="module")
def client(server):
    with connect(server) as client:
        yield client


def user(content):
    return [{"role": "user", "content": content}]


def test_a_chat_completion_is_read(client):
    reply = client.chat.completions.create(model=MODEL, messages=user("Count from 1 to 5"), max_tokens=50)

    assert reply.choices[0].message.content.startswith("1")
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_a_stream_is_read_to_its_end_with_usage(client):
    with client.chat.completions.create(
        model=MODEL, messages=user("Count from 1 to 5"), stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)

    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text.startswith("1")
    assert chunks[-1].usage.completion_tokens > 0
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"


def test_reasoning_is_read_from_a_stream(client):
    with client.chat.completions.create(model="grok-3-mini", messages=user("What is 2 + 2?"), stream=True) as stream:
        deltas = [choice.delta for chunk in stream for choice in chunk.choices]

    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)


def test_a_tool_is_called_and_its_result_used(client):
    first = client.chat.completions.create(model=MODEL, messages=WEATHER, tools=[TOOL], tool_choice="auto")
    call = first.choices[0].message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"condition": "heavy rain"})}

    final = client.chat.completions.create(
        model=MODEL, messages=[*WEATHER, first.choices[0].message, result], tools=[TOOL]
    )

    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    assert "rain" in final.choices[0].message.content


def test_a_streamed_tool_call_is_put_together(client):
    with client.chat.completions.stream(model=MODEL, messages=WEATHER, tools=[TOOL]) as stream:
        reply = stream.get_final_completion()

    assert reply.choices[0].finish_reason == "tool_calls"
    assert json.loads(reply.choices[0].message.tool_calls[0].function.arguments) == {"city": "Oslo"}


def test_models_are_listed(client):
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve("grok-4").id == "grok-4-0709"


def test_a_picture_is_drawn(client):
    drawn = client.images.generate(model="grok-2-image-1212", prompt="a blue square", n=1)

    assert drawn.data[0].url.endswith(".png")


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"model": "grok-9"}, openai.NotFoundError),
        ({"temperature": 9}, openai.BadRequestError),
        ({"model": "grok-4-0709", "stop": ["x"]}, openai.BadRequestError),
        ({"messages": "text"}, openai.UnprocessableEntityError),
    ],
)
def test_a_refusal_is_the_exception_of_its_status(client, request_, error):
    with pytest.raises(error) as caught:
        client.chat.completions.create(**{"model": MODEL, "messages": user("hello"), **request_})

    assert set(caught.value.response.json()) == {"code", "error"}


def test_a_bad_key_is_a_bad_request_as_this_vendor_has_it(server):
    with connect(server, api_key="xai-unknown-key") as client, pytest.raises(openai.BadRequestError):
        client.models.list()


def test_a_key_of_the_wrong_domain_is_denied(server):
    with connect(server, api_key=server.management_key) as client, pytest.raises(openai.PermissionDeniedError):
        client.models.list()


def test_a_rate_limit_is_its_own_exception_and_is_retried_when_it_is_said_to_be():
    with running(faults=["429:0,x2"]) as server, connect(server) as impatient:
        with pytest.raises(openai.RateLimitError):
            impatient.chat.completions.create(model=MODEL, messages=user("hello"))

        with connect(server, max_retries=1) as patient:
            assert patient.chat.completions.create(model=MODEL, messages=user("hello")).choices


def test_a_server_error_is_its_own_exception():
    with running(faults=["503"]) as server, connect(server) as client, pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=MODEL, messages=user("hello"))
