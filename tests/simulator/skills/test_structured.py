import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.skills.instances import conforming
from harness.simulator.skills.patterned import matching

REVIEW = "The battery is excellent but the screen is too dim and shipping was slow."


def simple_schemas():
    """Schemas of the keywords that people write, each of which some value satisfies."""
    few = st.integers(0, 9)
    low = st.integers(-99, 99)
    options = st.one_of(st.text(max_size=5), st.integers(), st.none())
    forms = st.sampled_from(["date", "email", "date-time", "uuid", "ipv4", "uri"])
    patterns = st.sampled_from([r"^[A-Z]{3}-\d{4}$", r"^(yes|no)$", r"\d+\.\d{2}", r"^#[0-9a-f]{6}$"])
    scalars = st.one_of(
        st.sampled_from([{"type": "boolean"}, {"type": "null"}]),
        st.builds(lambda a, n: {"type": "integer", "minimum": a, "maximum": a + n}, low, few),
        st.builds(lambda a, n: {"type": "number", "minimum": a, "exclusiveMaximum": a + n + 1}, low, few),
        st.builds(lambda a, n: {"type": "integer", "minimum": a, "multipleOf": n + 1}, low, few),
        st.builds(lambda a, n: {"type": "string", "minLength": a, "maxLength": a + n}, few, few),
        forms.map(lambda form: {"type": "string", "format": form}),
        patterns.map(lambda pattern: {"type": "string", "pattern": pattern}),
        st.lists(options, min_size=1, max_size=4).map(lambda many: {"enum": many}),
        options.map(lambda value: {"const": value}),
    )
    names = st.sampled_from(["city", "name", "count", "is_open", "tags", "x", "date", "sentiment", "£", "total_price"])

    def array(items, least, more):
        return {"type": "array", "items": items, "minItems": least, "maxItems": least + more}

    def holder(properties):
        required = sorted(properties)[:2]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def nested(inner):
        arrays = st.builds(array, inner, st.integers(0, 3), st.integers(0, 3))
        objects = st.dictionaries(names, inner, max_size=4).map(holder)
        return st.one_of(arrays, objects, st.lists(inner, min_size=1, max_size=3).map(lambda many: {"anyOf": many}))

    return st.recursive(scalars, nested, max_leaves=8)


@given(
    schema=simple_schemas(),
    text=st.sampled_from(["", "Ada is 36 and lives in Oslo.", REVIEW, "tags: a, b, c. 12 - 7 = 5"]),
)
def test_what_is_made_for_a_schema_conforms_to_it(schema, text):
    made = conforming(schema, text)

    jsonschema.validate(json.loads(json.dumps(made)), schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "$ref": "#/$defs/point",
            "$defs": {"point": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}},
        },
        {
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                    "required": ["next"],
                }
            },
            "$ref": "#/$defs/node",
        },
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                {"properties": {"b": {"const": 2}}, "required": ["b"]},
            ]
        },
        {"type": ["null", "string"], "minLength": 3},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False, "minItems": 2},
        {
            "properties": {"deep": {"properties": {"deeper": {"required": ["k"]}}, "required": ["deeper"]}},
            "required": ["deep"],
        },
    ],
)
def test_references_parts_and_unions_are_followed(schema):
    jsonschema.validate(conforming(schema, "nothing here"), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 9},
        {"allOf": [{"$ref": "#"}] * 30},
        {"type": 5, "properties": [], "required": {"a": 1}, "enum": 7, "minItems": "x", "pattern": "((("},
        {"type": "integer", "minimum": 10**400},
        {"type": "string", "pattern": "(a+)+$", "minLength": 10**9},
        {"type": "array", "minItems": 10**9},
        [],
        None,
    ],
)
def test_a_schema_that_makes_no_sense_or_has_no_end_still_yields_json(schema):
    assert len(json.dumps(conforming(schema, "a" * 200))) < 100_000


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\d{3}-[A-Z]{2}$", True),
        (r"^(cat|dog)s?$", True),
        (r"[^abc]+", True),
        (r"(?=look)x", False),
        (r"(a)\1", False),
        ("(", False),
        ("[z", False),
        ("a{999999}", False),
    ],
)
def test_a_text_is_made_for_a_pattern_that_is_simple_and_for_no_other(pattern, expected):
    assert (matching(pattern) is not None) is expected


