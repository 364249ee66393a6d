"""A run's folder: one run at a time, a journal that only grows, a close that is all or nothing.

It stands apart from the record format because it is about crashes and concurrent processes, not about content.
"""

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import BinaryIO, Self

from harness.core.errors import InputError, Unanswerable, UsageError
from harness.core.record import Run, RunFooter, RunHeader, TrialRecord
from harness.store.records import encode_line, read_run, write_run

RECORDS, JOURNAL = "records.jsonl", "journal.jsonl"


class RunFolder:
    """The folder that one run writes.

    While it runs, each finished trial is a line of `journal.jsonl`; `close` writes `records.jsonl` in plan order,
    atomically, and removes the journal.
    """

    def __init__(self, path: Path, journal: BinaryIO, header: RunHeader) -> None:
        """Use `RunFolder.open`."""
        self.path = path
        self._journal = journal
        self._header = header

    @classmethod
    def open(cls, path: Path, header: RunHeader, *, replace: bool = False) -> Self:
        """Make the folder and begin its journal.

        replace  allow a finished run that was paid for to be overwritten; a replay may always be
        raises   UsageError if another run is writing it, or if it holds a run that must not be lost
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Not through a link: a folder from elsewhere must not choose what is written.
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            journal = os.fdopen(os.open(path / JOURNAL, flags, 0o666), "ab")
        except OSError as error:
            message = f"{path}: cannot be written: {error.strerror or error}"
            raise UsageError(message, remedy="name another folder with --out") from error
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            journal.close()
            message = f"{path}: another run is writing this folder"
            raise UsageError(message, remedy="wait for it, or name another folder with --out") from error
        if not _is_still(path / JOURNAL, journal):
            # Another run closed in between, and its journal is gone: what we hold has no name.
            journal.close()
            return cls.open(path, header, replace=replace)
        folder = cls(path, journal, header)
        try:
            folder._refuse_to_lose(replace=replace)
        except RunWouldBeLost:
            if journal.tell() == 0:
                (path / JOURNAL).unlink()
            journal.close()
            raise
        journal.truncate(0)
        journal.write(encode_line(header))
        journal.flush()
        return folder

    def _refuse_to_lose(self, *, replace: bool) -> None:
        unfinished = self._journal.tell() > 0
        records = self.path / RECORDS
        if replace or not (unfinished or records.exists()):
            return
        if unfinished:
            message = f"{self.path}: holds a run that was cut short; its journal has the replies that were paid for"
            remedy = f"name another folder with --out, or pass --overwrite to drop {self.path / JOURNAL}"
            if _mode_of(self.path / JOURNAL) != "replay":
                raise RunWouldBeLost(message, remedy=remedy)
        if records.exists() and _mode_of(records) != "replay":
            message = f"{self.path}: holds a finished run that was not a replay, and so may have been paid for"
            raise RunWouldBeLost(message, remedy="name another folder with --out, or pass --overwrite")

    def append(self, record: TrialRecord) -> None:
        """Add one finished trial to the journal; it survives the process."""
        try:
            self._journal.write(encode_line(record))
            self._journal.flush()
        except OSError as error:
            message = f"{self.path / JOURNAL}: cannot be written: {error.strerror or error}"
            raise Unanswerable(message, remedy="make room on its disk, and run again with another --out") from error

    def close(self, records: tuple[TrialRecord, ...], footer: RunFooter) -> Run:
        """Write records.jsonl in plan order, atomically, and drop the journal."""
        run = Run(header=self._header, records=records, footer=footer)
        self.write(RECORDS, b"".join(write_run(run)))
        (self.path / JOURNAL).unlink()
        self._journal.close()
        return run

    def abandon(self) -> None:
        """Leave the journal where it is: what was answered is in it."""
        self._journal.close()

    def write(self, name: str, content: bytes) -> Path:
        """Write a file of the run, atomically; returns its path."""
        return write_atomically(self.path / name, content)


class RunWouldBeLost(UsageError):
    """A folder holds a run that must not be lost."""


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees the old content or the new one, whole; returns its path.

    raises  UsageError if it cannot be written
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise UsageError(message, remedy="check the folder and the space on its disk") from error
    return path


def _is_still(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _mode_of(path: Path) -> str:
    """How a run was made, by its first line, of any version; 'unknown' if that cannot be read."""
    with path.open("rb") as file:
        try:
            return str(json.loads(file.readline())["header"]["mode"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return "unknown"


def read_run_folder(path: Path, *, unfinished: bool = False) -> Run:
    """A run, from its folder or its records file.

    unfinished  also take a run that was cut short, from its journal; its footer is None
    raises      InputError if there is none, it is not readable, or it never closed and that is not allowed
    """
    records = path / RECORDS if path.is_dir() else path
    # A journal beside older records: a run was begun in their place, and they are no longer what this folder is about.
    if path.is_dir() and (path / JOURNAL).exists():
        if unfinished:
            return read_run(path / JOURNAL, torn=True)
        message = f"{path}: the run did not finish: it has a journal"
        raise InputError(message, remedy="harness report shows what it has; to finish it, run the suite again")
    run = read_run(records)
    if run.footer is None:
        raise InputError(f"{records}: no footer: the file was cut short", remedy="run the suite again")
    return run
