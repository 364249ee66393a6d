"""The page: one self-contained HTML file that opens offline and runs no script.

It stands apart as the only module that knows Jinja2. Whatever a template prints is made visible and escaped on its
way out, so that a template cannot forget to.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from harness.core.record import Run
from harness.report import evidence, figures, summary, untrusted
from harness.report.charts import charts_of

if TYPE_CHECKING:
    from jinja2 import Environment

# Of tool calls, findings, attempts and the like in one place.
_LONGEST_LIST = 100
# What surely fits a text's box on a telephone: 18 lines.
_ROOMY_TEXT, _ROOMY_LINES = 400, 8
_SYMBOLS = {"pass": "✓", "fail": "✗", "error": "!", "undecided": "!", "skip": "\N{EN DASH}", "unknown": "?"}
_WORDS = {
    "pass": "passed",
    "fail": "failed",
    "error": "error",
    "undecided": "undecided",
    "skip": "skipped",
    "unknown": "unknown",
}


def render_html(run: Run, *, title: str) -> str:
    """The whole page as text, to be stored as UTF-8; the same run gives the same bytes.

    title  shown as heading and in the browser's tab
    """
    whole = summary.summarise(run)
    cases = evidence.evidence_of(whole.results, whole.targets)
    return (
        environment()
        .get_template("page.html")
        .render(
            title=title,
            run=run,
            summary=whole,
            charts=charts_of(whole.figures),
            cases=cases,
            by_suite=[(suite, tuple(those)) for suite, those in groupby(cases, key=lambda case: case.suite)],
            recordings=evidence.recordings_of(run.records),
        )
    )


def content(text: str) -> Markup:
    """A text of unknown origin as HTML: cut if it is very long, unseen characters marked."""
    pieces = untrusted.UNSEEN.split(text[: untrusted.LONGEST_TEXT])
    # The pattern has one group, so that every second piece is an unseen character.
    marked = Markup().join(
        Markup('<span class="unseen">{}</span>').format(untrusted.mark_for(piece)) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
    rest = len(text) - untrusted.LONGEST_TEXT
    if rest <= 0:
        return marked
    note = Markup('<span class="note">\n… {} more; the whole is in records.jsonl</span>')
    return marked + note.format(figures.count(rest, "character"))


def _plain(value: Any) -> Any:
    return untrusted.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _first(things: Sequence[object]) -> Sequence[object]:
    return things[:_LONGEST_LIST]


def _is_long(text: str) -> bool:
    """True if a text may not fit its box, which must then be reachable by keyboard to be scrolled."""
    return len(text) > _ROOMY_TEXT or text.count("\n") > _ROOMY_LINES


@cache
def environment() -> "Environment":
    """What every template of a page is rendered in: autoescaped, strict, and nothing unseen comes out of it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "content": content,
        "count": figures.count,
        "cut": untrusted.cut,
        "image": untrusted.shown_image,
        "json": untrusted.json_text,
        "money": figures.money,
        "ms": figures.milliseconds,
        "number": figures.number,
        "percent": figures.percent,
        "lines": evidence.finding_lines,
        "some": _first,
    }
    environment.tests["long"] = _is_long
    environment.globals |= {
        "symbols": _SYMBOLS,
        "words": _WORDS,
        "errors_line": figures.errors_line,
        "share_line": figures.share_line,
        "failed_findings": evidence.failed_findings,
        "turns_of": evidence.turns_of,
        "tokens_per_second": summary.tokens_per_second,
    }
    return environment
