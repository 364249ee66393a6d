"""The page of a run: one self-contained HTML file that opens offline and runs no script.

It stands apart from its parts as what is said first, the decision, and as the frame that lets nothing be fetched.
"""

from harness.core.record import Run
from harness.report.case_html import draw_cases, evidence_section, matrix_section
from harness.report.charts import charts_of
from harness.report.digest import summary_of
from harness.report.evidence import CaseEvidence, evidence_of
from harness.report.figures import number
from harness.report.figures_html import figures_section, run_section
from harness.report.markup import NOTHING, Html, fill, joined, style_sheet
from harness.report.summary import RunSummary
from harness.report.trial_html import SYMBOLS

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>%s %s</title>
<style>
%s
</style>
</head>
<body>
<header>
<h1><bdi>%s</bdi></h1>
%s%s<nav aria-label="Sections"><ul>
<li><a href="#run">What was run</a></li><li><a href="#figures">Figures</a></li>
<li><a href="#matrix">Case by case</a></li><li><a href="#evidence">Evidence</a></li>
%s</ul></nav>
</header>
<main>
%s</main>
<footer>
<p>A share is passed ÷ (passed + failed) trials. An error is ours or the network's, never the model's failure; the
share is bounded by what it would be had every error failed, or passed. A case result is one case, of one dataset row,
asked of one target: it fails only if it would have failed had every error passed, and is undecided while errors leave
it open. Percentiles are by nearest rank, each a figure that was measured; times and speeds are those of replies without
an error.</p>
<p>model-harness %s · %s · plan %s</p>
</footer>
</body>
</html>
"""
_DECISION = """<p class="decision %s">
<strong><span aria-hidden="true">%s</span> %s</strong>
<span class="why">%s</span>
<span class="muted small">exit code %s</span>
</p>
"""
_SIMULATED = """<p class="warning"><strong>Simulated: not evidence about a vendor's model.</strong>
A simulator answered for %s.</p>
"""


def render_html(run: Run | RunSummary, *, title: str) -> str:
    """The whole page as text, to be stored as UTF-8; the same run gives the same bytes.

    run    a run, or what it was digested to
    title  shown as heading and in the browser's tab
    """
    summary = summary_of(run)
    shown = draw_cases(evidence_of(summary.results, summary.targets), whole=summary.whole)
    header, decision = summary.header, summary.decision
    sections = (
        run_section(summary),
        figures_section(charts_of(summary.figures)),
        matrix_section(summary, shown),
        evidence_section(summary, shown),
    )
    return fill(
        _PAGE,
        SYMBOLS[decision.status],
        title,
        style_sheet("style.css", "run.css"),
        title,
        _decision(summary),
        _simulated(summary),
        _first_open(summary, shown.cases),
        joined(sections),
        header.version,
        header.schema,
        header.plan,
    )


def _decision(summary: RunSummary) -> Html:
    decision = summary.decision
    symbol, word = SYMBOLS[decision.status], decision.word.upper()
    return fill(_DECISION, decision.status, symbol, word, decision.reason, decision.exit_code)


def _simulated(summary: RunSummary) -> Html:
    names = dict.fromkeys(target.name for target in summary.simulated)
    return fill(_SIMULATED, ", ".join(names)) if names else NOTHING


def _first_open(summary: RunSummary, cases: tuple[CaseEvidence, ...]) -> Html:
    """A link to the first case that is shown and did not pass."""
    first = next((case for case in cases if not case.passes), None)
    if first is None:
        return NOTHING
    link = '<li><a href="#%s">First that did not pass, of %s</a></li>\n'
    return fill(link, first.anchor, number(summary.cases.all - summary.cases.passed))
