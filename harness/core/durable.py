"""Lines that survive the machine: appended in groups, each group synced to its disk once.

It stands apart because journals of runs and of cassettes promise the same, and a sync for each line would cost a run
most of its speed.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

GROUP_S = 0.004
"""How long a group waits for more lines; with its sync far below the 100 ms that may lie between two."""


class GroupCommit:
    """Runs writes in one thread, in the order of their coming, and syncs what they wrote once a group.

    A write is a function that appends and returns the file descriptor to sync; files may be many.
    """

    def __init__(self, group_s: float = GROUP_S) -> None:
        """Nothing is started before the first line."""
        self._group_s = group_s
        self._waiting: list[tuple[Callable[[], int], asyncio.Future[None]]] = []
        self._thread: ThreadPoolExecutor | None = None
        self._task: asyncio.Task[None] | None = None

    async def write(self, append: Callable[[], int]) -> None:
        """Come back when what `append` wrote would survive a power cut.

        append  writes, in the thread, and returns the descriptor of its file
        raises  what `append` or the sync raises
        """
        # A trial that is cancelled here has been paid for all the same: the write goes on.
        await asyncio.shield(self.begin(append))

    def begin(self, append: Callable[[], int]) -> "asyncio.Future[None]":
        """The same, as a future to wait for later."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((append, done))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._commit())
        return done

    async def aclose(self) -> None:
        """Come back when all that was begun is durable."""
        while self._task is not None:
            await asyncio.shield(self._task)
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="durable")
        try:
            while self._waiting:
                await asyncio.sleep(self._group_s)
                group, self._waiting = self._waiting, []
                faults = await loop.run_in_executor(self._thread, _write_group, [append for append, _ in group])
                for (_, done), fault in zip(group, faults, strict=True):
                    if done.cancelled():
                        continue
                    if fault is None:
                        done.set_result(None)
                    else:
                        done.set_exception(fault)
        finally:
            self._task = None


def _write_group(appends: list[Callable[[], int]]) -> list[Exception | None]:
    """Write all, then sync each file once; what went wrong with each, or None."""
    faults: list[Exception | None] = []
    files: dict[int, list[int]] = {}
    for place, append in enumerate(appends):
        try:
            files.setdefault(append(), []).append(place)
        except Exception as fault:  # noqa: BLE001 - told to whoever waits for this line
            faults.append(fault)
        else:
            faults.append(None)
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
