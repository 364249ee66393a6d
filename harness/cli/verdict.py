"""A run in the terminal and as JSON: the decision, a table by target, and what failed.

It stands apart from the commands because run, grade and demo end the same way.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from harness.cli.tables import render_table, visible
from harness.core.record import Run
from harness.report import RunSummary, summarise
from harness.report.summary import CaseResult, SuiteFigures, Timings

SHOWN = 10
TARGETS_SHOWN = 4
COLOURS = {0: "green", 1: "red"}
WORDS = {"fail": "that fail", "undecided": "that are undecided"}


def render_run(run: Run) -> str:
    """The decision, one row a suite and target, then the cases that did not pass."""
    summary = summarise(run)
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
    for verdict in ("fail", "undecided"):
        alike = _alike(result for result in summary.results if result.verdict == verdict)
        lines += [line for results in alike[:SHOWN] for line in _explain(results)]
        if len(alike) > SHOWN:
            more = sum(map(len, alike[SHOWN:]))
            lines.append(f"… and {more} more {WORDS[verdict]}; the page shows all of them")
        if alike:
            lines.append("")
    skipped = [_skipped(results) for results in _alike(r for r in summary.results if r.verdict == "skip")]
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


def _alike(results: Iterable[CaseResult]) -> list[list[CaseResult]]:
    """Results with one explanation, together: a case that fails alike on nine targets, an error that all cases have."""
    groups: dict[tuple[object, ...], list[CaseResult]] = {}
    for result in results:
        why = tuple(_why(result))
        # Without an explanation there is nothing that they share; a failure is its own case's.
        apart = result.key if result.verdict == "fail" or not why else None
        groups.setdefault((apart, result.target if not why else None, result.rate, why), []).append(result)
    return list(groups.values())


def _explain(alike: list[CaseResult]) -> list[str]:
    first = alike[0]
    asked = first.rate.asked
    count = f" ({first.rate.passed} of {asked} passed)" if asked > 1 else ""
    return [f"{first.verdict}: {_names(alike)} of {_targets(alike)}{count}", *_why(first)]


def _skipped(alike: list[CaseResult]) -> str:
    reason = alike[0].trials[0].reason if alike[0].trials else None
    return f"skipped: {_names(alike)}" + (f": {visible(reason, 300)}" if reason else "")


def _names(alike: list[CaseResult]) -> str:
    cases = list(dict.fromkeys(result.key for result in alike))
    suite, case, row = cases[0]
    name = visible(f"{suite}/{case}" + (f"[{row}]" if row is not None else ""), 300)
    return name if len(cases) == 1 else f"{name} and {len(cases) - 1} more"


def _targets(alike: list[CaseResult]) -> str:
    labels = [visible(label, 300) for label in dict.fromkeys(result.target.label for result in alike)]
    if len(labels) <= TARGETS_SHOWN:
        return ", ".join(labels)
    return f"{', '.join(labels[: TARGETS_SHOWN - 1])} and {len(labels) - TARGETS_SHOWN + 1} more targets"


def _why(result: CaseResult) -> list[str]:
    lines: list[str] = []
    for trial in result.trials:
        failing = [f for turn in trial.findings for f in turn if f.status == "fail"]
        if trial.outcome == "fail" and failing:
            lines.append(f"   expected {visible(failing[0].expected, 100)}")
            lines.append(f"   saw      {visible(failing[0].seen, 100)}")
            break
        if trial.outcome in ("error", "skip") and trial.reason:
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
                "why": [line.strip() for line in _why(result)],
            }
            for result in summary.results
            if result.verdict in ("fail", "undecided")
        ],
    }
