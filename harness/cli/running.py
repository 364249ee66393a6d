"""Executing an assembled plan into a run folder, and the files that are made of it.

It stands apart from the command `run` because the demo does the same.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from harness import __version__
from harness.cli.assembly import Assembly, default_folder
from harness.cli.execution import Execution, Settings, check_bounds, own_rows
from harness.cli.terminal import say
from harness.core.canonical import digest
from harness.core.clock import SystemClock
from harness.core.errors import UsageError
from harness.core.outcome import rate_of
from harness.core.record import Run, RunFooter, RunHeader, SuiteRef, TrialRecord
from harness.report import RunDigest, RunSummary, decide_run, render_html, render_junit, render_markdown
from harness.runner.execute import is_answered
from harness.runner.pricing import spent
from harness.store import RunFolder
from harness.store.run_folder import is_unfinished, write_atomically

MAX_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a run came to.

    summary      in figures, and with as much evidence as a page shows; without a footer if the run was stopped
    left         how many trials were not asked
    interrupted  True if the user stopped it
    why_left     why trials were not asked, in words
    """

    summary: RunSummary
    left: int = 0
    interrupted: bool = False
    why_left: str = ""

    @property
    def exit_code(self) -> int:
        """That of the contract."""
        if self.interrupted:
            return 130
        return 3 if self.summary.footer is None else self.summary.footer.exit_code


def run_plan(assembly: Assembly, settings: Settings, tick: Callable[[TrialRecord], None]) -> Finished:
    """Execute, journal and close; report.html is written beside the records.

    tick    called with each record as it is finished
    raises  UsageError, before anything is sent, if nothing bounds what a request may cost and there is a budget
    """
    check_bounds(assembly, settings)
    folder = _open_folder(assembly, settings)
    for note in folder.notes:
        say(f"note: {note}", err=True)
    execution = Execution(assembly=assembly, settings=settings, folder=folder, tick=tick)
    try:
        asyncio.run(execution.run())
        execution.in_order.finish()
    except BaseException:
        folder.abandon()
        raise
    left, digest = folder.header.trials - folder.held, execution.digest
    footer = None if left else _footer_of(digest, settings.max_errors, execution.charged)
    if footer is None:
        folder.abandon()
    else:
        folder.close(footer)
    summary = digest.close(folder.header, footer)
    folder.write("report.html", render_html(summary, title=title_of(folder.header)).encode("utf-8", "replace"))
    return Finished(summary=summary, left=left, interrupted=execution.interrupted, why_left=execution.why_left)


def _footer_of(digest: RunDigest, max_errors: int, charged: Decimal | None) -> RunFooter:
    code = digest.decide(max_errors).exit_code
    rate, cost = digest.rate, digest.spent_usd
    return RunFooter(trials=digest.trials, rate=rate, exit_code=code, cost_usd=cost, charged_usd=charged)


def explain_left(finished: Finished, folder: Path) -> list[str]:
    """What to tell of a run that was stopped: why, what is left, and what goes on with it."""
    if not finished.left:
        return []
    trials = f"{finished.left:,} trial{'s' if finished.left > 1 else ''}"
    return [
        f"\n{finished.why_left}",
        f"{trials} of {finished.summary.header.trials:,} not asked yet; what was answered is kept in {folder}",
        f"to go on: the same command with --resume --out {folder}",
    ]


def find_folder(assembly: Assembly, out: Path | None, *, resume: bool) -> Path:
    """The run's folder: the one that is named, the one to go on with, or a new one.

    raises  UsageError if nothing, or more than one run, could be gone on with
    """
    if out is not None or not resume:
        return out or default_folder(assembly, SystemClock().now())
    wanted = _header(assembly, Settings(out=Path()))
    found = [path for path in sorted(Path("reports").glob("*/")) if is_unfinished(path, wanted)]
    if len(found) == 1:
        return found[0]
    which = f"several: {', '.join(map(str, found))}" if found else "none"
    message = f"--resume: of the runs under reports/ that were cut short, those that asked the same are {which}"
    raise UsageError(message, remedy="name the run's folder with --out")


def _open_folder(assembly: Assembly, settings: Settings) -> RunFolder:
    header, trials = _header(assembly, settings), assembly.plan.trials
    if not settings.resume:
        planned = trials.planned + len(assembly.rows)
        return RunFolder.open(settings.out, header, planned=planned, replace=settings.overwrite)
    numbers = {trials.key(number): number for number in range(trials.planned)}
    numbers |= {row.key.digest: trials.planned + place for place, row in enumerate(assembly.rows)}
    return RunFolder.resume(settings.out, header, numbers, is_answered)


def _header(assembly: Assembly, settings: Settings) -> RunHeader:
    plan = assembly.plan
    sends = assembly.mode != "replay"
    return RunHeader(
        version=__version__,
        mode=assembly.mode,
        suites=tuple(SuiteRef(name=suite.name, path=suite.path, digest=suite.digest) for suite in plan.suites),
        targets=plan.targets,
        plan=digest([plan.digest, *(row.key.digest for row in assembly.rows)]) if assembly.rows else plan.digest,
        trials=len(plan.trials) + len(own_rows(assembly)),
        price_profile=settings.profile,
        max_errors=settings.max_errors,
        seed=settings.seed,
        repeats=assembly.choices.repeats,
        shard=str(plan.shard) if plan.shard.of > 1 else None,
        started_at=f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}" if sends else None,
    )


def footer_of(records: Iterable[TrialRecord], max_errors: int, *, incomplete: bool = False) -> RunFooter:
    """The footer that these records come to.

    incomplete  True if answers are missing that no record stands for: only a certain no is an answer then
    """
    records = tuple(records)
    code = decide_run(records, max_errors).exit_code
    return RunFooter(
        trials=len(records),
        rate=rate_of(record.outcome for record in records),
        exit_code=3 if incomplete and code == 0 else code,
        cost_usd=spent(records),
    )


def title_of(header: RunHeader) -> str:
    """A page's title: the suites, or how many there were."""
    names = [suite.name for suite in header.suites]
    return ", ".join(names) if len(names) <= MAX_NAMED else f"{len(names)} suites, {names[0]} to {names[-1]}"


def write_extras(
    summary: RunSummary,
    run: Callable[[], Run],
    *,
    html: Path | None,
    junit: Path | None,
    markdown: Path | None,
    title: str | None = None,
) -> list[Path]:
    """Write what was asked for beside the run; the paths that were written.

    run  reads the whole run, which only JUnit names trial by trial
    """
    pages: list[tuple[Path | None, Callable[[], str]]] = [
        (html, lambda: render_html(summary, title=title or title_of(summary.header))),
        (junit, lambda: render_junit(run())),
        (markdown, lambda: render_markdown(summary)),
    ]
    written = []
    for path, render in pages:
        if path is not None:
            written.append(write_atomically(path, render().encode("utf-8", "replace")))
    return written
