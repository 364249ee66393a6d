"""One case's cassette while it is in use: read once, looked up, added to, merged at the end.

It stands apart from the transport so that what many trials share, a file and its journal, has one owner.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_file import read_cassette, recording_of
from harness.wire.cassette_index import CassetteIndex
from harness.wire.cassette_journal import merge_journal, read_journal
from harness.wire.cassette_paths import choose_cassette, is_there, journal_path
from harness.wire.cassette_recording import Recording
from harness.wire.redact import Redactor


class Shelf:
    """A cassette file, its journal and their index.

    path  the file: of `<case>.yaml`, which is asked for, and `<case>.json` the one that is there
    gate  held while one task reads the file or prepares the journal, so that others wait rather than do it again
    """

    def __init__(self, path: Path, hosts: Mapping[str, str], redactor: Redactor) -> None:
        """Nothing is read before `open`.

        raises  UnreadableCassette if there are both files
        """
        self.path = choose_cassette(path)
        self.gate = asyncio.Lock()
        self.is_open = False
        self.may_record = False
        self.exists = False
        self.index = CassetteIndex(hosts, redactor)
        self.notes: list[str] = []
        self._fault: UnreadableCassette | None = None
        self._added = 0

    def open(self) -> None:
        """Read the cassette, and what a crash may have left in its journal; the second time, nothing.

        raises  UnreadableCassette, every time it is called
        """
        if self._fault is not None:
            raise UnreadableCassette(self._fault.message, remedy=self._fault.remedy)
        if self.is_open:
            return
        try:
            left, note = read_journal(self.path)
            self.exists = is_there(self.path)
            if self.exists:
                kept = read_cassette(self.path).recordings
                self.index.add_file(kept)
        except UnreadableCassette as fault:
            self._fault = fault
            raise
        for recording in left:
            self.index.put(recording)
        if left:
            self.exists = True
            self.notes.append(
                f"{journal_path(self.path)}: {len(left)} recordings of an interrupted run are used; "
                "the next recording of this case merges them"
            )
        if note:
            self.notes.append(note)
        self.is_open = True

    def add(self, interaction: Mapping[str, Any]) -> Recording:
        """Let an interaction answer from now on."""
        recording = recording_of(interaction, journal_path(self.path), self._added)
        self.index.put(recording)
        self.exists = True
        self._added += 1
        return recording

    def close(self) -> None:
        """Merge what was recorded.

        raises  UnreadableCassette or Unanswerable; nothing is lost then
        """
        if self.may_record:
            merge_journal(self.path)
