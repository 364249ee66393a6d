from collections import Counter
from sys import getsizeof

from hypothesis import given
from hypothesis import strategies as st

from harness.suite.tally import Tally

keys = st.integers(0, 2**48 - 1) | st.integers(0, 20)


@given(st.lists(keys, max_size=300))
def test_a_tally_counts_as_a_counter_does(listed):
    tally, counter = Tally(), Counter()

    for key in listed:
        counter[key] += 1
        assert tally.count(key) == counter[key]


def test_a_tally_keeps_its_counts_as_it_grows():
    tally = Tally()

    assert [tally.count(key * 7919) for _ in range(2) for key in range(20_000)] == [1] * 20_000 + [2] * 20_000


def test_a_key_may_be_counted_more_often_than_its_slot_can_hold():
    tally = Tally()

    counts = [tally.count(5) for _ in range(70_000)]

    assert counts == list(range(1, 70_001))


def test_a_key_takes_24_bytes_at_most():
    tally = Tally()

    for key in range(100_000):
        tally.count(key)

    assert getsizeof(tally._slots) <= 24 * 100_000
