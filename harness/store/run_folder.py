"""A run's folder: one run at a time, a journal that only grows, a close that is all or nothing.

It stands apart from the record format because it is about crashes and concurrent processes, not about content.
"""

import contextlib
import json
import os
import shutil
from array import array
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Self

from harness.core.durable import GroupCommit
from harness.core.errors import InputError, Unanswerable, UsageError
from harness.core.exchange import Exchange
from harness.core.record import RUN_PURSE, Run, RunFooter, RunHeader, TrialRecord
from harness.store.answers import Leftovers, encode_answer, encode_aside, encode_settled
from harness.store.journal import Journal
from harness.store.records import Line, check_version, decode_line, encode_line, read_run, read_unfinished, write_run

RECORDS, JOURNAL = "records.jsonl", "journal.jsonl"


class RunFolder:
    """The folder that one run writes.

    While it runs, each finished trial is a line of `journal.jsonl`; `close` writes `records.jsonl` in plan order,
    atomically, and removes the journal.

    header   the run's first line; of a resumed run, that of its beginning
    left     what an interrupted run left beside its finished trials; empty for a new one
    notes    oddities of a journal that is gone on with, to tell the user
    durable  False for a replay, which can be made again: its lines survive the process, not a power cut
    """

    def __init__(self, path: Path, journal: Journal, header: RunHeader, planned: int | None = None) -> None:
        """Use `RunFolder.open` or `RunFolder.resume`."""
        self.path = path
        self.header = header
        self.left = Leftovers()
        self.notes: list[str] = []
        self.durable = header.mode != "replay"
        self._journal = journal
        self._commit = GroupCommit()
        # Where the line of each trial begins, by its number; a list of integers would take several times as much.
        self._places = array("q", [-1]) * (header.trials if planned is None else planned)
        self._numbered = 0

    @classmethod
    def open(cls, path: Path, header: RunHeader, *, planned: int | None = None, replace: bool = False) -> Self:
        """Make the folder and begin its journal.

        planned  trials of the whole plan, where the header counts those of a shard
        replace  allow a finished run that was paid for to be overwritten; a replay may always be
        raises   UsageError if another run is writing it, or if it holds a run that must not be lost
        """
        journal = _open_journal(path)
        try:
            _refuse_to_lose(path, unfinished=not _is_blank(journal), replace=replace)
            journal.cut(0)
            journal.write(encode_line(header))
        except RunWouldBeLost:
            if journal.size == 0:
                (path / JOURNAL).unlink()
            journal.close()
            raise
        except OSError as error:
            journal.close()
            raise _full(path, error) from error
        return cls(path, journal, header, planned)

    @classmethod
    def resume(
        cls, path: Path, header: RunHeader, numbers: Mapping[str, int], is_answered: Callable[[TrialRecord], bool]
    ) -> Self:
        """Go on with a run that was cut short, stopped, or closed with trials that nothing answered.

        header       as a new run would have it: the old one must have asked the same
        numbers      place in the whole plan of each trial, by its key
        is_answered  whether a trial's record stands; what is not answered is asked again
        raises       UsageError if there is nothing to go on with, or it is another run; InputError if it cannot be read
        """
        journal = _open_journal(path)
        try:
            if _is_blank(journal):
                _reopen(path, journal)
            folder = cls(path, journal, _check_same(path, journal, header), len(numbers))
            folder._take(numbers, is_answered)
            folder._take_closed(numbers, is_answered)
        except BaseException:
            if journal.size == 0:
                (path / JOURNAL).unlink(missing_ok=True)
            journal.close()
            raise
        return folder

    def _take(self, numbers: Mapping[str, int], is_answered: Callable[[TrialRecord], bool]) -> None:
        """Find what the journal holds; what was torn off its end is dropped, with a note."""
        sound, torn, fault = 0, 0, ""
        for number, (begin, line) in enumerate(self._journal.lines(), start=1):
            record, unread = self._read(line)
            if unread is not None:
                torn, fault = (torn, fault) if torn else (number, unread)
                continue
            if torn:
                # A crash tears the end alone: before lines that can be read there stands what we did not write.
                message = f"{self.path / JOURNAL}:{torn}: cannot be read: {fault}"
                raise InputError(message, remedy="remove the line to ask its trial again, and go on with --resume")
            sound = begin + len(line)
            if isinstance(record, TrialRecord) and record.trial in numbers:
                self._places[numbers[record.trial]] = begin if is_answered(record) else -1
        if torn:
            dropped = self._journal.size - sound
            self._journal.cut(sound)
            self.notes.append(
                f"{self.path / JOURNAL}: {dropped:,} bytes at its end were torn off by a crash and are dropped; "
                "what they held is asked again"
            )
        self._numbered = max(self.left.aside, default=0)

    def _take_closed(self, numbers: Mapping[str, int], is_answered: Callable[[TrialRecord], bool]) -> None:
        """Take over what the run had when it was closed; all of it again, if a crash came amid that.

        Records of another run, which this one was begun in the place of, bear another header.
        """
        if not (self.path / RECORDS).is_file():
            return
        with (self.path / RECORDS).open("rb") as file:
            if file.readline() != self._journal.read(0):
                return
            for line in file:
                record = decode_line(line)
                if isinstance(record, TrialRecord):
                    place = numbers.get(record.trial)
                    if place is not None and self._places[place] < 0 and is_answered(record):
                        self._places[place] = self._journal.size
                        self._journal.write(line)
                elif isinstance(record, RunFooter) and record.charged_usd is not None and 0 not in self.left.aside:
                    spent = encode_aside(0, [RUN_PURSE], record.charged_usd)
                    self._journal.write(spent)
                    self.left.take(spent)

    def _read(self, line: bytes) -> tuple[Line | None, str | None]:
        """A line, or why it cannot be read; what an interrupted run left beside its trials is taken on the way."""
        if not line.endswith(b"\n"):
            return None, "it was cut off"
        try:
            return (None, None) if self.left.take(line) else (decode_line(line), None)
        except ValueError as fault:
            return None, str(fault)

    @property
    def held(self) -> int:
        """How many trials are done."""
        return sum(place >= 0 for place in self._places)

    def holds(self, number: int) -> bool:
        """Whether a trial is done."""
        return self._places[number] >= 0

    def record_at(self, number: int) -> TrialRecord:
        """The record of a trial that is done."""
        record = decode_line(self._journal.read(self._places[number]))
        assert isinstance(record, TrialRecord)  # noqa: S101 - its own line, checked when it was written or taken
        return record

    async def keep(self, number: int, record: TrialRecord) -> None:
        """Add a finished trial; it survives the machine when this returns.

        raises  Unanswerable if the disk refuses; the run can be gone on with
        """
        begin = self._journal.size
        descriptor = self._append(encode_line(record))
        self._places[number] = begin
        await self._synced(descriptor)

    async def remember(self, memo: str, exchange: Exchange) -> None:
        """Add an answer of a trial that is not done, so that it need not be asked again; durable likewise."""
        await self._synced(self._append(encode_answer(memo, exchange)))

    async def set_aside(self, purses: tuple[str, ...], usd: Decimal) -> int:
        """Write down that a request may cost so much, before it leaves; its number."""
        self._numbered += 1
        number = self._numbered
        await self._synced(self._append(encode_aside(number, purses, usd)))
        return number

    def settled(self, number: int, usd: Decimal) -> None:
        """Write down what that came to; the next sync is its own. Lost, or refused, it counts at its worst case."""
        with contextlib.suppress(OSError):
            self._journal.write(encode_settled(number, usd))

    def _append(self, line: bytes) -> int:
        try:
            return self._journal.write(line)
        except OSError as error:
            raise _full(self.path, error) from error

    async def _synced(self, descriptor: int) -> None:
        """Come back when what was appended is durable."""
        if not self.durable:
            return
        try:
            await self._commit.write(lambda: descriptor)
        except OSError as error:
            raise _full(self.path, error) from error

    async def flush(self) -> None:
        """Come back when all that was begun is durable."""
        await self._commit.aclose()

    def close(self, footer: RunFooter) -> None:
        """Write records.jsonl in plan order, atomically, and drop the journal."""
        lines = (self._journal.read(place) for place in self._places if place >= 0)
        write_atomically(self.path / RECORDS, chain([encode_line(self.header)], lines, [encode_line(footer)]))
        (self.path / JOURNAL).unlink()
        self._journal.close()

    def abandon(self) -> None:
        """Leave the journal where it is: what was answered is in it."""
        self._journal.close()

    def write(self, name: str, content: bytes) -> Path:
        """Write a file of the run, atomically; returns its path."""
        return write_atomically(self.path / name, content)


