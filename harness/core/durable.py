"""Lines that survive the machine: appended in groups, each group synced to its disk once.

It stands apart because journals of runs and of cassettes promise the same, and a sync for each line would cost a run
most of its speed.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

Append = Callable[[], int | None]
"""Appends something, and returns the descriptor of the file to sync; None if there is none."""


class _Line(NamedTuple):
    """A write that was begun, and whom to tell."""

    append: Append
    done: "asyncio.Future[None]"


class GroupCommit:
    """Runs writes in one thread, in the order of their coming, and syncs what they wrote once a group.

    What comes while one group is synced is the next: a group that waited for more would hold up those that ask one
    thing after another, and let them go together, to be answered together, and to wait for one another from then on.
    """

    def __init__(self) -> None:
        """Nothing is started before the first line."""
        self._waiting: list[_Line] = []
        self._under_way = False
        self._groups: SimpleQueue[list[_Line] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def write(self, append: Append) -> None:
        """Come back when what `append` wrote would survive a power cut.

        append  is run in the thread, even if nobody waits any more
        raises  what `append` or the sync raises
        """
        await self.begin(append)

    def begin(self, append: Append) -> "asyncio.Future[None]":
        """The same, as a future to wait for later."""
        loop = asyncio.get_running_loop()
        line = _Line(append, loop.create_future())
        self._waiting.append(line)
        if not self._under_way:
            self._under_way = True
            loop.call_soon(self._hand_over, loop)
        return line.done

    async def aclose(self) -> None:
        """Come back when all that was begun is durable."""
        while self._under_way:
            await asyncio.shield(self.begin(_nothing))
        if self._thread is not None:
            self._groups.put(None)
            self._thread.join()
            self._thread = None

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give what waits to the thread, as one group."""
        if self._thread is None:
            # Not by the loop's executor: its futures take three rounds of a busy loop to come back, these take one.
            self._thread = Thread(target=self._write_groups, args=(loop,), name="durable", daemon=True)
            self._thread.start()
        group, self._waiting = self._waiting, []
        self._groups.put(group)

    def _write_groups(self, loop: asyncio.AbstractEventLoop) -> None:
        while (group := self._groups.get()) is not None:
            faults = _write_group([line.append for line in group])
            # A loop that was closed has nobody to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._tell, group, faults, loop)

    def _tell(self, group: list[_Line], faults: list[Exception | None], loop: asyncio.AbstractEventLoop) -> None:
        """Tell whoever still waits how it came out, and go on with what has come meanwhile."""
        for line, fault in zip(group, faults, strict=True):
            if line.done.done():
                continue
            if fault is None:
                line.done.set_result(None)
            else:
                line.done.set_exception(fault)
        if self._waiting:
            self._hand_over(loop)
        else:
            self._under_way = False


def _nothing() -> None:
    """Come after all that was begun."""


def _write_group(appends: list[Append]) -> list[Exception | None]:
    """Write all, then sync each file once; what went wrong with each, or None."""
    faults: list[Exception | None] = []
    files: dict[int, list[int]] = {}
    for place, append in enumerate(appends):
        try:
            descriptor = append()
        except Exception as fault:  # noqa: BLE001 - told to whoever waits for this line
            faults.append(fault)
            continue
        faults.append(None)
        if descriptor is not None:
            files.setdefault(descriptor, []).append(place)
    for descriptor, places in files.items():
        try:
            sync(descriptor)
        except OSError as fault:
            for place in places:
                faults[place] = fault
    return faults


def sync(descriptor: int) -> None:
    """Force a file's content to its disk. Times of the file itself need not get there."""
    with suppress(AttributeError):
        os.fdatasync(descriptor)
        return
    os.fsync(descriptor)
