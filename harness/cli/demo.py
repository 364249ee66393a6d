"""`harness demo`: the whole tour over what ships with the package, offline and without a key.

It stands apart from `run` because it chooses everything itself; its exit code tells whether the tour ran as shipped.
"""

import time
from pathlib import Path

import click

from harness.cli.assembly import assemble
from harness.cli.options import Choices
from harness.cli.running import Settings, run_plan, write_extras
from harness.cli.shipped import shipped_root
from harness.cli.terminal import say
from harness.cli.verdict import render_run
from harness.core.errors import UsageError


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo-report"),
    show_default=True,
    metavar="DIR",
    help="The run's folder.",
)
def command(out: Path) -> int:
    """Validate the shipped suites, replay their recordings, grade them, and write a run folder.

    The recordings are of SmolLM2-135M-Instruct, a small model that gets some answers wrong, asked in two ways: so the
    page has something to compare. Exit code 0 if the tour ran as shipped, whatever the model got wrong.
    """
    started = time.perf_counter()
    root = shipped_root()
    suites = root / "suites" / "local"
    if not suites.is_dir():
        raise UsageError(
            f"{suites}: the shipped suites are not there", remedy="install the package again: pip install ."
        )
    assembly = assemble(Choices(paths=(suites,), root=root / "cassettes", shown_from=root))
    cases = sum(len(suite.cases) for suite in assembly.plan.suites)
    say(f"{len(assembly.plan.suites)} suites are valid: {cases} cases, {len(assembly.plan.targets)} targets")
    run = run_plan(assembly, Settings(out=out), lambda _: None)
    write_extras(run, html=None, junit=out / "junit.xml", markdown=out / "summary.md")
    say(f"{len(run.records)} trials replayed from recordings of a real model; nothing was sent\n")
    say(render_run(run))
    say(f"\npage     {out / 'report.html'}\nrecords  {out / 'records.jsonl'}")
    say(f"junit    {out / 'junit.xml'}\nsummary  {out / 'summary.md'}")
    say(f"\nthe tour took {time.perf_counter() - started:.1f} s")
    # A wrong answer of the model is part of the tour; a recording that is missing or unreadable is not.
    errors = run.footer.rate.errors if run.footer is not None else 1
    return 3 if errors else 0
