import json
from dataclasses import replace

import pytest
from endpoint_runs import about, claim_of, lineup_of, names, probe_of, reply_to, seen_of, verify_simulator
from hypothesis import given
from hypothesis import strategies as st
from tool_servers import HOSTILE, MODEL, PLAIN, asked_of, call, calling, choosy, hostile_attempt, outcomes, refusal

from harness.core.chat import ToolCall
from harness.core.verdict import TURNED
from harness.probes.family import Undecidable, Watched
from harness.probes.tool_calls import DRAW, fault_of, holds_number, tool_model
from harness.probes.tool_wire import watch_tools
from harness.probes.tools import FAMILY

GOOD = '{"urn":"red","draws":1}'
USE = {f"comp.capability.{PLAIN}.tool_use", "ref.doc_section.guides.function-calling"}
FLOW = "comp.tool_flow."


def turned(*deviations):
    verdicts = verify_simulator(FAMILY, *(f"{each}@{PLAIN}" for each in deviations), models=(PLAIN, "grok-3"))
    return set(names(verdicts, *TURNED))


def obliging(ask):
    """Does all that is asked of it about tools."""
    body = ask.body
    choice, last = body.get("tool_choice"), body["messages"][-1]
    if last["role"] == "tool":
        return reply_to(ask, f"It is {json.loads(last['content'])['number']}.")
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        return calling(ask, call(name, GOOD if name == "draw_lot" else '{"city":"Oslo"}'))
    if "weather" in last["content"] and choice == "auto":
        return calling(ask, call("get_weather"), call("get_weather", '{"city":"Lima"}', "call_2"))
    return reply_to(ask, "Fine, thank you.")


def test_every_claim_about_tools_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, models=(PLAIN, "grok-2-vision-1212"))

    assert len(verdicts) > 20
    assert set(names(verdicts).values()) == {"confirmed", "not-tested"}
    assert {each.observed for each in verdicts.values() if each.verdict == "not-tested"} == {
        "the model was not selected"
    }


@pytest.mark.parametrize(
    ("deviations", "claims"),
    [
        (
            (
                "tool-choice-none-ignored", "tool-type-missing", "tool-content-said", "tools-unchecked",
                "tools-needed-again",
            ),
            {
                "comp.request_schema.tool_choice.none", f"{FLOW}1.call-type", f"{FLOW}1.content-null",
                "comp.tool_schema.type", f"{FLOW}3.without-tools",
            },
        ),
        (
            ("tool-choice-named-ignored", "tool-ids-repeated", "results-ignored"),
            {
                *USE, "comp.request_schema.tool_choice.object", f"{FLOW}1.call-id", f"{FLOW}3.tool-message",
                f"{FLOW}4.final-answer", "comp.request_schema.message.role.tool",
            },
        ),
    ],
)  # fmt: skip
def test_broken_promises_turn_the_claims_that_they_break_and_no_other(deviations, claims):
    assert turned(*deviations) == claims


@pytest.mark.parametrize(
    ("deviation", "claim"),
    [
        ("parallel-never", "parallel_tool_calls"),
        ("parallel-always", "parallel_tool_calls"),
        ("tool-choice-required-ignored", "tool_choice.required"),
    ],
)
def test_the_general_contract_has_promises_that_the_vendor_does_not_make(deviation, claim):
    lineup = lineup_of(PLAIN, catalogue="openai-chat")
    claims = [each for each in lineup.register.claims if each.id == f"contract.request_schema.{claim}"]
    lineup = replace(lineup, register=replace(lineup.register, claims=tuple(claims)))

    assert names(verify_simulator(FAMILY, deviation, lineup=lineup)) == {claims[0].id: "ignored"}


def test_a_server_that_always_calls_the_same_tool_passes_no_choice():
    def always(ask):
        return calling(ask, call("get_weather"))

    found, _ = asked_of(FAMILY, "tools.choice", always)

    assert outcomes(found) == {
        "tools.declared": "effect",
        "tool_choice.auto": "no-effect",
        "tool_choice.none": "no-effect",
        "tool_choice.named": "broken",
        "tool_choice.required": "no-effect",
    }


def test_a_server_that_always_calls_what_is_named_does_not_complete_the_round_trip():
    found, _ = asked_of(FAMILY, "tools.use", lambda ask: calling(ask, call("draw_lot", GOOD)))

    assert outcomes(found) == {
        "tools.echo": "accepted",
        "tools.result": "unknown",
        "tools.final": "broken",
        "tools.use": "broken",
    }


def test_a_server_that_never_calls_ignores_every_choice_but_none_of_which_nothing_shows():
    found, _ = asked_of(FAMILY, "tools.choice", lambda ask: reply_to(ask, "I cannot do that."))

    assert outcomes(found) == {
        "tools.declared": "no-effect",
        "tool_choice.auto": "no-effect",
        "tool_choice.none": "unknown",
        "tool_choice.named": "no-effect",
        "tool_choice.required": "no-effect",
    }


