"""Records in the order of the plan, however replies arrive: what is shown of a run depends on no race.

It stands apart because it must not keep what it waits for: a slow reply may be passed by thousands.
"""

from collections.abc import Callable

from harness.core.record import TrialRecord
from harness.store import RunFolder

MOST_KEPT = 256
"""Records that are kept while an earlier one is waited for; those beyond are read again from the journal."""

_OPEN, _DONE, _NOT_OURS = range(3)


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
        self._pass_on = pass_on
        # Noted here and not looked up there: the folder knows of a record before it is given to us.
        self._states = bytearray(
            (_DONE if folder.holds(number) else _OPEN) if is_ours(number) else _NOT_OURS for number in range(planned)
        )
        self._next = 0
        self._early: dict[int, TrialRecord] = {}
        self._drain()

    def add(self, number: int, record: TrialRecord) -> None:
        """Take a finished trial, which the folder holds."""
        self._states[number] = _DONE
        if number == self._next:
            self._pass_on(record)
            self._next += 1
            self._drain()
        elif len(self._early) < MOST_KEPT:
            self._early[number] = record

    def finish(self) -> None:
        """Pass on what is done behind what is not, when nothing more comes."""
        while self._next < len(self._states):
            if self._states[self._next] == _OPEN:
                self._next += 1
            else:
                self._drain()

    def _drain(self) -> None:
        while self._next < len(self._states) and (state := self._states[self._next]) != _OPEN:
            if state == _DONE:
                known = self._early.pop(self._next, None)
                self._pass_on(self._folder.record_at(self._next) if known is None else known)
            self._next += 1
