"""The side file that recordings go to first, one JSON line each, and its merging into the cassette.

It stands apart because it carries the promise that a paid-for reply is never lost: not by a crash, not by a second
process that records beside this one, not by an edit of the cassette in between.
"""

import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from harness.core.errors import Unanswerable
from harness.wire.cassette_emit import dump_yaml
from harness.wire.cassette_file import CassetteFile, Recording, read_cassette, read_file, recording_of
from harness.wire.cassette_index import own_key
from harness.wire.cassette_paths import journal_path
from harness.wire.cassette_text import unreadable


def prepare_journal(cassette: Path) -> None:
    """Make sure that a recording could be written, before one is paid for.

    raises  Unanswerable if it could not
    """
    with _explained(cassette):
        cassette.parent.mkdir(parents=True, exist_ok=True)
        with _locked(journal_path(cassette)):
            pass


def append_to_journal(cassette: Path, interaction: Mapping[str, Any]) -> None:
    """Write one interaction, so that it survives a crash from here on.

    raises  Unanswerable if the disk refuses
    """
    line = json.dumps(interaction, default=_spelled_bytes).encode()
    with _explained(cassette), _locked(journal_path(cassette)) as file:
        if file.tell() and _last_byte(file) != b"\n":
            # A crash left a torn line; it must not take this one with it.
            line = b"\n" + line
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_journal(cassette: Path) -> tuple[list[Recording], str | None]:
    """The recordings that a journal holds, and a note on what it dropped, if it dropped anything.

    raises  UnreadableCassette if a whole line is no interaction
    """
    journal = journal_path(cassette)
    if not journal.exists():
        return [], None
    recordings, torn = [], []
    for number, line in enumerate(read_file(journal).split("\n"), start=1):
        if not line:
            continue
        try:
            interaction = json.loads(line, object_hook=_bytes_again)
        except (ValueError, RecursionError):
            torn.append(str(number))
            continue
        recording = recording_of(interaction, journal, number - 1)
        if recording.origin is None:
            raise unreadable(journal, f"line {number} was not written by the harness")
        recordings.append(recording)
    note = f"{journal}: line {', '.join(torn)} was cut off by a crash and is dropped" if torn else None
    return recordings, note


def merge_journal(cassette: Path) -> None:
    """Merge the journal into the cassette and remove it; a recording replaces the one with its key.

    raises  UnreadableCassette if the cassette cannot be read: then both files stay as they are
            Unanswerable if the disk refuses
    """
    journal = journal_path(cassette)
    if not journal.exists():
        return
    with _explained(cassette), _locked(journal):
        fresh, _ = read_journal(cassette)
        if fresh:
            old = read_cassette(cassette) if cassette.exists() else CassetteFile(path=cassette, document={})
            _write_atomically(cassette, dump_yaml(_merged(old, fresh)))
        journal.unlink()


def _merged(old: CassetteFile, fresh: list[Recording]) -> dict[str, Any]:
    foreign = [recording.document for recording in old.recordings if recording.origin is None]
    # Within one file the last recording of a key is the one that counts.
    own = {own_key(recording): recording for recording in (*old.recordings, *fresh) if recording.origin is not None}
    in_order = sorted(
        own.items(),
        key=lambda item: (
            item[0].index,
            item[0].exchange,
            item[0].model,
            item[0].path,
            item[0].method,
            item[1].body,
            item[0].credential,
            item[0].region or "",
            item[0].provider,
        ),
    )
    return {
        "version": 1,
        **old.document,
        "interactions": [*foreign, *(recording.document for _, recording in in_order)],
    }


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    # The new name itself must survive a power cut.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(journal: Path) -> Iterator[BinaryIO]:
    """The journal open for appending, with no other process in it; made if it is not there."""
    while True:
        # Not through a link: a cassette's folder may come from a fork, and must not choose what is written.
        descriptor = os.open(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        with os.fdopen(descriptor, "a+b") as file:
            _lock(file)
            if _is_still(journal, file):
                file.seek(0, os.SEEK_END)
                yield file
                return


def _is_still(journal: Path, file: BinaryIO) -> bool:
    """False if another process merged and removed the journal while this one waited for it."""
    try:
        return journal.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _lock(file: BinaryIO) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX)


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


@contextmanager
def _explained(cassette: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unanswerable(
            f"{error.filename or cassette}: cannot write recordings: {error.strerror or error}",
            remedy="make the folder writable and the disk have room; recordings made so far are kept beside it",
        ) from error


def _spelled_bytes(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    message = f"a cassette cannot hold a {type(value).__name__}"
    raise TypeError(message)


def _bytes_again(value: dict[str, Any]) -> object:
    # Only a body is ever spelled so: headers hold lists, and every other mapping has more keys.
    if value.keys() == {"base64"} and isinstance(value["base64"], str):
        return b64decode(value["base64"])
    return value
