"""Which recordings suites ask for, found by replaying them.

It stands apart from pruning because it is the only honest way to know: what a later turn or a judge is asked depends on
the replies before it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import Unanswerable, UsageError
from harness.core.record import TrialRecord
from harness.runner.rows import RowTrial
from harness.wire.cassette_prune import Usage

ROOT = Path("cassettes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whose trials are replayed, and how they are asked.

    targets  replayed, too, beside the suites' own
    """

    suites: tuple[Path, ...]
    targets: tuple[str, ...] = ()
    repeats: int | None = None
    rename: str | None = None
    base_url: str | None = None
    catalogues: tuple[Path, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Found:
    answered: dict[Path, set[int]] = field(default_factory=dict)
    folders: set[Path] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    misses: int = 0


def root_of(places: Sequence[Path]) -> Path:
    """The folder of providers' folders that suites are replayed from.

    raises  UsageError if the paths do not tell
    """
    if all(place.resolve().is_relative_to(ROOT.resolve()) for place in places):
        return ROOT
    if len(places) == 1 and places[0].is_dir():
        return places[0]
    message = "--for: the suites are replayed from one folder, and these paths are not all below cassettes/"
    raise UsageError(message, remedy="name the folder that holds the providers' folders, and no other")


def find_usage(asking: Asking, root: Path, *, despite_misses: bool) -> Usage:
    """What the suites ask for.

    raises  Unanswerable if a request has no recording, unless that is to be passed over
    """
    found = _Found()
    # The suites' own targets, and, apart, those that are to be kept beside them.
    for targets in ((), asking.targets) if asking.targets else ((),):
        asyncio.run(_replay(asking, targets, root, found))
    if found.misses and not despite_misses:
        message = f"{found.misses} requests of these suites have no recording, so that what comes after is not known"
        remedy = "record them first: harness run … --mode record; or say --despite-misses, and lose what they lead to"
        raise Unanswerable(message, remedy=remedy)
    return Usage(answered=found.answered, folders=found.folders, kept=found.kept)


async def _replay(asking: Asking, targets: tuple[str, ...], root: Path, found: _Found) -> None:
    """Replay, and note what answered."""
    # Loaded here: the other criteria of pruning need no suites.
    from harness.cli.assembly import assemble, open_cassettes
    from harness.cli.options import Choices
    from harness.probes.bench import SUITE as VERIFICATIONS
    from harness.runner.execute import execute
    from harness.runner.session import Session
    from harness.wire.cassette_paths import folder_of

    choices = Choices(
        paths=asking.suites,
        targets=targets,
        repeats=asking.repeats,
        mode="replay",
        rename=asking.rename,
        base_url=asking.base_url,
        catalogues=asking.catalogues,
        root=root,
    )
    assembly = assemble(choices)
    redactor = assembly.redactor
    transport = open_cassettes(assembly, redactor, None)
    session = Session(transport=transport, sources=assembly.sources, redactor=redactor, kinds=assembly.kinds)
    try:
        await execute(assembly.plan, session, concurrency=1, keeper=_Forgetful())
        if assembly.rows:
            from harness.probes.rows import run_rows

            await run_rows(assembly.rows, session, concurrency=1, seed=0, keep=_forget)
    finally:
        await transport.aclose()
    for path, positions in transport.answered.items():
        found.answered.setdefault(path.resolve(), set()).update(positions)
    # Parameter rows share their folder with verifications, of which no suite knows.
    asked = (folder for folder in transport.asked if folder.name != folder_of(VERIFICATIONS))
    found.folders.update(folder.resolve() for folder in asked)
    skipped = (case.id for suite in assembly.plan.suites for case in suite.cases if case.skip is not None)
    found.kept.update(map(folder_of, skipped))
    found.misses += transport.unanswered


class _Forgetful:
    """Takes records and keeps none: only what answered matters."""

    def holds(self, _number: int, /) -> bool:
        return False

    async def keep(self, _number: int, _record: TrialRecord, /) -> None:
        return


async def _forget(_row: RowTrial, _record: TrialRecord) -> None:
    return
