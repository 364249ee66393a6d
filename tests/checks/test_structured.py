import json
import time
from decimal import Decimal

import pytest
from check_samples import faults_of, finding_of, status_of
from hypothesis import given
from hypothesis import strategies as st

BOOKING = '{"city": "Oslo", "people": [{"name": "Ada"}, {"name": "Bo", "age": 7}], "paid": true, "none": null}'


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        (True, "pass"),
        ({"path": "$.city", "equals": "Oslo"}, "pass"),
        ({"path": "$.people[1].age", "equals": 7.0}, "pass"),
        ({"path": "$.people[1].age", "equals": "7"}, "fail"),
        ({"path": "$.paid", "equals": 1}, "fail"),
        ({"path": "$.none", "equals": None}, "pass"),
        ({"path": "$.none"}, "pass"),
        ({"path": "$.missing"}, "fail"),
        ({"path": "$.missing", "equals": None}, "fail"),
        ({"path": "$..name", "equals": ["Ada", "Bo"]}, "pass"),
        ({"path": "$.people[?@.age > 5].name", "equals": ["Bo"]}, "pass"),
        ({"path": "$.people[?@.age > 9].name", "equals": []}, "pass"),
        ({"equals": json.loads(BOOKING)}, "pass"),
        ({"equals": {"city": "Oslo"}}, "fail"),
        ({"schema": {"required": ["city"]}}, "pass"),
        ({"schema": {"properties": {"city": {"type": "integer"}}}}, "fail"),
        ({"schema": False}, "fail"),
        ({"path": "$.city", "schema": {"type": "string"}}, "pass"),
        ({"path": "$.city", "schema": {"type": "object"}}, "fail"),
        ({"path": "$.street", "schema": True}, "fail"),
        ({"path": "$.city", "schema": {"type": "string"}, "equals": "Bergen"}, "fail"),
        ({"schema": {"additionalProperties": False, "patternProperties": {"^[cpn]": {}}}}, "pass"),
        ({"schema": {"additionalProperties": {"type": "null"}, "patternProperties": {"^[cp]": {}}}}, "pass"),
        ({"schema": {"additionalProperties": False, "properties": {"city": {}}}}, "fail"),
        ({"schema": {"additionalProperties": False, "properties": dict.fromkeys(json.loads(BOOKING), True)}}, "pass"),
        ({"schema": {"$ref": "#/$defs/x", "$defs": {"x": {"type": "object"}}}}, "pass"),
        ({"schema": {"$ref": "#/$defs/x", "$defs": {"x": {"type": "array"}}}}, "fail"),
        ({"schema": {"properties": {"people": {"uniqueItems": True}}}}, "pass"),
        ({"schema": {"properties": {"city": {"pattern": "^B"}}}}, "fail"),
    ],
)
def test_json_asks_for_a_schema_a_path_and_a_value(argument, status):
    assert status_of("json", argument, BOOKING) == status


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("{'a': 1}", "line 1, column 2"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 5_000, "nested too deeply"),
        ("9" * 100_000, "a number of 100000 digits"),
        ("-1e999", "a number too large"),
        ("NaN", "NaN is no JSON number"),
        ("```json\n{}\n```", "line 1, column 1"),
        ('"' + r"\"" * 200_000, "unterminated string"),
    ],
)
def test_what_is_not_json_fails_and_says_why(reply, reason):
    finding = finding_of("json", {}, reply)

    assert (finding.status, reason in finding.seen) == ("fail", True)


def test_brackets_within_texts_are_no_nesting():
    assert status_of("json", {}, json.dumps(["[" * 5_000, '\\"' + "{" * 5_000])) == "pass"


@pytest.mark.parametrize(
    ("reply", "status"),
    [("```json\n{}\n```", "pass"), (" ```\n{}\n``` ", "pass"), ("{}", "pass"), ("so: ```\n{}\n```", "fail")],
)
def test_a_fence_is_read_over_only_where_the_suite_says_so(reply, status):
    assert status_of("json", {"fenced": True}, reply) == status


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "other.json"},
        {"definitions": {"a": {"$ref": "#/nowhere"}}},
        {"$dynamicRef": "https://example.org/x#y"},
    ],
)
def test_a_schema_that_refers_beyond_itself_is_a_problem_and_nothing_is_fetched(schema, no_sockets):
    (problem,) = faults_of("json", {"schema": schema})

    assert (problem.path, "does not point into the schema" in problem.message) == (("schema",), True)


def test_a_property_that_is_called_ref_is_no_reference():
    assert faults_of("json", {"schema": {"properties": {"$ref": {"type": "string"}}, "const": {"$ref": "x"}}}) == ()


def test_a_schema_that_refers_to_itself_without_end_is_unknown():
    assert status_of("json", {"schema": {"$ref": "#"}}, "1") == "unknown"


