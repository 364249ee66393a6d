"""How numbers are spelled."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.outcome import Rate
from harness.report.figures import amount, count, errors_line, mean_of, milliseconds, money, number, percent


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0.0000123", "$0.0000123"),
        ("1.2300", "$1.23"),
        ("100", "$100"),
        ("1E+3", "$1,000"),
        ("0.000", "$0"),
        ("-2.50", "-$2.5"),
        ("1E-999999", "$1.000e-999999"),
    ],
)
def test_money_is_exact_without_trailing_zeros(usd, shown):
    assert money(Decimal(usd)) == shown


@given(usd=st.decimals(min_value=0, max_value=10**6, places=9))
def test_an_amount_reads_back_as_the_very_same_number(usd):
    assert Decimal(amount(usd).replace(",", "")) == usd


@pytest.mark.parametrize("show", [money, milliseconds, number, percent])
def test_what_is_not_known_is_never_shown_as_a_number(show):
    assert show(None) == "unknown"


@pytest.mark.parametrize("odd", ["NaN", "sNaN", "Infinity"])
def test_money_that_is_no_number_is_unknown(odd):
    assert money(Decimal(odd)) == "unknown"
    assert mean_of(Decimal(odd), 2) is None


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.999, ">99 %"), (1, "100 %")]
)
def test_a_share_is_all_or_none_only_if_it_is(share, shown):
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.04, "0.0"), (17.06, "17.1"), (812.4, "812"), (1234567, "1,234,567"), (10**400, "beyond 10¹⁵")],
)
def test_a_measurement_has_the_figures_it_deserves(value, shown):
    assert number(value) == shown


def test_a_number_that_is_none_says_so():
    assert number(float("nan")) == "not a number"


def test_counts_agree_with_their_noun():
    assert [count(n, "reply", "replies") for n in (0, 1, 2)] == ["0 replies", "1 reply", "2 replies"]


def test_errors_are_shown_with_their_number_and_the_bounds_they_leave():
    rate = Rate(passed=9, failed=1, errors=2)

    assert errors_line(rate) == "2 errors of 12, so 75 % to 92 %"
    assert errors_line(Rate(passed=1)) == "0 errors of 1"
