import jsonschema
import pytest

from harness.simulator.skills import Call, Conversation, Tool, Turn


def tool(name, description, required=(), **properties):
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return Tool(name=name, description=description, parameters=schema)


TEXT = {"type": "string"}
WEATHER = tool(
    "get_weather",
    "Get the current weather.",
    ["city"],
    city=TEXT,
    unit={"type": "string", "enum": ["celsius", "fahrenheit"]},
)
FLIGHTS = tool(
    "search_flights",
    "Search for flights",
    ["origin", "destination"],
    origin=TEXT,
    destination=TEXT,
    date={"type": "string", "format": "date"},
    passengers={"type": "integer"},
)
CALCULATOR = tool("calculate", "Evaluate a mathematical expression", ["expression"], expression=TEXT)
ORDER = tool("lookup_order", "Look up an order's status by its id.", ["order_id"], order_id=TEXT)
MAIL = tool("send_email", "Send an email", ["to", "subject", "body"], to=TEXT, subject=TEXT, body=TEXT)
LIGHT = tool(
    "set_light", "Turn a light on or off", ["room", "on"], room={"enum": ["kitchen", "hall"]}, on={"type": "boolean"}
)
CLOCK = tool("get_current_time", "The current time in a city", ["location"], location=TEXT)
ALL = (WEATHER, FLIGHTS, CALCULATOR, ORDER, MAIL, LIGHT, CLOCK)


def calls(intent):
    return [(call.name, dict(call.arguments)) for call in intent.calls]


@pytest.mark.parametrize(
    ("request_", "name", "arguments"),
    [
        ("What's the weather in Oslo?", "get_weather", {"city": "Oslo"}),
        ("weather in tokyo please", "get_weather", {"city": "Tokyo"}),
        ("Do I need an umbrella in Bergen today?", "get_weather", {"city": "Bergen"}),
        (
            "How warm is it in New York City, in fahrenheit?",
            "get_weather",
            {"city": "New York City", "unit": "fahrenheit"},
        ),
        ("What is 17*23? Use the calculator.", "calculate", {"expression": "17*23"}),
        ("Where is my order A-1001?", "lookup_order", {"order_id": "A-1001"}),
        ("Turn off the kitchen light", "set_light", {"room": "kitchen", "on": False}),
        ("What time is it in London?", "get_current_time", {"location": "London"}),
        (
            "Find flights from Oslo to New York on 2025-03-04 for 2 passengers",
            "search_flights",
            {"origin": "Oslo", "destination": "New York", "date": "2025-03-04", "passengers": 2},
        ),
        (
            "Send an email to bob@example.com with subject 'Lunch' saying 'See you at noon'",
            "send_email",
            {"to": "bob@example.com", "subject": "Lunch", "body": "See you at noon"},
        ),
    ],
)
def test_the_tool_that_fits_is_called_with_values_of_the_request(ask, request_, name, arguments):
    assert calls(ask(request_, tools=ALL)) == [(name, arguments)]


@pytest.mark.parametrize(
    "request_", ["Hello!", "Tell me a joke", "Write a poem about rain", "What is the capital of France?", "Count to 5"]
)
def test_a_request_that_no_tool_fits_calls_none(ask, request_):
    assert ask(request_, tools=ALL).calls == ()


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("required", ["get_weather"]),
        ("name:lookup_order", ["lookup_order"]),
        ("name:no_such_tool", ["get_weather"]),
    ],
)
def test_the_choice_of_tool_is_obeyed(ask, choice, names):
    intent = ask("What is the weather in Oslo?", tools=(WEATHER, ORDER), tool_choice=choice)

    assert [call.name for call in intent.calls] == names


@pytest.mark.parametrize("offered", ALL, ids=lambda offered: offered.name)
def test_a_forced_call_has_all_that_is_required_of_the_right_types(ask, offered):
    intent = ask("Hello!", tools=(offered,), tool_choice="required")

    [call] = intent.calls
    jsonschema.validate(call.arguments, offered.parameters)


@pytest.mark.parametrize(
    ("request_", "cities"),
    [
        ("Is it raining in Oslo and Bergen?", ["Oslo", "Bergen"]),
        ("Compare the weather in London, Paris and Rome.", ["London", "Paris", "Rome"]),
        ("What is the weather in Oslo? And what is the weather in Rome?", ["Oslo", "Rome"]),
    ],
)
def test_several_cities_are_several_calls_only_where_that_is_allowed(ask, request_, cities):
    together, apart = (ask(request_, tools=(WEATHER,), parallel=parallel) for parallel in (True, False))

    assert [call.arguments["city"] for call in together.calls] == cities
    assert [call.arguments["city"] for call in apart.calls] == cities[:1]


def test_two_questions_for_two_tools_call_both(ask):
    intent = ask("What is the weather in Paris and what time is it in Tokyo?", tools=ALL)

    assert calls(intent) == [("get_weather", {"city": "Paris"}), ("get_current_time", {"location": "Tokyo"})]


def test_what_a_request_leaves_unsaid_comes_from_the_one_before(ask):
    intent = ask("I live in Bergen.", "Nice.", "What is the weather like?", tools=(WEATHER,))

    assert calls(intent) == [("get_weather", {"city": "Bergen"})]


def after_results(request_, *results, **kept):
    """A conversation in which the calls were made and answered: pairs of arguments and result."""
    made = tuple(Call(name="get_weather", arguments=arguments, id=f"c{n}") for n, (arguments, _) in enumerate(results))
    answers = (Turn(role="tool", text=text, tool_call_id=f"c{n}") for n, (_, text) in enumerate(results))
    turns = (Turn(role="user", text=request_), Turn(role="assistant", tool_calls=made), *answers)
    return Conversation(messages=turns, tools=(WEATHER,), **kept)


@pytest.fixture
def continued():
    import numpy as np

    from harness.simulator.skills import intend

    return lambda *args, **kept: intend(after_results(*args, **kept), np.random.default_rng(0))


def test_an_answer_is_built_from_the_result_and_calls_nothing_more(continued):
    intent = continued("Is it raining in Oslo?", ({"city": "Oslo"}, '{"condition": "rain", "celsius": 4}'))

    assert intent.calls == ()
    assert intent.draft == "Yes. In Oslo, the condition is rain and the celsius is 4."


def test_what_is_still_unanswered_is_called_for_next(continued):
    intent = continued("Is it raining in Oslo and Bergen?", ({"city": "Oslo"}, "rain"), parallel=False)

    assert calls(intent) == [("get_weather", {"city": "Bergen"})]


@pytest.mark.parametrize(
    ("result", "part"),
    [
        ("Sunny", "Sunny"),
        ("It is 4 degrees and raining.", "It is 4 degrees and raining."),
        ('{"error": "no such city"}', "no such city"),
        ('[{"day": "Monday", "celsius": 3}]', "Monday"),
        ('{"now": {"celsius": 3}}', "celsius 3"),
        ("", "empty"),
        ("null", "the result is unknown."),
        ("true", "the result is true."),
        ("4.5", "the result is 4.5."),
        ("[" * 5000, "["),
        ('{"temperature": 1e999}', "inf"),
    ],
)
def test_a_result_of_any_form_is_told(continued, result, part):
    assert part in continued("What is the weather in Oslo?", ({"city": "Oslo"}, result)).draft


def test_the_bare_value_is_told_where_only_that_is_wanted(continued):
    intent = continued(
        "Weather in Oslo? Reply with only the temperature.", ({"city": "Oslo"}, '{"sky": "grey", "temperature": 4}')
    )

    assert intent.draft == "4"