def test_a_model_that_greets_with_a_call_but_obeys_none_leaves_auto_and_required_open():
    def eager(ask):
        return reply_to(ask, "No.") if ask.body.get("tool_choice") == "none" else calling(ask, call("get_weather"))

    found, _ = asked_of(FAMILY, "tools.choice", eager)

    assert outcomes(found)["tool_choice.auto"] == "unknown"
    assert outcomes(found)["tool_choice.required"] == "unknown"
    assert outcomes(found)["tool_choice.none"] == "effect"


def test_what_obliges_is_credited_in_two_requests():
    found, asks = asked_of(FAMILY, "tools.use", obliging)

    assert set(outcomes(found).values()) == {"effect"}
    assert len(asks) == 2
    assert asks[1].body["messages"][1]["tool_calls"][0]["id"] == "call_1"


def test_a_model_too_weak_to_repeat_a_number_is_not_called_deaf_to_results():
    def weak(ask):
        answered = obliging(ask)
        return answered if "tool_choice" in ask.body else reply_to(ask, "I do not know.")

    found, _ = asked_of(FAMILY, "tools.use", weak)

    assert outcomes(found)["tools.result"] == outcomes(found)["tools.use"] == "unknown"


def test_a_model_that_reads_the_number_from_a_prompt_and_not_from_a_result_ignores_results():
    def deaf(ask):
        last = ask.body["messages"][-1]
        return (
            obliging(ask)
            if "tool_choice" in ask.body
            else reply_to(ask, f"You said: {last['content']}" * (last["role"] == "user"))
        )

    found, _ = asked_of(FAMILY, "tools.use", deaf)

    assert outcomes(found)["tools.result"] == outcomes(found)["tools.use"] == "no-effect"


@pytest.mark.parametrize("status", [401, 408, 429, 503])
def test_errors_that_say_nothing_of_tools_are_never_a_verdict(status):
    for name in ("tools.use", "tools.choice", "tools.results", "tools.schema", "tools.parallel"):
        found, _ = asked_of(FAMILY, name, lambda _: refusal("not now", status))

        assert set(outcomes(found).values()) <= {"unknown"}
        assert all(each.error for each in found.values())


def test_a_refusal_counts_only_where_the_same_request_without_tools_passes_each_time():
    def refusing(ask):
        return refusal("tools are not supported") if "tools" in ask.body else reply_to(ask, "ok")

    found, asks = asked_of(FAMILY, "tools.use", refusing)

    assert outcomes(found)["tools.use"] == "rejected"
    assert sum("tool_choice" in ask.body for ask in asks) == 3
    assert sum(ask.role == "control" for ask in asks) >= 3


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["tools.use", "tools.choice", "tools.results", "tools.schema", "tools.parallel"])
def test_no_body_whatever_makes_a_probe_raise_or_pass(name, body):
    for status in (200, 400):
        found, _ = asked_of(FAMILY, name, lambda _, status=status: hostile_attempt(body, status))

        assert "effect" not in {each for topic, each in outcomes(found).items() if topic != "tools.declared"}


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_whatever_makes_a_watcher_raise(body):
    lineup = lineup_of(PLAIN)
    probe = probe_of(FAMILY, lineup, "tools.use")
    _, asks = asked_of(FAMILY, "tools.use", obliging, models=(PLAIN,))
    seen = tuple(seen_of(ask, hostile_attempt(body)) for ask in asks)

    watched = Watched(lineup=lineup, seen=seen)

    assert probe.model == PLAIN
    assert all(each.topic.model == PLAIN for each in watch_tools(watched))


def test_a_call_that_is_wrong_in_one_reply_of_two_holds_only_partly():
    lineup = lineup_of(PLAIN)
    _, asks = asked_of(FAMILY, "tools.use", obliging, models=(PLAIN,))
    good, bad = calling(asks[0], call("draw_lot", GOOD)), calling(asks[0], call("draw_lot", "{}"), content="Hm.")
    seen = tuple(seen_of(asks[0], hostile_attempt(json.dumps(body).encode())) for _, body in (good, bad))

    found = {each.topic.name: each.outcome for each in watch_tools(Watched(lineup=lineup, seen=seen))}

    assert found["tools.wire.content"] == found["tools.wire.schema"] == "partly"
    assert found["tools.wire.arguments"] == found["tools.wire.calls"] == "holds"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (GOOD, None),
        ('{"urn":"pink","draws":1}', "schema"),
        ('{"urn":"red","draws":"1"}', "schema"),
        ('{"urn":"red"}', "required"),
        ("[]", "no object"),
        ('{"urn":', "no JSON"),
        ('{"draws": NaN}', "no JSON"),
    ],
)
def test_arguments_are_a_json_text_that_keeps_to_names_types_and_enums(arguments, fault):
    found = fault_of(ToolCall(id="1", name="draw_lot", arguments=arguments), DRAW)

    assert found is None if fault is None else fault in found


@given(number=st.integers(10_100, 99_899), mark=st.sampled_from([",", ".", "'", " ", "\u00a0", "\u202f", ""]))
def test_a_number_is_found_however_its_thousands_are_written_and_never_within_another(number, mark):
    shown = f"{number // 1000}{mark}{number % 1000:03d}"

    assert holds_number(f"It is {shown}.", number)
    assert not holds_number(f"It is 7{number}.", number)
    assert not holds_number(f"It is {number}3.", number)


