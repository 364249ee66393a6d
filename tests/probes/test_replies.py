from dataclasses import replace

import pytest
from endpoint_runs import MadeUp, claim_of, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings
from hypothesis import strategies as st
from reply_runs import JSON, OPTIONAL, PLAIN, THINKER, answer, lineup_alone, look, outcome, reply, used

from harness.core.verdict import TURNED
from harness.probes.chat_bodies import chat
from harness.probes.family import Rule, Undecidable, Watched
from harness.probes.replies import FAMILY
from harness.probes.reply_ends import CAP, COUNT

FIELDS = ("id", "object", "created", "model", "choices", "usage", "choice.index", "message.role", "message.content")
SCHEMA = "comp.response_schema."
LINEUP = lineup_alone(PLAIN)


def turned(*deviations, models=(PLAIN, OPTIONAL)):
    return {
        claim.removeprefix(SCHEMA) for claim in names(verify_simulator(FAMILY, *deviations, models=models), *TURNED)
    }


def cut(finish, completion=CAP, text="1 2 3 4"):
    body = chat(PLAIN, COUNT, max_tokens=CAP)
    return answer(reply(text, finish=finish, usage=used(10, completion)), body=body)


def test_every_claim_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, models=(PLAIN, OPTIONAL, THINKER, "grok-4-1-fast-reasoning"))

    assert {each.verdict for each in verdicts.values()} == {"confirmed"}
    assert len(verdicts) == 18


def test_each_broken_promise_turns_its_claim_and_no_other():
    fields = [f"id-missing@{PLAIN}", f"reasoning-content-on-plain@{PLAIN}", f"reasoning-tokens-missing@{OPTIONAL}"]
    ends = [f"length-called-stop@{OPTIONAL}", f"tool-finish-stop@{PLAIN}", f"reasoning-content-missing@{OPTIONAL}"]

    assert turned(*fields) == {"id", "message.reasoning_content", "usage.reasoning_tokens"}
    assert turned(*ends) == {"finish_reason.length", "finish_reason.tool_calls", "message.reasoning_content"}


def test_a_server_without_choices_turns_that_claim_although_its_gate_is_shut():
    assert turned(f"choices-empty@{PLAIN}") == {"choices"}


def test_a_reply_that_could_not_be_had_is_no_broken_promise():
    spoilt = [f"ignores-max-tokens@{PLAIN}", f"ignores-tools@{PLAIN}", f"canned@{OPTIONAL}"]

    assert turned(*spoilt) == set()


def test_a_model_under_another_name_says_nothing_of_the_one_that_was_asked():
    verdicts = verify_simulator(FAMILY, f"model-redirected@{PLAIN}", models=(PLAIN,))

    assert {each.verdict for each in verdicts.values()} == {"not-tested"}


@pytest.mark.parametrize("field", FIELDS)
def test_one_reply_of_many_that_is_not_as_documented_is_enough_and_is_quoted(field):
    fine = [answer(reply(), number) for number in range(1, 9)]
    odd = reply()
    first, _, rest = field.partition(".")
    place = {"choice": odd["choices"][0], "message": odd["choices"][0]["message"]}.get(first, odd)
    place[rest or first] = 12.5 if field == "message.content" else None if field == "usage" else {}

    seen = look(FAMILY, SCHEMA + field, *fine, answer(odd, 9))

    assert seen.outcome == "broken"
    assert any(f"{field} is {value}" in seen.words for value in ("12.5", "{}", "None"))
    assert seen.evidence[0].exchange.endswith("#9")
    assert "1 of 9" in seen.words


def test_the_number_of_replies_that_are_as_documented_is_told():
    seen = look(FAMILY, SCHEMA + "object", *(answer(reply(), number) for number in range(1, 8)))

    assert (seen.outcome, seen.n, seen.words) == ("holds", 7, "object is 'chat.completion': 7 replies of 7")


@pytest.mark.parametrize(
    ("created", "expected"),
    [(1_700_000_000, "holds"), (1_700_000_000_000, "broken"), ("1700000000", "broken"), (1_234_567_890, "broken")],
)
def test_a_time_is_held_against_the_date_of_its_reply(created, expected):
    assert outcome(FAMILY, SCHEMA + "created", answer(reply(created=created))) == expected


def test_refusals_failures_deferred_promises_and_streams_are_no_replies_to_look_at():
    refused = answer({"error": "no"}, status=400)
    inside = answer({"code": "x", "error": "no"})
    page = answer(b"<html>hello</html>")
    promised = answer({"request_id": "r"}, body={**chat(PLAIN, "hi"), "deferred": True})
    streamed = answer(reply(id=None), body={**chat(PLAIN, "hi"), "stream": True})

    assert outcome(FAMILY, SCHEMA + "id", refused, inside, page, promised, streamed) is None


def test_what_answers_a_request_that_is_wrong_on_purpose_is_no_reply_to_look_at():
    odd = answer(reply(choices=[]), 2)
    wrong = replace(odd, ask=replace(odd.ask, wrong=True))

    assert outcome(FAMILY, SCHEMA + "choices", answer(reply()), odd) == "broken"
    assert outcome(FAMILY, SCHEMA + "choices", answer(reply()), wrong) == "holds"


