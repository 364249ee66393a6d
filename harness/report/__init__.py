"""Records to something a person or a CI reads: one offline HTML page, JUnit XML, Markdown, and the figures in them.

It stands above the runner and below the command line: pure functions from a Run to text, without clock or files.
"""

from harness.report.digest import RunDigest, decide_run, summarise
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.page import render_html
from harness.report.summary import RunDecision, RunSummary

__all__ = [
    "RunDecision",
    "RunDigest",
    "RunSummary",
    "decide_run",
    "render_html",
    "render_junit",
    "render_markdown",
    "summarise",
]
