import base64

import pytest
from chat_samples import (
    PLAIN,
    SEER,
    WEATHER,
    ask,
    digits,
    picture_of,
    png,
    refusal,
    serve,
    text,
    with_picture,
)

from harness.simulator.chat.image_input import find_size, image_tokens, stand_in

QUESTION = {"role": "user", "content": "Is it raining in Oslo?"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": '{"condition": "hail"}'}


@pytest.fixture(scope="module")
def service():
    return serve()


def test_a_result_that_answers_a_call_is_used_with_or_without_tools_declared_again(service):
    for fields in ({}, {"tools": [WEATHER]}):
        answer = ask(service, messages=[QUESTION, CALL, RESULT], **fields)

        assert "hail" in text(answer)


@pytest.mark.parametrize("messages", [[QUESTION, RESULT], [QUESTION, RESULT, CALL]])
def test_a_result_without_an_earlier_call_is_refused(service, messages):
    refused = refusal(service, messages=messages)

    assert (refused.status, "tool_call_id" in refused.message) == (400, True)


@pytest.mark.parametrize("arguments", ["", "{", "[]", "3", "[" * 5_000, "9" * 5_000, '{"a": "\\ud800"}'])
def test_arguments_of_an_earlier_call_may_be_nonsense(service, arguments):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    echo = {"role": "assistant", "content": None, "tool_calls": [call]}

    assert ask(service, messages=[QUESTION, echo, RESULT]).body["choices"]


def test_digits_in_a_picture_are_read(service):
    assert "4719" in text(ask(service, model=SEER, messages=with_picture(digits("4719"))))


@pytest.mark.parametrize("detail", ["low", "high", "auto", None])
def test_every_documented_detail_is_taken(service, detail):
    answer = ask(service, model=SEER, messages=with_picture(png(), detail=detail), max_tokens=5)

    assert answer.body["usage"]["prompt_tokens_details"]["image_tokens"] > 0


def test_more_detail_costs_more():
    picture = png(900, 900)

    assert image_tokens(picture, "low") < image_tokens(picture, "auto") == image_tokens(picture, "high")


def test_a_model_that_does_not_see_refuses_pictures(service):
    refused = refusal(service, model=PLAIN, messages=with_picture(png()))

    assert (refused.status, "image" in refused.message) == (400, True)


def test_audio_is_refused_by_every_model(service):
    part = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}

    for model in (PLAIN, SEER):
        refused = refusal(service, model=model, messages=[{"role": "user", "content": [part]}])
        assert (refused.status, "audio" in refused.message) == (400, True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/x.png",
        "data:image/gif;base64,AAAA",
        "data:image/png;base64,%%%",
        "data:image/png;base64,AAAA",
        "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff").decode(),
        "data:image/png;base64," + base64.b64encode(png(7, 64)).decode(),
        "data:image/png;base64," + base64.b64encode(png(8, 8)[:16] + b"\xff" * 40).decode(),
        "x" * 100_000,
    ],
)
def test_what_is_no_acceptable_picture_is_refused(service, url):
    part = {"type": "image_url", "image_url": {"url": url}}

    assert refusal(service, model=SEER, messages=[{"role": "user", "content": [part]}]).status == 400


def test_the_smallest_picture_is_eight_pixels_a_side(service):
    assert ask(service, model=SEER, messages=with_picture(png(8, 8)), max_tokens=5).body["choices"]


def test_an_address_is_taken_and_seen_as_a_plain_picture(service):
    part = {"type": "image_url", "image_url": {"url": "https://example.com/image.jpg"}}
    messages = [{"role": "user", "content": [part, {"type": "text", "text": "What number is in the picture?"}]}]

    answer = ask(service, model=SEER, messages=messages)

    assert not any(character.isdigit() for character in text(answer)) or "64" in text(answer)
    assert find_size(stand_in()) == (64, 64)


def test_twenty_pictures_are_taken_and_one_more_is_not(service):
    def messages(count):
        return [{"role": "user", "content": [picture_of(png(8, 8))] * count}]

    assert ask(service, model=SEER, messages=messages(20), max_tokens=1).body["choices"]
    assert refusal(service, model=SEER, messages=messages(21)).status == 400


def test_the_size_of_a_jpeg_is_read_past_its_other_segments():
    other = b"\xff\xe0\x00\x04ab"
    frame = b"\xff\xc0\x00\x11\x08" + (48).to_bytes(2, "big") + (64).to_bytes(2, "big")

    assert find_size(b"\xff\xd8" + other + frame) == (64, 48)
    assert find_size(b"\xff\xd8" + other + b"\xff\xe0\x00\x00" + frame) is None