def write_run_folder(path: Path, run: Run) -> None:
    """Write a run that is made of another one, whole.

    raises  UsageError if another run is writing the folder, or it holds a run that must not be lost
    """
    journal = _open_journal(path)
    try:
        _refuse_to_lose(path, unfinished=journal.size > 0, replace=False)
        write_atomically(path / RECORDS, write_run(run))
        (path / JOURNAL).unlink()
    except RunWouldBeLost:
        if journal.size == 0:
            (path / JOURNAL).unlink()
        raise
    finally:
        journal.close()


def _open_journal(path: Path) -> Journal:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise UsageError(message, remedy="name another folder with --out") from error
    return Journal.open(path / JOURNAL)


def _refuse_to_lose(path: Path, *, unfinished: bool, replace: bool) -> None:
    if replace or not (unfinished or (path / RECORDS).exists()):
        return
    if unfinished and _mode_of(path / JOURNAL) != "replay":
        message = f"{path}: holds a run that was cut short; its journal has the replies that were paid for"
        remedy = "go on with it: --resume; or name another folder with --out, or drop it with --overwrite"
        raise RunWouldBeLost(message, remedy=remedy)
    if (path / RECORDS).exists() and _mode_of(path / RECORDS) != "replay":
        message = f"{path}: holds a finished run that was not a replay, and so may have been paid for"
        raise RunWouldBeLost(message, remedy="name another folder with --out, or pass --overwrite")


