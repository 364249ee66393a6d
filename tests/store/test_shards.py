from dataclasses import replace
from pathlib import Path

import pytest
from run_samples import FOOTER, HEADER, RECORD

from harness.core.errors import InputError
from harness.core.record import Run
from harness.store.shards import join_shards


def share(place, *numbers, closed=True, **header):
    records = tuple(replace(RECORD, trial=f"t{number}", number=number) for number in numbers)
    told = replace(HEADER, shard=place, trials=len(numbers), **header)
    return Path(place.replace("/", "-of-")), Run(header=told, records=records, footer=FOOTER if closed else None)


def test_shares_are_joined_in_the_order_of_the_plan_as_a_whole_run():
    joined = join_shards([share("2/2", 0, 3, 4), share("1/2", 1, 2)])

    assert [record.number for record in joined.records] == [0, 1, 2, 3, 4]
    assert (joined.header.shard, joined.header.trials) == (None, 5)


@pytest.mark.parametrize(
    ("others", "fault"),
    [
        ([share("2/3", 1)], "3/3 are not here"),
        ([share("2/2", 1)], "number of shares"),
        ([share("1/3", 1), share("3/3", 2)], "the same share"),
        ([share("2/3", 1), share("3/3", 0)], "is in 1-of-3, too"),
        ([share("2/3", 1), share("3/3", 2, closed=False)], "did not finish"),
        ([share("2/3", 1, plan="q"), share("3/3", 2)], "its plan is another"),
        ([share("2/3", 1, mode="live"), share("3/3", 2)], "its mode is another"),
        ([share("2/3", 1, version="2"), share("3/3", 2)], "its version is another"),
    ],
)
def test_shares_that_do_not_belong_together_overlap_or_leave_gaps_are_refused(others, fault):
    with pytest.raises(InputError, match=fault):
        join_shards([share("1/3", 0), *others])


def test_a_whole_run_is_no_share():
    path, run = share("2/2", 1)

    with pytest.raises(InputError, match="a whole run"):
        join_shards([(path, replace(run, header=replace(run.header, shard=None)))])


def test_gaps_are_allowed_when_told_and_the_joined_run_is_known_to_be_incomplete():
    joined = join_shards([share("1/3", 0, 2), share("3/3", 4, closed=False)], partial=True)

    assert len(joined.records) < joined.header.trials
