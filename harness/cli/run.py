"""`harness run`: plan, execute, grade, and leave a run folder.

It stands apart from the machinery in `running`, which the demo shares: here are the options and what is printed.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from harness.cli.assembly import assemble, default_folder
from harness.cli.options import Choices, paths_argument, price_option, selection_options, source_options
from harness.cli.progress import progress_of
from harness.cli.running import Settings, run_plan, write_extras
from harness.cli.terminal import say
from harness.cli.verdict import render_run, run_as_json
from harness.core.clock import SystemClock


@click.command("run")
@paths_argument()
@selection_options
@source_options
@price_option
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=8,
    show_default=True,
    help="Trials under way at once; a catalogue may allow fewer.",
)
@click.option(
    "--max-errors", type=click.IntRange(0), default=0, show_default=True, help="Errors that may stand beside a yes."
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0.1),
    default=300.0,
    show_default=True,
    help="Seconds for one request.",
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
    profile: str,
    concurrency: int,
    max_errors: int,
    timeout_s: float,
    seed: int,
    out: Path | None,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    overwrite: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Run suites against their targets and judge what came back.

    By default recordings answer and nothing is sent. The run's folder holds records.jsonl and report.html.

    Exit codes: 0 all cases pass · 1 a case fails · 2 the input is wrong · 3 errors, such as a missing recording,
    leave it open · 130 interrupted.
    """
    assembly = assemble(Choices(paths=paths, **chosen), profile)
    folder = out or default_folder(assembly, SystemClock().now())
    settings = Settings(
        out=folder,
        profile=profile,
        concurrency=concurrency,
        max_errors=max_errors,
        seed=seed,
        timeout_s=timeout_s,
        overwrite=overwrite,
    )
    totals = Counter(trial.target.label for trial in assembly.plan.trials)
    totals.update(row.target.label for row in assembly.rows)
    with progress_of(totals, live=assembly.mode != "replay") as tick:
        run = run_plan(assembly, settings, tick)
    write_extras(run, html=html, junit=junit, markdown=markdown)
    if as_json:
        say(json.dumps(run_as_json(run, folder), indent=2))
    else:
        say(render_run(run))
        say(f"\npage     {folder / 'report.html'}\nrecords  {folder / 'records.jsonl'}")
    return run.footer.exit_code if run.footer is not None else 3
