"""The page of a run: one self-contained HTML file that opens offline and runs no script.

It stands apart from the templates that make it as what they are given; how a page looks is theirs alone.
"""

from harness.core.record import Run
from harness.report.case_views import show_cases
from harness.report.charts import charts_of
from harness.report.digest import summary_of
from harness.report.environment import environment
from harness.report.evidence import evidence_of
from harness.report.summary import RunSummary


def render_html(run: Run | RunSummary, *, title: str) -> str:
    """The whole page as text, to be stored as UTF-8; the same run gives the same bytes.

    run    a run, or what it was digested to
    title  shown as heading and in the browser's tab
    """
    summary = summary_of(run)
    # Articles come first, one by one: how long they get decides how many cases the page has room for.
    article = vars(environment().get_template("run_trial.html").module)["article"]
    shown = show_cases(summary, evidence_of(summary.results, summary.targets), article)
    return (
        environment()
        .get_template("run.html")
        .render(
            title=title,
            summary=summary,
            charts=charts_of(summary.figures),
            shown=shown,
            first_open=next((case for case in shown.cases if not case.passes), None),
        )
    )
