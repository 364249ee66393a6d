"""Executing an assembled plan into a run folder, and the files that are made of it.

It stands apart from the command `run` because the demo does the same.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import __version__
from harness.cli.assembly import Assembly, open_session
from harness.cli.terminal import say
from harness.core.canonical import digest
from harness.core.clock import SystemClock
from harness.core.outcome import rate_of
from harness.core.record import Run, RunFooter, RunHeader, SuiteRef, TrialRecord
from harness.report import decide_run, render_html, render_junit, render_markdown
from harness.runner.execute import execute
from harness.runner.pricing import spent
from harness.runner.session import Session
from harness.store import RunFolder
from harness.store.run_folder import write_atomically

MAX_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a plan is executed.

    timeout_s  for one request, from sending to the last byte
    """

    out: Path
    profile: str = "documented"
    concurrency: int = 8
    max_errors: int = 0
    seed: int = 0
    timeout_s: float = 300.0
    overwrite: bool = False


def run_plan(assembly: Assembly, settings: Settings, on_record: Callable[[TrialRecord], None]) -> Run:
    """Execute, journal and close; the run, with report.html beside its records.

    raises  KeyboardInterrupt with the journal kept, if the user interrupts
    """
    header = _header(assembly, settings)
    folder = RunFolder.open(settings.out, header, replace=settings.overwrite)

    def keep(record: TrialRecord) -> None:
        folder.append(record)
        on_record(record)

    try:
        session = open_session(
            assembly,
            profile=settings.profile,
            seed=settings.seed,
            timeout_s=settings.timeout_s,
        )
        records = asyncio.run(_execute(assembly, session, settings, keep))
    except KeyboardInterrupt:
        folder.abandon()
        kept = (
            " and in the cassettes: --mode record goes on from there" if assembly.mode in ("record", "refresh") else ""
        )
        say(f"\nstopped; what was answered is in {settings.out / 'journal.jsonl'}{kept}", err=True)
        raise
    except BaseException:
        folder.abandon()
        raise
    run = folder.close(records, footer_of(records, settings.max_errors))
    folder.write("report.html", render_html(run, title=title_of(run)).encode("utf-8", "replace"))
    return run


async def _execute(
    assembly: Assembly, session: Session, settings: Settings, keep: Callable[[TrialRecord], None]
) -> tuple[TrialRecord, ...]:
    concurrency = settings.concurrency
    try:
        records = await execute(assembly.plan, session, concurrency=concurrency, on_record=keep)
        if not assembly.rows:
            return records
        # Loaded here: most runs have no parameter rows, and pay for no probes.
        from harness.probes.rows import run_rows

        rows = await run_rows(assembly.rows, session, concurrency=concurrency, seed=settings.seed, on_record=keep)
        return (*records, *rows)
    finally:
        await session.transport.aclose()
        for note in getattr(session.transport, "notes", ()):
            say(f"note: {note}", err=True)


def _header(assembly: Assembly, settings: Settings) -> RunHeader:
    plan = assembly.plan
    sends = assembly.mode != "replay"
    return RunHeader(
        version=__version__,
        mode=assembly.mode,
        suites=tuple(SuiteRef(name=suite.name, path=suite.path, digest=suite.digest) for suite in plan.suites),
        targets=plan.targets,
        plan=digest([plan.digest, *(row.key.digest for row in assembly.rows)]) if assembly.rows else plan.digest,
        trials=len(plan.trials) + len(assembly.rows),
        price_profile=settings.profile,
        max_errors=settings.max_errors,
        seed=settings.seed,
        repeats=assembly.choices.repeats,
        started_at=f"{SystemClock().now():%Y-%m-%dT%H:%M:%SZ}" if sends else None,
    )


def footer_of(records: Sequence[TrialRecord], max_errors: int, *, incomplete: bool = False) -> RunFooter:
    """The footer that these records come to.

    incomplete  True if answers are missing that no record stands for: only a certain no is an answer then
    """
    code = decide_run(records, max_errors).exit_code
    return RunFooter(
        trials=len(records),
        rate=rate_of(record.outcome for record in records),
        exit_code=3 if incomplete and code == 0 else code,
        cost_usd=spent(records),
    )


def title_of(run: Run) -> str:
    """A page's title: the suites, or how many there were."""
    names = [suite.name for suite in run.header.suites]
    return ", ".join(names) if len(names) <= MAX_NAMED else f"{len(names)} suites, {names[0]} to {names[-1]}"


def write_extras(
    run: Run, *, html: Path | None, junit: Path | None, markdown: Path | None, title: str | None = None
) -> list[Path]:
    """Write what was asked for beside the run; the paths that were written."""
    pages: list[tuple[Path | None, Callable[[], str]]] = [
        (html, lambda: render_html(run, title=title or title_of(run))),
        (junit, lambda: render_junit(run)),
        (markdown, lambda: render_markdown(run)),
    ]
    written = []
    for path, render in pages:
        if path is not None:
            written.append(write_atomically(path, render().encode("utf-8", "replace")))
    return written
