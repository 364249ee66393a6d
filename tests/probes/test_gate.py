import asyncio
from hashlib import sha256
from random import Random

from endpoint_runs import MadeUp, reply_to

from harness.catalogue import load_catalogues
from harness.probes.canned import CANARY
from harness.probes.desk import Desk
from harness.probes.gate import open_gate

XAI = load_catalogues().provider("xai")
MODEL = "grok-4-0709"


def gate(answer, served=None, provider=XAI, model=MODEL):
    random = Random(1)  # noqa: S311 - the same words in every run
    desk = Desk(probe="gate", model=model, sender=MadeUp(answer), wanted=frozenset(), family=1, random=random)
    return asyncio.run(open_gate(desk, provider, model, served))


def obedient(ask):
    text = ask.body["messages"][0]["content"]
    return reply_to(ask, content=text.rpartition(" ")[2])


def test_a_model_that_answers_under_its_own_name_or_an_alias_is_let_in():
    assert gate(obedient).why_not is None
    assert gate(lambda ask: (200, obedient(ask)[1] | {"model": "grok-4"})).why_not is None


def test_a_model_that_answers_under_another_name_is_redirected_and_nothing_is_filed_under_its_own():
    answered = gate(lambda ask: (200, obedient(ask)[1] | {"model": "grok-5"}))

    assert answered.why_not == "redirected to grok-5"
    assert not answered.fault


def test_a_list_that_gives_the_name_to_another_model_closes_the_gate_before_anything_is_asked():
    answered = gate(obedient, served={MODEL: "grok-build"})

    assert answered.why_not is not None
    assert "grok-build" in answered.why_not


def test_an_absent_model_is_its_absence_and_an_outage_is_an_error():
    absent = gate(lambda _: (404, {"error": "no such model"}), served={"other": "other"})
    outage = gate(lambda _: (503, {"error": "down"}))

    assert (absent.fault, outage.fault) == (False, True)
    assert "model absent" in str(absent.why_not)


def test_html_in_place_of_a_reply_closes_the_gate_as_an_error():
    assert gate(lambda _: (200, "<html>welcome</html>")).fault


def test_a_lone_crash_does_not_close_the_gate():
    crashes = iter([(500, {"error": "once"})])

    assert gate(lambda ask: next(crashes, None) or obedient(ask)).why_not is None


def test_a_server_that_refuses_unknown_fields_twice_is_strict():
    strict = gate(lambda ask: (400, {"error": f"unknown {CANARY}"}) if CANARY in ask.body else obedient(ask))

    assert strict.canary_refused
    assert not gate(obedient).canary_refused


def test_one_answer_to_every_prompt_is_canned():
    assert "same reply" in gate(lambda ask: reply_to(ask, content="Hello, how can I help?")).canned.words


def test_answers_that_follow_the_body_and_not_the_prompt_are_canned():
    canned = gate(lambda ask: reply_to(ask, content=sha256(str(ask.body).encode()).hexdigest()))

    assert "irrelevant field" in canned.canned.words


def test_a_model_that_follows_instructions_or_varies_is_not_canned():
    counter = iter(range(1000))

    assert not gate(obedient).canned
    assert not gate(lambda ask: reply_to(ask, content=f"some words, number {next(counter)}")).canned


def test_answers_that_repeat_their_prompts_are_canned_and_one_that_does_is_not():
    echo = gate(lambda ask: reply_to(ask, content=f"You said: {ask.body['messages'][0]['content']}"))
    once = iter([True])

    def repeating(ask):
        return reply_to(ask, content=ask.body["messages"][0]["content"]) if next(once, False) else obedient(ask)

    assert "repeats its prompt" in echo.canned.words
    assert not gate(repeating).canned
