import json

import jsonschema
import pytest
from check_samples import KINDS, check_of, faults_of
from hypothesis import given
from hypothesis import strategies as st

from harness.checks import check_schema, grade_check
from harness.checks.fields import Maybe, SomeText, key, specification
from harness.checks.kinds import TypedKind, decided
from harness.core.chat import ToolCall
from harness.core.check import Evidence
from harness.core.reply import ApiError, Reply, StreamFacts, Timing, Usage

EXAMPLES = [
    ("equals", "Oslo"),
    ("equals", {"text": "", "ignore_case": True, "trim": False}),
    ("contains", "rain"),
    ("contains", {"text": "rain", "ignore_case": True}),
    ("starts_with", {"text": "It", "trim": False}),
    ("one_of", ["yes", "no"]),
    ("header", "retry-after"),
    ("header", {"name": "retry-after", "equals": "2"}),
    ("one_of", {"texts": "yes"}),
    ("regex", "(a+)+b"),
    ("regex", {"pattern": "a.b", "whole": True, "ignore_case": True}),
    ("length", {"min_words": 1, "max_words": "3", "max_characters": 9, "max_lines": 1}),
    ("json", True),
    ("json", {}),
    ("json", {"schema": {"type": "object"}, "path": "$..a", "equals": None, "fenced": True}),
    ("json", {"schema": False}),
    ("numeric", 3),
    ("numeric", "1,000"),
    ("numeric", {"equals": 0.5, "tolerance": {"abs": 1, "rel": "0.1"}, "min": -5, "max": 9, "in_text": True}),
    ("tool_call", "weather"),
    ("tool_call", {"name": "a", "arguments": {"b": [1]}, "exact": True, "schema": True, "min": 0, "max": 2}),
    ("tool_call", {"none": True}),
    ("tool_call", {"order": ["a", "b"], "exact": True}),
    ("tool_call", {"name": "a", "count": "2"}),
    ("finish_reason", "stop"),
    ("finish_reason", ["stop", "length"]),
    ("refusal", False),
    ("refusal", {"expected": True}),
    ("stream", True),
    ("stream", {"rules": ["one-id", "done-last"]}),
    ("status", 200),
    ("status", ["4xx", 503]),
    ("status", {"one_of": "401"}),
    ("error", "refused"),
    ("error", {"kind": "auth", "code": "x", "message": "y"}),
    ("error", {"none": True}),
    ("latency_ms", {"min": 1, "max": 2}),
    ("ttft_ms", {"max": 0.5}),
    ("tokens_per_second", {"min": 1}),
    (
        "tokens",
        {"input": {"max": 5}, "output": {"min": 1}, "total": {"max": 9}, "reasoning": {"max": 0}, "cached": {"min": 0}},
    ),
    ("cost_usd", {"max": "0.002"}),
    (
        "judge",
        {"model": "local/j", "rubric": "r", "criteria": ["a", "b"], "pass_at": 0.8, "params": {"temperature": 0}},
    ),
]
CHECKS = [check_of(kind, argument) for kind, argument in EXAMPLES if kind != "judge"]
SCHEMA = check_schema(KINDS)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
texts = st.text(max_size=40) | st.sampled_from(["a\ud800\x00\u202eb", '{"a": 1}', "1,000", "```\n[]\n```"])
counts = st.none() | st.integers(min_value=-5, max_value=10**12)
times = st.none() | st.floats(min_value=0, max_value=1e12)
replies = st.builds(
    Reply,
    status=st.none() | st.integers(),
    content=texts,
    refusal=st.none() | texts,
    finish_reason=st.none() | texts,
    tool_calls=st.lists(
        st.builds(ToolCall, id=texts, name=texts | st.just("weather"), arguments=texts), max_size=3
    ).map(tuple),
    usage=st.builds(Usage, prompt=counts, completion=counts, total=counts, cached=counts, reasoning=counts),
    error=st.none()
    | st.builds(ApiError, kind=st.sampled_from(["refused", "server"]), message=texts, code=st.none() | texts),
    timing=st.builds(Timing, ttft_ms=times, total_ms=times),
    stream=st.none() | st.builds(StreamFacts, violations=st.lists(texts, max_size=2).map(tuple)),
)


