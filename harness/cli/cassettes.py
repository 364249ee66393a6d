"""`harness cassettes`: look after recordings.

It stands apart from `run` because recordings outlive runs.
"""

import json
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from harness.cli.cassettes_prune import prune
from harness.cli.tables import render_table, visible
from harness.cli.terminal import say
from harness.core.clock import SystemClock
from harness.core.errors import UsageError

_MAX_LINE = 400


@click.group("cassettes")
def command() -> None:
    """Look after recordings: what there is, what is wrong with it, what changed, what nothing asks for."""


command.add_command(prune)


def _json_option(help_: str) -> Callable[[Any], Any]:
    return click.option("--json", "as_json", is_flag=True, help=help_)


@command.command("list")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_json_option("Print one JSON object a cassette, a line each.")
def list_(paths: tuple[Path, ...], *, as_json: bool) -> int:
    """List the cassettes under PATHS (cassettes/ if absent): who answered, which models, how many, when.

    Exit codes: 0 · 2 a path does not exist · 3 a cassette cannot be read.
    """
    from harness.wire import list_cassettes

    summaries = list(list_cassettes(_existing(paths)))
    if as_json:
        for summary in summaries:
            _say_json(summary.as_json())
    else:
        header = ("cassette", "answered by", "models", "recordings", "recorded", "size")
        say(render_table(header, [summary.as_row() for summary in summaries], right=(3, 5), limit=100))
        total = sum(summary.interactions for summary in summaries)
        say(f"\n{_count(len(summaries), 'cassette')}, {_count(total, 'recording')}")
    unreadable = [summary for summary in summaries if summary.error]
    for summary in unreadable:
        say(visible(f"{summary.path}: {summary.error}", _MAX_LINE), err=True)
    return 3 if unreadable else 0


@command.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--max-age", type=click.FloatRange(0, 36_500), metavar="DAYS", help="Recordings older than that are stale."
)
@click.option(
    "--catalogue",
    "catalogues",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A further provider, whose hosts and key variables are known then; repeatable.",
)
@_json_option("Print one JSON object a problem, a line each.")
def lint(paths: tuple[Path, ...], max_age: float | None, catalogues: tuple[Path, ...], *, as_json: bool) -> int:
    """Look for what is wrong with the recordings under PATHS (cassettes/ if absent).

    Unreadable files; keys, by their shapes and by what the key variables of this environment hold; what else is masked
    when the harness records; duplicates; recordings under another provider than the one who answered; stale ones, with
    --max-age; journals that wait to be merged; edited bodies that no longer fit their times.

    Exit codes: 0 nothing is wrong · 1 something is · 2 a path does not exist.
    """
    from harness.catalogue import load_catalogues
    from harness.runner.sources import Sources
    from harness.wire.cassette_lint import Linter

    sources = Sources(catalogues=load_catalogues(catalogues), environment=dict(os.environ))
    linter = Linter(
        hosts=sources.hosts(),
        secrets=sources.secrets(),
        max_age=None if max_age is None else timedelta(days=max_age),
        now=SystemClock().now(),
    )
    count = 0
    for problem in linter.problems(_existing(paths)):
        count += 1
        if as_json:
            _say_json(problem.as_json())
        else:
            say(visible(f"{problem.place}: {problem.kind}: {problem.message}", _MAX_LINE))
            say(f"   {visible(problem.remedy, _MAX_LINE)}")
    if not as_json:
        say(_count(count, "problem") if count else "no problems")
    return 1 if count else 0


@command.command("diff")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@_json_option("Print one JSON object a difference, a line each.")
def diff(first: Path, second: Path, *, as_json: bool) -> int:
    """Compare two cassettes, or two folders of them, such as before and after a refresh.

    Requests are paired by key. Of replies count status, headers that last, and body; ids and dates that are new with
    every reply do not, nor where a stream was cut into pieces.

    Exit codes: 0 alike · 1 they differ · 2 a path does not exist · 3 a cassette cannot be read, and the rest is alike.
    """
    from harness.wire.cassette_diff import diff_cassettes

    _existing((first, second))
    counts: dict[str, int] = {}
    for difference in diff_cassettes(first, second):
        counts[difference.kind] = counts.get(difference.kind, 0) + 1
        if as_json:
            _say_json(difference.as_json())
            continue
        say(visible(f"{difference.kind}: {difference.message}", _MAX_LINE))
        for change in difference.changes:
            say(f"   {visible(change, _MAX_LINE)}")
        for line in difference.diff:
            say(f"      {visible(line, _MAX_LINE)}")
    if not as_json:
        say(", ".join(f"{number} {kind}" for kind, number in counts.items()) or "alike")
    if counts.keys() - {"unreadable"}:
        return 1
    return 3 if counts else 0


def _existing(paths: Sequence[Path]) -> Sequence[Path]:
    """The paths, or the folder of all recordings if there are none.

    raises  UsageError for one that does not exist
    """
    roots = paths or (Path("cassettes"),)
    for root in roots:
        if not root.exists():
            raise UsageError(f"{root}: no such file or folder", remedy="name a cassette, or a folder that holds some")
    return roots


def _say_json(value: dict[str, object]) -> None:
    # A half of a surrogate pair, which a cassette may hold, has no UTF-8: as an escape it is JSON all the same.
    say(json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
