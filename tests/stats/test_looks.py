import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import distinct_p, ladder, pairs_needed, per_group_needed, rank_sum_p, sign_flip_p

LEVELS = st.floats(1e-9, 0.5)


@given(level=LEVELS, family=st.integers(1, 10_000))
def test_both_looks_of_every_cell_together_spend_the_level_and_no_more(level, family):
    looks = ladder(level, family)

    assert family * (looks.first + looks.second) == pytest.approx(level)


def test_the_first_look_gets_four_fifths():
    looks = ladder(0.05, 45)

    assert (looks.first, looks.second) == pytest.approx((0.05 / 45 * 0.8, 0.05 / 45 * 0.2))


def test_each_look_decides_at_its_own_level_and_at_no_other():
    looks = ladder(0.05, 1)

    assert [looks.decides(0.03, look) for look in (1, 2)] == [True, False]
    assert looks.decides(looks.first, 1)
    assert looks.decides(looks.second, 2)


@pytest.mark.parametrize("look", [0, 3])
def test_there_is_no_third_look(look):
    with pytest.raises(ValueError, match=f"no look {look}"):
        ladder(0.05, 1).decides(0.001, look)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="no p value"):
        ladder(0.05, 1).decides(p, 1)


@pytest.mark.parametrize(("level", "family"), [(0, 1), (1, 1), (float("nan"), 1), (0.05, 0)])
def test_a_level_or_a_family_that_cannot_be_is_refused(level, family):
    with pytest.raises(ValueError, match=r"a level lies|a family has"):
        ladder(level, family)


@pytest.mark.parametrize("needed", [pairs_needed, per_group_needed])
@pytest.mark.parametrize("level", [0, 1, float("nan")])
def test_no_sample_size_reaches_an_impossible_level(needed, level):
    with pytest.raises(ValueError, match="a level lies between 0 and 1"):
        needed(level)


def test_a_family_of_45_needs_11_pairs_or_7_samples_a_group():
    assert (pairs_needed(0.05 / 45 * 0.8), per_group_needed(0.05 / 45 * 0.8)) == (11, 7)


@given(level=LEVELS)
def test_the_pairs_needed_reach_the_level_and_one_fewer_does_not(level):
    n = pairs_needed(level)

    assert sign_flip_p([1] * n) <= level < sign_flip_p([1] * (n - 1))


@given(level=LEVELS)
def test_the_samples_needed_reach_the_level_and_one_fewer_in_each_group_does_not(level):
    n = per_group_needed(level)

    assert rank_sum_p([0] * n, [1] * n) <= level < rank_sum_p([0] * (n - 1), [1] * (n - 1))
    assert n == 1 or distinct_p([0] * n, range(1, n + 1)) <= level


def test_a_level_that_is_met_exactly_needs_no_more():
    assert (pairs_needed(1 / 1024), per_group_needed(1 / 12870)) == (10, 8)
