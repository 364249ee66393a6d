"""How often each of many short digests has been seen, in a few bytes apiece.

It stands apart from the datasets because a set of Python's own would take 60 to 100 bytes a row, and a dataset of a
million rows must not fill the memory.
"""

import os
from array import array

KEY_BITS = 48
_COUNT_BITS = 16
_MOST = (1 << _COUNT_BITS) - 1
_WORD = (1 << 64) - 1
_FIRST_BITS = 10


class Tally:
    """Counts of keys of 48 bits: 8 bytes a slot, at most two thirds of them taken, so 12 to 24 bytes a key."""

    def __init__(self) -> None:
        """Nothing counted."""
        self._bits = _FIRST_BITS
        self._slots = array("Q", bytes(8 << _FIRST_BITS))
        self._taken = 0
        self._beyond: dict[int, int] = {}
        # Odd and unknown to whoever wrote the rows: nobody can make them all fall into one slot.
        self._factor = int.from_bytes(os.urandom(8)) | 1

    def count(self, key: int) -> int:
        """Count the key once more, and return how often it has been counted."""
        slots, mask = self._slots, (1 << self._bits) - 1
        at = (key * self._factor & _WORD) >> (64 - self._bits)
        while (word := slots[at]) and word >> _COUNT_BITS != key:
            at = (at + 1) & mask
        if not word:
            slots[at] = key << _COUNT_BITS | 1
            self._taken += 1
            if 3 * self._taken > 2 * len(slots):
                self._grow()
            return 1
        if word & _MOST < _MOST:
            slots[at] = word + 1
            return (word & _MOST) + 1
        self._beyond[key] = self._beyond.get(key, _MOST) + 1
        return self._beyond[key]

    def _grow(self) -> None:
        old = self._slots
        self._bits += 1
        self._slots = slots = array("Q", bytes(8 << self._bits))
        mask, shift = (1 << self._bits) - 1, 64 - self._bits
        for word in old:
            if word:
                at = ((word >> _COUNT_BITS) * self._factor & _WORD) >> shift
                while slots[at]:
                    at = (at + 1) & mask
                slots[at] = word
