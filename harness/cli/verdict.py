"""A run in the terminal and as JSON: the decision, a table by target, and what failed.

It stands apart from the commands because run, grade and demo end the same way.
"""

from pathlib import Path
from typing import Any

import click

from harness.cli.tables import render_table, visible
from harness.core.record import Run
from harness.report import RunSummary, summarise
from harness.report.summary import CaseResult, SuiteFigures, Timings

SHOWN = 10
COLOURS = {0: "green", 1: "red"}
WORDS = {"fail": "that fail", "undecided": "that are undecided"}


def render_run(run: Run) -> str:
    """The decision, one row a suite and target, then the cases that did not pass."""
    summary = summarise(run)
    decision = summary.decision
    word = click.style(decision.word.upper(), fg=COLOURS.get(decision.exit_code, "yellow"), bold=True)
    header = ("suite", "target", "answered by", "pass rate", "p50", "first token", "tokens/s", "cost")
    rows = [row for figures in summary.figures for row in _rows(figures)]
    lines = [render_table(header, rows, right=(4, 5, 6, 7)), ""]
    if any(target.simulated for target in summary.targets):
        lines += ["simulated: not evidence about a vendor's model", ""]
    # Apart: an error must not drown among failures, nor a failure among errors.
    for verdict in ("fail", "undecided"):
        results = [result for result in summary.results if result.verdict == verdict]
        lines += [line for result in results[:SHOWN] for line in _explain(result)]
        if len(results) > SHOWN:
            lines.append(f"… and {len(results) - SHOWN} more {WORDS[verdict]}; the page shows all of them")
        if results:
            lines.append("")
    lines.append(f"{word}: {decision.reason}")
    return "\n".join(lines)


def _rows(figures: SuiteFigures) -> list[tuple[str, ...]]:
    """A row of figures; where some replies are live and some recorded, a second row keeps their times apart."""
    timings: tuple[Timings | None, ...] = figures.timings or (None,)
    names = (figures.suite, figures.target.label, figures.target.name, str(figures.rate))
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


def _explain(result: CaseResult) -> list[str]:
    name = f"{result.suite}/{result.case}" + (f"[{result.row}]" if result.row is not None else "")
    asked = result.rate.asked
    count = f" ({result.rate.passed} of {asked} passed)" if asked > 1 else ""
    lines = [f"{result.verdict}: {visible(name, 300)} of {visible(result.target.label, 300)}{count}"]
    for trial in result.trials:
        failing = [f for turn in trial.findings for f in turn if f.status == "fail"]
        if trial.outcome == "fail" and failing:
            lines.append(f"   expected {visible(failing[0].expected, 100)}")
            lines.append(f"   saw      {visible(failing[0].seen, 100)}")
            break
        if trial.outcome == "error" and trial.reason:
            # The first line says what and where; a missing recording goes on with what differs.
            lines += [f"   {visible(line, 400)}" for line in trial.reason.splitlines()[:30]]
            break
    return lines


def run_as_json(run: Run, folder: Path | None) -> dict[str, Any]:
    """What a machine wants to know of a run."""
    summary: RunSummary = summarise(run)
    return {
        "exit_code": summary.decision.exit_code,
        "decision": summary.decision.word,
        "reason": summary.decision.reason,
        "folder": str(folder) if folder is not None else None,
        "page": str(folder / "report.html") if folder is not None else None,
        "plan": run.header.plan,
        "mode": run.header.mode,
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
                "why": [line.strip() for line in _explain(result)[1:]],
            }
            for result in summary.results
            if result.verdict in ("fail", "undecided")
        ],
    }