def test_a_schema_wins_over_the_prompt_and_takes_its_values_from_it(said):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}, "mood": {"enum": ["calm", "wild"]}},
        "required": ["city", "people", "mood"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "booking", "schema": schema}}

    drafted = said("Write a poem: a table in Oslo for 12 people, please.", response_format=form)

    assert json.loads(drafted) == {"city": "Oslo", "people": 12, "mood": "calm"}


@pytest.mark.parametrize(
    "request_",
    [
        f'Analyze this and answer with keys sentiment, confidence, key_points: "{REVIEW}"',
        f'Return JSON with the fields "sentiment", "confidence" and "key_points" for: {REVIEW}',
        f'{REVIEW}\nRespond in this form: {{"sentiment": "...", "confidence": 0.0, "key_points": ["..."]}}',
    ],
)
def test_the_keys_that_are_named_are_the_keys_of_the_object(said, request_):
    held = json.loads(said(request_, response_format={"type": "json_object"}))

    assert list(held) == ["sentiment", "confidence", "key_points"]
    assert held["sentiment"] in {"positive", "negative", "neutral"}
    assert 0 <= held["confidence"] <= 1
    assert all(point in REVIEW for point in held["key_points"])


def test_keys_named_in_a_standing_order_are_filled_from_the_request_alone(said):
    order = "Extract verdict, mood and key_facts. Answer in valid JSON only, with the keys verdict, mood, key_facts."

    held = json.loads(said(REVIEW, system=order, response_format={"type": "json_object"}))

    assert list(held) == ["verdict", "mood", "key_facts"]
    assert all("Extract" not in str(value) and "valid" not in str(value) for value in held.values())


@pytest.mark.parametrize(
    "request_",
    [
        "Letter: {}\nAnswer as JSON with mood, certainty and main complaints.",
        "Letter: {} Reply as JSON with mood, certainty and main complaints",
        "Give the mood, the certainty and the main complaints as JSON: {}",
    ],
)
def test_a_key_of_several_words_is_one_key_and_orders_are_no_values(said, request_):
    letter = "The bed was hard, the room was noisy and the heating failed."

    drafted = said(request_.format(letter), system="You read letters of guests. Judge the mood.")

    assert json.loads(drafted) == {
        "mood": "negative",
        "certainty": 0.9,
        "main_complaints": ["The bed was hard", "the room was noisy", "the heating failed"],
    }


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        ("JSON with colour and main ideas (a list), please: red means stop.", ["colour", "main_ideas"]),
        ("List the key findings as JSON: frost came early.", ["key_findings"]),
        ("JSON with your verdict and date of birth: born in May.", ["verdict", "date_of_birth"]),
        ("Return JSON with the key colour: the door is red.", ["colour"]),
        ("Return JSON with name and age, nothing else: Ada is 36 years old.", ["name", "age"]),
        ("Return JSON with name and age taken from this line: Ada is 36 years old.", ["name", "age"]),
    ],
)
def test_a_list_of_keys_is_read_whole_and_ends_where_it_ends(said, request_, keys):
    assert list(json.loads(said(request_, response_format={"type": "json_object"}))) == keys


def test_a_key_that_counts_things_holds_a_number(said):
    asked = "Two rooms are too few; I need 5 for the whole of June. Answer in JSON with the key rooms."

    assert json.loads(said(asked))["rooms"] in {2, 5}


@pytest.mark.parametrize("request_", ["Tell me a story about the sea.", "Hello!", "What is 3 + 4?", "", "{", "Say 'x'"])
def test_a_json_object_comes_whatever_the_prompt_tempts_to(said, request_):
    assert isinstance(json.loads(said(request_, response_format={"type": "json_object"})), dict)


@pytest.mark.parametrize(
    ("request_", "held"),
    [
        ("Return JSON with keys name and age: Ada is 36 years old.", {"name": "Ada", "age": 36}),
        (
            "Extract the city and the number of people as JSON: 'A table in Oslo for 12.'",
            {"city": "Oslo", "number_of_people": 12},
        ),
        ('Respond with valid JSON only: {"status": "ok", "code": 7}', {"status": "ok", "code": 7}),
        ("Give me a JSON array of the numbers 1 to 5", [1, 2, 3, 4, 5]),
    ],
)
def test_json_is_written_where_it_is_asked_for_in_words(said, request_, held):
    assert json.loads(said(request_)) == held
