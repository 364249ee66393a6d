"""`harness demo`: the whole tour over what ships with the package, offline and without a key.

It stands apart from `run` because it chooses everything itself; its exit code tells whether the tour ran as shipped.
"""

import shutil
import time
from pathlib import Path

import click

from harness.cli.assembly import assemble
from harness.cli.execution import Settings
from harness.cli.options import Choices
from harness.cli.running import run_plan, write_extras
from harness.cli.shipped import shipped_root
from harness.cli.terminal import say
from harness.cli.verdict import render_run
from harness.core.errors import UsageError
from harness.core.outcome import Outcome
from harness.core.record import Run
from harness.store import read_run_folder

SIMULATOR, MODEL = "xai-sim", "grok-3-mini"


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
    """Validate the shipped suites, replay their recordings, grade them, and write run folders.

    First a real model: SmolLM2-135M-Instruct, small, which gets some answers wrong, asked in two ways. Then what xAI
    documents of its models' parameters, and the suites about that, answered by recordings of a simulator: they are
    marked as simulated, and are no evidence about the vendor. Last, every claim about one of its models, decided. Exit
    code 0 if the tour ran as shipped, whatever a model got wrong.
    """
    started = time.perf_counter()
    root = shipped_root()
    say("1. A real model, recorded\n")
    real = _tour(root / "suites" / "local", root, out)
    say(render_run(real))
    say(f"\npage     {out / 'report.html'}\nrecords  {out / 'records.jsonl'}")
    say(f"junit    {out / 'junit.xml'}\nsummary  {out / 'summary.md'}")
    say("\n2. What xAI documents, unverified: `harness catalogue show` has all of it\n")
    _show_parameters()
    say("\n3. The suites about those documents, answered by a simulator: no evidence about xAI's models\n")
    simulated = _tour(root / "suites" / "xai", root, out / SIMULATOR, rename=SIMULATOR)
    _say_simulated(simulated, out / SIMULATOR)
    say("\n4. Is it true? Every claim about one model, decided, with evidence: `harness verify` does so for all\n")
    verified = _verify(root, out / "verified")
    say(f"\nthe tour took {time.perf_counter() - started:.1f} s; nothing was sent")
    # A wrong answer of the model is part of the tour; a recording that is missing or unreadable is not.
    errors = [run.footer.rate.errors if run.footer is not None else 1 for run in (real, simulated)]
    return 3 if any(errors) or verified != 0 else 0


def _tour(suites: Path, root: Path, out: Path, rename: str | None = None) -> Run:
    """Replay the suites of a folder into a run's folder, with everything that a run can write beside it."""
    if not suites.is_dir():
        raise UsageError(
            f"{suites}: the shipped suites are not there", remedy="install the package again: pip install ."
        )
    assembly = assemble(Choices(paths=(suites,), root=root / "cassettes", shown_from=root, rename=rename))
    cases = sum(len(suite.cases) for suite in assembly.plan.suites)
    targets = len(assembly.plan.targets)
    say(f"{len(assembly.plan.suites)} suites are valid: {cases} cases, {targets} targets")
    summary = run_plan(assembly, Settings(out=out), lambda _: None).summary
    run = read_run_folder(out)
    write_extras(summary, lambda: run, html=None, junit=out / "junit.xml", markdown=out / "summary.md")
    kind = "a simulator" if rename else "a real model"
    say(f"{len(run.records)} trials replayed from recordings of {kind}\n")
    return run


def _show_parameters() -> None:
    from harness.catalogue import load_catalogues, load_register
    from harness.catalogue.matrices import build_matrices
    from harness.cli.documented import render_matrix

    provider = load_catalogues().provider("xai")
    width = max(80, shutil.get_terminal_size((100, 24)).columns)
    (parameters,) = (
        matrix for matrix in build_matrices(load_register(provider), provider) if matrix.name == "parameters"
    )
    for line in render_matrix(parameters, width):
        say(line)
    say("\n[Kn]: the documents contradict each other; `harness catalogue show --section conflicts` has both sides.")


def _verify(root: Path, out: Path) -> int:
    """Decide what is documented of one model, from recordings of the simulator; its exit code."""
    from harness.cli.docket import VerifyChoices, prepare
    from harness.cli.verifying import verify, write_pages
    from harness.store import VerificationFolder

    docket = prepare(
        VerifyChoices(targets=(MODEL,), claims=(f"*.{MODEL}.*",), rename=SIMULATOR, root=root / "cassettes")
    )
    verified = verify(docket, VerificationFolder.open(out), started=None)
    write_pages(verified, docket.provider, out, {})
    found = verified.verification
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    say(f"  {SIMULATOR}/{MODEL}: {counts}, from {found.requests} recorded requests")
    say(f"\npage     {out / 'report.html'} (control beside treatment for each; marked as simulated)")
    return found.exit_code


def _say_simulated(run: Run, out: Path) -> None:
    """One line a suite: the table of every target is the page's."""
    for suite in run.header.suites:
        outcomes = [record.outcome for record in run.records if record.suite == suite.name]
        counts = {outcome: outcomes.count(outcome) for outcome in Outcome if outcome in outcomes}
        say(f"  {suite.name:<24} " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    say(f"\npage     {out / 'report.html'} (every figure marked as simulated)")
