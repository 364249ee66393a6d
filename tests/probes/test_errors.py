import json

import pytest
from endpoint_runs import (
    HOSTILE,
    PLAIN,
    STATUSES,
    MadeUp,
    attempt_of,
    claim_of,
    lineup_of,
    names,
    observed,
    probe_of,
    reply_to,
    seen_of,
    verify_simulator,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.exchange import Attempt
from harness.core.verdict import TURNED
from harness.probes.errors import FAMILY, MISTAKES, Promise, promise_of, read_mistake
from harness.probes.observation import Topic
from harness.wire.transport import BAD_KEY

LINEUP = lineup_of(PLAIN)
CONTRACT = {
    "bad-key": [400, 401],
    "missing-key": [401],
    "unknown-model": [404],
    "broken-json": [400],
    "wrong-type": [400, 422],
    "missing-messages": [400, 422],
    "unknown-route": [404],
}
STEADY = "comp.error.4xx-no-retry"
OPENAI = {"error": {"message": "no", "type": "invalid_request_error"}}


def contract(shape="any"):
    """A lineup whose register promises how each mistake is answered."""
    value = {"shape": shape, "echoes_secret": False}
    claims = [
        claim_of("error", name, {**value, "status": status}, kind_of_subject="error", name=name)
        for name, status in CONTRACT.items()
    ]
    return lineup_of(PLAIN, claims=claims)


def turned(*deviations, shape="any"):
    return set(names(verify_simulator(FAMILY, *deviations, lineup=contract(shape)), *TURNED))


def read(*answers, status=(400,), shape="any", secret=False):
    """What answers to one mistake come to."""
    tries = [seen_of(MISTAKES["bad-key"](PLAIN), attempt_of(*answer)) for answer in answers]
    promise = Promise(statuses=status, shape=shape, secret=secret)
    return read_mistake(Topic("error.bad-key", PLAIN), tries, promise)


def test_every_mistake_is_answered_as_promised_where_the_promise_is_true():
    verdicts = verify_simulator(FAMILY, lineup=contract())

    assert names(verdicts) == dict.fromkeys(CONTRACT, "confirmed")


@pytest.mark.parametrize(
    ("deviations", "claims"),
    [
        (["auth-bad-key-accepted"], {"bad-key"}),
        (["auth-bad-key-500", "auth-missing-key-accepted"], {"bad-key", "missing-key"}),
        (["auth-key-echoed", "unknown-model-answered"], {"bad-key", "unknown-model"}),
        (["broken-json-500", "errors-as-text"], {"broken-json"}),
        (["errors-inside-200"], set(CONTRACT)),
    ],
)
def test_a_mistake_that_is_answered_otherwise_turns_its_claim_and_no_other(deviations, claims):
    assert turned(*deviations) == claims


def test_a_shape_that_is_promised_is_looked_at():
    assert turned(shape="openai") == set(CONTRACT)
    assert turned("errors-nested", shape="openai") == set()


def test_an_error_without_a_type_is_no_error_as_promised():
    body = {"error": {"message": "no"}}

    assert read((400, body), shape="openai").outcome == "partly"
    assert read((400, body), shape="any").outcome == "holds"


def test_every_mistake_is_wrong_on_purpose():
    assert all(mistake(PLAIN).wrong for mistake in MISTAKES.values())


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ((400, OPENAI), "holds", "HTTP 400, OpenAI's shape"),
        ((400, {"code": "x", "error": "no"}), "partly", "JSON of another shape"),
        ((400, {"error": {"message": "no", "type": None}}), "partly", "its error has a message and no type"),
        ((400, "<html>no</html>"), "partly", "an HTML page"),
        ((400, "no"), "partly", "plain text"),
        ((400, b""), "partly", "no body"),
        ((500, OPENAI), "broken", "HTTP 500"),
        ((404, OPENAI), "broken", "the status is not 400"),
        ((200, {"choices": []}), "broken", "as if nothing were wrong"),
        ((200, OPENAI), "broken", "the status is not 400"),
        ((429, OPENAI), "unknown", "429"),
        ((302, b""), "unknown", "redirects"),
    ],
)
def test_status_and_shape_decide_and_are_said_in_words(answer, outcome, words):
    observation = read(answer, shape="openai")

    assert observation.outcome == outcome
    assert words in observation.words


def test_a_key_that_stands_in_the_error_is_never_right():
    body = {"error": {"message": f"Incorrect API key: {BAD_KEY}"}}

    assert read((400, body)).outcome == "broken"
    assert read((400, body), secret=True).outcome == "holds"


def test_a_mistake_that_is_answered_as_promised_at_the_second_try_alone_is_flaky():
    observation = read((500, "oops"), (400, OPENAI))

    assert (observation.outcome, observation.flags) == ("unknown", ("flaky",))


def test_a_promise_of_strange_types_is_read_all_the_same():
    claim = claim_of("error", "bad-key", {"status": "4xx", "shape": 7}, kind_of_subject="error")

    assert promise_of(claim) == Promise(statuses=(), shape="7", secret=True)


def test_mistakes_are_asked_about_once_if_they_are_answered_as_promised():
    sender = MadeUp(lambda _: (401, OPENAI))

    observed(probe_of(FAMILY, contract("openai"), "error.missing-key"), sender)

    assert [ask.credential for ask in sender.asks] == ["none"]


def test_a_refusal_is_steady_where_the_documents_are_true_and_other_errors_must_be_opted_into():
    verdicts = verify_simulator(FAMILY)

    assert verdicts.pop(STEADY).verdict == "confirmed"
    assert {each.needs for each in verdicts.values()} == {("made-faults",)}


@pytest.mark.parametrize("deviation", ["broken-json-500", "errors-inside-200"])
def test_a_clients_fault_without_a_4xx_refutes_that_a_4xx_tells_of_it(deviation):
    assert set(names(verify_simulator(FAMILY, deviation), *TURNED)) == {STEADY}


def test_a_server_that_refuses_nothing_leaves_it_open():
    observation = observed(probe_of(FAMILY, LINEUP, "error.steady"), MadeUp(reply_to))["error.steady"]

    assert observation.outcome == "unknown"


def test_errors_that_pass_are_seen_where_a_server_makes_them():
    made = verify_simulator(FAMILY, allowed=("made-faults",), faults=("429,every=3", "500,every=4"))
    unmade = verify_simulator(FAMILY, allowed=("made-faults",))

    claims = ("comp.error.429-rate-limit", "comp.error.5xx-server")
    assert {made[claim].verdict for claim in claims} == {"confirmed"}
    assert {unmade[claim].verdict for claim in claims} == {"inconclusive"}


@settings(max_examples=25)
@given(status=st.sampled_from([*STATUSES, 429]), body=HOSTILE)
def test_no_answer_whatever_it_holds_makes_a_probe_raise(status, body):
    for probe in (*FAMILY.probes(contract("openai")), *FAMILY.probes(LINEUP)):
        assert all(each.outcome for each in observed(probe, MadeUp(lambda _: (status, body))).values())


def test_a_body_that_is_no_text_and_a_reply_that_never_came_are_read():
    for answer in (attempt_of(400, b"\xff\xfe\x00"), Attempt(error="timeout", message="late")):
        for probe in FAMILY.probes(contract("openai")):
            assert observed(probe, MadeUp(lambda _, answer=answer: answer))


def test_broken_json_is_broken():
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(MISTAKES["broken-json"](PLAIN).body)
