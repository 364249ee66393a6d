import json
import re

import pytest
from endpoint_runs import about, claim_of, lineup_of, names, probe_of, reply_to, verify_simulator
from tool_servers import HOSTILE, MODEL, PLAIN, asked_of, hostile_attempt, outcomes, refusal

from harness.core.verdict import TURNED
from harness.probes.messages import ASSISTANT, CONTENT_TYPE, FAMILY, MESSAGES, NAME, PARTS, ROLES, SYSTEM, USER
from harness.probes.messages import MODEL as MODEL_FIELD

FIELD = "comp.request_schema."
PROBES = ("messages.roles", "messages.shapes", "messages.content-type")
ROLE_NAMES = ("system", "user", "assistant", "tool")


def texts(ask):
    for message in ask.body.get("messages", ()):
        content = message["content"]
        yield message, content if isinstance(content, str) else "\n".join(part["text"] for part in content)


def attentive(ask, *, deaf_to=(), strict=True):
    """Says the last word that it is told to, or the number that it read; refuses what is malformed."""
    messages = tuple(texts(ask))
    if strict and (not messages or "model" not in ask.body or ask.content_type != "application/json"):
        return refusal("a field is missing")
    if strict and any(m["role"] not in ROLE_NAMES or not isinstance(m.get("name", ""), str) for m, _ in messages):
        return refusal("messages[0].name or role is wrong")
    heard = " ".join(text for message, text in messages if message["role"] not in deaf_to)
    numbers, words = re.findall(r"[0-9]{5}", heard), re.findall(r"nothing else:\s*(\w+)", heard)
    return reply_to(ask, (numbers or words or ["I do not know."])[-1])


def test_every_claim_about_messages_that_can_be_seen_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, models=(PLAIN,))

    assert names(verdicts, "inconclusive") == {f"{FIELD}message.name": "inconclusive"}
    assert len(names(verdicts, "confirmed")) == 10


@pytest.mark.parametrize(
    ("deviations", "claims"),
    [
        (("history-forgotten",), {"role.system", "role.assistant"}),
        (
            ("system-ignored", "names-refused", "parts-refused", "roles-unchecked"),
            {"role.system", "name", "content.parts", "part.type.text", "role.closed-set"},
        ),
    ],
)
def test_broken_promises_turn_the_claims_that_they_break_and_no_other(deviations, claims):
    verdicts = verify_simulator(FAMILY, *(f"{each}@{PLAIN}" for each in deviations), models=(PLAIN,))

    assert set(names(verdicts, *TURNED)) == {f"{FIELD}message.{claim}" for claim in claims}


def test_what_only_a_role_says_and_the_answer_has_was_heeded():
    found, asks = asked_of(FAMILY, "messages.roles", attentive)

    assert {outcomes(found)[name] for name in (SYSTEM, ASSISTANT)} == {"effect"}
    assert [ask.role for ask in asks[:2]] == ["control", "treatment"]


def test_a_role_is_ignored_only_if_the_same_is_read_where_the_question_says_it():
    deaf, _ = asked_of(FAMILY, "messages.roles", lambda ask: attentive(ask, deaf_to=("system",)))
    weak, _ = asked_of(FAMILY, "messages.roles", lambda ask: reply_to(ask, "I do not know."))

    assert (outcomes(deaf)[SYSTEM], outcomes(deaf)[ASSISTANT]) == ("no-effect", "effect")
    assert (outcomes(weak)[SYSTEM], outcomes(weak)[ASSISTANT]) == ("unknown", "unknown")


def test_one_answer_of_three_that_heeds_a_role_is_enough():
    asked = []

    def fickle(ask):
        asked.append(ask)
        return attentive(ask, deaf_to=("system",) if len(asked) < 5 else ())

    assert outcomes(asked_of(FAMILY, "messages.roles", fickle)[0])[SYSTEM] == "effect"


def test_a_strict_server_keeps_every_promise_about_shapes():
    found, _ = asked_of(FAMILY, "messages.shapes", attentive)

    assert outcomes(found) == {
        USER: "effect", PARTS: "effect", NAME: "accepted", MODEL_FIELD: "holds", MESSAGES: "holds", ROLES: "holds",
    }  # fmt: skip
    # That it is read is shown, what it does is not: it counts only where unknown fields are refused, too.
    assert found[NAME].by_name


def test_a_server_that_accepts_anything_breaks_what_is_required_and_reads_no_name():
    found, _ = asked_of(FAMILY, "messages.shapes", lambda ask: attentive(ask, strict=False))

    assert outcomes(found) == {
        USER: "effect", PARTS: "effect", NAME: "accepted", MODEL_FIELD: "broken", MESSAGES: "broken", ROLES: "broken",
    }  # fmt: skip


def test_parts_that_are_never_read_have_no_effect_where_one_text_has():
    def partless(ask):
        parts = any(isinstance(message["content"], list) for message in ask.body.get("messages", ()))
        return reply_to(ask, "What?") if parts else attentive(ask)

    assert outcomes(asked_of(FAMILY, "messages.shapes", partless)[0])[PARTS] == "no-effect"


def test_parts_and_text_that_a_weak_model_does_not_repeat_decide_nothing():
    found, _ = asked_of(FAMILY, "messages.shapes", lambda ask: reply_to(ask, "What?"))

    assert (outcomes(found)[PARTS], outcomes(found)[USER]) == ("unknown", "unknown")


def test_a_reply_to_a_request_called_json_keeps_the_promise_and_says_what_another_name_draws():
    strict, asks = asked_of(FAMILY, "messages.content-type", attentive)
    lax, _ = asked_of(FAMILY, "messages.content-type", lambda ask: attentive(ask, strict=False))

    assert (strict[CONTENT_TYPE].outcome, strict[CONTENT_TYPE].grade) == ("holds", "E2")
    assert (lax[CONTENT_TYPE].outcome, lax[CONTENT_TYPE].grade) == ("holds", "E1")
    assert {ask.content_type for ask in asks} == {"application/json", "text/plain"}


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_whatever_makes_a_probe_raise_or_pass(name, body):
    found, _ = asked_of(FAMILY, name, lambda _: hostile_attempt(body))

    assert "effect" not in outcomes(found).values()


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("status", [401, 429, 503])
def test_errors_that_say_nothing_of_messages_are_never_a_verdict(name, status):
    found, _ = asked_of(FAMILY, name, lambda _: refusal("not now", status))

    assert set(outcomes(found).values()) == {"unknown"}
    assert all(each.error for each in found.values())


def test_a_register_may_promise_the_role_developer_and_a_model_that_is_not_required():
    developer = claim_of("request_schema", "messages[].role.developer", {}, kind_of_subject="field", name="d")
    optional = claim_of("request_schema", "model", {"required": False}, kind_of_subject="field", name="m")
    lineup = lineup_of(MODEL, claims=[developer, optional])

    assert [claim.id for claim in about(FAMILY, lineup)] == ["d"]
    assert FAMILY.rule(developer, lineup).topics[0] in probe_of(FAMILY, lineup, "messages.roles").topics


def test_a_message_that_is_an_image_or_a_field_of_another_endpoint_is_left_to_others():
    lineup = lineup_of(MODEL)
    left = [claim for claim in lineup.register.claims if "image" in claim.id and claim.kind == "request_schema"]

    assert left
    assert not [claim for claim in left if FAMILY.rule(claim, lineup) is not None]
    assert json.dumps([claim.subject.id for claim in left]).count("image")
