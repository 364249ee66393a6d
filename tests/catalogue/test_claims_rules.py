import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_texts import REGISTER, refused, spoilt

from harness.catalogue.claims import parse_register
from harness.reading import ProblemsError

PROVENANCE = '    provenance: {document: d, section: Limits, lines: "3", quote: 60 requests a minute}\n'


def codes(content):
    return [problem.code for problem in refused({"r.yaml": content})]


def test_a_claim_without_provenance_does_not_load():
    assert codes(spoilt(PROVENANCE, "")) == ["register-missing-key"]


PARTS = ["document: d, ", "section: Limits, ", 'lines: "3", ', ", quote: 60 requests a minute"]


@pytest.mark.parametrize("part", PARTS)
def test_a_provenance_says_document_section_lines_and_words(part):
    lacking = PROVENANCE.replace(part, "")

    assert codes(spoilt(PROVENANCE, lacking)) == ["register-missing-key"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("document: d,", "document: e,", "register-unknown-document"),
        ('lines: "3"', 'lines: "11"', "register-lines"),
        ('lines: "3"', 'lines: "0"', "register-lines"),
        ('lines: "3"', 'lines: "3-"', "register-lines"),
        ('lines: "3"', 'lines: "5-3"', "register-lines"),
        ('lines: "3"', 'lines: "3, 5"', "register-lines"),
        ("id: b\n", "id: a\n", "register-duplicate"),
        ("quote: 60 requests a minute", 'quote: "60 …  … minute"', "register-quote"),
        ('lines: "3"', 'cell: Window, lines: "3,5"', "register-quote"),
    ],
)
def test_a_claim_points_at_words_of_a_document(old, new, code):
    assert code in codes(spoilt(old, new))


@pytest.mark.parametrize(
    "new",
    [
        "observable: none",
        "observable: none\n    reason: '  '",
        "observable: wire\n    reason: nobody knows",
        "observable: arithmetic\n    needs: [money]",
        "observable: none\n    reason: a label\n    needs: [money]",
    ],
)
def test_what_cannot_be_seen_says_why_and_nothing_else_does(new):
    assert codes(spoilt("observable: wire", new)) == ["register-observable"]


@pytest.mark.parametrize(
    "value",
    [
        "min: 2, max: 1",
        "rpm_min: 600, rpm_max: 480",
        "min: 0, max: 1, default: 2",
        "min: 0.5, default: 0",
        "max: 1, example: 1.5",
        "allowed: []",
        "allowed: low",
        "allowed: [low, low]",
        "allowed: [low, high], default: medium",
        "allowed: [low, high], const: none",
        "support: supported, effect: error",
        "support: unsupported, effect: accepted",
        "available: false, does: creates keys",
        "exists: false, number: 3",
        "required: true, default: 1",
        "present: false, example: 480",
        "usd_per_call: 0.05, usd_per_1000_calls: 5",
    ],
)
def test_a_claim_that_contradicts_itself_does_not_load(value):
    assert codes(spoilt("rpm: 60", value)) == ["register-contradiction"]


@pytest.mark.parametrize(
    "value",
    [
        "available: false, single_endpoint_for: text",
        "exists: false, pins: big",
        "present: false, format: integer",
        "accepted: false, default: low",
    ],
)
def test_what_is_denied_has_no_further_properties(value):
    assert codes(spoilt("rpm: 60", value)) == ["register-contradiction"]
    assert parse_register({"r.yaml": spoilt("rpm: 60", value.replace("false", "true"))})


@pytest.mark.parametrize(
    "value",
    [
        "min: 1, max: 1, default: 1",
        "min: -2.0, max: 2",
        "max: 1, default: null",
        "default: true, max: 0",
        "allowed: [low, 1, null], default: null",
        "support: unsupported, effect: error",
        "available: true, does: creates keys",
        "available: false",
        "usd_per_call: 0.005, usd_per_1000_calls: 5.0",
    ],
)
def test_a_claim_that_agrees_with_itself_loads(value):
    register = parse_register({"r.yaml": spoilt("rpm: 60", value)})

    assert len(register.claims) == 2