def test_a_time_that_is_not_that_of_its_reply_is_called_a_time_all_the_same():
    late = look(FAMILY, SCHEMA + "created", answer(reply(created=1_600_000_000)))
    none = look(FAMILY, SCHEMA + "created", answer(reply(created=1_700_000_000_000)))

    assert "is a unix timestamp of 2020-09-13, and the reply was sent on 2023-11-14" in late.words
    assert "which is no unix timestamp" in none.words


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([cut("length")], "holds"),
        ([cut("stop")], "broken"),
        ([cut("stop", completion=3)], "unknown"),
        ([cut("stop", text="1 to 60")], "unknown"),
        ([cut("stop", completion=120, text="1 2 3 to 60")], "unknown"),
    ],
)
def test_a_cut_reply_must_say_so_only_if_it_was_cut(replies, expected):
    assert outcome(FAMILY, SCHEMA + "finish_reason.length", *replies) == expected


@pytest.mark.parametrize(
    ("end", "expected"), [("stop", "holds"), ("eos", "broken"), (None, "broken"), ("length", "unknown")]
)
def test_a_reply_that_nothing_bounds_says_stop_unless_something_else_cut_it(end, expected):
    assert outcome(FAMILY, SCHEMA + "finish_reason.stop", answer(reply(finish=end))) == expected


@pytest.mark.parametrize(("choice", "expected"), [("required", "broken"), ({"type": "function"}, "unknown")])
def test_a_call_that_was_forced_by_name_need_not_say_tool_calls(choice, expected):
    called = reply(
        message={"tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    )
    body = {**chat(PLAIN, "hi"), "tools": [{}], "tool_choice": choice}

    assert outcome(FAMILY, SCHEMA + "finish_reason.tool_calls", answer(called, body=body)) == expected


@pytest.mark.parametrize(
    ("model", "usage", "expected"),
    [
        (THINKER, used(reasoning=30), "holds"),
        (THINKER, used(reasoning=30, top=False), "broken"),
        (THINKER, used(reasoning=0), "unknown"),
        (THINKER, used() | {"reasoning_tokens": "30"}, "broken"),
        (PLAIN, used(reasoning=0), "holds"),
        (PLAIN, used(reasoning=30), "broken"),
        (OPTIONAL, used(), "unknown"),
    ],
)
def test_a_field_of_reasoning_models_is_there_where_one_reasoned_and_nowhere_else(model, usage, expected):
    seen = answer(reply(model=model, usage=usage), model=model)

    assert outcome(FAMILY, SCHEMA + "usage.reasoning_tokens", seen, model=model) == expected


def test_a_reply_without_choices_has_no_place_where_reasoning_could_be_missing():
    seen = answer(reply(model=THINKER, usage=used(reasoning=30), choices=[]), model=THINKER)

    assert outcome(FAMILY, SCHEMA + "message.reasoning_content", seen, model=THINKER) == "unknown"
    assert outcome(FAMILY, SCHEMA + "usage.reasoning_tokens", seen, model=THINKER) == "holds"


def test_replies_are_drawn_by_three_requests_of_a_model_one_after_the_other():
    sender = MadeUp(reply_to)

    seen = observed(probe_of(FAMILY, lineup_alone(OPTIONAL), "base"), sender)

    assert seen["base"].outcome == "holds"
    assert [each.body.get("max_tokens") for each in sender.asks] == [None, CAP, None]
    assert sender.asks[2].body["reasoning_effort"] == "high"


def test_a_server_that_answers_nothing_is_an_error_and_no_verdict():
    seen = observed(probe_of(FAMILY, lineup_alone(PLAIN), "base"), MadeUp(lambda _: (503, "busy")))["base"]

    lineup = lineup_alone(PLAIN)
    found = {
        each.topic: each for each in FAMILY.watch(Watched(lineup=lineup, seen=(), observations={seen.topic: seen}))
    }
    assert (seen.outcome, seen.error) == ("unknown", True)
    assert {each.error for each in found.values()} == {True}
    assert "503" in next(iter(found.values())).words


def test_a_tool_is_forced_only_if_the_model_called_none_by_itself():
    called = {"tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    willing, shy = (MadeUp(lambda ask, said=said: reply_to(ask) if said is None else (200, reply(message=said)))
                    for said in (called, None))  # fmt: skip

    for sender in (willing, shy):
        observed(probe_of(FAMILY, lineup_alone(PLAIN), "base.calls"), sender)

    assert (len(willing.asks), len(shy.asks)) == (1, 2)
    assert shy.asks[1].body["tool_choice"] == "required"


def test_rules_go_by_fields_and_leave_to_others_what_they_do_not_know():
    lineup = lineup_of(PLAIN, claims=[])
    known = claim_of("response_schema", "id", {"type": "string"}, kind_of_subject="field")
    strange = claim_of("response_schema", "id", {"type": "colour"}, kind_of_subject="field")
    paid = claim_of("response_schema", "created", {"type": "string"}, kind_of_subject="field", needs=("money",))

    assert isinstance(FAMILY.rule(known, lineup), Rule)
    assert isinstance(FAMILY.rule(strange, lineup), Undecidable)
    assert FAMILY.rule(paid, lineup) is None


@settings(max_examples=50)
@given(
    fields=st.dictionaries(st.sampled_from(["id", "object", "created", "model", "choices", "usage"]), JSON),
    message=JSON,
    end=JSON,
)
def test_no_reply_whatever_it_holds_breaks_those_who_look(fields, message, end):
    document = reply() | {"choices": [{"index": end, "message": message, "finish_reason": end}]} | fields

    found = list(FAMILY.watch(Watched(lineup=LINEUP, seen=(answer(document), answer(reply(), 2)))))

    assert {each.outcome for each in found} <= {"holds", "broken", "unknown"}
