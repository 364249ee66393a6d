"""`harness cassettes`: look after recordings.

It stands apart from `run` because recordings outlive runs.
"""

import json
from pathlib import Path

import click

from harness.cli.tables import render_table
from harness.cli.terminal import say
from harness.core.errors import UsageError


@click.group("cassettes")
def command() -> None:
    """Look after recordings."""


@command.command("list")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a cassette, a line each.")
def list_(paths: tuple[Path, ...], *, as_json: bool) -> int:
    """List the cassettes under PATHS (cassettes/ if absent): who answered, which models, how many, when.

    Exit codes: 0 · 2 a path does not exist · 3 a cassette cannot be read.
    """
    from harness.wire import list_cassettes

    roots = paths or (Path("cassettes"),)
    for root in roots:
        if not root.exists():
            raise UsageError(f"{root}: no such file or folder", remedy="name a cassette, or a folder that holds some")
    summaries = list(list_cassettes(roots))
    if as_json:
        for summary in summaries:
            say(json.dumps(summary.as_json(), ensure_ascii=False))
    else:
        header = ("cassette", "answered by", "models", "recordings", "recorded", "size")
        say(render_table(header, [summary.as_row() for summary in summaries], right=(3, 5), limit=100))
        total = sum(summary.interactions for summary in summaries)
        say(f"\n{_count(len(summaries), 'cassette')}, {_count(total, 'recording')}")
    unreadable = [summary for summary in summaries if summary.error]
    for summary in unreadable:
        say(f"{summary.path}: {summary.error}", err=True)
    return 3 if unreadable else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
