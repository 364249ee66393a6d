"""The journals that one transport writes to: lines of many trials, appended together and synced together.

It stands apart from what a journal is because this lives as long as a run, in its loop and in one thread beside it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness.core.durable import GroupCommit
from harness.wire.cassette_journal import (
    append_line,
    explained,
    is_still,
    line_of,
    lock_of,
    locked,
    open_journal,
    sync_folder,
)
from harness.wire.cassette_paths import journal_path


class Journals:
    """Writes recordings so that they survive, one sync for all that come within a few milliseconds."""

    def __init__(self) -> None:
        """Nothing is opened before the first line."""
        self._commit = GroupCommit()
        # A run has more cassettes than a process may have files: one is open only while a line of it is under way.
        self._waiting: Counter[Path] = Counter()
        self._open: dict[Path, list[int]] = {}
        self._new_names: set[Path] = set()

    def prepare(self, cassette: Path) -> None:
        """Make sure that a recording could be written, before one is paid for.

        raises  Unanswerable if it could not
        """
        folder = cassette.parent
        with explained(cassette):
            missing = [each for each in (folder, *folder.parents) if not each.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            for made in missing:
                sync_folder(made.parent)
            with locked(journal_path(cassette)):
                pass
        self._new_names.add(folder)

    async def write(self, cassette: Path, interaction: Mapping[str, Any]) -> None:
        """Come back when an interaction survives a power cut; one that was begun is written even if nobody waits.

        raises  Unanswerable if the disk refuses
        """
        self._waiting[cassette] += 1
        done = self._commit.begin(partial(self._append, cassette, interaction))
        done.add_done_callback(partial(self._let_go, cassette))
        with explained(cassette):
            # A trial that is cancelled here has been paid for all the same.
            await asyncio.shield(done)

    async def aclose(self) -> None:
        """Come back when all that was begun is durable."""
        await self._commit.aclose()

    def _append(self, cassette: Path, interaction: Mapping[str, Any]) -> int:
        """Write a line in the thread of the group; the descriptor to sync."""
        journal, line = journal_path(cassette), line_of(interaction)
        while True:
            descriptors = self._open.setdefault(cassette, [])
            if not descriptors:
                descriptors.append(open_journal(journal))
            descriptor = descriptors[-1]
            with lock_of(descriptor):
                if is_still(journal, descriptor):
                    append_line(descriptor, line)
                    break
            # Another process merged it. The old one stays open until its lines, which were merged, have been told of.
            self._new_names.add(journal.parent)
            descriptors.append(open_journal(journal))
        self._sync_name(journal.parent)
        return descriptor

    def _sync_name(self, folder: Path) -> None:
        """Sync the names in a folder, once for all the journals that were made in it since."""
        if folder not in self._new_names:
            return
        self._new_names.discard(folder)
        try:
            sync_folder(folder)
        except OSError:
            self._new_names.add(folder)
            raise

    def _let_go(self, cassette: Path, done: "asyncio.Future[None]") -> None:
        if not done.cancelled():
            # Whoever waited has it, too; a trial that was cancelled does not.
            done.exception()
        self._waiting[cassette] -= 1
        if not self._waiting[cassette]:
            del self._waiting[cassette]
            for descriptor in self._open.pop(cassette, ()):
                os.close(descriptor)
