import pytest
from chat_samples import COUNT, MINI, NOW, PLAIN, THINKER, WEATHER, WEB_SEARCH, ask, serve


@pytest.fixture(scope="module")
def service():
    return serve()


def chunks(service, prompt=COUNT, **fields):
    stream = ask(service, prompt, stream=True, **fields).chunks
    assert stream[-1] == "[DONE]"
    return list(stream[:-1])


def test_a_reply_that_was_not_asked_as_a_stream_has_no_chunks(service):
    assert ask(service, COUNT).chunks == ()


@pytest.mark.parametrize("model", [PLAIN, THINKER])
def test_every_chunk_has_one_id_object_model_and_time(service, model):
    stream = chunks(service, model=model)

    envelopes = {(chunk["id"], chunk["object"], chunk["model"], chunk["created"]) for chunk in stream}
    assert len(envelopes) == 1
    assert next(iter(envelopes))[1:] == ("chat.completion.chunk", model, int(NOW))


@pytest.mark.parametrize("model", [PLAIN, THINKER])
def test_the_role_comes_first_and_alone_with_empty_content(service, model):
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks(service, model=model)]

    assert deltas[0] == {"role": "assistant", "content": ""}
    assert all("role" not in delta for delta in deltas[1:])


def test_the_reason_to_finish_is_null_until_the_last_and_empty_delta(service):
    choices = [chunk["choices"][0] for chunk in chunks(service)]

    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert choices[-1]["delta"] == {}
    assert all(choice["index"] == 0 for choice in choices)


def test_reasoning_comes_before_the_words_and_only_from_models_that_reason(service):
    kinds = [next(iter(chunk["choices"][0]["delta"]), "") for chunk in chunks(service, model=THINKER)]
    plain = [next(iter(chunk["choices"][0]["delta"]), "") for chunk in chunks(service, model=PLAIN)]

    last_thought = max(place for place, kind in enumerate(kinds) if kind == "reasoning_content")
    assert "content" not in kinds[1:last_thought]
    assert "reasoning_content" not in plain


def test_words_come_one_token_at_a_time_and_a_few_where_there_are_many(service):
    few = chunks(service, "Count from 1 to 5.")
    many = chunks(service, "Count from 1 to 400.")

    assert len(few) == 9 + 2
    assert len(many) < 799 / 3


def test_usage_comes_last_without_choices_and_only_where_asked(service):
    asked = chunks(service, stream_options={"include_usage": True})
    unasked = chunks(service)

    assert [bool(chunk["choices"]) for chunk in asked[-2:]] == [True, False]
    assert asked[-1]["usage"]["total_tokens"] > 0
    assert not any("usage" in chunk for chunk in unasked)


def test_a_call_comes_whole_in_one_delta(service):
    stream = chunks(service, "Is it raining in Oslo?", tools=[WEATHER])

    [call] = [call for chunk in stream for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
    assert (call["index"], stream[-1]["choices"][0]["finish_reason"]) == (0, "tool_calls")


def test_sources_come_with_the_last_chunk(service):
    stream = chunks(service, "What is the latest news?", tools=[WEB_SEARCH])

    assert [bool(chunk.get("citations")) for chunk in stream[-2:]] == [False, True]


def test_as_observed_the_role_comes_with_the_first_thought_and_time_moves_on():
    stream = chunks(serve(name="observed"), model=MINI)

    assert set(stream[0]["choices"][0]["delta"]) == {"role", "reasoning_content"}
    assert "finish_reason" not in stream[0]["choices"][0]
    assert stream[0]["created"] < stream[-1]["created"]
