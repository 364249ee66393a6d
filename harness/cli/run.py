"""`harness run`: plan, execute, grade, and leave a run folder.

It stands apart from the machinery in `running`, which the demo shares: here are the options and what is printed.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from harness.cli.assembly import assemble
from harness.cli.execution import Settings, totals_of
from harness.cli.limit_options import ceiling_of, limit_options, scale_options
from harness.cli.options import Choices, paths_argument, price_option, selection_options, source_options
from harness.cli.progress import progress_of
from harness.cli.running import explain_left, find_folder, run_plan, write_extras
from harness.cli.terminal import say
from harness.cli.verdict import render_run, run_as_json
from harness.runner.plan import Shard
from harness.store import read_run_folder


@click.command("run")
@paths_argument()
@selection_options
@source_options
@price_option
@limit_options
@scale_options
@click.option(
    "--max-errors", type=click.IntRange(0), default=0, show_default=True, help="Errors that may stand beside a yes."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the waits between retries.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder; by default one under reports/."
)
@click.option("--overwrite", is_flag=True, help="Replace a run in --out even if it may have been paid for.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the page there too.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML there.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a Markdown summary there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(
    *,
    paths: tuple[Path, ...],
    out: Path | None,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
    budget_usd: Decimal | None,
    max_requests: int | None,
    shard: Shard,
    **chosen: Any,
) -> int:
    """Run suites against their targets and judge what came back.

    By default recordings answer and nothing is sent. The run's folder holds records.jsonl and report.html. A run that
    is cut short, by Ctrl-C, a budget or a crash, keeps what was answered: the same command with --resume goes on.

    Exit codes: 0 all cases pass · 1 a case fails · 2 the input is wrong · 3 errors, such as a missing recording or a
    budget that is spent, leave it open · 130 interrupted.
    """
    wishes = {name: chosen.pop(name) for name in _WISHES}
    assembly = assemble(Choices(paths=paths, shard=shard, **chosen), wishes["profile"])
    folder = find_folder(assembly, out, resume=wishes["resume"])
    settings = Settings(out=folder, ceiling=ceiling_of(budget_usd, max_requests), **wishes)
    with progress_of(totals_of(assembly), live=assembly.mode != "replay") as tick:
        finished = run_plan(assembly, settings, tick)
    write_extras(
        finished.summary, lambda: read_run_folder(folder, unfinished=True), html=html, junit=junit, markdown=markdown
    )
    if as_json:
        say(json.dumps({**run_as_json(finished.summary, folder), "left": finished.left}, indent=2))
        return finished.exit_code
    say(render_run(finished.summary))
    records = folder / ("journal.jsonl" if finished.left else "records.jsonl")
    say(f"\npage     {folder / 'report.html'}\nrecords  {records}")
    for line in explain_left(finished, folder):
        say(line, err=True)
    return finished.exit_code


_WISHES = ("profile", "concurrency", "max_errors", "timeout_s", "seed", "overwrite", "pacing", "resume")
