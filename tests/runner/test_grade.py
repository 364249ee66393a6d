import pytest
from suite_texts import trials_of

from harness.checks import load_kinds
from harness.core.outcome import Outcome
from harness.core.record import AttemptRecord, ExchangeRecord
from harness.core.reply import ApiError, Reply, Timing
from harness.runner.grade import grade_trial, wanted_follow_ups
from harness.runner.pricing import total_cost

KINDS = load_kinds()
JUDGED = "  - {id: a, prompt: hi, expect: [{judge: {model: local/j, rubric: is it kind?}}]}"


def graded(case, *replies, stopped=None):
    (trial,) = trials_of(f"  - {{id: a, {case}}}")
    exchanges = [ExchangeRecord(turn=turn, key="k", reply=reply) for turn, reply in enumerate(replies)]
    return grade_trial(trial.case, exchanges, KINDS, stopped)


def failing(kind, status, message="m"):
    return Reply(status=status, error=ApiError(kind=kind, message=message))


@pytest.mark.parametrize(
    ("reply", "attempts", "cost"),
    [
        (Reply(status=200), (), None),
        (failing("refused", 400), (), 0),
        (failing("timeout", None), (AttemptRecord(error="timeout"),), None),
        (failing("network", None), (AttemptRecord(error="lost"),), None),
        (failing("network", None), (AttemptRecord(error="connect"),), 0),
        (failing("missing-recording", None), (), 0),
    ],
)
def test_a_reply_without_a_price_costs_nothing_only_if_it_cannot_have_been_billed(reply, attempts, cost):
    assert total_cost([ExchangeRecord(turn=0, key="k", reply=reply, attempts=attempts)]) == cost


def test_a_reply_that_meets_every_check_passes():
    assert (
        graded("prompt: hi, expect: [{contains: x}, {length: {max_words: 2}}]", Reply(content="x y")).outcome
        is Outcome.PASS
    )


def test_a_finding_says_what_was_expected_and_what_was_seen():
    finding = graded("prompt: hi, expect: [{contains: rain}]", Reply(content="sun")).findings[0][0]

    assert (finding.status, "rain" in finding.expected, "sun" in finding.seen) == ("fail", True, True)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("timeout", None),
        ("network", None),
        ("rate-limit", 429),
        ("server", 503),
        ("auth", 401),
        ("missing-recording", None),
    ],
)
def test_an_outage_is_an_error_and_never_a_wrong_answer(kind, status):
    result = graded("prompt: hi, expect: [{contains: x}]", failing(kind, status))

    assert result.outcome is Outcome.ERROR
    assert kind in result.reason


def test_a_refused_request_is_an_error_where_no_check_asks_about_it():
    result = graded("prompt: hi, expect: [{contains: x}]", failing("refused", 400, "no such parameter"))

    assert (result.outcome, "no such parameter" in result.reason) == (Outcome.ERROR, True)


def test_a_refused_request_fails_a_check_that_expected_an_answer_by_status():
    assert graded("prompt: hi, expect: [{status: 200}]", failing("refused", 400)).outcome is Outcome.FAIL


def test_a_refusal_that_was_expected_passes():
    assert graded("prompt: hi, expect: [{status: 400}]", failing("refused", 400)).outcome is Outcome.PASS


def test_an_outage_is_an_error_even_where_a_status_is_checked():
    assert graded("prompt: hi, expect: [{status: 200}]", failing("server", 503)).outcome is Outcome.ERROR


def test_a_status_whose_reply_never_came_is_no_answer():
    assert graded("prompt: hi, expect: [{status: 200}]", failing("timeout", 200)).outcome is Outcome.ERROR


def test_an_outage_that_was_expected_passes():
    assert graded("prompt: hi, expect: [{status: 503}]", failing("server", 503)).outcome is Outcome.PASS


def test_a_bad_key_sent_on_purpose_is_answered_by_its_refusal():
    case = "credential: bad, prompt: hi, expect: [{status: 200}]"

    assert graded(case, failing("auth", 401)).outcome is Outcome.FAIL


def test_a_limit_on_a_time_that_is_not_known_is_an_error_and_not_a_pass():
    result = graded("prompt: hi, expect: [{latency_ms: {max: 5}}]", Reply(status=200, content="x", timing=Timing()))

    assert result.outcome is Outcome.ERROR


def test_a_failed_turn_stands_whatever_became_of_the_next():
    case = "turns: [{prompt: one, expect: [{contains: x}]}, {prompt: two}], expect: [{contains: y}]"

    result = graded(case, Reply(content="no"), failing("server", 503))

    assert (result.outcome, result.reason) == (Outcome.FAIL, None)


def test_a_turn_that_was_never_asked_leaves_the_trial_open_and_says_why():
    case = "turns: [{prompt: one, expect: [{contains: x}]}, {prompt: two}], expect: [{contains: y}]"

    result = graded(case, Reply(content="x"), stopped="turn 2 was not asked: no tool result")

    assert (result.outcome, result.reason) == (Outcome.ERROR, "turn 2 was not asked: no tool result")


def test_a_judges_question_is_wanted_until_it_is_answered():
    (trial,) = trials_of(JUDGED)
    asked = [ExchangeRecord(turn=0, key="k", reply=Reply(status=200, content="hello"))]
    ((turn, follow_up),) = wanted_follow_ups(trial.case, asked, KINDS)

    answer = ExchangeRecord(turn=turn, key="j", reply=Reply(status=200, content='{"score": 1}'), follow_up=follow_up)

    assert wanted_follow_ups(trial.case, [*asked, answer], KINDS) == ()
    assert grade_trial(trial.case, [*asked, answer], KINDS).outcome is Outcome.PASS


def test_a_judge_that_was_never_asked_leaves_the_trial_open():
    (trial,) = trials_of(JUDGED)
    asked = [ExchangeRecord(turn=0, key="k", reply=Reply(status=200, content="hello"))]

    assert grade_trial(trial.case, asked, KINDS).outcome is Outcome.ERROR
