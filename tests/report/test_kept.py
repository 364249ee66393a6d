"""Which cases are kept to be shown, and how many."""

import pytest

from harness.core.chat import Message
from harness.report import summarise
from harness.report.kept import WHOLE_TRIALS

LARGE = WHOLE_TRIALS * 4


def shown(run):
    """The verdicts of the cases that are kept, in order."""
    return [result.verdict for result in summarise(run).results]


def test_a_small_run_is_kept_whole_in_the_order_of_its_records(trial, run_of):
    outcomes = ["pass", "fail", "skip", "error"] * (WHOLE_TRIALS // 4)

    summary = summarise(run_of(*(trial(outcome, case=str(i)) for i, outcome in enumerate(outcomes))))

    assert summary.whole
    assert [result.case for result in summary.results] == [str(i) for i in range(WHOLE_TRIALS)]


def test_of_a_large_run_failures_come_first_then_errors_then_examples(trial, run_of):
    told = {3: "fail", 900: "fail", 5: "error", 1000: "error", 7: "skip"}

    verdicts = shown(run_of(*(trial(told.get(i, "pass"), case=str(i)) for i in range(LARGE))))

    assert verdicts[:4] == ["fail", "fail", "undecided", "undecided"]
    assert {"pass", "skip"} == set(verdicts[4:])


def test_a_failure_of_the_last_suite_comes_before_what_passed_in_the_first(trial, run_of):
    records = [trial(suite=suite, case=str(case)) for suite in "xyz" for case in range(LARGE)]

    assert shown(run_of(*records, trial("fail", suite="z", case="last")))[0] == "fail"


def test_what_is_kept_is_bounded_whatever_fails(trial, run_of):
    outcomes = ["fail", "error", "pass"] * LARGE

    verdicts = shown(run_of(*(trial(outcome, case=str(i)) for i, outcome in enumerate(outcomes))))

    assert [verdicts.count(verdict) for verdict in ("fail", "undecided", "pass")] == [500, 100, 200]


def test_an_error_does_not_drown_among_failures(trial, run_of):
    records = [trial("fail", case=str(i)) for i in range(LARGE)]

    assert "undecided" in shown(run_of(*records, trial("error", case="last")))


def test_examples_are_spread_over_suites_and_targets(trial, run_of):
    places = [(suite, target) for suite in "xyz" for target in "tu"]
    records = [
        trial(suite=suite, target=target, case=str(case)) for suite in "xyz" for case in range(300) for target in "tu"
    ]

    kept = [(result.suite, result.target.label) for result in summarise(run_of(*records)).results]

    counts = [kept.count(place) for place in places]
    assert min(counts) == max(counts) >= 20
    assert len(kept) <= 200


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_long_texts_are_bounded_as_well_as_many(trial, run_of, outcome):
    said = ((Message(role="user", text="z" * 500_000),),)

    summary = summarise(run_of(*(trial(outcome, case=str(i), said=said) for i in range(40))))

    assert (summary.whole, summary.cases.all) == (False, 40)
    assert 1 <= len(summary.results) <= 10


def test_of_many_repeats_those_that_tell_most_are_kept(trial, run_of):
    told = {700: "fail", 800: "error"}

    summary = summarise(run_of(*(trial(told.get(i, "pass"), index=i) for i in range(LARGE))))

    (result,) = summary.results
    assert (len(result.trials), result.rate.passed) == (10, LARGE - 2)
    assert [trial.outcome for trial in result.trials if trial.outcome != "pass"] == ["fail", "error"]


def test_a_case_that_is_kept_has_a_result_for_targets_whose_trials_are_not(trial, run_of):
    records = [trial("fail" if case == 0 else "pass", case=str(case), target="t") for case in range(LARGE)]
    records += [trial(case=str(case), target="u") for case in reversed(range(LARGE))]

    first, second, *_ = summarise(run_of(*records)).results

    assert [(each.case, each.target.label, each.verdict) for each in (first, second)] == [
        ("0", "t", "fail"),
        ("0", "u", "pass"),
    ]
    assert (len(first.trials), second.trials) == (1, ())
