"""Two cassettes or folders of them compared: which requests only one has, and what replies say differently.

It stands apart from look-up because nothing is asked for here: every recording of one side is held against the other's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_bodies import diff_lines, pretty_reply
from harness.wire.cassette_changes import described, reply_differences
from harness.wire.cassette_file import read_cassette
from harness.wire.cassette_index import own_key
from harness.wire.cassette_paths import find_cassettes
from harness.wire.cassette_recording import Recording
from harness.wire.interaction import reply_of
from harness.wire.transport import body_digest

_MAX_CHANGES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDifference:
    """One thing in which two sides differ.

    kind     'only-in-first', 'only-in-second', 'changed', or 'unreadable' for a file that could not be compared
    changes  what the second's reply says differently, one thing a text
    diff     its body as a unified diff, cut to what a person reads
    """

    kind: str
    place: str
    message: str
    changes: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The difference as a JSON object."""
        return {
            "kind": self.kind,
            "place": self.place,
            "message": self.message,
            "changes": list(self.changes),
            "diff": list(self.diff),
        }


_Key = tuple[object, ...]


def diff_cassettes(first: Path, second: Path) -> Iterator[RecordingDifference]:
    """Every difference, in the order of the first side's files, then of the second's.

    Requests are paired by key, within files of one name where both sides are folders. Ids and dates that are new with
    every reply do not count, nor where a stream was cut.

    raises  InputError for a place that does not exist
    """
    files = [find_cassettes([first]), find_cassettes([second])]
    by_name = first.is_dir() and second.is_dir()
    sides: list[dict[_Key, Recording]] = [{}, {}]
    for side, paths, place in zip(sides, files, (first, second), strict=True):
        for path in paths:
            try:
                recordings = read_cassette(path).recordings
            except UnreadableCassette as fault:
                yield RecordingDifference(kind="unreadable", place=str(path), message=fault.message)
                continue
            # A case's cassette may have changed its form in between.
            name = str(path.relative_to(place).with_suffix("")) if by_name else ""
            side.update(_keyed(recordings, name))
    yield from _compared(*sides)


def _compared(first: Mapping[_Key, Recording], second: Mapping[_Key, Recording]) -> Iterator[RecordingDifference]:
    for key, old in first.items():
        new = second.get(key)
        if new is None:
            yield _alone("only-in-first", old)
            continue
        changes = reply_differences(old, new)
        if changes:
            more = [f"and {len(changes) - _MAX_CHANGES} more"] if len(changes) > _MAX_CHANGES else []
            yield RecordingDifference(
                kind="changed",
                place=new.place,
                message=described(new),
                changes=(*changes[:_MAX_CHANGES], *more),
                diff=tuple(diff_lines(_body_lines(old), _body_lines(new), str(old.path), str(new.path))),
            )
    for key, new in second.items():
        if key not in first:
            yield _alone("only-in-second", new)


def _alone(kind: str, recording: Recording) -> RecordingDifference:
    return RecordingDifference(kind=kind, place=recording.place, message=described(recording))


def _keyed(recordings: tuple[Recording, ...], name: str) -> Iterator[tuple[_Key, Recording]]:
    """Recordings by what they answer; of plain vcrpy's the number among identical ones counts, and no port does."""
    seen: Counter[_Key] = Counter()
    for recording in recordings:
        if recording.origin is not None:
            yield (name, own_key(recording)), recording
            continue
        same = (name, recording.host, recording.method, recording.target, body_digest(recording.body))
        yield (*same, seen[same]), recording
        seen[same] += 1


def _body_lines(recording: Recording) -> list[str]:
    try:
        return pretty_reply(reply_of(recording))
    except UnreadableCassette:
        return pretty_reply(recording.reply)
