"""`harness report`: the page of a finished run.

It stands apart from `run` so that records made anywhere can be turned into a page here.
"""

from dataclasses import replace
from pathlib import Path

import click

from harness.cli.running import footer_of, write_extras
from harness.cli.terminal import say
from harness.core.errors import UsageError
from harness.core.record import Run
from harness.report import summarise
from harness.store import is_shard, is_verification, join_shards, read_run_folder


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Where; report.html in the run's folder if absent."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML there.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a Markdown summary there.")
@click.option("--title", help="The page's title; the suites' names if absent.")
@click.option("--partial", is_flag=True, help="Join shares of a plan though some are missing or did not finish.")
def command(
    runs: tuple[Path, ...],
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    title: str | None,
    *,
    partial: bool,
) -> int:
    """Write the page of each of RUNS, a run's folder or its records.jsonl: one HTML file that needs nothing else.

    Runs that were made with --shard are joined into one page, where --html says. A run that was cut short is shown as
    far as it came, and as not complete.
    """
    read = [(run, _read(run)) for run in runs]
    if any(is_shard(run) for _, run in read):
        if html is None:
            raise UsageError("shares of a plan make one page", remedy="say where with --html FILE")
        joined = join_shards(read, partial=partial)
        if not partial:
            joined = replace(joined, footer=footer_of(joined.records, joined.header.max_errors))
        _write(joined, html, junit, markdown, title)
        return 0
    if len(read) > 1 and (html or junit or markdown):
        raise UsageError("--html, --junit and --markdown name one file", remedy="name one run, or leave them out")
    for path, run in read:
        _write(run, html or (path if path.is_dir() else path.parent) / "report.html", junit, markdown, title)
    return 0


def _read(path: Path) -> Run:
    if is_verification(path):
        message = f"{path}: holds verdicts, whose page harness verify wrote beside them"
        raise UsageError(message, remedy=f"harness grade {path} --out NEW writes it anew")
    return read_run_folder(path, unfinished=True)


def _write(run: Run, html: Path, junit: Path | None, markdown: Path | None, title: str | None) -> None:
    for path in write_extras(summarise(run), lambda: run, html=html, junit=junit, markdown=markdown, title=title):
        say(path)
