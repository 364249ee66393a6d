"""Files that a suite names: read within its own folder tree and nowhere else, and remembered by digest.

It stands apart because a suite may come from anyone: every way out of the tree is closed here, once.
"""

import os
import re
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from harness.core.canonical import digest_bytes
from harness.core.errors import InputError
from harness.reading.problems import nearest, quoted

_NO_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_LISTED = 2000
"""Entries of a folder that are looked at for a name like the missing one."""
_INSIDE = "name a file in the suite's own folder or below it"


class ReferenceProblem(InputError):
    """A file that is named cannot be used; `message` says why, `remedy` what to do."""


class Folder:
    """A folder whose files may be read, and nothing outside it.

    digests  digest of every file read, by its path within the folder ('/' between names)
    """

    def __init__(self, root: Path) -> None:
        """Take `root` as it is now; it need not be absolute."""
        self.root = Path(os.path.realpath(root))
        self.digests: dict[str, str] = {}

    def read_bytes(self, reference: str, *, base: Path | None = None, limit_bytes: int = 10_000_000) -> bytes:
        """The file's content.

        reference  path with '/' between names, as a suite writes it
        base       folder that it is relative to, itself inside the root; None for the root
        raises     ReferenceProblem if it leads out of the root (also by a symlink), does not exist, is no regular file,
                   cannot be read or is larger than `limit_bytes`
        """
        with self.open(reference, base=base) as file:
            try:
                content = file.read(limit_bytes + 1)
            except OSError as error:
                raise unreadable(reference, error) from error
        if len(content) > limit_bytes:
            raise too_large(reference, limit_bytes)
        self.digests[self.name_of(reference, base=base)] = digest_bytes(content)
        return content

    def open(self, reference: str, *, base: Path | None = None) -> BinaryIO:
        """The file, open for reading; the caller closes it, and no digest is noted.

        raises  ReferenceProblem as `read_bytes`, size aside
        """
        _refuse_ways_out(reference)
        start = self._start(base)
        try:
            real = Path(os.path.realpath(start / reference, strict=True))
            if not (start.is_relative_to(self.root) and real.is_relative_to(self.root)):
                raise ReferenceProblem(f"file {quoted(reference)} leads out of the suite's folder", remedy=_INSIDE)
            # Asked before it is opened: opening a FIFO would wait for a writer that may never come.
            if not real.is_file():
                message = f"{quoted(reference)} is not a regular file"
                raise ReferenceProblem(message, remedy="name a file that holds text")
            return real.open("rb")
        except FileNotFoundError as error:
            remedy = self._alike(start, reference)
            raise ReferenceProblem(f"there is no file {quoted(reference)}", remedy=remedy) from error
        except OSError as error:
            raise unreadable(reference, error) from error

    def name_of(self, reference: str, *, base: Path | None = None) -> str:
        """The name by which `digests` knows the file."""
        return (self._start(base) / reference).relative_to(self.root).as_posix()

    def _start(self, base: Path | None) -> Path:
        return self.root if base is None else Path(os.path.realpath(self.root / base))

    def read_text(self, reference: str, *, base: Path | None = None, limit_bytes: int = 10_000_000) -> str:
        r"""The file's text; arguments and errors as for `read_bytes`.

        A byte order mark is dropped and every line end is `\n`, so that a prompt is the same in a Windows checkout.
        raises  ReferenceProblem also if it is not UTF-8
        """
        content = self.read_bytes(reference, base=base, limit_bytes=limit_bytes)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise ReferenceProblem(
                f"file {quoted(reference)} is not UTF-8 on line {line}", remedy="save it as UTF-8"
            ) from error
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _alike(self, start: Path, reference: str) -> str:
        """A remedy that names the nearest entry of the folder where the path first fails."""
        folder, parts = start, [part for part in reference.split("/") if part not in ("", ".")]
        while len(parts) > 1 and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        remedy = "put the file there, or correct the name; names are relative to the suite's folder"
        if not Path(os.path.realpath(folder)).is_relative_to(self.root):
            return remedy
        try:
            with os.scandir(folder) as entries:
                found = nearest(parts[0], [entry.name for entry in islice(entries, _LISTED)])
        except OSError:  # a folder that may not be listed only costs the hint
            return remedy
        if found is None:
            return remedy
        known = folder.relative_to(start)
        return f"did you mean {quoted((known / found).joinpath(*parts[1:]).as_posix())}?"


def _refuse_ways_out(reference: str) -> None:
    """Refuse what is no relative path below a folder, on any operating system, before the disk is touched."""
    if not reference or _NO_NAME.search(reference):
        raise ReferenceProblem(f"{quoted(reference)} is not a file name", remedy=_INSIDE)
    if "\\" in reference:
        raise ReferenceProblem(f"file {quoted(reference)} is written with '\\'", remedy="write '/' between names")
    if reference.startswith(("/", "~")) or _DRIVE.match(reference):
        raise ReferenceProblem(f"file {quoted(reference)} is not relative to the suite's folder", remedy=_INSIDE)
    if ".." in reference.split("/"):
        raise ReferenceProblem(f"file {quoted(reference)} climbs out with '..'", remedy=_INSIDE)


def unreadable(reference: str, error: OSError) -> ReferenceProblem:
    """The problem of a file that is there and cannot be read."""
    message = f"file {quoted(reference)} cannot be read: {error.strerror or error}"
    return ReferenceProblem(message, remedy="check its name and permissions")


def too_large(reference: str, limit_bytes: int) -> ReferenceProblem:
    """The problem of a file that has more bytes than are read of it."""
    message = f"file {quoted(reference)} is larger than {limit_bytes:,} bytes"
    return ReferenceProblem(message, remedy="split it, or leave out what the suite does not need")
