"""A run as Markdown, for a job's summary page: the decision, the figures, and what failed.

It stands apart because the page it lands on links, mentions and typesets whatever it can: text of unknown origin
stands in code spans alone, where Markdown does none of that.
"""

import re
from collections.abc import Iterator

from harness.core.check import Finding
from harness.core.record import Run, TrialRecord
from harness.report.digest import summary_of
from harness.report.evidence import failed_findings
from harness.report.figures import amount, count, errors_line, number, share_line
from harness.report.summary import CaseResult, RunSummary, Spend, SuiteFigures, Timings
from harness.report.untrusted import cut, one_line

# GitHub refuses a summary of more than 1 MiB: 50 cases of 5 findings of 3 texts of 200 characters stay below.
_MOST_CASES = 50
_MOST_FINDINGS = 5
_LONGEST = 200
_SIGNS = {"pass": "✅", "fail": "❌", "error": "⚠️", "undecided": "⚠️", "skip": "⏭️"}


def render_markdown(run: Run | RunSummary) -> str:
    """The summary as GitHub's Markdown, of a run or of what it was digested to; ends with a newline."""
    summary = summary_of(run)
    return "\n".join([*_head(summary), *_table(summary), *_cases(summary), ""])


def code(text: str, longest: int = _LONGEST) -> str:
    """A text of unknown origin as a code span on one line: nothing in it is markup, a link or a mention.

    It may stand in a table: a pipe, for which code spans in tables have no reliable escape, becomes `¦`.
    """
    line = cut(one_line(cut(text, longest)), longest).replace("|", "¦")
    if not line.strip():
        return "(blank)" if line else "(empty)"
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _head(summary: RunSummary) -> Iterator[str]:
    decision = summary.decision
    yield f"## {_SIGNS[decision.status]} {decision.word.capitalize()}: {decision.reason}"
    yield ""
    if summary.simulated:
        names = ", ".join(code(name) for name in dict.fromkeys(target.name for target in summary.simulated))
        yield f"> **Simulated: not evidence about a vendor's model.** A simulator answered for {names}."
        yield ""
    rate = summary.rate
    trials = f"{share_line(rate)}; {errors_line(rate)}; {number(rate.skipped)} skipped"
    yield f"Mode {code(summary.header.mode)}. Trials: {trials}. Cost in USD: {_costs(summary.spend, summary.judging)}."
    yield ""


def _table(summary: RunSummary) -> Iterator[str]:
    if not summary.figures:
        return
    yield "| Suite | Target | Passed | Errors | Case results | Times | p50 / p95 ms | First token ms | Tokens/s | USD |"
    yield "|---|---|---:|---:|---|---|---:|---:|---:|---:|"
    for figures in summary.figures:
        # Recorded and live times stand in rows of their own.
        for place, timings in enumerate(figures.timings or (None,)):
            first = [*_quality(figures), *_times(timings), _costs(figures.spend, figures.judging)]
            cells = _more_times(timings) if place else first
            yield f"| {' | '.join(cells)} |"
    yield ""


def _quality(figures: SuiteFigures) -> list[str]:
    name = code(figures.target.label, 80)
    if figures.target.label != figures.target.name:
        name += f" is {code(figures.target.name, 120)}"
    verdicts = figures.verdicts
    told = {
        "passed": verdicts.passed,
        "failed": verdicts.failed,
        "undecided": verdicts.undecided,
        "skipped": verdicts.skipped,
    }
    counts = ", ".join(f"{number(many)} {word}" for word, many in told.items() if many)
    simulated = " (simulated)" if figures.target.simulated else ""
    return [
        code(figures.suite, 80),
        name + simulated,
        share_line(figures.rate),
        errors_line(figures.rate),
        counts,
    ]


def _times(timings: Timings | None) -> list[str]:
    if timings is None:
        return ["none", "", "", ""]
    return [
        "recorded" if timings.recorded else "live",
        f"{number(timings.total_p50_ms)} / {number(timings.total_p95_ms)}",
        number(timings.ttft_p50_ms),
        number(timings.tokens_per_second_p50),
    ]


def _more_times(timings: Timings | None) -> list[str]:
    return ["", "", "", "", "", *_times(timings), ""]


def _costs(spend: Spend, judging: Spend) -> str:
    asked = judging.known or judging.unknown
    return _cost(spend) + (f"; judging {_cost(judging)}" if asked else "")


def _cost(spend: Spend) -> str:
    if not spend.known and not spend.unknown:
        return "nothing sent"
    bound = f"{spend.sign} " if spend.sign else ""
    unknown = f" and {count(spend.unknown, 'trial')} unknown" if spend.known and spend.unknown else ""
    profiles = f" ({', '.join(code(profile, 40) for profile in spend.profiles)})" if spend.profiles else ""
    return f"{bound}{amount(spend.usd)}{unknown}{profiles}"


def _cases(summary: RunSummary) -> Iterator[str]:
    verdicts = summary.verdicts
    if not verdicts.failed and not verdicts.undecided:
        return
    yield f"### {count(verdicts.failed, 'case result')} failed, {number(verdicts.undecided)} undecided"
    yield ""
    kept = [result for verdict in ("fail", "undecided") for result in summary.results if result.verdict == verdict]
    shown = kept[:_MOST_CASES]
    for result in shown:
        row = "" if result.row is None else f" row {code(result.row, 80)}"
        passed = f"{number(result.rate.passed)} of {count(result.rate.asked, 'trial')} passed"
        where = f"{code(result.suite, 80)} {code(result.case, 80)}{row} on {code(result.target.label, 80)}"
        yield f"- {_SIGNS[result.verdict]} {where}: {passed}"
        if result.trials:
            yield from _why(_telling(result))
    rest = verdicts.failed + verdicts.undecided - len(shown)
    if rest > 0:
        where = "the HTML page shows them all" if summary.whole else "every trial is a line of records.jsonl"
        yield f"- … and {number(rest)} more; {where}"
    yield ""


def _telling(result: CaseResult) -> TrialRecord:
    """The trial that says why: the first that failed, else the first that is an error."""
    return min(result.trials, key=lambda trial: ("fail", "error", "pass", "skip").index(trial.outcome))


def _why(trial: TrialRecord) -> Iterator[str]:
    if trial.reason:
        yield f"  - {trial.outcome.value}: {code(trial.reason)}"
    failed = failed_findings(trial)
    for finding in failed[:_MOST_FINDINGS]:
        yield f"  - {_finding(finding)}"
    if len(failed) > _MOST_FINDINGS:
        yield f"  - … and {number(len(failed) - _MOST_FINDINGS)} more findings"


def _finding(finding: Finding) -> str:
    # A word of our own comes before every code span: what a line begins with decides what Markdown takes it for.
    return f"{finding.status} {code(finding.check)}: expected {code(finding.expected)}, saw {code(finding.seen)}"
