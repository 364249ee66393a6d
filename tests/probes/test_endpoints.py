import pytest
from endpoint_runs import (
    HOSTILE,
    PLAIN,
    STATUSES,
    MadeUp,
    about,
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
from harness.probes import endpoints
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask
from harness.probes.endpoints import FAMILY
from harness.probes.family import Rule, Undecidable, Watched
from harness.probes.observation import Topic

LINEUP = lineup_of(PLAIN)
PROBES = [probe.name for probe in FAMILY.probes(LINEUP)]
DEFERRED = {"ref.endpoint.deferred", "ref.doc_section.guides.deferred-chat-completions"}


def seen_by(name, answer):
    """What a probe observes of answers that a test makes up."""
    return observed(probe_of(FAMILY, LINEUP, name), MadeUp(answer))[name]


def turned(verdicts):
    return set(names(verdicts, *TURNED))


def test_every_claim_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY)

    assert set(names(verdicts).values()) == {"confirmed"}
    assert len(verdicts) == 9


def test_endpoints_that_are_not_as_documented_turn_their_claims_and_no_others():
    absent = ("models-absent", "api-key-absent", "messages-absent", "tokenize-absent", "deferred-absent")

    verdicts = verify_simulator(FAMILY, *absent, "embeddings-available")

    listed = {f"ref.endpoint.{name}" for name in ("model-listing", "api-key-management", "messages", "tokenization")}
    assert turned(verdicts) == listed | DEFERRED | {"comp.endpoint.embeddings.unavailable"}
    assert verdicts["comp.endpoint.embeddings.unavailable"].verdict == "undocumented"


@pytest.mark.parametrize("deviation", ["errors-inside-200", "canned", "hashes-body"])
def test_what_is_no_matter_of_endpoints_turns_none(deviation):
    assert turned(verify_simulator(FAMILY, deviation)) == set()


def test_a_deferred_reply_that_is_never_ready_refutes_the_promise(monkeypatch):
    monkeypatch.setattr(endpoints, "_POLL_S", 0.02)

    verdicts = verify_simulator(FAMILY, "deferred-never-ready")

    assert turned(verdicts) == DEFERRED
    assert "not ready after 30 polls" in verdicts["ref.endpoint.deferred"].observed


def test_a_slow_server_is_not_called_never_ready_before_it_could_be():
    def answer(ask):
        if ask.method == "GET":
            return 202, ""
        deferred = ask.body.get("deferred")
        return attempt_of(200, {"request_id": "r-1"} if deferred else reply_to(ask)[1], total_ms=90_000)

    observation = seen_by("endpoint.deferred", answer)

    assert observation.outcome == "unknown"


def test_it_is_asked_thirty_times_with_a_pause_between_and_none_before_the_first():
    sender = MadeUp(lambda ask: (202, "") if ask.method == "GET" else (200, reply_or_promise(ask)))

    observation = observed(probe_of(FAMILY, LINEUP, "endpoint.deferred"), sender)["endpoint.deferred"]

    pauses = [ask.after_s for ask in sender.asks if ask.method == "GET"]
    assert observation.outcome == "broken"
    assert pauses == [0.0] + [0.2] * 29


def reply_or_promise(ask):
    return {"request_id": "r-1"} if ask.body.get("deferred") else reply_to(ask)[1]


@pytest.mark.parametrize("request_id", ["..", "x" * 9000])
def test_an_id_that_would_lead_a_request_elsewhere_is_not_fetched_by(request_id):
    sender = MadeUp(lambda ask: (200, {"request_id": request_id} if ask.body.get("deferred") else reply_to(ask)[1]))

    observed(probe_of(FAMILY, LINEUP, "endpoint.deferred"), sender)

    assert all(ask.method == "POST" or (".." not in ask.path and len(ask.path) < 9000) for ask in sender.asks)


def test_a_server_of_another_shape_does_not_speak_anthropics_api():
    observation = seen_by("endpoint.messages", reply_to)

    assert observation.outcome == "broken"
    assert "not in Anthropic's shape" in observation.words


@pytest.mark.parametrize(
    ("few", "many", "outcome"),
    [
        ([1, 2], [1, 2, 3, 4], "holds"),
        ([1, 2], [1, 2], "broken"),
        ([], [], "broken"),
        (["The", "▁river"], ["The river runs past", "▁the old mill", "Ġand down to the sea"], "holds"),
        (["a"], ["b", "c"], "broken"),
        ([{"id": "1", "text": "x"}], [{"id": "7", "text": word} for word in endpoints._LONG.split()], "holds"),
    ],
)
def test_a_longer_text_has_more_tokens_and_they_join_to_it(few, many, outcome):
    observation = seen_by(
        "endpoint.tokenize", lambda ask: (200, {"tokens": many if ask.body["text"] == endpoints._LONG else few})
    )

    assert observation.outcome == outcome


def test_an_endpoint_is_absent_only_if_every_try_says_so():
    answers = iter([(404, "gone"), (200, {"data": [{"id": "m"}]})])

    observation = seen_by("endpoint.models", lambda _: next(answers))

    assert (observation.outcome, observation.flags) == ("unknown", ("flaky",))


