"""What a run's figures and its decision must be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.check import FollowUp
from harness.core.outcome import Outcome
from harness.core.reply import ApiError, Reply, Timing
from harness.report import decide_run, summarise

outcomes = st.lists(st.sampled_from(Outcome), min_size=1, max_size=12)


def test_a_run_passes_if_every_case_does(trial):
    decision = decide_run([trial(case="a"), trial(case="b")], 0)

    assert (decision.exit_code, decision.reason) == (0, "2 of 2 case results passed.")


def test_a_certain_fail_stands_whatever_else_could_not_be_answered(trial):
    decision = decide_run([trial("fail", case="a"), trial("error", case="b")], 0)

    assert decision.exit_code == 1
    assert decision.reason == "1 of 2 case results failed, with 1 error of 2 trials."


def test_errors_beyond_what_is_tolerated_leave_a_run_without_an_answer(trial):
    records = [trial(case="a"), trial("error", case="b")]

    assert decide_run(records, 0).exit_code == 3
    assert decide_run(records, 1).exit_code == 0


def test_a_case_that_errors_may_still_save_is_no_certain_fail(trial):
    records = [trial(outcome, index=i, at_least=2) for i, outcome in enumerate(["pass", "fail", "error"])]

    assert decide_run(records, 0).exit_code == 3


def test_a_tolerated_error_is_named_and_what_it_leaves_open_as_well(trial):
    decision = decide_run([trial(case="a"), trial("error", case="b")], 5)

    expected = "1 of 2 case results passed, 1 stay open, with 1 error of 2 trials, which is tolerated."
    assert decision.reason == expected


def test_a_run_of_errors_alone_has_no_answer_however_many_are_tolerated(trial):
    decision = decide_run([trial("error")], 100)

    assert (decision.exit_code, decision.word) == (3, "no answer")


def test_where_everything_is_skipped_there_was_no_question(trial):
    decision = decide_run([trial("skip"), trial("skip", case="d")], 0)

    assert (decision.exit_code, decision.reason) == (0, "There was no question: every case was skipped.")
    assert (decision.word, decision.status) == ("no question", "pass")


def test_a_skipped_case_never_fails_a_run_and_is_counted_beside(trial):
    decision = decide_run([trial("skip", case="a"), trial(case="b")], 0)

    assert (decision.exit_code, decision.reason) == (0, "1 of 1 case result passed; 1 more skipped.")


def test_no_trials_at_all_are_no_answer():
    assert decide_run([], 0).exit_code == 3


@given(seen=outcomes, tolerated=st.integers(0, 12))
def test_a_fail_is_decided_only_if_it_would_stand_had_every_error_passed(trial, seen, tolerated):
    records = [trial(outcome, index=index) for index, outcome in enumerate(seen)]
    mended = [trial("pass" if outcome == "error" else outcome, index=i) for i, outcome in enumerate(seen)]

    assert (decide_run(records, tolerated).exit_code == 1) == (decide_run(mended, 0).exit_code == 1)


@given(seen=outcomes)
def test_the_order_of_the_records_does_not_change_the_decision(trial, seen):
    records = [trial(outcome, case=str(index % 3), index=index) for index, outcome in enumerate(seen)]

    assert decide_run(records, 1) == decide_run(records[::-1], 1)


@pytest.mark.parametrize("fault", [{"closed": False}, {"trials": 3}])
def test_a_run_that_is_not_complete_never_passes(trial, run_of, fault):
    decision = summarise(run_of(trial(case="a"), trial(case="b"), **fault)).decision

    assert decision.exit_code == 3
    assert "not complete" in decision.reason


def test_a_certain_fail_stands_in_a_run_that_is_not_complete(trial, run_of):
    assert summarise(run_of(trial("fail"), closed=False)).decision.exit_code == 1


def test_a_run_that_stopped_for_a_reason_of_its_own_does_not_pass_by_its_records(trial, run_of):
    assert summarise(run_of(trial(), exit_code=130)).decision.exit_code == 130


def test_rows_and_targets_are_decided_apart_and_repeats_together(trial, run_of):
    records = [trial(row="1"), trial(row="2"), trial(row="2", index=1), trial(row="2", target="u")]

    assert [len(result.trials) for result in summarise(run_of(*records)).results] == [1, 2, 1]


def test_one_label_answered_by_two_sources_is_two_targets(trial, run_of):
    run = run_of(trial(source="xai"), trial(source="xai-sim", simulated=True))

    assert [(target.name, target.simulated) for target in summarise(run).targets] == [
        ("xai/m", False),
        ("xai-sim/m", True),
    ]


def test_recorded_and_live_times_are_never_in_one_figure(trial, exchange, run_of):
    live, replayed = exchange(ms=100), exchange(ms=900, recorded=True)

    (figures,) = summarise(run_of(trial(exchanges=[live]), trial(case="d", exchanges=[replayed]))).figures

    assert [(times.recorded, times.total_p50_ms) for times in figures.timings] == [(False, 100), (True, 900)]


def test_an_error_and_a_judge_leave_the_latency_alone(trial, exchange, run_of):
    failed = exchange(reply=Reply(error=ApiError(kind="timeout", message="late"), timing=Timing(total_ms=60_000)))
    judge = exchange(ms=5_000, follow_up=FollowUp(model="m", messages=()))

    (figures,) = summarise(run_of(trial(exchanges=[exchange(ms=10), failed, judge]))).figures

    assert [(times.replies, times.total_p95_ms) for times in figures.timings] == [(1, 10)]


def test_costs_are_exact_and_an_unknown_one_is_counted_not_added(trial, exchange, run_of):
    costs = ["0.1", "0.2", "0.0000123", None]

    spend = summarise(run_of(*(trial(case=str(c), exchanges=[exchange(cost=c)]) for c in costs))).spend

    assert (spend.usd, spend.known, spend.unknown) == (Decimal("0.3000123"), 3, 1)


def test_a_request_that_was_never_sent_costs_nothing_and_is_not_unknown(trial, exchange, run_of):
    missing = exchange(reply=Reply(error=ApiError(kind="missing-recording", message="none")))

    spend = summarise(run_of(trial("error", exchanges=[missing]), trial("skip", case="d"))).spend

    assert (spend.usd, spend.known, spend.unknown) == (None, 0, 0)


def test_a_judge_is_paid_apart(trial, exchange, run_of):
    judge = exchange(cost="5", upper_bound=True, follow_up=FollowUp(model="m", messages=()))
    judged = trial(exchanges=[exchange(cost="1"), judge], judge_cost_usd=Decimal(5))

    summary = summarise(run_of(judged))

    assert (summary.spend.usd, summary.judging.usd) == (Decimal(1), Decimal(5))
    assert (summary.spend.upper_bound, summary.judging.upper_bound) == (False, True)
