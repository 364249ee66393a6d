from dataclasses import replace

import pytest
from suite_texts import TARGET, trials_of

from harness.core.chat import ToolCall
from harness.core.reply import ApiError, Reply
from harness.runner.conversation import Step, Stopped, next_step

CALL = ToolCall(id="c1", name="weather", arguments="{}")
TOOLS = """
  - id: a
    prompt: rain?
    tools: [{type: function, function: {name: weather}}]
    tool_results: {weather: {wet: true}}
    expect: [{contains: x}]"""
TWO_TURNS = "  - {id: a, turns: [{prompt: one}, {prompt: two}], expect: [{contains: x}]}"


def step_of(trial, replies):
    return next_step(trial.case, trial.target, replies)


def spoken(step):
    return [(message.role, message.text) for message in step.request.messages]


def test_a_second_turn_is_asked_after_the_first_answer():
    (trial,) = trials_of(TWO_TURNS)

    step = step_of(trial, [Reply(content="1")])

    assert step.turn == 1
    assert spoken(step) == [("user", "one"), ("assistant", "1"), ("user", "two")]


def test_a_scripted_tool_result_is_sent_back_under_the_calls_id():
    (trial,) = trials_of(TOOLS)

    step = step_of(trial, [Reply(tool_calls=(CALL,))])

    assert spoken(step)[1:] == [("assistant", ""), ("tool", '{"wet":true}')]
    assert step.request.messages[-1].tool_call_id == "c1"


def test_a_call_that_has_no_script_ends_the_conversation():
    (trial,) = trials_of(TOOLS)

    assert step_of(trial, [Reply(tool_calls=(replace(CALL, name="other"),))]) is None


def test_calls_of_which_only_some_have_a_script_are_not_half_answered():
    (trial,) = trials_of(TOOLS)

    assert step_of(trial, [Reply(tool_calls=(CALL, replace(CALL, id="c2", name="other")))]) is None


def test_a_model_that_never_stops_calling_is_stopped_after_the_agreed_rounds():
    (trial,) = trials_of(TOOLS.replace("prompt", "max_rounds: 2\n    prompt"))
    calling = Reply(tool_calls=(CALL,))

    assert isinstance(step_of(trial, [calling] * 2), Step)
    assert step_of(trial, [calling] * 3) is None


def test_an_unanswered_call_before_a_further_turn_says_why_the_turn_is_not_asked():
    (trial,) = trials_of(TWO_TURNS)

    stopped = step_of(trial, [Reply(tool_calls=(CALL,))])

    assert isinstance(stopped, Stopped)
    assert "turn 2 was not asked: the model called weather" in stopped.reason


def test_nothing_is_asked_after_an_error():
    (trial,) = trials_of(TWO_TURNS)

    assert step_of(trial, [Reply(error=ApiError(kind="server", message="down"))]) is None


@pytest.mark.parametrize(("own", "expected"), [("", "T"), ("system: C, ", "T\n\nC")])
def test_the_targets_system_message_comes_before_the_cases_own_in_one_message(own, expected):
    (trial,) = trials_of(f"  - {{id: a, {own}prompt: hi, expect: [{{contains: x}}]}}", replace(TARGET, system="T"))

    assert spoken(step_of(trial, []))[0] == ("system", expected)


def test_a_targets_parameters_win_over_the_cases():
    target = replace(TARGET, params={"temperature": 1})

    (trial,) = trials_of("  - {id: a, prompt: hi, params: {temperature: 0, seed: 5}, expect: [{contains: x}]}", target)

    assert step_of(trial, []).request.params == {"temperature": 1, "seed": 5}
