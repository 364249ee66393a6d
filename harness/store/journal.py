"""The file that a run grows while it goes on: whole lines, one writer, and a tail that a crash may have torn.

It stands apart from the folder because it knows nothing of trials: it promises that a line is there whole or not at
all.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from harness.core.errors import UsageError

_PIECE = 1 << 20
_LINE = 2048


class Journal:
    """An append-only file that one process holds.

    size  bytes that are written whole
    """

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        """Use `Journal.open`."""
        self.path = path
        self.size = size
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Self:
        """Take hold of the file; it is made if it is not there.

        raises  UsageError if it cannot be written, or another process holds it
        """
        while True:
            try:
                # Not through a link: a folder from elsewhere must not choose what is written.
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
                descriptor = os.open(path, flags, 0o666)
            except OSError as error:
                message = f"{path.parent}: cannot be written: {error.strerror or error}"
                raise UsageError(message, remedy="name another folder with --out") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(descriptor)
                message = f"{path.parent}: another run is writing this folder"
                raise UsageError(message, remedy="wait for it, or name another folder with --out") from error
            if _is_still(path, descriptor):
                return cls(path, descriptor, os.fstat(descriptor).st_size)
            # Another run closed in between, and its journal is gone: what we hold has no name.
            os.close(descriptor)

    def write(self, line: bytes) -> int:
        """Append a line, whole or not at all; the descriptor of the file, for a sync.

        raises  OSError, with nothing of the line left in the file
        """
        written = 0
        try:
            while written < len(line):
                written += os.pwrite(self._descriptor, line[written:], self.size + written)
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(line)
        return self._descriptor

    def read(self, begin: int) -> bytes:
        """The line that begins there, with its line feed."""
        line, size = b"", _LINE
        while piece := os.pread(self._descriptor, size, begin + len(line)):
            end = piece.find(b"\n")
            if end >= 0:
                return line + piece[: end + 1]
            line, size = line + piece, _PIECE
        return line

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line with the place where it begins; the last one without its line feed, if it was torn."""
        begin, rest, place = 0, b"", 0
        while piece := os.pread(self._descriptor, _PIECE, place):
            place += len(piece)
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield begin, line + b"\n"
                begin += len(line) + 1
        if rest:
            yield begin, rest

    def cut(self, size: int) -> None:
        """Drop what stands beyond that many bytes."""
        os.ftruncate(self._descriptor, size)
        self.size = size

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _is_still(path: Path, descriptor: int) -> bool:
    """False if the file of that name is another one by now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
