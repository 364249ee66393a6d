"""What cassettes there are, for people who look after them.

It stands apart from look-up because here an unreadable cassette is a line of the list, not the end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_file import read_cassette
from harness.wire.cassette_journal import read_journal
from harness.wire.cassette_paths import JOURNAL_SUFFIX, find_cassettes, journal_path


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteSummary:
    """One cassette in a line.

    providers      sources that answered, and hosts of plain vcrpy's recordings, sorted
    foreign        interactions that plain vcrpy made; the rest are the harness's
    waiting        recordings of an interrupted run, not yet merged
    recorded_from  time of the earliest recording that has one, ISO and UTC; recorded_to of the latest
    error          why it cannot be read, or None
    """

    path: Path
    size_bytes: int
    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    interactions: int = 0
    foreign: int = 0
    waiting: int = 0
    recorded_from: str | None = None
    recorded_to: str | None = None
    error: str | None = None

    def as_json(self) -> dict[str, object]:
        """The summary as a JSON object."""
        return {**asdict(self), "path": str(self.path)}

    def as_row(self) -> tuple[str, ...]:
        """The summary as a table's row: path, who answered, models, recordings, dates, size."""
        recordings = f"{self.interactions} + {self.waiting} unmerged" if self.waiting else str(self.interactions)
        dates = dict.fromkeys((time or "")[:10] for time in (self.recorded_from, self.recorded_to))
        size = f"{self.size_bytes / 1000:.1f} kB"
        if self.error is not None:
            return str(self.path), "unreadable", "", "", "", size
        models = ", ".join(self.models)
        return str(self.path), ", ".join(self.providers), models, recordings, " to ".join(filter(None, dates)), size


def list_cassettes(places: Sequence[Path]) -> Iterator[CassetteSummary]:
    """A summary of every cassette in the files and folders, in order of path.

    raises  InputError for a place that does not exist
    """
    paths = set(find_cassettes(places))
    for place in places:
        # A crash during a case's first recording leaves a journal and no cassette.
        paths.update(
            path.with_name(path.name.removesuffix(JOURNAL_SUFFIX)) for path in place.rglob(f"*{JOURNAL_SUFFIX}")
        )
    for path in sorted(paths):
        yield _summary(path)


def _summary(path: Path) -> CassetteSummary:
    files = [file for file in (path, journal_path(path)) if file.exists()]
    size_bytes = sum(file.stat().st_size for file in files)
    try:
        kept = read_cassette(path).recordings if path.exists() else ()
        waiting, _ = read_journal(path)
    except UnreadableCassette as fault:
        return CassetteSummary(path=path, size_bytes=size_bytes, error=fault.message)
    recordings = [*kept, *waiting]
    origins = [recording.origin for recording in recordings if recording.origin is not None]
    hosts = {recording.host or "?" for recording in recordings if recording.origin is None}
    times = sorted(origin.recorded_at for origin in origins if origin.recorded_at is not None)
    return CassetteSummary(
        path=path,
        size_bytes=size_bytes,
        providers=tuple(sorted(hosts | {origin.provider for origin in origins})),
        models=tuple(sorted({origin.model for origin in origins})),
        interactions=len(kept),
        foreign=sum(recording.origin is None for recording in kept),
        waiting=len(waiting),
        recorded_from=times[0] if times else None,
        recorded_to=times[-1] if times else None,
    )
