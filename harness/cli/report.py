"""`harness report`: the page of a finished run.

It stands apart from `run` so that records made anywhere can be turned into a page here.
"""

from pathlib import Path

import click

from harness.cli.running import title_of, write_extras
from harness.cli.terminal import say
from harness.core.errors import UsageError
from harness.store import is_verification, read_run_folder


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Where; report.html in the run's folder if absent."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML there.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a Markdown summary there.")
@click.option("--title", help="The page's title; the suites' names if absent.")
def command(
    runs: tuple[Path, ...], html: Path | None, junit: Path | None, markdown: Path | None, title: str | None
) -> int:
    """Write the page of each of RUNS, a run's folder or its records.jsonl: one HTML file that needs nothing else.

    A run that was cut short is shown as far as it came, and as not complete.
    """
    if len(runs) > 1 and (html or junit or markdown):
        raise UsageError("--html, --junit and --markdown name one file", remedy="name one run, or leave them out")
    for run in runs:
        if is_verification(run):
            message = f"{run}: holds verdicts, whose page harness verify wrote beside them"
            raise UsageError(message, remedy=f"harness grade {run} --out NEW writes it anew")
        read = read_run_folder(run, unfinished=True)
        page = html or (run if run.is_dir() else run.parent) / "report.html"
        for path in write_extras(read, html=page, junit=junit, markdown=markdown, title=title or title_of(read)):
            say(path)
    return 0
