"""Runs of the shards of one plan -> one run, as if it had never been cut up.

It stands apart because who reads runs (report, compare, gate) must refuse alike what does not belong together.
"""

import heapq
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.core.errors import InputError
from harness.core.record import Run, RunHeader

Named = tuple[Path, Run]


def is_shard(run: Run) -> bool:
    """Whether a run asked a share of its plan only."""
    return run.header.shard is not None


def join_shards(runs: Sequence[Named], *, partial: bool = False) -> Run:
    """One run of several, its records in the order of the plan; without a footer, which whoever decides adds.

    runs     each with its folder, for messages
    partial  allow shards that are missing, or that did not finish
    raises   InputError if they do not belong together, overlap, or leave gaps and that is not allowed
    """
    first_path, first = runs[0]
    for path, run in runs[1:]:
        _check_together(first_path, first.header, path, run.header)
    places = [(path, run, *_place(path, run.header)) for path, run in runs]
    of = places[0][3]
    seen: dict[int, Path] = {}
    for path, _, index, _ in places:
        if index in seen:
            message = f"{path}: holds the same share of the plan as {seen[index]}: {index}/{of}"
            raise InputError(message, remedy="name each share once")
        seen[index] = path
    missing = sorted(set(range(1, of + 1)) - seen.keys())
    open_ = [path for path, run, _, _ in places if run.footer is None]
    if not partial and missing:
        shares = ", ".join(f"{index}/{of}" for index in missing)
        message = f"{first_path}: of its plan the shares {shares} are not here"
        raise InputError(message, remedy="name their folders too, or pass --partial")
    if not partial and open_:
        raise InputError(f"{open_[0]}: did not finish", remedy="go on with it with --resume, or pass --partial")
    _check_apart(runs)
    records = heapq.merge(*(run.records for _, run in runs), key=lambda record: record.number)
    # Of a share that is not here nobody knows how many trials it has: one at least, or it would not be missed.
    planned = sum(run.header.trials for _, run in runs) + len(missing)
    started = min((run.header.started_at for _, run in runs if run.header.started_at), default=None)
    header = replace(first.header, shard=None, trials=planned, started_at=started)
    return Run(header=header, records=tuple(records))


def _place(path: Path, header: RunHeader) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", header.shard or "")
    if match is None:
        message = f"{path}: is no share of a plan, but a whole run"
        raise InputError(message, remedy="report it apart, or name shares only")
    return int(match[1]), int(match[2])


def _check_together(first_path: Path, first: RunHeader, path: Path, header: RunHeader) -> None:
    for name, one, other in (
        ("plan", first.plan, header.plan),
        ("suites", [ref.digest for ref in first.suites], [ref.digest for ref in header.suites]),
        ("version", first.version, header.version),
        ("mode", first.mode, header.mode),
        ("price profile", first.price_profile, header.price_profile),
        ("number of shares", (first.shard or "").partition("/")[2], (header.shard or "").partition("/")[2]),
    ):
        if one != other:
            message = f"{path}: does not belong to {first_path}: its {name} is another"
            raise InputError(message, remedy="join shares of one plan, made by the same command")


def _check_apart(runs: Sequence[Named]) -> None:
    """Shares of one plan hold no trial twice, whatever their headers say."""
    seen: dict[str, Path] = {}
    for path, run in runs:
        for record in run.records:
            other = seen.setdefault(record.trial, path)
            if other is not path:
                message = f"{path}: {record.pair} of {record.target} is in {other}, too"
                raise InputError(message, remedy="name each share once, unedited")
