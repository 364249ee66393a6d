"""Pydantic's errors in an author's words, at the right place, one for each fault."""

import contextlib
import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator
from pydantic_core import PydanticCustomError

from harness.reading import ProblemsError, read_yaml, validate


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FromFile(Strict):
    file: str
    format: Literal["csv", "jsonl"] = "csv"


class Inline(Strict):
    rows: list[dict[str, Any]]
    name: str


class EightError(ValueError):
    remedy = "take eight"


class Case(Strict):
    id: str = Field(min_length=1)
    prompt: str | FromFile | None = None
    dataset: FromFile | Inline | list[dict[str, Any]] | None = None
    repeats: int = Field(1, ge=1)
    label: str | None = Field(None, alias="as")
    tags: tuple[str, ...] = Field((), max_length=3)
    params: dict[Annotated[str, Field(pattern="^[a-z]")], Any] = {}
    price: Decimal | None = None
    stream: bool = False
    mode: Literal["auto", "none"] | FromFile = "auto"

    @field_validator("repeats")
    @classmethod
    def not_seven(cls, value: int) -> int:
        if value == 7:
            raise EightError("seven is unlucky")
        return value

    @model_validator(mode="after")
    def not_both(self) -> "Case":
        if self.id == "both":
            raise PydanticCustomError("both", "id says '{word}'", {"word": "both", "remedy": "say one"})
        return self


class Suite(Strict):
    suite: str
    cases: list[Case] = []


def problems_in(text, model=Suite, **options):
    with pytest.raises(ProblemsError) as caught:
        validate(model, read_yaml(text, "s.yaml"), noun="suite", **options)
    return caught.value.problems


def problem_in_case(fields):
    [problem] = problems_in(f"suite: x\ncases:\n  - id: a\n    {fields}\n")
    return problem


def said(problem):
    return (problem.message, problem.code, problem.remedy)


def marked(problem):
    return problem.source_line[problem.column - 1 : problem.column - 1 + problem.length]


def test_a_valid_document_becomes_the_model():
    text = "suite: x\ncases:\n  - {id: a, as: b, tags: [t], price: 0.10, dataset: [{q: 1}]}\n"

    suite = validate(Suite, read_yaml(text, "s.yaml"), noun="suite")

    assert suite.cases[0] == Case(id="a", **{"as": "b"}, tags=("t",), price=Decimal("0.1"), dataset=[{"q": 1}])


def test_a_part_of_a_document_and_a_type_adapter_can_be_validated():
    document = read_yaml("numbers: [1, 2]\nother: x\n", "s.yaml")

    assert validate(TypeAdapter(tuple[int, ...]), document, noun="n", where=("numbers",)) == (1, 2)


def test_problems_in_a_part_are_placed_in_the_whole():
    [problem] = problems_in("numbers:\n  - 1\n  - x\n", TypeAdapter(list[int]), where=("numbers",))

    assert (problem.line, problem.column) == (3, 5)


def test_an_unknown_key_is_marked_at_the_key_and_compared_with_the_models_keys():
    problem = problem_in_case("repeat: 2")

    assert said(problem) == ("unknown key 'repeat'", "suite-unknown-key", "did you mean 'repeats'?")
    assert marked(problem) == "repeat"


def test_an_alias_is_the_key_that_is_known():
    remedy = problem_in_case("zzz: x").remedy

    assert "'as'" in remedy
    assert "'label'" not in remedy


def test_an_unknown_key_of_a_union_member_is_compared_with_that_members_keys():
    problem = problem_in_case("dataset: {file: a.csv, fromat: csv}")

    assert said(problem) == ("unknown key 'fromat' in 'dataset'", "suite-unknown-key", "did you mean 'format'?")


def test_a_missing_key_is_marked_at_what_lacks_it():
    problem = problem_in_case("dataset: {rows: []}")

    assert said(problem) == ("missing key 'name' in 'dataset'", "suite-missing-key", "write 'name: …' here")
    assert marked(problem) == "dataset"


def test_a_misspelled_key_is_not_also_a_missing_one():
    [problem] = problems_in("siute: x\n")

    assert said(problem) == ("unknown key 'siute'", "suite-unknown-key", "did you mean 'suite'?")


AS_LIST = "write it as a list: [a, b], or one '- …' a line"
AS_MAPPING = "write it as a mapping: {key: value}, or one 'key: value' a line"


