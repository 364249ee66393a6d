"""Recordings taken out of cassettes: those that nothing asks for, and others on request.

It stands apart from linting because this alone destroys: what goes is listed first, a file that changed since is left
alone, and what remains is written in one piece.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harness.core.canonical import digest_bytes
from harness.core.errors import Unanswerable, UnreadableCassette
from harness.wire.cassette_file import CassetteFile, read_cassette
from harness.wire.cassette_journal import dump_cassette, rewrite_cassette
from harness.wire.cassette_lint import is_stale, recorded_at, repeated_recordings, wrong_provider
from harness.wire.cassette_paths import find_cassettes, is_there, journal_path, provider_folder
from harness.wire.cassette_recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a replay of suites asked for.

    Paths are resolved: two spellings of one file must not make it look unused.

    answered  by file, the places of the recordings that answered
    folders   folders of a provider and a suite in which recordings were looked for; elsewhere nothing counts as unused
    kept      names of files, without their ending, that count as used: of cases that are skipped for now
    """

    answered: Mapping[Path, AbstractSet[int]]
    folders: AbstractSet[Path]
    kept: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRules:
    """What is to go.

    usage    with it, recordings that no trial asked for
    max_age  older ones, where they say how old they are
    hosts    host name in lower case -> the provider whose own it is
    """

    now: datetime
    hosts: Mapping[str, str]
    usage: Usage | None = None
    max_age: timedelta | None = None
    unreadable: bool = False
    duplicates: bool = False
    wrong_provider: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What would be removed from one file.

    reasons     by place among the interactions, why; empty where the whole file cannot be read
    whole       True if nothing would be left, so that the file goes
    size_bytes  by how much the file shrinks
    digest      of the file's bytes when this was decided
    """

    path: Path
    reasons: Mapping[int, str]
    whole: bool
    size_bytes: int
    digest: str

    def as_json(self) -> dict[str, object]:
        """The removal as a JSON object."""
        return {
            "path": str(self.path),
            "whole_file": self.whole,
            "bytes": self.size_bytes,
            "interactions": {str(position): reason for position, reason in self.reasons.items()},
        }


def plan_removals(places: Sequence[Path], rules: PruneRules) -> Iterator[Removal]:
    """What would go, file by file in order of path; nothing is changed.

    raises  InputError for a place that does not exist
            UnreadableCassette for a file that cannot be read, unless those are to go
    """
    for path in sorted(find_cassettes(places)):
        content = path.read_bytes() if path.is_file() else b""
        digest = digest_bytes(content)
        try:
            cassette = read_cassette(path, documents=True)
        except UnreadableCassette:
            if not rules.unreadable:
                raise
            yield Removal(path=path, reasons={}, whole=True, size_bytes=len(content), digest=digest)
            continue
        reasons = dict(_reasons(cassette, provider_folder(path, places), rules))
        if reasons:
            whole = len(reasons) == len(cassette.recordings)
            left = 0 if whole else len(dump_cassette(_without(cassette, reasons), path).encode("utf-8", "replace"))
            # Spelled anew, what is left of a file of another's may be longer than all of it was.
            shrinks = max(0, len(content) - left)
            yield Removal(path=path, reasons=reasons, whole=whole, size_bytes=shrinks, digest=digest)


def apply_removal(removal: Removal) -> None:
    """Take out what was listed, in one piece.

    raises  Unanswerable if the file changed since it was listed, or the disk refuses
    """
    path = removal.path
    if removal.whole and not removal.reasons:
        _check_unchanged(removal)
        path.unlink()
        return

    def change(cassette: CassetteFile) -> Mapping[str, Any] | None:
        _check_unchanged(removal)
        # Recordings of a run that is under way will be merged into it.
        is_empty = removal.whole and not _has_waiting(path)
        return None if is_empty else _without(cassette, removal.reasons)

    rewrite_cassette(path, change)


def _has_waiting(path: Path) -> bool:
    journal = journal_path(path)
    return is_there(journal) and journal.stat().st_size > 0


def _check_unchanged(removal: Removal) -> None:
    if digest_bytes(removal.path.read_bytes()) != removal.digest:
        raise Unanswerable(f"{removal.path}: it changed since it was looked at", remedy="prune again")


def _without(cassette: CassetteFile, reasons: Mapping[int, str]) -> dict[str, Any]:
    left = [recording.document for recording in cassette.recordings if recording.position not in reasons]
    return {"version": 1, **cassette.document, "interactions": left}


def _reasons(cassette: CassetteFile, folder: str | None, rules: PruneRules) -> Iterator[tuple[int, str]]:
    repeated = dict(repeated_recordings(cassette)) if rules.duplicates else {}
    used = _used(cassette.path, rules.usage)
    for recording in cassette.recordings:
        reason = _reason(recording, folder, rules, repeated)
        if reason is None and used is not None and recording.position not in used:
            reason = "unused: no trial asks for it"
        if reason is not None:
            yield recording.position, reason


def _reason(recording: Recording, folder: str | None, rules: PruneRules, repeated: Mapping[int, int]) -> str | None:
    if recording.position in repeated:
        return f"duplicate: interactions[{repeated[recording.position]}] answers instead"
    if rules.wrong_provider and (fault := wrong_provider(recording, folder, rules.hosts)):
        return f"wrong provider: {fault}"
    # What does not say how old it is cannot be too old: a deletion needs more than a doubt.
    dated = recorded_at(recording) is not None
    if rules.max_age is not None and dated and is_stale(recording, rules.max_age, rules.now):
        return "stale"
    return None


def _used(path: Path, usage: Usage | None) -> AbstractSet[int] | None:
    """Places of the recordings of a file that were asked for; None if nothing can be said of it."""
    real = path.resolve()
    if usage is None or real.parent.parent not in usage.folders or path.stem in usage.kept:
        return None
    return usage.answered.get(real, frozenset())
