from fractions import Fraction
from itertools import combinations, product
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import distinct_p, rank_sum_p, sign_flip_p

SCORES = st.integers(-2, 3) | st.sampled_from([0.5, -1.5, 2.0, float("inf")])
TEXTS = st.sampled_from("abcd")
DIFFERENCES = st.integers(-4, 4) | st.sampled_from([0.5, -0.25, 0.1, 0.2, -0.3, -0.0])


def groups_of(values):
    return st.tuples(st.lists(values, max_size=5), st.lists(values, max_size=5))


def relabellings(low, high):
    """Every way to split the pooled samples into groups of the same sizes."""
    pooled = [*low, *high]
    for chosen in combinations(range(len(pooled)), len(high)):
        yield [each for place, each in enumerate(pooled) if place not in chosen], [pooled[place] for place in chosen]


def flips(differences):
    return [list(flipped) for flipped in product(*([each, -each] for each in differences))]


def rank_sum(low, high):
    pooled = [*low, *high]
    return sum(Fraction(sum(each < one for each in pooled)) + Fraction(pooled.count(one), 2) for one in high)


def surplus(low, high):
    return len(set(high)) - len(set(low))


def exact_sum(differences):
    return sum(map(Fraction, differences))


def by_listing(statistic, low, high):
    null = [statistic(*groups) for groups in relabellings(low, high)]
    return sum(each >= statistic(low, high) for each in null) / len(null)


@given(groups=groups_of(SCORES))
def test_the_rank_sum_test_counts_what_listing_every_relabelling_counts(groups):
    assert rank_sum_p(*groups) == by_listing(rank_sum, *groups)


@given(groups=groups_of(TEXTS))
def test_the_test_of_distinct_values_counts_what_listing_every_relabelling_counts(groups):
    assert distinct_p(*groups) == by_listing(surplus, *groups)


@given(differences=st.lists(DIFFERENCES, max_size=8))
def test_the_sign_flip_test_counts_what_listing_every_flip_counts(differences):
    null = [exact_sum(flipped) for flipped in flips(differences)]

    assert sign_flip_p(differences) == sum(each >= exact_sum(differences) for each in null) / len(null)


@pytest.mark.parametrize("test", [rank_sum_p, distinct_p])
@given(groups=groups_of(st.integers(0, 3)))
@settings(max_examples=25)
def test_under_the_null_a_p_value_is_no_smaller_than_it_says(test, groups):
    null = [test(*relabelled) for relabelled in relabellings(*groups)]

    assert all(sum(each <= p for each in null) <= p * len(null) * (1 + 1e-12) for p in null)


@given(differences=st.lists(DIFFERENCES, max_size=6))
@settings(max_examples=25)
def test_under_the_null_a_p_value_of_flipped_signs_is_no_smaller_than_it_says(differences):
    null = [sign_flip_p(flipped) for flipped in flips(differences)]

    assert all(sum(each <= p for each in null) <= p * len(null) for p in null)


@pytest.mark.parametrize("n", [1, 8, 16, 32])
def test_complete_separation_is_one_relabelling_of_all(n):
    assert rank_sum_p(range(n), range(n, 2 * n)) == 1 / comb(2 * n, n)


@pytest.mark.parametrize("n", [2, 8, 16, 40])
def test_one_text_throughout_against_all_different_is_one_relabelling_of_all(n):
    assert distinct_p(["same"] * n, [f"text {each}" for each in range(n)]) == 1 / comb(2 * n, n)


def test_the_published_example_of_a_rank_sum_test_is_met():
    # Permeability of the human chorioamnion, Hollander and Wolfe 1973, page 69: one-sided p = 0.1272.
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    earlier = [1.15, 0.88, 0.90, 0.74, 1.21]

    assert rank_sum_p(earlier, at_term) == pytest.approx(0.1272, abs=5e-5)


def test_the_published_example_of_paired_differences_is_met():
    # Darwin's maize, crossed minus self-fertilised in eighths of an inch; Fisher 1935, section 21: 863 of 32,768 flips.
    darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

    assert sign_flip_p(darwin) == 863 / 2**15


@pytest.mark.parametrize("test", [rank_sum_p, distinct_p])
@pytest.mark.parametrize("groups", [([], []), ([1], []), ([], [1]), ([7] * 16, [7] * 16)])
def test_samples_that_cannot_differ_have_a_p_value_of_one(test, groups):
    assert test(*groups) == 1


@given(groups=groups_of(st.integers(-3, 3)))
def test_only_the_order_of_the_scores_counts(groups):
    low, high = groups

    assert rank_sum_p([each**3 + 10**400 for each in low], [each**3 + 10**400 for each in high]) == rank_sum_p(
        low, high
    )


@given(low=st.lists(SCORES, min_size=1, max_size=5), high=st.lists(SCORES, min_size=1, max_size=5))
def test_giving_high_the_larger_of_two_scores_never_speaks_less_for_the_effect(low, high):
    exchanged = [[min(low[0], high[0]), *low[1:]], [max(low[0], high[0]), *high[1:]]]

    assert rank_sum_p(*exchanged) <= rank_sum_p(low, high)


@given(differences=st.lists(DIFFERENCES, min_size=1, max_size=8))
def test_a_pair_that_agrees_never_speaks_less_for_the_effect_than_if_it_did_not(differences):
    assert sign_flip_p([abs(differences[0]), *differences[1:]]) <= sign_flip_p(differences)


@given(groups=groups_of(SCORES))
def test_the_two_directions_together_hold_every_relabelling_and_share_the_ties(groups):
    low, high = groups
    tied = sum(rank_sum(*each) == rank_sum(low, high) for each in relabellings(low, high))

    both = rank_sum_p(low, high) + rank_sum_p(high, low)

    assert both == pytest.approx(1 + tied / comb(len(low) + len(high), len(high)))


@given(differences=st.lists(DIFFERENCES, max_size=8), zeros=st.integers(0, 50))
def test_pairs_without_a_difference_change_nothing(differences, zeros):
    assert sign_flip_p([0, *differences, *[0.0] * zeros]) == sign_flip_p(differences)


@given(differences=st.lists(st.integers(-50, 50), max_size=10))
def test_the_unit_of_the_differences_does_not_count(differences):
    assert sign_flip_p([Fraction(each, 7) for each in differences]) == sign_flip_p(differences)


def test_ten_pairs_that_all_agree_give_one_in_1024():
    assert sign_flip_p([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]) == 1 / 1024


def test_whole_numbers_are_counted_exactly_however_many_pairs_there_are():
    # Of 400 coins, the share of throws with 220 heads or more.
    assert sign_flip_p([1] * 220 + [-1] * 180) == sum(comb(400, heads) for heads in range(220, 401)) / 2**400


def test_differences_without_a_common_unit_are_counted_up_to_36_pairs():
    incommensurable = [2**place + 1 / 3 for place in range(36)]

    assert sign_flip_p(incommensurable) == 1 / 2**36
    with pytest.raises(ValueError, match="too many to count exactly: give fewer pairs, or round"):
        sign_flip_p([2**place for place in range(38)])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_difference_that_is_not_finite_is_refused_and_never_left_out(value):
    with pytest.raises(ValueError, match="must be finite"):
        sign_flip_p([1.0, value])


@pytest.mark.parametrize("groups", [([float("nan")], [1.0]), ([1.0], [float("nan")])])
def test_a_score_that_is_no_number_is_refused(groups):
    with pytest.raises(ValueError, match="NaN has no rank"):
        rank_sum_p(*groups)