def test_a_claim_is_about_one_model():
    subject = "{type: host, id: acme}\n    value: {"
    about = spoilt(subject, "{type: model, id: m1}\n    value: {model: m2, ")

    assert codes(about) == ["register-contradiction"]


def test_a_promise_is_not_listed_twice_under_two_names():
    same = REGISTER.replace("rpm: 90", "rpm: 60").replace('lines: "10"', 'lines: "3"')

    assert codes(same) == ["register-duplicate"]


def test_the_same_words_elsewhere_in_a_document_are_a_promise_again():
    again = REGISTER.replace("rpm: 90", "rpm: 60")

    assert len(parse_register({"r.yaml": again}).claims) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("claims: [a]", "claims: [c]", "unknown claim 'c'"),
        ("claims: [b]", "claims: [b, a]", "on two sides"),
        ("claims: [a]", "claims: [a, a]", "twice on one side"),
        ("conflicts: [K1]", "conflicts: []", "does not name this conflict"),
        ("      - {says: ninety, claims: [b]}\n", "", "two sides or more"),
        ("types: [X]", "types: [X, X]", "named twice"),
        ("conflicts: [K1]", "conflicts: [K1, K2]", "unknown conflict 'K2'"),
    ],
)
def test_a_conflict_has_sides_of_claims_that_exist(old, new, message):
    problems = refused({"r.yaml": spoilt(old, new)})

    assert [message in problem.message for problem in problems] == [True]


SIDE = "{says: ninety, claims: [b]}"


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("{says: ninety}", "does not say what it rests on"),
        ("{says: ninety, rests_on: ' '}", "does not say what it rests on"),
        ("{says: ninety, claims: [b], rests_on: 'd:10'}", "both claims and rests_on"),
        ("{says: ninety, rests_on: 'e:10'}", "unknown document 'e'"),
        ("{says: ninety, rests_on: 'd:5 d:11'}", "line 11 is beyond the end"),
        ("{says: ninety, rests_on: line 10}", "unknown document 'line'"),
        ("{says: ninety, rests_on: 'd:'}", "lines are written like"),
    ],
)
def test_a_reading_without_claims_names_lines_that_exist(side, message):
    problems = refused({"r.yaml": spoilt(SIDE, side)})

    assert any(message in problem.message for problem in problems)


@pytest.mark.parametrize("rests_on", ["d:10", "d:3,5-8 d:10", "public evidence"])
def test_a_reading_without_claims_says_what_it_rests_on(rests_on):
    register = parse_register({"r.yaml": spoilt(SIDE, f"{{says: ninety, rests_on: '{rests_on}'}}")})

    assert register.conflicts[0].sides[1].says == f"ninety ({rests_on})"


def test_an_ambiguity_needs_no_sides():
    note = REGISTER.split("    sides:")[0].replace("[X]", "[A]")

    register = parse_register({"r.yaml": note})

    assert (register.conflicts[0].is_contradiction, register.contradictions("a")) == (False, ())


def test_files_of_two_registers_do_not_mix():
    problems = refused({"a.yaml": REGISTER, "b.yaml": "register: other\n"})

    assert [(problem.path, problem.code) for problem in problems] == [("b.yaml", "register-name")]


def test_all_problems_of_a_register_are_told_at_once_each_at_its_place():
    broken = REGISTER.replace("rpm: 60", "min: 2, max: 1").replace("claims: [b]", "claims: [x]")

    problems = refused({"r.yaml": broken})

    assert [problem.location for problem in problems] == ["r.yaml:8:18", "r.yaml:25:33"]


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e300, 1e300) | st.text(max_size=5)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
KEYS = ["min", "max", "default", "allowed", "support", "effect", "usd_per_call", "model", "required"]


@given(value=VALUES, key=st.sampled_from(KEYS))
def test_whatever_a_value_holds_a_register_loads_or_is_refused_with_problems(value, key):
    held = json.dumps({"min": 1, "max": 2, "usd_per_1000_calls": 5, key: value}, ensure_ascii=True)
    content = REGISTER.replace("{rpm: 60}", held)

    try:
        loaded = len(parse_register({"r.yaml": content}).claims)
    except ProblemsError:
        loaded = 0

    assert loaded in (0, 2)
