import pytest
from check_samples import calling, faults_of, finding_of, status_of

WEATHER = ("weather", '{"city": "Oslo", "days": 3, "options": {"unit": "C", "wind": true}}')
TIME = ("time", "{}")


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("weather", "pass"),
        ("time", "fail"),
        ({"name": "weather", "arguments": {"city": "Oslo"}}, "pass"),
        ({"name": "weather", "arguments": {"options": {"unit": "C"}, "days": 3.0}}, "pass"),
        ({"name": "weather", "arguments": {"city": "Oslo"}, "exact": True}, "fail"),
        ({"name": "weather", "arguments": {"options": {"wind": 1}}}, "fail"),
        ({"arguments": {"days": 3}}, "pass"),
        ({"name": "weather", "schema": {"required": ["city"]}}, "pass"),
        ({"name": "weather", "schema": {"required": ["town"]}}, "fail"),
        ({"none": True}, "fail"),
    ],
)
def test_a_call_is_told_by_name_arguments_and_schema(argument, status):
    assert status_of("tool_call", argument, calling(WEATHER)) == status


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ({"name": "time", "count": 2}, "pass"),
        ({"name": "time", "count": 1}, "fail"),
        ({"name": "date", "count": 0}, "pass"),
        ({"name": "time", "count": 0}, "fail"),
        ({"name": "time", "min": 2, "max": 3}, "pass"),
        ({"name": "date", "max": 1}, "pass"),
        ({"min": 4}, "fail"),
    ],
)
def test_calls_are_counted_over_all_replies_of_the_turn(argument, status):
    assert status_of("tool_call", argument, calling(TIME, WEATHER), calling(TIME), "done") == status


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ({"order": ["weather", "date"]}, "pass"),
        ({"order": ["weather", "time", "date"]}, "pass"),
        ({"order": ["date", "weather"]}, "fail"),
        ({"order": ["weather", "weather"]}, "fail"),
        ({"order": ["weather", "date"], "exact": True}, "fail"),
        ({"order": ["weather", "time", "date"], "exact": True}, "pass"),
    ],
)
def test_order_lets_other_calls_stand_between_unless_exact(argument, status):
    assert status_of("tool_call", argument, calling(WEATHER, TIME), calling(("date", "{}"))) == status


def test_none_passes_a_turn_without_calls():
    assert status_of("tool_call", {"none": True}, "hello") == "pass"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "null", '{"city": NaN}', "9" * 5_000])
def test_arguments_that_cannot_be_read_are_no_match_and_the_finding_says_so(text):
    finding = finding_of("tool_call", {"name": "weather", "arguments": {"city": "Oslo"}}, calling(("weather", text)))

    assert finding.status == "fail"
    assert "its arguments" in finding.seen


@pytest.mark.parametrize(
    "argument",
    [
        {},
        {"exact": True},
        {"none": True, "name": "x"},
        {"none": False},
        {"order": ["a"], "name": "x"},
        {"order": []},
        {"name": "x", "count": 1, "max": 2},
        {"name": "x", "min": 2, "max": 1},
        {"name": "x", "count": 1.5},
        {"name": "x", "count": True},
        {"name": "x", "arguments": ["Oslo"]},
        {"name": ""},
    ],
)
def test_a_question_that_contradicts_itself_or_asks_nothing_is_a_problem(argument):
    assert len(faults_of("tool_call", argument)) == 1
