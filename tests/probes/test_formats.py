import json

import pytest
from endpoint_runs import lineup_of, names, reply_to, verify_simulator
from tool_servers import HOSTILE, MODEL, PLAIN, asked_of, hostile_attempt, outcomes, refusal

from harness.core.verdict import TURNED
from harness.probes.formats import CLOSED, FAMILY, JSON_OBJECT, JSON_SCHEMA, STRUCTURED, TEXT

FIELD = "comp.request_schema.response_format."
PROBES = ("formats.json_object", "formats.json_schema", "formats.set")


def format_of(ask):
    return (ask.body.get("response_format") or {}).get("type")


def obliging(ask):
    """JSON where it is asked for, and prose elsewhere; unknown formats refused."""
    kind = format_of(ask)
    if kind not in (None, "text", "json_object", "json_schema"):
        return refusal("response_format is unknown")
    texts = {"json_object": '{"is": "a format"}', "json_schema": '{"colour": "khaki"}'}
    return reply_to(ask, texts.get(kind, "It is blue, and a format."))


def test_every_claim_about_formats_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, models=(PLAIN, "grok-4-0709"))

    assert set(names(verdicts).values()) == {"confirmed", "not-tested"}
    assert {each.observed for each in verdicts.values() if each.verdict == "not-tested"} == {
        "the model was not selected"
    }


@pytest.mark.parametrize(
    "deviations", [("ignores-json-object", "formats-unchecked"), ("rejects-json-object", "accepts-json-schema")]
)
def test_broken_promises_turn_the_claims_that_they_break_and_no_other(deviations):
    verdicts = verify_simulator(FAMILY, *(f"{each}@{PLAIN}" for each in deviations), models=(PLAIN,))

    broken = {f"comp.capability.{PLAIN}.json_output", f"{FIELD}json_object", f"{FIELD}closed-set"}
    assert set(names(verdicts, *TURNED)) - {"ref.doc_section.guides.structured-outputs"} == broken


def test_json_that_comes_only_where_it_is_asked_for_is_an_effect_in_two_requests():
    found, asks = asked_of(FAMILY, "formats.json_object", obliging)

    assert outcomes(found) == {JSON_OBJECT: "effect"}
    assert [format_of(ask) for ask in asks] == [None, "json_object"]


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ("It is a format.", "no-effect"),
        ("", "no-effect"),
        ('"a text"', "no-effect"),
        ('```json\n{"a": 1}\n```', "broken"),
        ('{"a": 1', "broken"),
        ('{"a": NaN}', "broken"),
    ],
)
def test_what_is_no_json_object_shows_no_effect_or_a_broken_one(content, outcome):
    found, _ = asked_of(
        FAMILY, "formats.json_object", lambda ask: reply_to(ask, content if format_of(ask) else "Prose.")
    )

    assert outcomes(found) == {JSON_OBJECT: outcome}


def test_a_server_that_always_answers_json_shows_nothing_of_the_format():
    found, _ = asked_of(FAMILY, "formats.json_object", lambda ask: reply_to(ask, '{"always": true}'))

    assert outcomes(found) == {JSON_OBJECT: "unknown"}


def test_an_answer_that_was_cut_off_is_not_held_against_the_format():
    def cut(ask):
        status, body = obliging(ask)
        body["choices"][0] |= (
            {"message": {"content": '{"is": "a for'}, "finish_reason": "length"} if format_of(ask) else {}
        )
        return status, body

    assert outcomes(asked_of(FAMILY, "formats.json_object", cut)[0]) == {JSON_OBJECT: "unknown"}


def test_a_schema_binds_only_if_the_reply_takes_a_colour_that_the_sky_does_not_have():
    def lax(ask):
        return reply_to(ask, '{"colour": "blue"}' if format_of(ask) == "json_schema" else "Blue.")

    assert outcomes(asked_of(FAMILY, "formats.json_schema", obliging)[0])[JSON_SCHEMA] == "effect"
    assert outcomes(asked_of(FAMILY, "formats.json_schema", lax)[0])[JSON_SCHEMA] == "broken"


def test_structured_outputs_are_had_by_a_schema_or_where_that_is_refused_by_json_alone():
    def schemaless(ask):
        return refusal("response_format.type") if format_of(ask) == "json_schema" else obliging(ask)

    found, _ = asked_of(FAMILY, "formats.json_schema", schemaless)

    assert outcomes(found) == {JSON_SCHEMA: "rejected", STRUCTURED: "effect"}
    assert "json_schema: refused on 3 of 3" in found[STRUCTURED].words


def test_text_that_nothing_tells_from_other_formats_is_only_accepted():
    found, _ = asked_of(FAMILY, "formats.set", lambda ask: reply_to(ask, "It is a format."))

    assert outcomes(found) == {TEXT: "accepted", CLOSED: "broken"}


def test_a_set_without_json_schema_in_it_must_refuse_it_and_one_with_it_need_not():
    xai, asked = asked_of(FAMILY, "formats.set", obliging)
    contract, _ = asked_of(FAMILY, "formats.set", obliging, catalogue="openai-chat")

    assert outcomes(xai) == {TEXT: "effect", CLOSED: "broken"}
    assert outcomes(contract) == {TEXT: "effect", CLOSED: "holds"}
    assert sum(ask.role == "control" for ask in asked) == 3


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_whatever_makes_a_probe_raise_or_pass(name, body):
    found, _ = asked_of(FAMILY, name, lambda _: hostile_attempt(body), models=(MODEL,))

    assert "effect" not in outcomes(found).values()


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("status", [401, 429, 503])
def test_errors_that_say_nothing_of_formats_are_never_a_verdict(name, status):
    found, _ = asked_of(FAMILY, name, lambda _: refusal("not now", status))

    assert set(outcomes(found).values()) == {"unknown"}
    assert all(each.error for each in found.values())


def test_a_crash_is_told_apart_from_a_refusal():
    def crashing(ask):
        return (500, json.dumps({"error": "boom"})) if format_of(ask) else obliging(ask)

    assert outcomes(asked_of(FAMILY, "formats.json_object", crashing)[0]) == {JSON_OBJECT: "server-error"}


def test_every_model_is_asked_for_json_and_one_for_the_set():
    probes = tuple(FAMILY.probes(lineup_of(PLAIN, MODEL)))

    assert [probe.model for probe in probes if probe.name == "formats.json_object"] == [PLAIN, MODEL]
    assert [probe.model for probe in probes if probe.name == "formats.set"] == [PLAIN]


def test_a_server_that_takes_no_max_tokens_is_asked_again_without_it():
    def bare(ask):
        return refusal("max_tokens is not supported") if "max_tokens" in ask.body else obliging(ask)

    for name in PROBES:
        assert "unknown" not in outcomes(asked_of(FAMILY, name, bare)[0]).values()


def test_a_crash_at_an_unknown_format_is_no_refusal_of_it():
    def crashing(ask):
        return (500, "boom") if format_of(ask) not in (None, "text", "json_object") else obliging(ask)

    found, _ = asked_of(FAMILY, "formats.set", crashing)

    assert outcomes(found) == {TEXT: "effect", CLOSED: "unknown"}
    assert found[CLOSED].flags == ("server-error",)