@pytest.mark.parametrize(("kind", "argument"), EXAMPLES)
def test_what_a_kind_reads_its_json_schema_allows(kind, argument):
    KINDS[kind].parse(argument)

    assert list(VALIDATOR.iter_errors({kind: argument})) == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_an_example_here(kind):
    assert kind in {name for name, _ in EXAMPLES}


@pytest.mark.parametrize(("kind", "argument"), [example for example in EXAMPLES if isinstance(example[1], dict)])
def test_an_unknown_key_is_refused_by_kind_and_by_json_schema_alike(kind, argument):
    wrong = argument | {"zz": 1}

    assert ("zz",) in [problem.path for problem in faults_of(kind, wrong) if problem.key]
    assert not VALIDATOR.is_valid({kind: wrong})


@given(replies)
def test_no_reply_whatever_makes_a_check_raise_or_decide_twice_differently(reply):
    evidence = Evidence(replies=(reply,))

    for check in CHECKS:
        assert grade_check(check, KINDS, evidence) == grade_check(check, KINDS, evidence)


@given(st.sampled_from(list(KINDS)), json_values)
def test_no_argument_whatever_gets_past_parse_but_as_a_spec_or_as_problems(kind, argument):
    for problem in faults_of(kind, argument):
        assert problem.message
        assert isinstance(problem.path, tuple)


@given(st.sampled_from([example for example in EXAMPLES if isinstance(example[1], dict) and example[1]]), st.data())
def test_a_wrong_value_for_one_key_is_a_problem_or_a_spec_and_never_a_crash(example, data):
    kind, argument = example
    name = data.draw(st.sampled_from(list(argument)))

    faults_of(kind, argument | {name: data.draw(json_values)})


def test_all_problems_are_told_at_once_in_plain_words():
    problems = faults_of("contains", {"text": 5, "ignore_case": "yes", "ignor_case": True})

    assert [(problem.path, problem.message, problem.remedy) for problem in problems] == [
        (("text",), "expected text, found the number 5", "put it in quotes"),
        (("ignore_case",), "expected true or false, found the text 'yes'", ""),
        (("ignor_case",), "unknown key 'ignor_case'", "did you mean 'ignore_case'?"),
    ]


@pytest.mark.parametrize(
    ("kind", "argument", "path"),
    [
        ("one_of", ["a", 1], (1,)),
        ("one_of", {"texts": ["a", 1]}, ("texts", 1)),
        ("status", [200, "no"], (1,)),
        ("numeric", {"equals": 1, "tolerance": {"abs": "x"}}, ("tolerance", "abs")),
        ("tokens", {"output": {"min": 2, "max": 1}}, ("output", "min")),
        ("length", {"min_words": 2, "max_words": 1}, ("min_words",)),
    ],
)
def test_a_problem_names_its_place_as_the_author_wrote_it(kind, argument, path):
    assert [problem.path for problem in faults_of(kind, argument)] == [path]


def every_key(schema):
    for name, value in schema.get("properties", {}).items():
        yield name, value
        yield from every_key(value)
    for branch in schema.get("anyOf", []):
        yield from every_key(branch)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_and_every_key_has_a_text_for_the_editor_and_no_reference(kind):
    schema = KINDS[kind].schema()

    assert schema["description"].endswith(".")
    assert [name for name, value in every_key(schema) if not value.get("description")] == []
    assert "$ref" not in json.dumps(schema)


def test_a_kind_of_ones_own_is_a_class_and_two_functions():
    @specification
    class Haiku:
        about: Maybe[SomeText] = key("What it is about.", default=None)

    kind = TypedKind(
        name="haiku",
        summary="The reply is a haiku.",
        spec=Haiku,
        tell=lambda _: "a haiku",
        decide=lambda _, evidence: decided(
            passes=evidence.reply.content.count("\n") == 2, expected="3 lines", seen="…"
        ),
    )

    assert kind.grade(kind.parse({}), Evidence(replies=(Reply(content="a\nb\nc"),))).status == "pass"