def test_a_schema_that_takes_exponential_time_is_unknown_within_seconds():
    began = time.monotonic()
    definitions = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": True}

    status = status_of("json", {"schema": {"$ref": "#/$defs/d0", "$defs": definitions}}, "1")

    assert status == "unknown"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("schema", "reply"),
    [
        ({"pattern": "(x+x+)+y"}, json.dumps("x" * 5_000)),
        ({"additionalProperties": False, "patternProperties": {"(x+x+)+y": {}}}, json.dumps({"x" * 5_000: 1})),
        ({"uniqueItems": True}, json.dumps([{"a": n} for n in range(5_000)])),
    ],
)
def test_a_schema_that_a_reply_could_hang_on_is_unknown(schema, reply):
    assert status_of("json", {"schema": schema}, reply) == "unknown"


DEEP = "[" * 60 + "]" * 60


@pytest.mark.parametrize("path", ["$..*..*..*..*..*", "$" + "[*,*]" * 40])
def test_a_path_that_would_not_end_is_unknown(path):
    assert status_of("json", {"path": path}, DEEP) == "unknown"


def test_a_path_that_selects_much_may_be_compared_with_much():
    document = list(range(120_000))

    assert status_of("json", {"path": "$", "equals": document}, json.dumps(document)) == "pass"


@pytest.mark.parametrize(
    "path", ["a.b", "$.a[", "$[?match(@.a, 'x')]", "$" + "[" * 900, "$" + ".a" * 600, " $.a", "$.a | $.b"]
)
def test_a_path_outside_the_standard_or_the_bounds_is_a_problem(path):
    assert [problem.path for problem in faults_of("json", {"path": path})] == [("path",)]


@pytest.mark.parametrize(
    ("argument", "reply", "status"),
    [
        (1000, "1,000", "pass"),
        ("1,000", "1000.0", "pass"),
        (1000, "1e3", "pass"),
        (1000, "$1,000.00", "pass"),
        (1000, "1\u202f000", "pass"),
        (-5, "\u22125", "pass"),
        (50, "50%", "pass"),
        ("50 %", "50", "pass"),
        (0.5, ".5", "pass"),
        (42, "42.", "pass"),
        (42, "The answer is 42.", "fail"),
        (15, "1,5", "fail"),
        (1.5, "1,5", "fail"),
        (12, "twelve", "fail"),
        (1, "1" * 401, "fail"),
        (1, "1e99999999999", "fail"),
        (0.3, "0.30000000000000001", "fail"),
        ({"equals": 10, "tolerance": {"abs": 0.5}}, "10.5", "pass"),
        ({"equals": 10, "tolerance": {"abs": 0.5}}, "10.51", "fail"),
        ({"equals": 0, "tolerance": {"abs": "0.1"}}, "0.1" + "0" * 40 + "1", "fail"),
        ({"equals": "1e999", "tolerance": {"abs": 0}}, "1e999", "pass"),
        ({"equals": -200, "tolerance": {"rel": 0.01}}, "-198", "pass"),
        ({"equals": -200, "tolerance": {"rel": 0.01}}, "-197.9", "fail"),
        ({"min": 1, "max": 3}, "3", "pass"),
        ({"min": 1, "max": 3}, "3.1", "fail"),
    ],
)
def test_numeric_reads_the_whole_reply_as_one_number_and_never_guesses(argument, reply, status):
    assert status_of("numeric", argument, reply) == status


@pytest.mark.parametrize(
    ("equals", "reply"),
    [
        (42, "6 times 7 is **42**."),
        (42, "so \\boxed{42}"),
        (42, "_42_"),
        (1234.5, "From 7 to $1,234.50!"),
        (-3, "x = -3"),
        (5, "pages 3-5"),
        (7, "I use GPT4, and it says 7 km"),
        (20, "a 20% discount"),
    ],
)
def test_in_text_the_last_number_counts(equals, reply):
    assert status_of("numeric", {"equals": equals, "in_text": True}, reply) == "pass"


@pytest.mark.parametrize("reply", ["no number", "1 and then 1,5", "1, 2, [1,2,3]", "version v1.2.3", ""])
def test_in_text_a_last_number_that_is_not_clear_fails_rather_than_an_earlier_one_passing(reply):
    assert status_of("numeric", {"min": 0, "in_text": True}, reply) == "fail"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_number_equals_itself_in_every_spelling(number):
    for spelling in (f"{number}", f"{number:,}", f"{number:e}", f"{number} %"):
        assert status_of("numeric", str(number), spelling) == "pass"
        assert status_of("numeric", {"equals": number, "in_text": True}, f"It is {spelling} now.") == "pass"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=4))
def test_a_tolerance_is_exact_at_its_edge(number):
    argument = {"equals": number, "tolerance": {"abs": "0.1"}}

    assert status_of("numeric", argument, str(number + Decimal("0.1"))) == "pass"
    assert status_of("numeric", argument, str(number + Decimal("0.10001"))) == "fail"
