"""How a problem is drawn, ordered and given a remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reading import Problem, ProblemsError, did_you_mean, nearest, quoted, render_problem, visible


def problem(**changes):
    given_fields = {"path": "s.yaml", "line": 31, "column": 18, "message": "unknown parameter 'temprature'"}
    return Problem(**{**given_fields, "code": "suite-unknown-key", **changes})


def test_a_problem_is_drawn_as_place_fault_source_line_carets_and_remedy():
    shown = problem(
        length=10,
        source_line="    params: {temprature: 0, max_tokens: 16}",
        column=14,
        remedy="did you mean 'temperature'?",
    )

    text = render_problem(shown)

    assert text.splitlines() == [
        "s.yaml:31:14: unknown parameter 'temprature'   [suite-unknown-key]",
        "   31 |     params: {temprature: 0, max_tokens: 16}",
        "      |              ^^^^^^^^^^",
        "   did you mean 'temperature'?",
    ]


def test_nothing_from_a_hostile_file_reaches_the_terminal_as_a_control():
    shown = problem(
        path="a\x1b]0;owned\x07.yaml",
        message="bad \x1b[2J\r\n\u202e",
        source_line="x: \x1b[31m\x00\u200b",
        remedy="\x9b1m",
    )

    text = render_problem(shown)

    assert all(line.isprintable() for line in text.split("\n"))
    assert "\\x1b[31m\\x00\\u200b" in text


@pytest.mark.parametrize(
    ("before", "width"),
    [("ascii ", 6), ("\t", 2), ("日本", 4), ("e\u0301", 1), ("\x1b", 4)],
    ids=["plain", "tab", "wide", "combining", "control"],
)
def test_the_caret_stands_below_its_character_whatever_comes_before(before, width):
    text = render_problem(problem(source_line=before + "Xrest", column=len(before) + 1))

    carets = text.splitlines()[2]

    assert carets == "      | " + " " * width + "^"


def test_a_long_source_line_is_shown_around_the_caret():
    text = render_problem(problem(source_line="a" * 5000 + "HERE" + "b" * 5000, column=5001, length=4))

    _, source, carets = text.splitlines()

    assert len(source) < 140
    assert source[carets.index("^") : carets.rindex("^") + 1] == "HERE"


def test_carets_end_where_the_shown_part_of_the_line_ends():
    text = render_problem(problem(source_line="x" * 500, column=10, length=480))

    _, source, carets = text.splitlines()

    assert len(carets) <= len(source)


@given(line=st.text(max_size=300), column=st.integers(1, 400), length=st.integers(1, 400), message=st.text())
def test_any_line_and_place_can_be_drawn(line, column, length, message):
    text = render_problem(problem(source_line=line, column=column, length=length, message=message))

    assert all(each.isprintable() for each in text.split("\n"))
    assert len(text.split("\n")) == (3 if line else 1)


def test_problems_are_sorted_by_place_and_said_once():
    later, earlier = problem(line=9), problem(line=2, column=40)

    error = ProblemsError([later, earlier, later])

    assert error.problems == (earlier, later)
    assert str(error).endswith("\n2 problems")
    assert error.exit_code == 2


def test_one_problem_is_counted_in_the_singular():
    assert str(ProblemsError([problem()])).endswith("\n1 problem")


def test_the_nearest_name_is_found_across_letter_case():
    assert nearest("Temprature", ["top_p", "temperature", "max_tokens"]) == "temperature"
    assert nearest("MAX_TOKEN", ["top_p", "Max_Tokens"]) == "Max_Tokens"


def test_a_name_like_none_has_no_nearest():
    assert nearest("zebra", ["top_p", "temperature"]) is None
    assert nearest("", ["a"]) is None
    assert nearest("x" * 1_000_000, ["a", "xx"]) is None


def test_a_remedy_names_the_nearest_or_else_the_few_allowed_or_else_nothing():
    few, many = ["alpha", "beta"], [f"name{number}" for number in range(50)]

    assert did_you_mean("alpa", few) == "did you mean 'alpha'?"
    assert did_you_mean("zzz", few) == "allowed here: 'alpha', 'beta'"
    assert did_you_mean("zzz", many) == ""
    assert did_you_mean("zzz", []) == ""


def test_a_long_name_is_shortened_where_it_is_quoted():
    assert quoted("abc") == "'abc'"
    assert len(quoted("a" * 10_000)) < 70


def test_a_lone_surrogate_is_shown_as_an_escape():
    assert visible("a\ud800\n") == "a\\ud800\\n"


def test_a_location_is_path_line_and_column():
    assert problem(line=3, column=4).location == "s.yaml:3:4"
