import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.outcome import Outcome, Rate, decide_case, rate_of

rates = st.builds(
    Rate, passed=st.integers(0, 9), failed=st.integers(0, 9), errors=st.integers(0, 9), skipped=st.integers(0, 9)
)


def test_an_error_is_in_no_share_and_never_out_of_sight():
    rate = rate_of([Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.SKIP])

    assert rate.share == 0.5
    assert str(rate) == "50 % (1 of 2), 1 error of 3, 33 to 67 %"


@given(rates)
def test_the_bounds_hold_the_share_between_them(rate):
    if rate.share is not None:
        assert rate.lowest <= rate.share <= rate.highest


@given(rates, st.none() | st.integers(1, 9))
def test_a_case_is_decided_only_if_errors_could_not_have_changed_it(rate, at_least):
    verdict = decide_case(rate, at_least)

    had_errors_failed = decide_case(Rate(passed=rate.passed, failed=rate.failed + rate.errors), at_least)
    had_errors_passed = decide_case(Rate(passed=rate.passed + rate.errors, failed=rate.failed), at_least)
    if verdict in ("pass", "fail"):
        assert had_errors_failed == had_errors_passed == verdict


@pytest.mark.parametrize(
    ("rate", "at_least", "verdict"),
    [
        (Rate(passed=3), None, "pass"),
        (Rate(passed=2, failed=1), None, "fail"),
        (Rate(passed=2, failed=1), 2, "pass"),
        (Rate(passed=1, failed=1, errors=1), 2, "undecided"),
        (Rate(failed=1, errors=1), None, "fail"),
        (Rate(passed=2, errors=1), None, "undecided"),
        (Rate(skipped=2), None, "skip"),
    ],
)
def test_a_case_passes_if_as_many_trials_pass_as_it_asks_for(rate, at_least, verdict):
    assert decide_case(rate, at_least) == verdict
