"""How much of the error level each look may spend, and how many samples make a look worth taking.

It stands apart because both are settled before any sample is seen: the family is the catalogue's, not what a run
happened to select.
"""

from dataclasses import dataclass
from math import comb

# Nearly all effects are plain at once, so the first and cheaper look gets most of the level.
FIRST_SHARE, SECOND_SHARE = 0.8, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The level of each of two looks; the second sees the first one's samples and as many again.

    Splitting the level keeps the chance that either look errs within the sum, however the looks depend on each other.
    """

    first: float
    second: float

    def decides(self, p: float, look: int) -> bool:
        """Whether a p value is small enough at look 1 or look 2.

        raises  ValueError for any other look, and for a p value outside 0 to 1: neither has a level
        """
        if look not in (1, 2):
            raise ValueError(f"there is no look {look}: the level is split over look 1 and look 2")
        if not 0 <= p <= 1:
            raise ValueError(f"{p} is no p value: it must lie in 0 to 1")
        return p <= (self.first if look == 1 else self.second)


def ladder(level: float, family: int) -> Ladder:
    """The two levels of one cell, such that a whole family of cells errs with probability `level` at most.

    family  how many cells could be decided, whether or not this run asks them
    raises  ValueError for a level outside 0 to 1 or an empty family
    """
    _check_level(level)
    if family < 1:
        raise ValueError(f"a family has at least one cell, not {family}")
    share = level / family
    return Ladder(first=share * FIRST_SHARE, second=share * SECOND_SHARE)


def pairs_needed(level: float) -> int:
    """The fewest pairs with which `sign_flip_p` can reach the level: if all of n agree, p = 1 / 2**n."""
    _check_level(level)
    pairs = 1
    while 1 / 2**pairs > level:
        pairs += 1
    return pairs


def per_group_needed(level: float) -> int:
    """The fewest samples in each of two groups with which `rank_sum_p` can reach the level: p = 1 / C(2n, n).

    The same holds for `distinct_p` where `low` is one value throughout and `high` is all different and lacks it.
    """
    _check_level(level)
    samples = 1
    while 1 / comb(2 * samples, samples) > level:
        samples += 1
    return samples


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
