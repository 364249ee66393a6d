from dataclasses import replace
from decimal import Decimal

import pytest
from suite_texts import TARGET, suite_of

from harness.catalogue import load_catalogues
from harness.checks import load_kinds
from harness.core.chat import ToolCall
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, Run, RunHeader, TrialRecord
from harness.core.reply import Reply, Usage
from harness.runner.grade import wanted_follow_ups
from harness.runner.plan import trial_key
from harness.runner.regrade import regrade

KINDS, CATALOGUES = load_kinds(), load_catalogues()
CASE = "  - {id: a, prompt: hi, expect: [{contains: ok}]}"
JUDGED = "  - {id: a, prompt: hi, expect: [{judge: {model: local/j, rubric: kind?}}]}"


def run_of(cases, *exchanges, repeats=None):
    case = suite_of(cases).cases[0]
    record = TrialRecord(
        trial=trial_key(case, TARGET, 0),
        suite="s",
        case="a",
        target="local/m",
        provider="local",
        source="local",
        model="m",
        outcome=Outcome.PASS,
        exchanges=exchanges or (ExchangeRecord(turn=0, key="k", reply=Reply(status=200, content="ok")),),
    )
    header = RunHeader(version="1", mode="replay", suites=(), targets=(TARGET,), plan="p", trials=1, repeats=repeats)
    return Run(header=header, records=(record,))


def again(run, cases):
    return regrade(run, [suite_of(cases)], CATALOGUES, KINDS, "documented")


def judged_exchanges(cases):
    asked = ExchangeRecord(turn=0, key="k", reply=Reply(status=200, content="ok", usage=Usage(prompt=1, completion=1)))
    ((_, follow_up),) = wanted_follow_ups(suite_of(cases).cases[0], [asked], KINDS)
    answer = Reply(status=200, content='{"score": 1}', usage=Usage(prompt=1, completion=1, billed_usd=Decimal(2)))
    return asked, ExchangeRecord(turn=0, key="j", reply=answer, follow_up=follow_up)


def test_a_reply_is_judged_by_todays_check():
    result = again(run_of(CASE), CASE.replace("contains: ok", "contains: never"))

    assert (result.records[0].outcome, result.missing) == (Outcome.FAIL, ())


def test_todays_rule_for_passing_goes_with_the_record():
    result = again(run_of(CASE), CASE.replace("id: a", "id: a, repeats: 2, pass: {at_least: 2}"))

    assert result.records[0].at_least == 2


@pytest.mark.parametrize(("repeats", "unasked"), [(None, 4), (1, 0)])
def test_a_repeat_that_was_never_asked_is_missing_unless_the_run_said_how_many(repeats, unasked):
    result = again(run_of(CASE, repeats=repeats), CASE.replace("id: a", "id: a, repeats: 5"))

    assert (result.unasked, len(result.missing)) == (unasked, unasked)


def test_a_case_that_is_new_is_missing_and_one_that_is_gone_is_left_out():
    result = again(run_of(CASE), CASE.replace("id: a", "id: b"))

    assert (result.records, len(result.missing), len(result.gone)) == ((), 1, 1)


def test_a_judges_old_answer_counts_for_the_old_rubric_alone():
    run = run_of(JUDGED, *judged_exchanges(JUDGED))

    same, other = again(run, JUDGED), again(run, JUDGED.replace("kind?", "rude?"))

    assert (same.records[0].outcome, same.records[0].judge_cost_usd) == (Outcome.PASS, 2)
    assert (other.records[0].outcome, other.records[0].judge_cost_usd) == (Outcome.ERROR, 0)
    assert "asks local/j" in other.missing[0]


def test_why_a_conversation_stopped_is_told_again():
    case = "  - {id: a, turns: [{prompt: one}, {prompt: two}], expect: [{contains: x}]}"
    reply = Reply(status=200, tool_calls=(ToolCall(id="1", name="w", arguments="{}"),))

    result = again(run_of(case, ExchangeRecord(turn=0, key="k", reply=reply)), case)

    assert "the model called w" in result.records[0].reason


def test_a_reply_to_another_prompt_is_no_reply():
    result = again(run_of(CASE), CASE.replace("prompt: hi", "prompt: ho"))

    assert (result.records[0].outcome, len(result.missing)) == (Outcome.ERROR, 1)


def test_a_case_that_is_skipped_today_is_skipped():
    result = again(run_of(CASE), CASE.replace("id: a", "id: a, skip: later"))

    assert (result.records[0].outcome, result.missing) == (Outcome.SKIP, ())


def test_a_record_of_a_target_that_the_header_does_not_name_is_graded_all_the_same():
    run = run_of(CASE)
    run = replace(run, header=replace(run.header, targets=()))

    assert again(run, CASE).records[0].outcome is Outcome.PASS
