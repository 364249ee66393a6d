"""A run in the terminal and as JSON: the decision, a table by target, and what failed.

It stands apart from the commands because run, grade and demo end the same way.
"""

from pathlib import Path
from typing import Any

import click

from harness.cli.tables import render_table, visible
from harness.core.record import Run
from harness.report.digest import summary_of
from harness.report.explained import why_of
from harness.report.summary import Alike, RunSummary, SuiteFigures, Timings, Why

SHOWN = 10
TARGETS_SHOWN = 4
COLOURS = {0: "green", 1: "red"}
WORDS = {"fail": "that fail", "undecided": "that are undecided"}


def render_run(run: Run | RunSummary) -> str:
    """The decision, one row a suite and target, then what did not pass; of a run, or of what it was digested to."""
    summary = summary_of(run)
    decision = summary.decision
    word = click.style(decision.word.upper(), fg=COLOURS.get(decision.exit_code, "yellow"), bold=True)
    # A label of its own is worth a column; where every target is called what answered, it would be the same twice.
    labelled = any(target.label != target.name for target in summary.targets)
    names = ("suite", "target", "answered by") if labelled else ("suite", "target")
    header = (*names, "pass rate", "p50", "first token", "tokens/s", "cost")
    rows = [row for figures in summary.figures for row in _rows(figures, labelled=labelled)]
    lines = [render_table(header, rows, right=range(len(names) + 1, len(header))), ""]
    if any(target.simulated for target in summary.targets):
        lines += ["simulated: not evidence about a vendor's model", ""]
    # Apart: an error must not drown among failures, nor a failure among errors.
    totals = {"fail": summary.verdicts.failed, "undecided": summary.verdicts.undecided}
    for verdict, total in totals.items():
        alike = [each for each in summary.alike if each.verdict == verdict][:SHOWN]
        lines += [line for each in alike for line in _explain(each)]
        if more := total - sum(each.results for each in alike):
            where = "the page shows all of them" if summary.whole else "every trial is a line of records.jsonl"
            lines.append(f"… and {more} more {WORDS[verdict]}; {where}")
        if alike:
            lines.append("")
    skipped = [_skipped(each) for each in summary.alike if each.verdict == "skip"]
    lines += [*skipped, ""] if skipped else []
    lines.append(f"{word}: {decision.reason}")
    return "\n".join(lines)


def _rows(figures: SuiteFigures, *, labelled: bool) -> list[tuple[str, ...]]:
    """A row of figures; where some replies are live and some recorded, a second row keeps their times apart."""
    timings: tuple[Timings | None, ...] = figures.timings or (None,)
    who = (figures.target.label, figures.target.name) if labelled else (figures.target.name,)
    names = (figures.suite, *who, str(figures.rate))
    rows = []
    for number, timing in enumerate(timings):
        note = " rec." if timing and timing.recorded else ""
        times = (
            _unit(timing.total_p50_ms if timing else None, "ms") + note,
            _unit(timing.ttft_p50_ms if timing else None, "ms"),
            _unit(timing.tokens_per_second_p50 if timing else None, ""),
        )
        rows.append((*(names if number == 0 else ("",) * len(names)), *times, _cost(figures) if number == 0 else ""))
    return rows


def _unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.0f} {unit}".rstrip()


def _cost(figures: SuiteFigures) -> str:
    spend = figures.spend
    if spend.usd is None:
        return "unknown" if spend.unknown else "-"
    amount = (f"{spend.sign} " if spend.sign else "") + (f"${spend.usd.normalize():f}" if spend.usd else "$0")
    return amount + (f" + {spend.unknown} unknown" if spend.unknown else "")


def _explain(alike: Alike) -> list[str]:
    asked = alike.rate.asked
    count = f" ({alike.rate.passed} of {asked} passed)" if asked > 1 else ""
    return [f"{alike.verdict}: {_names(alike)} of {_targets(alike)}{count}", *_why(alike.why)]


def _skipped(alike: Alike) -> str:
    reason = alike.why.reason if alike.why is not None else None
    return f"skipped: {_names(alike)}" + (f": {visible(reason, 300)}" if reason else "")


def _names(alike: Alike) -> str:
    row = f"[{alike.row}]" if alike.row is not None else ""
    name = visible(f"{alike.suite}/{alike.case}{row}", 300)
    return name if alike.cases == 1 else f"{name} and {alike.cases - 1} more"


def _targets(alike: Alike) -> str:
    labels = [visible(label, 300) for label in alike.targets]
    if len(labels) <= TARGETS_SHOWN:
        return ", ".join(labels)
    return f"{', '.join(labels[: TARGETS_SHOWN - 1])} and {len(labels) - TARGETS_SHOWN + 1} more targets"


def _why(why: Why | None) -> list[str]:
    if why is None:
        return []
    if why.reason is None:
        return [f"   expected {visible(why.expected or '', 100)}", f"   saw      {visible(why.seen or '', 100)}"]
    # The first line says what and where; a missing recording goes on with what differs.
    return [f"   {visible(line, 400)}" for line in why.reason.splitlines()[:30]]


def run_as_json(run: Run | RunSummary, folder: Path | None) -> dict[str, Any]:
    """What a machine wants to know of a run.

    Those that did not pass are listed as far as their evidence is kept: all of them, unless `not_listed` counts some.
    """
    summary = summary_of(run)
    listed = [result for result in summary.results if result.verdict in WORDS]
    return {
        "exit_code": summary.decision.exit_code,
        "decision": summary.decision.word,
        "reason": summary.decision.reason,
        "folder": str(folder) if folder is not None else None,
        "page": str(folder / "report.html") if folder is not None else None,
        "plan": summary.header.plan,
        "mode": summary.header.mode,
        "targets": [
            {
                "suite": figures.suite,
                "target": figures.target.label,
                "answered_by": figures.target.name,
                "simulated": figures.target.simulated,
                "passed": figures.rate.passed,
                "failed": figures.rate.failed,
                "errors": figures.rate.errors,
                "skipped": figures.rate.skipped,
                "share": figures.rate.share,
                "lowest": figures.rate.lowest,
                "highest": figures.rate.highest,
                "cost_usd": None if figures.spend.usd is None else str(figures.spend.usd),
                "cost_unknown": figures.spend.unknown,
            }
            for figures in summary.figures
        ],
        "not_passed": [
            {
                "suite": result.suite,
                "case": result.case,
                "row": result.row,
                "target": result.target.label,
                "verdict": result.verdict,
                "why": [line.strip() for line in _why(why_of(result.trials))],
            }
            for result in listed
        ],
        "not_listed": summary.verdicts.failed + summary.verdicts.undecided - len(listed),
    }
