"""Records in the order of the plan, however replies arrive: what is shown of a run depends on no race.

It stands apart because it must not keep what it waits for: a slow reply may be passed by thousands.
"""

from collections.abc import Callable

from harness.core.record import TrialRecord
from harness.store import RunFolder

MOST_KEPT = 256
"""Records that are kept while an earlier one is waited for; those beyond are read again from the journal."""


class InOrder:
    """Passes records on, each when all before it are done.

    planned  trials of the whole plan
    is_ours  whether a trial, by its number, is asked by this run, and not by another shard
    """

    def __init__(
        self, folder: RunFolder, planned: int, is_ours: Callable[[int], bool], pass_on: Callable[[TrialRecord], None]
    ) -> None:
        """Pass on what the folder holds from the plan's beginning, if it is gone on with."""
        self._folder = folder
        self._planned = planned
        self._is_ours = is_ours
        self._pass_on = pass_on
        self._next = 0
        self._early: dict[int, TrialRecord] = {}
        self._drain()

    def add(self, number: int, record: TrialRecord) -> None:
        """Take a finished trial, which the folder holds."""
        if number == self._next:
            self._pass_on(record)
            self._next += 1
            self._drain()
        elif len(self._early) < MOST_KEPT:
            self._early[number] = record

    def finish(self) -> None:
        """Pass on what is done behind what is not, when nothing more comes."""
        while self._next < self._planned:
            if self._folder.holds(self._next):
                self._pass_on(self._taken())
            self._next += 1

    def _drain(self) -> None:
        while self._next < self._planned:
            if self._folder.holds(self._next):
                self._pass_on(self._taken())
            elif self._is_ours(self._next):
                return
            self._next += 1

    def _taken(self) -> TrialRecord:
        known = self._early.pop(self._next, None)
        return self._folder.record_at(self._next) if known is None else known
