import pytest
from chat_samples import MINI, PLAIN, SEER, THINKER, WEATHER, ask, profile, refusal, serve, text

from harness.simulator.chat.refusal import Refusal

HELLO = [{"role": "user", "content": "Say hello."}]
NAN = float("nan")


@pytest.fixture(scope="module")
def service():
    return serve()


@pytest.mark.parametrize("body", [None, [], "text", 3, True])
def test_what_is_no_object_is_refused_as_unreadable(service, body):
    with pytest.raises(Refusal) as refused:
        service.complete(body, caller="someone", now=0)

    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"messages": HELLO}, 422, "`model`"),
        ({"model": 3, "messages": HELLO}, 422, "model"),
        ({"model": "grok-9", "messages": 3}, 404, "grok-9"),
        ({"model": "grok-2-image-1212", "messages": HELLO}, 400, "does not chat"),
        ({"model": THINKER, "messages": 3, "stop": "x"}, 400, "stop"),
        ({"model": PLAIN}, 422, "`messages`"),
        ({"model": PLAIN, "messages": HELLO, "temperature": "hot", "top_p": 7}, 422, "temperature"),
    ],
)
def test_the_first_refusal_is_the_one_a_server_would_give(service, body, status, named):
    with pytest.raises(Refusal) as refused:
        service.complete(body, caller="someone", now=0)

    assert refused.value.status == status
    assert named in refused.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": True},
        {"top_p": []},
        {"max_tokens": 3.5},
        {"max_tokens": "3"},
        {"stream": 1},
        {"stop": 3},
        {"stop": [3]},
        {"stop": [None]},
        {"n": "2"},
        {"seed": 1.5},
        {"logprobs": "yes"},
        {"tools": {}},
        {"tool_choice": 3},
        {"response_format": "json_object"},
        {"response_format": {}},
        {"stream_options": []},
        {"parallel_tool_calls": "no"},
        {"messages": {}},
        {"messages": [None]},
        {"messages": ["hello"]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"content": "x"}]},
        {"messages": [{"role": "user", "content": 3}]},
        {"messages": [{"role": "user", "content": [3]}]},
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        {"messages": [{"role": "user", "content": "x", "name": 3}]},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "assistant"}]},
        {"messages": [{"role": "user", "content": "\ud800"}]},
    ],
)
def test_a_wrong_type_or_a_missing_field_is_422(service, fields):
    assert refusal(service, **fields).status == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", NAN),
        ("temperature", 10**400),
        ("top_p", 1.01),
        ("frequency_penalty", -2.1),
        ("presence_penalty", 2.1),
        ("max_tokens", 0),
        ("max_tokens", -1),
        ("n", 0),
        ("n", 9),
        ("seed", 2**63),
        ("top_logprobs", 3),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", ""),
        ("messages", []),
        ("messages", [{"role": "oracle", "content": "x"}]),
        ("response_format", {"type": "yaml"}),
        ("tool_choice", "sometimes"),
        ("tool_choice", "required"),
    ],
)
def test_a_value_outside_its_domain_is_400_and_names_the_parameter(service, field, value):
    refused = refusal(service, **{field: value})

    assert (refused.status, field in refused.message) == (400, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0},
        {"temperature": 2},
        {"top_p": 0},
        {"top_p": 1},
        {"frequency_penalty": -2, "presence_penalty": 2},
        {"stop": "x"},
        {"stop": ["a", "b", "c", "d"]},
        {"max_tokens": 10**30},
        {"max_completion_tokens": 5},
        {"reasoning_effort": None, "stop": None, "tools": None, "temperature": None},
        {"response_format": {"type": "text"}},
        {"logprobs": True, "top_logprobs": 8},
        {"user": "someone", "logit_bias": {"50256": -100}, "made_up_field": [[[1]]]},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi", "name": "Ann"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    ],
)
def test_what_the_documents_allow_is_answered_and_unknown_fields_are_ignored(service, fields):
    assert text(ask(service, **fields)) is not None


@pytest.mark.parametrize("name", [name for name, each in profile().models.items() if each.makes == "text"])
@pytest.mark.parametrize("parameter", ["stop", "frequency_penalty", "presence_penalty", "reasoning_effort"])
def test_a_parameter_is_refused_by_exactly_the_models_documented_to_refuse_it(service, name, parameter):
    value = {"stop": ["x"], "reasoning_effort": "low"}.get(parameter, 0.5)
    rejected = parameter in profile().models[name].rejects

    if rejected:
        refused = refusal(service, model=name, **{parameter: value})
        assert (refused.status, refused.message) == (400, f"Argument not supported on this model: {parameter}")
    else:
        assert ask(service, model=name, **{parameter: value}).body["choices"]


@pytest.mark.parametrize("value", [0, 0.0, []])
def test_sending_a_refused_parameter_is_refused_even_at_a_value_without_effect(service, value):
    assert refusal(service, model=THINKER, frequency_penalty=value).status == 400


def test_an_effort_is_low_or_high_and_nothing_else(service):
    assert "reasoning_effort" in refusal(service, model=MINI, reasoning_effort="medium").message


def test_a_schema_is_refused_as_documented_and_taken_as_observed(service):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}

    assert refusal(service, response_format=wanted).status == 400
    assert ask(serve(name="observed"), response_format=wanted).body["choices"]


def test_live_search_is_answered_as_documented_and_gone_as_observed(service):
    fields = {"search_parameters": {"mode": "off"}}

    assert ask(service, **fields).body["choices"]
    assert refusal(serve(name="observed"), **fields).status == 410


def test_a_prompt_beyond_the_window_is_refused_with_both_figures(service):
    refused = refusal(service, "word " * 40_000, model=SEER)

    assert refused.status == 400
    assert refused.message.startswith("This model's maximum prompt length is 32000 but the request contains 40")


def test_a_prompt_that_just_fits_is_answered(service):
    fitting = ask(service, "word " * 31_990, model=SEER, max_tokens=1)

    assert 31_980 < fitting.prompt_tokens <= 32_000


def test_an_alias_is_answered_by_the_canonical_model(service):
    assert ask(service, model="grok-4").body["model"] == "grok-4-0709"


def test_nesting_without_end_is_refused(service):
    deep = []
    for _ in range(5_000):
        deep = [deep]

    assert refusal(service, tools=[WEATHER], metadata=deep).status == 400