@pytest.mark.parametrize(
    ("fields", "message", "remedy"),
    [
        ("as: 5", "expected text, found a number (5)", "put it in quotes"),
        ("as: true", "expected text, found true", "put it in quotes"),
        ("repeats: '3'", "expected a whole number, found text ('3')", "write it without quotes"),
        ("repeats: x", "expected a whole number, found text ('x')", "write a whole number"),
        ("repeats: 1.5", "expected a whole number, found a number (1.5)", "write a whole number"),
        ("repeats: null", "expected a whole number, found nothing (null)", "write a value, or leave the key out"),
        ("stream: 1", "expected true or false, found a number (1)", "write true or false"),
        ("stream: 'true'", "expected true or false, found text ('true')", "write it without quotes"),
        ("tags: x", "expected a list, found text ('x')", AS_LIST),
        ("params: []", "expected a mapping, found a list", AS_MAPPING),
        ("prompt: [x]", "expected text or a mapping, found a list", AS_MAPPING),
        ("prompt: 5", "expected text or a mapping, found a number (5)", "put it in quotes"),
        ("dataset: x", "expected a mapping or a list, found text ('x')", AS_LIST),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_one_problem_in_words_of_yaml(fields, message, remedy):
    assert said(problem_in_case(fields)) == (message, "suite-type", remedy)


def test_a_word_that_is_not_allowed_is_compared_with_those_that_are():
    problem = problem_in_case("dataset: {file: a, format: jsonll}")

    assert said(problem) == ("expected 'csv' or 'jsonl', found text ('jsonll')", "suite-value", "did you mean 'jsonl'?")
    assert marked(problem) == "jsonll"


def test_words_and_shapes_of_a_union_are_named_together():
    problem = problem_in_case("mode: atuo")

    assert said(problem) == (
        "expected 'auto', 'none' or a mapping, found text ('atuo')",
        "suite-value",
        "did you mean 'auto'?",
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("repeats: 0", "must be at least 1, found a number (0)"),
        ("tags: [a, b, c, d]", "must have at most 3 entries, found a list"),
        ("params: {X: 1}", "must match the pattern ^[a-z], found text ('X')"),
    ],
)
def test_a_value_out_of_bounds_is_told_the_bound(fields, message):
    assert said(problem_in_case(fields)) == (message, "suite-value", "")


def test_a_problem_with_a_key_itself_is_marked_at_the_key():
    assert marked(problem_in_case("params: {X: 1}")) == "X"


def test_empty_text_is_told_so():
    [problem] = problems_in("suite: x\ncases: [{id: ''}]")

    assert problem.message == "must not be empty"


def test_a_validators_own_words_and_remedy_are_kept():
    assert said(problem_in_case("repeats: 7")) == ("seven is unlucky", "suite-value", "take eight")
    [problem] = problems_in("suite: x\ncases: [{id: both}]")
    assert said(problem) == ("id says 'both'", "suite-value", "say one")


def test_a_key_spelled_like_a_union_members_label_is_still_a_key():
    problems = problems_in("suite: x\ncases: [{id: a, prompt: {str: 5, file: x}}]")

    assert [said(problem)[0] for problem in problems] == ["unknown key 'str' in 'prompt'"]


def test_all_problems_of_a_document_are_found_at_once():
    problems = problems_in("cases:\n  - {id: 1, repeats: 0}\n  - {tags: {}}\nextra: 1\n")

    assert [problem.code for problem in problems] == [
        "suite-missing-key",
        "suite-type",
        "suite-value",
        "suite-missing-key",
        "suite-type",
        "suite-unknown-key",
    ]


def test_a_document_of_another_shape_is_one_problem():
    assert [problem.message for problem in problems_in("[1, 2]")] == ["expected a mapping, found a list"]


keys = st.sampled_from(["suite", "cases", "id", "prompt", "dataset", "file", "rows", "str", "FromFile", "0", "mode"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab7 ", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
)


@settings(max_examples=40)
@given(value=st.fixed_dictionaries({"cases": st.lists(st.dictionaries(keys, values), max_size=2)}))
def test_any_document_is_valid_or_refused_with_problems_inside_it(value):
    document = read_yaml(json.dumps(value), "s.yaml")

    with contextlib.suppress(ProblemsError):
        assert isinstance(validate(Suite, document, noun="suite"), Suite)
