"""A long text file beside a suite, read line by line, as often as one likes and always the same.

It stands apart from the files that are read whole: memory must not grow with a dataset, and what is read again while a
run goes on must be what the run was planned from.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from typing import BinaryIO

from harness.reading.problems import quoted
from harness.reading.references import Folder, ReferenceProblem, too_large, unreadable

MAX_BYTES = 1_000_000_000
MAX_LINE = 16_000_000
"""Characters of a line: what is held at once is bounded, whatever the file."""
_CHUNK_BYTES = 1 << 16


class LinesFile:
    """The lines of one file. The first walk to its end fixes what the file holds; later ones raise if it differs.

    reference  as the suite writes it, within the folder, which notes the file's digest when the first walk ends
    """

    def __init__(self, folder: Folder, reference: str) -> None:
        """Open nothing yet."""
        self.reference = reference
        self._folder = folder
        self._known: _Seen | None = None

    def walk(self) -> Iterator[str]:
        r"""Each line with its `\n`; a byte order mark is dropped, and every other line end is `\n` too.

        raises  ReferenceProblem as `Folder.read_bytes`; also for what is not UTF-8, for a line that is too long, and
                for a file that has changed, as soon as that can be told
        """
        with self._folder.open(self.reference) as file:
            watched = _Watched(file, self.reference, self._known)
            with io.TextIOWrapper(io.BufferedReader(watched, _CHUNK_BYTES), encoding="utf-8-sig") as text:
                try:
                    yield from self._lines(text)
                except UnicodeDecodeError as error:
                    raise self._not_utf8() from error
        if self._known is None and watched.seen is not None:
            self._known = watched.seen
            self._folder.digests[self._folder.name_of(self.reference)] = watched.seen.digest

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        number = 0
        while line := text.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                message = f"line {number} of {quoted(self.reference)} is longer than {MAX_LINE:,} characters"
                raise ReferenceProblem(message, remedy="cut it into several rows")
            yield line

    def _not_utf8(self) -> ReferenceProblem:
        number = 1
        with self._folder.open(self.reference) as file:
            for number, line in enumerate(file, start=1):  # noqa: B007 - the number is what is wanted
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    break
        message = f"file {quoted(self.reference)} is not UTF-8 on line {number}"
        return ReferenceProblem(message, remedy="save it as UTF-8")


class _Seen:
    """What a walk saw of a file: its size and time of change, and the digest as `Folder` notes it."""

    __slots__ = ("digest", "stamp")

    def __init__(self, stamp: tuple[int, int], digest: str) -> None:
        self.stamp = stamp
        self.digest = digest


class _Watched(io.RawIOBase):
    """A file's bytes as they are read, with an eye on the file.

    known  what an earlier walk saw
    seen   what this one saw, once it is at the end
    """

    def __init__(self, file: BinaryIO, reference: str, known: _Seen | None) -> None:
        self.seen: _Seen | None = None
        self._file = file
        self._reference = reference
        self._known = known
        self._sha256 = hashlib.sha256()
        self._count = 0
        self._stamp = known.stamp if known is not None else _stamp(file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # typeshed: any buffer
        try:
            chunk = self._file.read(len(buffer))
        except OSError as error:
            raise unreadable(self._reference, error) from error
        # Asked at every chunk: an editor may write into the file while it is read.
        if _stamp(self._file) != self._stamp:
            raise self._changed()
        buffer[: len(chunk)] = chunk
        self._sha256.update(chunk)
        self._count += len(chunk)
        if self._count > MAX_BYTES:
            raise too_large(self._reference, MAX_BYTES)
        if not chunk:
            self.seen = _Seen(self._stamp, self._sha256.hexdigest()[:32])
            if self._known is not None and self._known.digest != self.seen.digest:
                raise self._changed()
        return len(chunk)

    def _changed(self) -> ReferenceProblem:
        message = f"file {quoted(self._reference)} has changed since it was first read, and cases were planned from it"
        return ReferenceProblem(message, remedy="leave it as it is while a run goes on, and run again")


def _stamp(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
