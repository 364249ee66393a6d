"""What is wrong with recordings: each problem with its place and what to do about it.

It stands apart from reading, which stops at what it cannot understand, and from look-up, which asks for one recording:
here every cassette of a folder is looked at, whoever wrote it, and none of them may bring the others down.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.core.canonical import digest_bytes
from harness.core.errors import UnreadableCassette
from harness.core.keys import RequestKey
from harness.wire.cassette_file import CassetteFile, read_cassette
from harness.wire.cassette_index import own_key
from harness.wire.cassette_journal import read_journal
from harness.wire.cassette_paths import (
    JOURNAL_SUFFIX,
    find_cassettes,
    folder_of,
    is_there,
    journal_path,
    provider_folder,
)
from harness.wire.cassette_recording import Recording
from harness.wire.cassette_secrets import Leak, SecretSearch
from harness.wire.interaction import lost_its_times, reply_of

KINDS = ("unreadable", "secret", "leftover", "duplicate", "wrong-provider", "stale", "waiting-journal", "edited-body")
"""The kinds of problems, as `--json` names them."""

_RECORD = "harness run … --mode record"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingProblem:
    """One thing that is wrong.

    position  of the recording among its file's; None if it is the whole file
    """

    kind: str
    path: Path
    position: int | None = None
    message: str
    remedy: str

    @property
    def place(self) -> str:
        """The file, and the recording in it."""
        return str(self.path) if self.position is None else f"{self.path}, interactions[{self.position}]"

    def as_json(self) -> dict[str, object]:
        """The problem as a JSON object."""
        return {
            "kind": self.kind,
            "path": str(self.path),
            "interaction": self.position,
            "message": self.message,
            "remedy": self.remedy,
        }


class Linter:
    """Looks for problems in the cassettes of some folders.

    hosts     public host name -> the provider whose own it is
    secrets   values known to be secret
    max_age   how old a recording may be; None for any age
    now       what ages are counted from
    """

    def __init__(
        self, *, hosts: Mapping[str, str], secrets: Sequence[str], max_age: timedelta | None, now: datetime
    ) -> None:
        """Nothing is read before `problems`."""
        self._hosts = {host.lower(): provider for host, provider in hosts.items()}
        self._search = SecretSearch(secrets)
        self._max_age = max_age
        self._now = now
        self._seen: dict[str, str] = {}

    def problems(self, places: Sequence[Path]) -> Iterator[RecordingProblem]:
        """Every problem, cassette by cassette in order of path.

        raises  InputError for a place that does not exist
        """
        self._seen = {}
        paths = dict.fromkeys(find_cassettes(places))
        for place in places:
            left = (
                path.with_name(path.name.removesuffix(JOURNAL_SUFFIX)) for path in place.rglob(f"*{JOURNAL_SUFFIX}")
            )
            paths.update(dict.fromkeys(left))
        for path in sorted(paths):
            yield from self._of_file(path, provider_folder(path, places))

    def _of_file(self, path: Path, folder: str | None) -> Iterator[RecordingProblem]:
        yield from _of_journal(path)
        if not is_there(path):
            return
        if path.suffix != ".json" and is_there(path.with_suffix(".json")):
            message = f"the same case has {path.with_suffix('.json').name}, too, so that neither can be replayed"
            yield RecordingProblem(kind="duplicate", path=path, message=message, remedy="keep one of the two")
        try:
            cassette = read_cassette(path, documents=True)
        except UnreadableCassette as fault:
            yield RecordingProblem(kind="unreadable", path=path, message=fault.message, remedy=fault.remedy)
            return
        repeated = dict(repeated_recordings(cassette))
        for recording in cassette.recordings:
            if recording.position in repeated:
                message = f"interactions[{repeated[recording.position]}] has the same key and is the one that answers"
                yield _problem("duplicate", recording, message, "drop it: harness cassettes prune --duplicates")
            yield from self._of_recording(recording, folder)

    def _of_recording(self, recording: Recording, folder: str | None) -> Iterator[RecordingProblem]:
        for leak in self._search.leaks(recording):
            yield _leak_problem(recording, leak)
        fault = wrong_provider(recording, folder, self._hosts)
        if fault is not None:
            yield _problem(
                "wrong-provider", recording, fault, "move it to the folder of the one who answered, or drop it"
            )
        if self._max_age is not None and is_stale(recording, self._max_age, self._now):
            yield _problem("stale", recording, _age(recording), "record it anew: harness run … --mode refresh")
        if lost_its_times(recording):
            message = "its frames no longer add up to its body, so the body was edited and its times are not used"
            yield _problem("edited-body", recording, message, f"record it again if its times matter: {_RECORD}")
        try:
            reply_of(recording)
        except UnreadableCassette as unreadable:
            yield _problem("unreadable", recording, unreadable.message, unreadable.remedy)
        yield from self._again(recording)

    def _again(self, recording: Recording) -> Iterator[RecordingProblem]:
        """A recording that another file has, too, to the millisecond: one was copied."""
        if recording.origin is None:
            return
        origin = recording.origin
        what = (own_key(recording).digest, origin.recorded_at, origin.total_ms, origin.frames, recording.reply)
        digest = digest_bytes(repr(what).encode())
        first = self._seen.setdefault(digest, recording.place)
        if first != recording.place and not first.startswith(f"{recording.path},"):
            yield _problem("duplicate", recording, f"it is a copy of {first}", "drop the one that no case asks for")


def _leak_problem(recording: Recording, leak: Leak) -> RecordingProblem:
    remedy = (
        "a key that was committed is known: revoke it, then record again" if leak.is_key else "mask it, or record it"
    )
    return _problem("secret" if leak.is_key else "leftover", recording, f"{leak.where}: {leak.what}", remedy)


def _of_journal(path: Path) -> Iterator[RecordingProblem]:
    journal = journal_path(path)
    if not is_there(journal):
        return
    try:
        waiting, _ = read_journal(path)
    except UnreadableCassette as fault:
        yield RecordingProblem(kind="unreadable", path=journal, message=fault.message, remedy=fault.remedy)
        return
    message = f"{len(waiting)} recordings of an interrupted run, or of one that is under way, wait to be merged"
    remedy = f"the next recording of this case merges them: {_RECORD}"
    yield RecordingProblem(kind="waiting-journal", path=journal, message=message, remedy=remedy)


def repeated_recordings(cassette: CassetteFile) -> Iterator[tuple[int, int]]:
    """Places of recordings that cannot answer, each with the one of the same key that does."""
    last: dict[RequestKey, int] = {}
    keys = [
        (recording.position, own_key(recording)) for recording in cassette.recordings if recording.origin is not None
    ]
    last.update((key, position) for position, key in keys)
    for position, key in keys:
        if last[key] != position:
            yield position, last[key]


def wrong_provider(recording: Recording, folder: str | None, hosts: Mapping[str, str]) -> str | None:
    """Why a recording is not of the provider that it is filed under; None if it may be.

    folder  name of the provider's folder; None if it lies in none
    hosts   host name in lower case -> the provider whose own it is
    """
    owner = hosts.get(recording.host or "")
    if recording.origin is not None:
        made_by = recording.origin.provider
        if folder is not None and folder_of(made_by) != folder:
            return f"it was recorded from '{made_by}' and lies under {folder}/, for which it never answers"
        if owner is not None and owner != made_by:
            return f"it says that '{made_by}' answered, and its host {recording.host} is that of '{owner}'"
        return None
    owners = {folder_of(name): name for name in hosts.values()}
    if folder is None or (owner is None and folder not in owners) or (owner is not None and folder_of(owner) == folder):
        return None
    whose = f"that of '{owner}'" if owner is not None else "no provider's own"
    return f"its host {recording.host or ''} is {whose} and it lies under {folder}/, for which it never answers"


def recorded_at(recording: Recording) -> datetime | None:
    """When it was made; None if it does not tell, or tells no time."""
    if recording.origin is None or recording.origin.recorded_at is None:
        return None
    try:
        time = datetime.fromisoformat(recording.origin.recorded_at)
    except ValueError:
        return None
    # A time without a zone cannot be compared with one that has one.
    return time if time.tzinfo is not None else None


def is_stale(recording: Recording, max_age: timedelta, now: datetime) -> bool:
    """True if it is older, or if nobody knows how old it is."""
    made = recorded_at(recording)
    return made is None or now - made > max_age


def _age(recording: Recording) -> str:
    made = recorded_at(recording)
    return "it does not say when it was made" if made is None else f"it was made on {made:%Y-%m-%d}"


def _problem(kind: str, recording: Recording, message: str, remedy: str) -> RecordingProblem:
    return RecordingProblem(kind=kind, path=recording.path, position=recording.position, message=message, remedy=remedy)