def _is_blank(journal: Journal) -> bool:
    """Whether a journal holds nothing: not even its header was written to its end, so nothing was sent."""
    return not journal.read(0).endswith(b"\n")


def _reopen(path: Path, journal: Journal) -> None:
    """Begin the journal of a closed run anew, by its header, so that what nothing answered can be asked again."""
    if not (path / RECORDS).is_file():
        message = f"{path}: holds no run to go on with"
        raise UsageError(message, remedy="leave --resume out to begin one, or name the run's folder with --out")
    journal.cut(0)
    with (path / RECORDS).open("rb") as file:
        journal.write(file.readline())


def _check_same(path: Path, journal: Journal, header: RunHeader) -> RunHeader:
    """The header of the run that is there.

    raises  UsageError naming what is different now
    """
    _, line = next(journal.lines(), (0, b""))
    check_version(line, path / JOURNAL)
    try:
        old = decode_line(line)
    except ValueError as error:
        raise InputError(f"{path / JOURNAL}:1: not a header: {error}", remedy="run the suite again") from error
    if not isinstance(old, RunHeader):
        raise InputError(f"{path / JOURNAL}:1: not a header", remedy="run the suite again")
    for name, was, now in (
        ("the version of the harness", old.version, header.version),
        ("the mode", old.mode, header.mode),
        ("what the suites ask or check", [ref.digest for ref in old.suites], [ref.digest for ref in header.suites]),
        ("who is asked", [t.label for t in old.targets], [t.label for t in header.targets]),
        ("what is asked", old.plan, header.plan),
        ("the shard", old.shard, header.shard),
        ("the price profile", old.price_profile, header.price_profile),
    ):
        if was != now:
            what = f": it was {was}, and is {now}" if isinstance(was, str) and isinstance(now, str) else ""
            message = f"{path}: --resume: {name} is not what it was when the run began{what}"
            raise UsageError(message, remedy="put it back as it was, or begin anew in another folder with --out")
    return old


def _full(path: Path, error: OSError) -> Unanswerable:
    message = f"{path / JOURNAL}: cannot be written: {error.strerror or error}"
    return Unanswerable(message, remedy="make room on its disk, and go on with --resume; what is in it is kept")


class RunWouldBeLost(UsageError):
    """A folder holds a run that must not be lost."""


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> Path:
    """Write a file so that a reader sees the old content or the new one, whole; returns its path.

    content  whole, or its pieces in order
    raises   UsageError if it cannot be written
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise UsageError(message, remedy="check the folder and the space on its disk") from error
    return path


def _sync_folder(folder: Path) -> None:
    # The new name itself must survive a power cut.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_unfinished(path: Path, wanted: RunHeader) -> bool:
    """Whether a folder holds a run that was cut short and asked what another would."""
    try:
        with (path / JOURNAL).open("rb") as file:
            found = decode_line(file.readline())
    except (OSError, ValueError):
        return False
    asked = (wanted.plan, wanted.mode, wanted.shard)
    return isinstance(found, RunHeader) and (found.plan, found.mode, found.shard) == asked


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
            return read_unfinished(path / JOURNAL)
        message = f"{path}: the run did not finish: it has a journal"
        raise InputError(
            message, remedy="harness report shows what it has; to finish it, run the suite again with --resume"
        )
    run = read_run(records)
    if run.footer is None:
        raise InputError(f"{records}: no footer: the file was cut short", remedy="run the suite again")
    return run
