"""`harness grade`: recorded replies under today's checks and prices. Nothing is sent.

It stands apart from `run`: it starts from records, not from suites.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from harness import __version__
from harness.catalogue import load_catalogues
from harness.checks import load_kinds
from harness.cli.options import max_age_option
from harness.cli.running import footer_of, title_of
from harness.cli.shipped import shipped_root
from harness.cli.tables import visible
from harness.cli.terminal import say
from harness.cli.verdict import render_run, run_as_json
from harness.core.errors import InputError, UsageError
from harness.core.outcome import Outcome
from harness.core.record import Run, SuiteRef, TrialRecord
from harness.report import render_html
from harness.runner.regrade import Regraded, regrade
from harness.store import is_verification, read_run_folder
from harness.store.run_folder import write_atomically, write_run_folder
from harness.suite import load_suites

SHOWN = 10


@click.command("grade")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--prices",
    "profile",
    metavar="PROFILE",
    help="Price profile of the catalogue: documented, or, of verdicts, what they were made with.",
)
@click.option(
    "--catalogue",
    "catalogues",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A further provider.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the regraded run there, page and all."
)
@click.option(
    "--register",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Of verdicts: claims from these register files, if they were made with some.",
)
@max_age_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(
    run: Path,
    paths: tuple[Path, ...],
    *,
    profile: str | None,
    catalogues: tuple[Path, ...],
    register: Path | None,
    out: Path | None,
    max_age: timedelta | None,
    as_json: bool,
) -> int:
    """Grade the replies of RUN, a run's folder, again with today's suites: those it was made from, or PATHS.

    A check that needs a reply which the run does not hold, such as a judge's to a new rubric, is reported as missing.
    The old run is not touched.

    RUN may be the folder of a verification, too: its verdicts are derived again from its own exchanges.

    Exit codes: 0 all cases pass · 1 a case fails · 2 the input is wrong · 3 replies are missing. Of verdicts: 0 every
    promise is kept · 1 one is not · 3 some could not be asked · 4 the evidence is too weak, or too old, for some.
    """
    if is_verification(run):
        if paths:
            raise UsageError(f"{run}: holds verdicts, which no suite grades", remedy="leave the suites out")
        from harness.cli.verify_again import grade_again, tell_again

        again = grade_again(run, profile=profile, catalogues=catalogues, register=register, max_age=max_age)
        return tell_again(again, out, as_json=as_json)
    if max_age is not None or register is not None:
        message = f"{run}: --max-age and --register are about verdicts, and this is a run of suites"
        raise UsageError(message, remedy="leave them out")
    profile = profile or "documented"
    old = read_run_folder(run)
    suites = load_suites(paths or [_find(ref.path) for ref in old.header.suites], load_kinds())
    result = regrade(old, suites, load_catalogues(catalogues), load_kinds(), profile)
    if not result.records:
        message = f"{run}: none of its trials belongs to a case of these suites"
        raise InputError(message, remedy="name the suites that it was made from")
    header = replace(
        old.header,
        version=__version__,
        price_profile=profile,
        suites=tuple(SuiteRef(name=suite.name, path=suite.path, digest=suite.digest) for suite in suites),
        trials=len(result.records) + result.unasked,
    )
    footer = footer_of(result.records, old.header.max_errors, incomplete=bool(result.missing))
    graded = Run(header=header, records=result.records, footer=footer)
    if out is not None:
        _write(graded, out)
    if as_json:
        say(json.dumps({**run_as_json(graded, out), "missing": result.missing, "gone": result.gone}, indent=2))
    else:
        say(render_run(graded))
        _tell(old.records, result)
        if out is not None:
            say(f"\npage     {out / 'report.html'}")
    return footer.exit_code


def _find(path: str) -> Path:
    given = Path(path)
    if given.is_absolute() or ".." in given.parts:
        # A run's folder may come from anywhere, and must not choose which files are read.
        message = f"{visible(path, 300)}: the run's suite is named from outside this folder"
        raise UsageError(message, remedy="name today's suites: harness grade RUN PATH...")
    shipped = shipped_root() / path
    if not given.exists() and shipped.exists():
        return shipped
    if not given.exists():
        raise UsageError(
            f"{path}: the run's suite is not there", remedy="name today's suites: harness grade RUN PATH..."
        )
    return given


def _write(graded: Run, out: Path) -> None:
    write_run_folder(out, graded)
    write_atomically(out / "report.html", render_html(graded, title=title_of(graded)).encode("utf-8", "replace"))


def _tell(old: tuple[TrialRecord, ...], result: Regraded) -> None:
    before = {record.trial: record.outcome for record in old}
    changed = [r for r in result.records if before[r.trial] is not r.outcome and r.outcome is not Outcome.SKIP]
    if changed:
        say(f"\n{len(changed)} of {len(result.records)} trials changed:")
        for record in changed[:SHOWN]:
            name = visible(f"{record.pair} of {record.target}", 300)
            say(f"  {name}: {before[record.trial]} -> {record.outcome}")
    for title, lines in (("missing", result.missing), ("no longer in the suites", result.gone)):
        if lines:
            say(f"\n{title}: {len(lines)}")
            for line in lines[:SHOWN]:
                say(f"  {visible(line, 300)}")
            if len(lines) > SHOWN:
                say(f"  … and {len(lines) - SHOWN} more")
    if result.missing:
        say("\nrun the suites again to ask what is missing: harness run … --mode record")
