"""How times, speeds and costs are summed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.reply import Reply, Timing, Usage
from harness.report.measures import percentile, tokens_per_second

numbers = st.floats(0, 1e15, exclude_max=True) | st.sampled_from([1.0, 2.0, 5e-324])


@given(values=st.lists(st.floats(0, 1e6), min_size=1), hundredth=st.integers(1, 100))
def test_a_percentile_was_measured_and_as_many_as_it_says_do_not_exceed_it(values, hundredth):
    found = percentile(values, hundredth)

    assert found in values
    assert sum(value <= found for value in values) * 100 >= hundredth * len(values)
    assert sum(value < found for value in values) * 100 < hundredth * len(values)


@given(values=st.lists(numbers, min_size=1, max_size=60), hundredth=st.integers(1, 100), whole=st.integers(1, 8))
def test_a_percentile_of_too_many_to_sort_at_once_is_the_same(values, hundredth, whole):
    assert percentile(values, hundredth, whole=whole) == percentile(values, hundredth)


@pytest.mark.parametrize("tokens", [10**400, None])
def test_a_token_count_beyond_all_numbers_gives_no_speed(exchange, tokens):
    reply = Reply(usage=Usage(completion=tokens), timing=Timing(total_ms=1000))

    assert tokens_per_second(exchange(reply=reply)) is None
