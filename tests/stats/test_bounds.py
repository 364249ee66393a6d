from fractions import Fraction
from functools import cache
from itertools import product
from math import comb, factorial, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import (
    difference_of_repeats,
    share_at_least,
    share_at_most,
    share_interval,
    superiority,
    superiority_interval,
)

CONFIDENCES = st.sampled_from([0.5, 0.9, 0.95, 0.99, 1 - 0.05 / 45])
SHARES = [Fraction(step, 20) for step in range(21)]
SCORES = st.lists(st.integers(-3, 3), min_size=1, max_size=8)


@st.composite
def counts(draw):
    n = draw(st.integers(1, 40))
    return draw(st.integers(0, n)), n


def chance(k, n, share):
    """P(k of n)."""
    return comb(n, k) * share**k * (1 - share) ** (n - k)


def tail(k, n, share):
    """P(k or more of n)."""
    return sum(chance(each, n, share) for each in range(k, n + 1))


def outcomes(weights, n):
    """Each sample of n draws of 0, 1, 2, … with these weights, in order of size, and its exact probability."""
    for numbers in product(range(n + 1), repeat=len(weights)):
        if sum(numbers) == n:
            ways = factorial(n) // prod(map(factorial, numbers))
            sample = tuple(value for value, number in enumerate(numbers) for _ in range(number))
            yield sample, ways * prod(weight**number for weight, number in zip(weights, numbers, strict=True))


interval_of = cache(superiority_interval)  # one sample occurs under many distributions


def coverage_of_superiority(low_weights, high_weights, n):
    """The exact probability that the interval of n + n draws holds the truth."""
    truth = superiority_of(low_weights, high_weights)
    low_samples, high_samples = list(outcomes(low_weights, n)), list(outcomes(high_weights, n))
    held = 0
    for (low, low_chance), (high, high_chance) in product(low_samples, high_samples):
        least, most = interval_of(low, high)
        held += low_chance * high_chance * (least <= truth <= most)
    return held


def superiority_of(low_weights, high_weights):
    pairs = product(enumerate(low_weights), enumerate(high_weights))
    return sum(p * q * (Fraction(y > x) + Fraction(y == x) / 2) for (x, p), (y, q) in pairs)


def test_always_from_k_of_k_has_a_bound():
    bounds = (share_at_least(5, 5), share_at_least(59, 59), share_at_least(58, 58))

    assert bounds == pytest.approx((0.05 ** (1 / 5), 0.05 ** (1 / 59), 0.05 ** (1 / 58)), abs=1e-12)
    assert (bounds[1] > 0.95, bounds[2] > 0.95) == (True, False)


def test_the_published_example_of_clopper_and_pearsons_interval_is_met():
    # Newcombe 1998 (Statistics in Medicine 17:857), table I: 81 of 263, 15 of 148, 0 of 20.
    intervals = [share_interval(81, 263), share_interval(15, 148), share_interval(0, 20)]

    assert [tuple(round(bound, 4) for bound in each) for each in intervals] == [
        (0.2527, 0.3676),
        (0.0578, 0.1617),
        (0.0, 0.1684),
    ]


@given(count=counts(), confidence=CONFIDENCES)
def test_at_the_lower_bound_the_exact_tail_is_what_may_be_missed(count, confidence):
    k, n = count

    bound = share_at_least(k, n, confidence)

    assert tail(k, n, Fraction(bound)) == pytest.approx(1 - confidence if k else 1, rel=1e-9)


@given(count=counts(), confidence=CONFIDENCES)
def test_what_most_can_succeed_is_what_fewest_can_fail(count, confidence):
    k, n = count

    assert share_at_most(k, n, confidence) == pytest.approx(1 - share_at_least(n - k, n, confidence), abs=1e-12)


@given(count=counts(), confidence=CONFIDENCES)
def test_an_interval_holds_its_share_and_each_side_may_miss_half(count, confidence):
    k, n = count

    low, high = share_interval(k, n, confidence)

    assert 0 <= low <= k / n <= high <= 1
    assert (low, high) == (share_at_least(k, n, (1 + confidence) / 2), share_at_most(k, n, (1 + confidence) / 2))


@given(n=st.integers(1, 30), confidence=st.sampled_from([0.8, 0.95]))
@settings(max_examples=20)
def test_a_share_lies_in_its_interval_at_least_as_often_as_promised(n, confidence):
    intervals = [share_interval(k, n, confidence) for k in range(n + 1)]
    for share in SHARES:
        held = [k for k, (low, high) in enumerate(intervals) if low <= share <= high]

        assert sum(chance(k, n, share) for k in held) >= confidence


@given(count=counts(), confidence=CONFIDENCES)
def test_a_bound_rises_with_successes_and_falls_with_failures_and_confidence(count, confidence):
    k, n = count
    bound = share_at_least(k, n, confidence)

    assert share_at_least(k + 1, n + 1, confidence) >= bound >= share_at_least(k, n + 1, confidence)
    assert share_at_least(k, n, (1 + confidence) / 2) <= bound


@pytest.mark.parametrize("k", [1, 50, 99_950, 99_999])
def test_the_tails_of_many_trials_are_met_too(k):
    low, high = share_interval(k, 100_000)

    assert low < k / 100_000 < high
    assert high - low < 0.001


