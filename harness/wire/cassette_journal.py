"""The side file that recordings go to first, one JSON line each, and its merging into the cassette.

It stands apart because it carries the promise that a paid-for reply is never lost: not by a crash, not by a second
process that records beside this one, not by an edit of the cassette in between.
"""

import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.core.errors import Unanswerable
from harness.wire.cassette_emit import dump_yaml
from harness.wire.cassette_file import CassetteFile, read_cassette, read_file, recording_of
from harness.wire.cassette_index import own_key
from harness.wire.cassette_paths import JOURNAL_SUFFIX, is_there, journal_path
from harness.wire.cassette_recording import Recording
from harness.wire.cassette_text import unreadable


def line_of(interaction: Mapping[str, Any]) -> bytes:
    """An interaction as a journal's line, its end among it."""
    return json.dumps(interaction, default=_spelled_bytes).encode() + b"\n"


def append_line(descriptor: int, line: bytes) -> None:
    """Write a line at the end of a journal that is locked; not synced yet."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        # A crash left a torn line; it must not take this one with it.
        line = b"\n" + line
    # Not through a buffer: what a full disk refused would come out of it later, in the midst of another line.
    while line:
        line = line[os.write(descriptor, line) :]


def read_journal(cassette: Path) -> tuple[list[Recording], str | None]:
    """The recordings that a journal holds, and a note on what it dropped, if it dropped anything.

    raises  UnreadableCassette if a whole line is no interaction
    """
    if not is_there(f"{cassette}{JOURNAL_SUFFIX}"):
        return [], None
    journal = journal_path(cassette)
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

    A cassette that ends in `.json` stays in the form of vcrpy's json serializer.

    raises  UnreadableCassette if the cassette cannot be read: then both files stay as they are
            Unanswerable if the disk refuses
    """
    journal = journal_path(cassette)
    if not journal.exists():
        return
    with explained(cassette), locked(journal):
        fresh, _ = read_journal(cassette)
        if fresh:
            kept = read_cassette(cassette, documents=True) if cassette.exists() else None
            _write_atomically(cassette, dump_cassette(_merged(kept, fresh), cassette))
        journal.unlink()


def rewrite_cassette(cassette: Path, change: Callable[[CassetteFile], Mapping[str, Any] | None]) -> None:
    """Put in a cassette's place what `change` makes of it, or remove it if that is None, with no recorder in between.

    raises  UnreadableCassette if it cannot be read; Unanswerable if the disk refuses
    """
    journal = journal_path(cassette)
    with explained(cassette), locked(journal) as descriptor:
        try:
            document = change(read_cassette(cassette, documents=True))
            if document is None:
                cassette.unlink()
                sync_folder(cassette.parent)
            else:
                _write_atomically(cassette, dump_cassette(document, cassette))
        finally:
            # It was made for its lock alone, unless recordings wait in it.
            if not os.fstat(descriptor).st_size:
                journal.unlink()


def dump_cassette(document: Mapping[str, Any], path: Path) -> str:
    """A cassette's text, in the form that its name asks for."""
    if path.suffix != ".json":
        return dump_yaml(document)
    # As vcrpy's json serializer writes it.
    return json.dumps(document, indent=4, default=_bytes_in_json) + "\n"


def _merged(old: CassetteFile | None, fresh: list[Recording]) -> dict[str, Any]:
    kept = old.recordings if old is not None else ()
    foreign = [recording.document for recording in kept if recording.origin is None]
    # Within one file the last recording of a key is the one that counts.
    own = {own_key(recording): recording for recording in (*kept, *fresh) if recording.origin is not None}
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
        **(old.document if old is not None else {}),
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
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to its disk: a new one must survive a power cut, too."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(journal: Path) -> Iterator[int]:
    """The descriptor of the journal, open for appending, with no other process in it; made if it is not there."""
    while True:
        descriptor = open_journal(journal)
        try:
            with lock_of(descriptor):
                if is_still(journal, descriptor):
                    yield descriptor
                    return
        finally:
            os.close(descriptor)


def open_journal(journal: Path) -> int:
    """The descriptor of the journal, open for appending; made if it is not there."""
    # Not through a link: a cassette's folder may come from a fork, and must not choose what is written.
    return os.open(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


@contextmanager
def lock_of(descriptor: int) -> Iterator[None]:
    """Nobody else in the file meanwhile."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_still(journal: Path, descriptor: int) -> bool:
    """False if another process merged and removed the journal while this one waited for it."""
    try:
        return journal.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


@contextmanager
def explained(cassette: Path) -> Iterator[None]:
    """What the disk refuses, as an error that says what to do.

    raises  Unanswerable
    """
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


def _bytes_in_json(value: object) -> str:
    # JSON has no bytes, and vcrpy refuses them; `text_bytes` gives these back.
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    message = f"a cassette cannot hold a {type(value).__name__}"
    raise TypeError(message)


def _bytes_again(value: dict[str, Any]) -> object:
    # Only a body is ever spelled so: headers hold lists, and every other mapping has more keys.
    if value.keys() == {"base64"} and isinstance(value["base64"], str):
        return b64decode(value["base64"])
    return value
