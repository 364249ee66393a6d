import json

import pytest
from chat_samples import PLAIN, SEER, WEATHER, WEB_SEARCH, ask, calls, profile, refusal, serve, text

RAIN = "Is it raining in Oslo?"
NEWS = "What are the latest AI developments?"
CHAT = [name for name, each in profile().models.items() if each.makes == "text"]


def forced(name):
    return {"type": "function", "function": {"name": name}}


def declared(**function):
    return {"type": "function", "function": function}


@pytest.fixture(scope="module")
def service():
    return serve()


@pytest.mark.parametrize("choice", [None, "auto", "required", forced("get_weather")])
def test_a_tempting_question_calls_the_tool_with_arguments_of_its_schema(service, choice):
    answer = ask(service, RAIN, tools=[WEATHER], tool_choice=choice)
    [(name, arguments)] = calls(answer)

    assert (name, json.loads(arguments)["city"]) == ("get_weather", "Oslo")
    assert answer.body["choices"][0]["finish_reason"] == "tool_calls"
    assert text(answer) is None


def test_none_keeps_tools_from_being_called(service):
    assert calls(ask(service, RAIN, tools=[WEATHER], tool_choice="none")) == []


def test_required_and_a_forced_name_call_even_where_nothing_asks_for_it(service):
    for choice in ("required", forced("get_weather")):
        assert [name for name, _ in calls(ask(service, "Hello!", tools=[WEATHER], tool_choice=choice))] == [
            "get_weather"
        ]


def test_two_cities_are_two_calls_with_two_ids_unless_parallel_calls_are_off(service):
    question = "What is the weather in Oslo and in Paris?"

    both = ask(service, question, tools=[WEATHER])
    one = ask(service, question, tools=[WEATHER], parallel_tool_calls=False)

    ids = {call["id"] for call in both.body["choices"][0]["message"]["tool_calls"]}
    assert (len(calls(both)), len(ids), len(calls(one))) == (2, 2, 1)


def test_limited_tool_use_is_one_call_a_turn(service):
    answer = ask(service, "What is the weather in Oslo and in Paris?", model=SEER, tools=[WEATHER])

    assert len(calls(answer)) == 1


@pytest.mark.parametrize("model", CHAT)
@pytest.mark.parametrize("tool", ["web_search", "x_search"])
def test_a_search_without_parameters_is_run_by_the_server_and_billed(service, model, tool):
    answer = ask(service, NEWS, model=model, tools=[declared(name=tool)], tool_choice=forced(tool))
    usage = answer.body["usage"]

    assert (calls(answer), answer.body["choices"][0]["finish_reason"]) == ([], "stop")
    assert usage["num_sources_used"] == len(answer.body["citations"]) > 0
    assert usage["server_side_tool_usage_details"] == {f"{tool}_calls": 1}


def test_a_search_with_parameters_is_a_function_of_the_clients(service):
    tool = declared(name="web_search", description="Search the web", parameters=WEATHER["function"]["parameters"])

    assert [name for name, _ in calls(ask(service, NEWS, tools=[tool]))] == ["web_search"]


def test_as_observed_every_search_is_a_function_of_the_clients():
    answer = ask(serve(name="observed"), NEWS, tools=[WEB_SEARCH], tool_choice=forced("web_search"))

    assert [name for name, _ in calls(answer)] == ["web_search"]
    assert text(answer) == ""


def test_a_search_is_left_alone_by_a_question_that_needs_none(service):
    answer = ask(service, "Repeat the word tea.", tools=[WEB_SEARCH])

    assert (answer.body["usage"]["num_sources_used"], "citations" in answer.body) == (0, False)


@pytest.mark.parametrize(("mode", "searched"), [("on", True), ("auto", True), ("off", False)])
def test_live_search_searches_as_its_mode_says(service, mode, searched):
    answer = ask(service, NEWS, search_parameters={"mode": mode}, max_tokens=5)

    assert (answer.body["usage"]["num_sources_used"] > 0) == searched


@pytest.mark.parametrize(
    ("tool", "status"),
    [
        ({"type": "function"}, 422),
        ({"function": {"name": "x"}}, 422),
        ({"type": "web_search"}, 400),
        (declared(description="x", parameters={}), 422),
        (declared(name="a b", description="x", parameters={"type": "object", "properties": {}}), 400),
        (declared(name="", description="x", parameters={"type": "object", "properties": {}}), 400),
        (declared(name="x", parameters={"type": "object", "properties": {}}), 422),
        (declared(name="x", description="x"), 422),
        (declared(name="x", description="x", parameters={"type": "object"}), 422),
        (declared(name="x", description="x", parameters={"type": "array", "properties": {}}), 400),
        (declared(name="x", description="x", parameters={"type": "object", "properties": []}), 422),
        (declared(name="x", description="x", parameters={"type": "object", "properties": {}, "required": [1]}), 422),
        ("get_weather", 422),
    ],
)
def test_a_declaration_against_the_documented_schema_is_refused(service, tool, status):
    assert refusal(service, tools=[tool]).status == status


def test_128_tools_are_taken_and_one_more_is_not(service):
    tools = [declared(**WEATHER["function"] | {"name": f"tool_{number}"}) for number in range(129)]

    assert ask(service, "Say hello.", tools=tools[:128]).body["choices"]
    assert refusal(service, tools=tools).status == 400


@pytest.mark.parametrize("choice", [forced("get_time"), {"type": "tool"}, "sometimes"])
def test_a_choice_that_cannot_be_made_is_refused(service, choice):
    assert refusal(service, tools=[WEATHER], tool_choice=choice).status == 400


def test_a_call_that_does_not_fit_max_tokens_is_cut_off_and_not_made(service):
    answer = ask(service, RAIN, tools=[WEATHER], max_tokens=3)

    assert calls(answer) == []
    assert answer.body["choices"][0]["finish_reason"] == "length"
    assert answer.body["usage"]["completion_tokens"] == 3


def test_tools_count_as_prompt(service):
    bare, laden = ask(service, "Hello!", model=PLAIN), ask(service, "Hello!", model=PLAIN, tools=[WEATHER])

    assert laden.prompt_tokens > bare.prompt_tokens + 10