def test_a_confidence_next_to_nothing_or_to_certainty_still_has_bounds():
    assert share_at_least(5, 5, 1e-20) == pytest.approx(1)
    assert share_at_least(5, 5, 1 - 1e-15) == pytest.approx(1e-3, rel=0.05)


def test_none_of_none_leaves_every_share_possible():
    assert share_interval(0, 0) == (0, 1)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, -1)])
@pytest.mark.parametrize("bound", [share_at_least, share_at_most, share_interval])
def test_a_count_outside_its_trials_is_refused(bound, k, n):
    with pytest.raises(ValueError, match="is no share"):
        bound(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, float("nan")])
@pytest.mark.parametrize("bound", [share_at_least, share_at_most, share_interval])
def test_a_confidence_in_percent_or_out_of_range_is_refused(bound, confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        bound(1, 3, confidence)


@pytest.mark.parametrize("confidence", [0, 1, -0.5])
@pytest.mark.parametrize("interval", [superiority_interval, difference_of_repeats])
def test_intervals_of_two_groups_refuse_such_a_confidence_too(interval, confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        interval([1, 2], [3, 4], confidence)


@given(low=SCORES, high=SCORES)
def test_superiority_is_the_share_of_pairs_won_and_half_of_those_tied(low, high):
    won = sum((y > x) + (y == x) / 2 for x, y in product(low, high))

    assert superiority(low, high) == won / (len(low) * len(high))


@given(low=SCORES, high=SCORES, confidence=CONFIDENCES)
def test_exchanging_the_groups_mirrors_superiority_and_its_interval(low, high, confidence):
    least, most = superiority_interval(low, high, confidence)

    assert superiority(high, low) == pytest.approx(1 - superiority(low, high))
    assert superiority_interval(high, low, confidence) == pytest.approx((1 - most, 1 - least))
    assert 0 <= least <= superiority(low, high) <= most <= 1


@pytest.mark.parametrize("measure", [superiority, superiority_interval])
@pytest.mark.parametrize("groups", [([], [1]), ([1], []), ([float("nan")], [1.0]), ([1.0], [float("nan")])])
def test_superiority_without_a_sample_or_of_no_number_is_refused(measure, groups):
    with pytest.raises(ValueError, match=r"each group needs a sample|NaN is neither"):
        measure(*groups)


def test_against_a_constant_the_bounds_are_those_of_a_plain_share():
    assert superiority_interval([0] * 8, [1] * 6 + [-1] * 2) == share_interval(6, 8)
    assert superiority_interval([0] * 32, [1] * 6 + [-1] * 2) == share_interval(6, 8)


THREE_VALUES = [
    (Fraction(0), Fraction(1), Fraction(0)),
    (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)),
    (Fraction(1, 2), Fraction(0), Fraction(1, 2)),
    (Fraction(1, 10), Fraction(0), Fraction(9, 10)),
    (Fraction(1, 50), Fraction(8, 50), Fraction(41, 50)),
]


# Exact, over every sample that can be drawn. For continuous scores and other sizes: coverage_of_superiority.py.
@pytest.mark.parametrize("low_weights", THREE_VALUES)
@pytest.mark.parametrize("high_weights", THREE_VALUES)
def test_the_true_superiority_lies_in_its_interval_at_least_as_often_as_promised(low_weights, high_weights):
    assert coverage_of_superiority(low_weights, high_weights, n=8) >= Fraction(95, 100)


def test_texts_that_always_differ_and_never_do_are_as_far_apart_as_can_be():
    found = difference_of_repeats(["same"] * 16, [str(each) for each in range(16)])

    # Eight pairs a side, each bound at 1 - 0.05 / 4.
    assert found.estimate == found.high == 1
    assert found.low == pytest.approx(2 * 0.0125 ** (1 / 8) - 1)


def test_only_disjoint_pairs_in_order_are_compared():
    found = difference_of_repeats(list("aabbccz"), list("abcabc"))

    assert found.estimate == 1


@given(low=st.lists(st.sampled_from("abc"), min_size=2, max_size=12), high=st.lists(st.sampled_from("abc"), min_size=2))
def test_exchanging_the_groups_mirrors_the_difference_of_repeats(low, high):
    found, mirrored = difference_of_repeats(low, high), difference_of_repeats(high, low)

    assert (mirrored.low, mirrored.estimate, mirrored.high) == (-found.high, -found.estimate, -found.low)
    assert -1 <= found.low <= found.estimate <= found.high <= 1


@pytest.mark.parametrize("pairs", [2, 4, 8])
def test_the_true_difference_of_repeats_lies_in_its_interval_at_least_as_often_as_promised(pairs):
    samples = [["same", "same"] * (pairs - k) + ["same", "other"] * k for k in range(pairs + 1)]
    found = {(k, j): difference_of_repeats(samples[k], samples[j]) for k, j in product(range(pairs + 1), repeat=2)}
    for p, q in product(SHARES[::2], repeat=2):
        holding = [counted for counted, interval in found.items() if interval.low <= q - p <= interval.high]

        assert sum(chance(k, pairs, p) * chance(j, pairs, q) for k, j in holding) >= Fraction(95, 100)


@pytest.mark.parametrize("groups", [([], []), (["a"], ["a", "b"]), (["a", "b"], ["a"])])
def test_a_group_without_a_pair_is_refused(groups):
    with pytest.raises(ValueError, match="needs two samples to make a pair"):
        difference_of_repeats(*groups)
