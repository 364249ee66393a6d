"""Exact tests and bounds, for verdicts and for comparisons.

It stands apart because a p value must be right whoever asks for it: pure functions of samples, and nothing else.
"""

from harness.stats.bounds import (
    Interval,
    difference_of_repeats,
    share_at_least,
    share_at_most,
    share_interval,
    superiority,
    superiority_interval,
)
from harness.stats.looks import Ladder, ladder, pairs_needed, per_group_needed
from harness.stats.permutation import distinct_p, rank_sum_p, sign_flip_p

__all__ = [
    "Interval",
    "Ladder",
    "difference_of_repeats",
    "distinct_p",
    "ladder",
    "pairs_needed",
    "per_group_needed",
    "rank_sum_p",
    "share_at_least",
    "share_at_most",
    "share_interval",
    "sign_flip_p",
    "superiority",
    "superiority_interval",
]
