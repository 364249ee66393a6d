import re

import pytest
from endpoint_runs import claim_of, lineup_of, names, reply_to, verify_simulator
from tool_servers import HOSTILE, PLAIN, asked_of, call, calling, hostile_attempt, outcomes, refusal

from harness.core.verdict import TURNED
from harness.probes.examples import FAMILY, find_examples
from harness.probes.family import unselected

THINKING = "grok-4-1-fast-reasoning"
MODELS = (PLAIN, THINKING, "grok-code-fast-1", "grok-4-0709")
LOSING = "comp.example.code-3.returns-content"


def probe_names(lineup):
    return {probe.name for probe in FAMILY.probes(lineup)}


def about_example(name, answer):
    found, asks = asked_of(FAMILY, f"example.{name}", answer, models=MODELS)
    return {topic.rpartition(".")[2]: each for topic, each in found.items()}, asks


def test_every_example_is_valid_where_the_documents_are_true_but_the_one_they_contradict():
    verdicts = verify_simulator(FAMILY, models=MODELS)

    assert names(verdicts, *TURNED) == {LOSING: "refuted"}
    assert set(names(verdicts).values()) == {"refuted", "confirmed"}
    assert verdicts[LOSING].flags == ("documents-conflict",)


def test_a_conversation_that_is_forgotten_breaks_the_example_of_one_and_a_refused_format_its_own():
    verdicts = verify_simulator(FAMILY, f"history-forgotten@{PLAIN}", f"rejects-json-object@{PLAIN}", models=(PLAIN,))

    assert set(names(verdicts, *TURNED)) == {f"comp.example.code-{each}" for each in ("6", "6.parses", "7")}


def test_examples_are_read_from_the_fields_of_claims_whatever_their_vendor():
    value = {"valid": True, "request": {"temperature": 0.5, "response_format": "json_object", "turns": 3}}
    made_up = claim_of("example", "m", value, kind_of_subject="model", name="acme.example.one")
    parses = claim_of("example", "m", {"json_parses": True, "keys": ["a"]}, kind_of_subject="model", name="acme.two")
    lineup = lineup_of("m", catalogue="openai-chat", claims=[made_up, parses])

    example = find_examples(lineup)["acme.example.one"]

    assert (example.name, example.turns, example.keys) == ("one", 3, ("a",))
    assert example.fields == {"temperature": 0.5, "response_format": {"type": "json_object"}}
    assert FAMILY.rule(parses, lineup).topics == (example.topic("json"),)


def test_examples_of_vision_are_left_to_those_who_have_pixels():
    lineup = lineup_of("grok-2-vision-1212")

    assert not probe_names(lineup)
    assert not find_examples(lineup).keys() & {"comp.example.code-4", "comp.example.vision.request"}


def test_an_example_of_a_model_that_was_not_selected_says_so():
    lineup = lineup_of(PLAIN)
    claim = lineup.register.find("ref.example.quickstart.create")

    assert FAMILY.rule(claim, lineup) == unselected("the model was not selected")
    assert "example.sdk" not in probe_names(lineup)


def test_the_quickstart_is_sent_as_it_is_written_with_its_roles_and_its_temperature():
    found, asks = about_example("sdk", lambda ask: reply_to(ask, "4"))

    assert [message["role"] for message in asks[0].body["messages"]] == ["system", "user"]
    assert (asks[0].body["model"], asks[0].body["temperature"]) == ("grok-4-0709", 0)
    assert outcomes(found) == {"valid": "holds", "answer": "holds"}


def test_a_call_is_a_valid_reply_and_no_answer():
    found, asks = about_example("code-3", lambda ask: calling(ask, call("web_search", '{"query": "x"}')))

    assert outcomes(found) == {"valid": "holds", "answer": "broken"}
    assert asks[0].body["tools"][0]["function"]["parameters"]["required"] == ["query"]


def test_a_reply_that_says_nothing_twice_is_no_valid_example():
    found, asks = about_example("code-1", lambda ask: reply_to(ask, ""))

    assert outcomes(found) == {"valid": "broken", "answer": "broken"}
    assert len(asks) == 2


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ('{"sentiment": 1, "confidence": 2, "key_points": []}', "holds"),
        ('{"sentiment": 1}', "partly"),
        ('{"mood": 1}', "broken"),
        ("A fine product.", "broken"),
        ("[]", "broken"),
    ],
)
def test_an_example_of_json_must_parse_and_have_the_keys_that_its_code_reads(content, outcome):
    found, asks = about_example("code-6", lambda ask: reply_to(ask, content))

    assert outcomes(found)["json"] == outcome
    assert "confidence" in asks[0].body["messages"][0]["content"]


def test_an_example_that_streams_is_broken_by_a_plain_body():
    found, _ = about_example("code-2", lambda ask: reply_to(ask, "A poem."))

    assert outcomes(found)["valid"] == "broken"
    assert "no stream" in found["valid"].words


@pytest.mark.parametrize(("reads", "outcome"), [("all", "holds"), ("last", "broken"), ("nothing", "unknown")])
def test_a_second_turn_must_know_what_the_first_said_unless_the_model_is_too_weak(reads, outcome):
    def answer(ask):
        contents = [message["content"] for message in ask.body["messages"]]
        text = {"all": " ".join(contents), "last": contents[-1], "nothing": ""}[reads]
        return reply_to(ask, (re.findall(r"[0-9]{5}", text) or ["Thank you."])[-1] if "?" in text else "Thank you.")

    assert outcomes(about_example("code-7", answer)[0]) == {"valid": outcome}


def test_a_refused_example_is_refused_three_times_beside_requests_that_pass():
    def refusing(ask):
        return refusal("temperature") if "temperature" in ask.body else reply_to(ask, "ok")

    found, asks = about_example("code-1", refusing)

    assert outcomes(found) == {"valid": "rejected", "answer": "rejected", "json": "rejected"}
    assert sum("temperature" in ask.body for ask in asks) == 3


@pytest.mark.parametrize("name", ["code-1", "code-2", "code-3", "code-6", "code-7", "sdk"])
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_whatever_makes_an_example_raise_or_be_valid_that_says_no_words(name, body):
    found, _ = about_example(name, lambda _: hostile_attempt(body))

    assert outcomes(found)["valid"] != "holds" or b"999" in body
    assert name == "code-7" or outcomes(found).get("json") != "holds"


@pytest.mark.parametrize("status", [401, 429, 503])
def test_errors_that_say_nothing_of_an_example_are_never_a_verdict(status):
    for name in ("code-1", "code-6", "code-7"):
        found, _ = about_example(name, lambda _: refusal("not now", status))

        assert set(outcomes(found).values()) == {"unknown"}