def test_a_model_documented_not_to_use_tools_is_not_asked_and_none_at_all_says_why():
    denied = claim_of(
        "capability", PLAIN, {"model": PLAIN, "capability": "tool_use", "value": False}, kind_of_subject="model"
    )
    flow = claim_of("tool_flow", "POST /x", {"step": 4, "response": "content"}, name="flow")
    lineup = lineup_of(PLAIN, claims=[denied, flow])

    assert tool_model(lineup) is None
    assert not tuple(FAMILY.probes(lineup))
    assert isinstance(FAMILY.rule(flow, lineup), Undecidable)
    assert len(about(FAMILY, lineup)) == 2


def test_the_model_that_stands_for_all_neither_reasons_nor_has_limits_where_there_is_one():
    assert tool_model(lineup_of("grok-2-vision-1212", "grok-4-0709", PLAIN, MODEL)) == PLAIN
    assert tool_model(lineup_of("grok-2-vision-1212", "grok-4-0709")) == "grok-4-0709"
    assert tool_model(lineup_of("grok-2-vision-1212")) == "grok-2-vision-1212"


def test_a_server_that_takes_no_max_tokens_is_asked_again_without_it():
    def bare(ask):
        return refusal("max_tokens is not supported") if "max_tokens" in ask.body else obliging(ask)

    found, _ = asked_of(FAMILY, "tools.choice", bare)

    assert outcomes(found)["tool_choice.named"] == outcomes(found)["tool_choice.none"] == "effect"


@pytest.mark.parametrize(("status", "outcome"), [(400, "holds"), (200, "broken"), (500, "unknown")])
def test_what_a_tool_must_have_is_demanded_by_a_refusal_and_not_by_a_crash(status, outcome):
    def strict(ask):
        tool = ask.body["tools"][0] if "tools" in ask.body else DRAW
        whole = tool["type"] == "function" and "name" in tool["function"]
        return obliging(ask) if whole or status == 200 else refusal("tools[0].function.name", status)

    found, _ = asked_of(FAMILY, "tools.schema", strict)

    assert outcomes(found)["tools.schema.type"] == outcomes(found)["tools.schema.function.name"] == outcome
    assert outcomes(found)["tools.schema.function.description"] == "broken"


def test_a_call_without_an_id_breaks_tool_use_though_a_result_under_a_made_up_id_is_used():
    def nameless(ask):
        return calling(ask, call("draw_lot", GOOD, None)) if "tool_choice" in ask.body else obliging(ask)

    found, _ = asked_of(FAMILY, "tools.use", nameless)

    assert (outcomes(found)["tools.use"], outcomes(found)["tools.final"]) == ("broken", "effect")


def test_an_answer_that_has_the_result_and_calls_again_is_not_final():
    def restless(ask):
        last = ask.body["messages"][-1]
        again = calling(ask, call("draw_lot", GOOD), content=f"It is {last['content']}.")
        return again if last["role"] == "tool" else obliging(ask)

    found, _ = asked_of(FAMILY, "tools.use", restless)

    assert outcomes(found)["tools.final"] == outcomes(found)["tools.use"] == "broken"


def freely(ask):
    """Calls where the prompt wants it, whatever is said of a choice, unless that is none."""
    wanted = "weather" in ask.body["messages"][-1]["content"] and ask.body.get("tool_choice") != "none"
    return calling(ask, call("get_weather")) if wanted else obliging(ask)


@pytest.mark.parametrize(
    ("taken", "outcome"),
    [
        ((dict,), {"named": "effect"}),
        ((), {}),
        (("none", "required"), {"none": "effect", "required": "no-effect"}),
    ],
)
def test_a_tool_choice_that_is_refused_is_blamed_on_itself_and_not_on_tools_nor_on_other_choices(taken, outcome):
    found, asks = asked_of(FAMILY, "tools.choice", choosy(freely, *taken), models=("any",), catalogue="openai-chat")

    choices = {name.removeprefix("tool_choice."): each for name, each in outcomes(found).items()}
    expected = dict.fromkeys(("auto", "none", "named", "required"), "rejected") | outcome
    assert choices == {"tools.declared": "effect", **expected}
    assert sum(ask.body.get("tool_choice") == "auto" for ask in asks) == 3 + ("max_tokens" in asks[0].body)


def test_tools_that_are_taken_and_never_called_are_left_open_where_no_call_can_be_forced():
    found, _ = asked_of(FAMILY, "tools.choice", choosy(lambda ask: reply_to(ask, "No."), "none"))

    assert outcomes(found)["tools.declared"] == outcomes(found)["tool_choice.none"] == "unknown"
    assert outcomes(found)["tool_choice.auto"] == "rejected"


def test_a_forced_call_that_is_refused_does_not_make_tools_refused_where_they_are_taken_without_it():
    found, _ = asked_of(FAMILY, "tools.use", choosy(lambda ask: reply_to(ask, "No.")))

    assert outcomes(found)["tools.use"] == "unknown"
    assert "tools are taken" in found["tools.use"].words