def test_one_server_error_before_an_answer_is_an_outage():
    answers = iter([(500, "oops"), (200, {"data": [{"id": "m"}]})])

    observation = seen_by("endpoint.models", lambda _: next(answers))

    assert observation.outcome == "holds"


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429])
def test_what_says_nothing_of_an_endpoint_decides_nothing(status):
    for name in PROBES:
        observation = seen_by(name, lambda _: (status, {"error": "no"}))

        assert (observation.outcome, observation.error) == ("unknown", True) or observation.words.startswith("an ord")


def test_a_refusal_of_a_request_that_the_documents_do_not_describe_decides_nothing():
    observation = seen_by("endpoint.tokenize", lambda _: (422, {"error": "missing field `input`"}))

    assert observation.outcome == "unknown"
    assert "is there and refuses this request" in observation.words


def test_a_page_in_place_of_vectors_is_no_embedding():
    observation = seen_by("endpoint.embeddings", lambda _: (200, "<html>hello</html>"))

    assert observation.outcome == "no-effect"


@pytest.mark.parametrize("error", ["timeout", "connect", "lost", "missing-recording"])
def test_an_error_of_the_network_is_never_an_absence(error):
    for name in PROBES:
        observation = seen_by(name, lambda _: Attempt(error=error, message="no"))

        assert observation.outcome == "unknown"


@settings(max_examples=40)
@given(status=st.sampled_from(STATUSES), body=HOSTILE)
def test_no_answer_whatever_it_holds_makes_a_probe_raise(status, body):
    for name in PROBES:
        assert seen_by(name, lambda _: (status, body)).outcome


def test_a_claim_that_names_two_routes_is_about_the_second():
    claim = claim_of("endpoint", "POST /v1/chat/completions + GET /v1/chat/deferred-completion/{id}", {})

    assert FAMILY.rule(claim, LINEUP) == Rule(topics=(Topic("endpoint.deferred", PLAIN),), stance="supported")


def test_one_endpoint_for_all_models_is_watched_for_each_of_them():
    lineup = lineup_of(PLAIN, "grok-3")
    claim = next(each for each in about(FAMILY, lineup) if "single_endpoint_for" in each.value)

    verdicts = verify_simulator(FAMILY, "model-redirected@grok-3", models=(PLAIN, "grok-3"))

    assert len(FAMILY.rule(claim, lineup).topics) == 2
    assert verdicts[claim.id].verdict == "confirmed"


@pytest.mark.parametrize(("lists", "found"), [({}, "confirmed"), ({"lists": "served"}, "refuted")])
def test_a_list_without_a_model_that_answers_breaks_the_promise_that_it_has_those_served_and_no_other(lists, found):
    lineup = lineup_of(PLAIN, claims=[claim_of("endpoint", "GET /v1/models", {"available": True, **lists})])

    whole = verify_simulator(FAMILY, lineup=lineup)
    without = verify_simulator(FAMILY, f"model-unlisted@{PLAIN}", lineup=lineup)

    assert (whole["made.up"].verdict, without["made.up"].verdict) == ("confirmed", found)


@pytest.mark.parametrize(
    ("listing", "answered", "expected"),
    [
        ({"data": []}, {"model": PLAIN}, "broken"),
        ({"data": []}, None, "unknown"),
        ({"data": [{"id": PLAIN}]}, {"model": PLAIN}, "holds"),
        ({"data": [{"id": "gpt"}], "has_more": True}, {"model": PLAIN}, "unknown"),
        ({"models": "many"}, {"model": PLAIN}, "broken"),
    ],
)
def test_a_list_is_held_against_the_models_that_were_seen_to_answer(listing, answered, expected):
    probe = probe_of(FAMILY, LINEUP, "endpoint.models")
    listed = observed(probe, MadeUp(lambda _: (200, listing)))["endpoint.models"]
    asks = [Ask(about="the list", method="GET", path="/models"), Ask(about="a chat", body=chat(PLAIN, "hi"))]
    seen = [seen_of(asks[0], attempt_of(200, listing), name=listed.evidence[0].exchange)]
    seen += [] if answered is None else [seen_of(asks[1], attempt_of(200, reply_to(asks[1])[1] | answered))]

    watched = Watched(lineup=LINEUP, seen=seen, observations={listed.topic: listed})

    found = {each.topic.name: each.outcome for each in FAMILY.watch(watched)}
    assert found["endpoint.models.served"] == expected


def test_without_a_model_that_chats_nothing_is_asked():
    lineup = lineup_of()
    claim = claim_of("endpoint", "POST /v1/messages", {"available": True})

    assert isinstance(FAMILY.rule(claim, lineup), Undecidable)
    assert list(FAMILY.probes(lineup)) == []


def test_a_claim_about_an_endpoint_that_no_probe_knows_is_left_to_others():
    assert FAMILY.rule(claim_of("endpoint", "POST /v1/videos", {"available": True}), LINEUP) is None
