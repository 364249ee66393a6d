"""The cases of a run as HTML: the table of cases and targets, and the evidence beneath it.

It stands apart from the page because both show the same cases, which a large run bounds: every link of the one leads
into the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.core.outcome import Outcome
from harness.report.evidence import CaseEvidence
from harness.report.figures import count, number
from harness.report.kept import FAILED, OTHER, UNDECIDED
from harness.report.markup import NOTHING, Html, content, fill, joined
from harness.report.summary import CaseResult, RunSummary, TargetRef
from harness.report.trial_html import MOST_THINGS, messages, more, sign, trial_details
from harness.report.untrusted import cut

# Characters of evidence: of a run that is kept whole, and of a larger one.
_LARGEST_WHOLE, _LARGEST = 12_000_000, 2_500_000
# Cases of a larger run that are shown unfolded: beyond it, a line says what failed.
_UNFOLDED = 25
_ORDER = {
    FAILED: "those that failed",
    UNDECIDED: "those that errors leave undecided",
    OTHER: "the first of each suite and target that passed or were skipped",
}
_PARTS = {FAILED: "Failed", UNDECIDED: "Undecided for errors", OTHER: "Passed, or skipped"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The cases that a page shows, drawn.

    cases     in order
    evidence  of each, likewise
    trials    how many are shown
    """

    cases: tuple[CaseEvidence, ...]
    evidence: tuple[Html, ...]
    trials: int


def draw_cases(cases: Sequence[CaseEvidence], *, whole: bool) -> Shown:
    """As many cases as a page has room for, at least one.

    whole  False for a run of which only some cases were kept
    """
    room = _LARGEST_WHOLE if whole else _LARGEST
    drawn: list[Html] = []
    for place, case in enumerate(cases):
        drawn.append(_article(case, unfold=whole or place < _UNFOLDED))
        room -= len(drawn[-1])
        if room < 0 and place > 0:
            drawn.pop()
            break
    shown = tuple(cases[: len(drawn)])
    return Shown(shown, tuple(drawn), sum(len(result.trials) for case in shown for result in case.results))


def matrix_section(summary: RunSummary, shown: Shown) -> Html:
    """The cases that are shown, by target, with a link to the evidence of each."""
    total = summary.cases.all
    differing = summary.cases.differing
    if len(summary.targets) < 2:  # noqa: PLR2004 - between two there can be a difference
        told = fill("%s, one target.", count(total, "case"))
    elif differing:
        pattern = "<strong>%s of %s</strong> %s between targets."
        told = fill(pattern, number(differing), count(total, "case"), "differs" if differing == 1 else "differ")
    else:
        told = fill("No difference between targets in %s.", count(total, "case"))
    some = NOTHING
    if len(shown.cases) < total:
        pattern = "\nListed here are the %s whose evidence is shown below; the figures count all %s."
        some = fill(pattern, number(len(shown.cases)), number(total))
    groups = groupby(shown.cases, key=lambda case: (None if summary.whole else case.rank, case.suite))
    return fill(
        '<section id="matrix" aria-labelledby="matrix-h">\n<h2 id="matrix-h">Case by case</h2>\n<p>%s%s\n</p>\n'
        '<div class="scroll" tabindex="0" role="region" aria-label="Cases and targets">\n<table class="matrix">\n'
        '<thead><tr><th scope="col">case</th>%s</tr></thead>\n%s</table>\n</div>\n%s</section>\n',
        told,
        some,
        joined(fill('<th scope="col">%s</th>', target_name(target)) for target in summary.targets),
        joined(_group(rank, suite, tuple(cases), len(summary.targets)) for (rank, suite), cases in groups),
        _legend(differing=any(case.differs for case in shown.cases)),
    )


def evidence_section(summary: RunSummary, shown: Shown) -> Html:
    """The evidence of the cases that are shown, under a plain statement of how many others there are."""
    bounds = _bounds(summary, shown) if shown.trials < summary.trials else NOTHING
    if summary.whole:
        articles = joined(shown.evidence)
    else:
        parts = groupby(zip(shown.cases, shown.evidence, strict=True), key=lambda pair: pair[0].rank)
        articles = joined(_part(summary, rank, [article for _, article in those]) for rank, those in parts)
    pattern = (
        '<section id="evidence" aria-labelledby="evidence-h">\n<h2 id="evidence-h">Evidence</h2>\n%s%s</section>\n'
    )
    return fill(pattern, bounds, articles)


def target_name(target: TargetRef) -> Html:
    """A target's label, and who answered if that says more."""
    name = fill('<span class="name"><bdi>%s</bdi></span>\n', cut(target.name, 160))
    simulated = fill(' <span class="tag simulated">simulated</span>\n') if target.simulated else NOTHING
    answered = NOTHING if target.label == target.name else name
    return fill("<bdi>%s</bdi>\n%s%s", cut(target.label, 120), answered, simulated)


def _group(rank: int | None, suite: str, cases: Sequence[CaseEvidence], targets: int) -> Html:
    head = '<tr class="group"><th scope="rowgroup" colspan="%s"><bdi>%s</bdi>%s</th></tr>\n'
    part = "" if rank is None else f": {_PARTS[rank].lower()}"
    return fill("<tbody>\n%s%s</tbody>\n", fill(head, targets + 1, suite, part), joined(map(_row, cases)))


def _row(case: CaseEvidence) -> Html:
    row = fill(' <bdi class="muted">[%s]</bdi>', cut(case.row, 60)) if case.row is not None else NOTHING
    return fill(
        '<tr%s>\n<th scope="row"><a href="#%s"><bdi>%s</bdi>%s</a>%s</th>\n%s</tr>\n',
        fill(' class="differs"') if case.differs else NOTHING,
        case.anchor,
        cut(case.case, 120),
        row,
        fill('<span class="hidden"> differs</span>') if case.differs else NOTHING,
        joined(_cell(cell, case.anchor) for cell in case.cells),
    )


def _cell(cell: CaseResult | None, anchor: str) -> Html:
    if cell is None:
        return fill('<td class="muted">·<span class="hidden"> not asked</span></td>\n')
    rate, passed = cell.rate, NOTHING
    if rate.asked + rate.skipped > 1 and rate.asked:
        passed = fill(' <span class="small">%s of %s</span>', number(rate.passed), number(rate.asked))
    pattern = '<td class="%s"><a href="#%s">%s%s</a></td>\n'
    return fill(pattern, cell.verdict, anchor, sign(cell.verdict), passed)


def _legend(*, differing: bool) -> Html:
    return fill(
        '<p class="legend small muted" aria-hidden="true"><span>%spassed</span><span>%sfailed</span>'
        "<span>%sundecided for errors</span><span>%sskipped</span>"
        '<span><span class="sign">·</span>not asked</span>%s</p>\n',
        sign("pass"),
        sign("fail"),
        sign("undecided"),
        sign("skip"),
        fill("<span>marked rows differ between targets</span>") if differing else NOTHING,
    )


def _bounds(summary: RunSummary, shown: Shown) -> Html:
    told = fill("<strong>%s of %s</strong> are shown", number(shown.trials), count(summary.trials, "trial"))
    order = NOTHING
    if not summary.whole:
        order = fill(
            ", from %s of %s: %s",
            number(len(shown.cases)),
            count(summary.cases.all, "case"),
            ", then ".join(_ORDER[rank] for rank in sorted({case.rank for case in shown.cases})),
        )
    rest = "The figures above count every trial, and each is a line of records.jsonl."
    return fill("<p>%s%s. %s</p>\n", told, order, rest)


def _part(summary: RunSummary, rank: int, articles: Sequence[Html]) -> Html:
    counts = summary.cases
    open_cases = {FAILED: counts.failed, UNDECIDED: counts.undecided}
    total = open_cases.get(rank, counts.all - counts.failed - counts.undecided)
    many = number(len(articles)) if len(articles) < total else "all"
    return fill('<p class="part">%s: %s of %s</p>\n%s', _PARTS[rank], many, count(total, "case"), joined(articles))


def _article(case: CaseEvidence, *, unfold: bool) -> Html:
    first = case.first
    row = fill(' <span class="path"><bdi>[%s]</bdi></span>', cut(case.row, 200)) if case.row is not None else NOTHING
    tags = joined(fill('<span class="tag">%s</span>\n', cut(tag, 60)) for tag in first.tags[:MOST_THINGS])
    place = fill('<span class="muted small"><bdi>%s</bdi></span>\n', cut(first.location, 200))
    header = fill(
        '<header>\n<h3 id="%s-h"><span class="path"><bdi>%s</bdi> / </span><bdi>%s</bdi>%s</h3>\n%s%s%s</header>\n',
        case.anchor,
        cut(case.suite, 120),
        cut(case.case, 200),
        row,
        tags,
        fill('<span class="tag differs">targets differ</span>\n') if case.differs else NOTHING,
        place if first.location else NOTHING,
    )
    return fill(
        '<article class="case" id="%s" aria-labelledby="%s-h">\n%s%s%s%s</article>\n',
        case.anchor,
        case.anchor,
        header,
        fill("<p>%s</p>\n", content(first.about)) if first.about else NOTHING,
        _asked(case, unfold=unfold) if case.said else NOTHING,
        joined(_result(result, shared=bool(case.said), unfold=unfold) for result in case.results),
    )


def _asked(case: CaseEvidence, *, unfold: bool) -> Html:
    """What the case says, turn by turn, where all of its trials were told the same."""
    turns = case.said or ()
    many = len(turns) > 1
    said = joined(
        fill("%s%s", fill('<h4 class="muted">Turn %s</h4>\n', place) if many else NOTHING, messages(turn))
        for place, turn in enumerate(turns[:MOST_THINGS], start=1)
    )
    return fill(
        '<details%s><summary class="small">Asked%s</summary>\n%s%s</details>\n',
        fill(" open") if unfold and not case.passes else NOTHING,
        f", in {number(len(turns))} turns" if many else "",
        said,
        more(turns),
    )


def _result(result: CaseResult, *, shared: bool, unfold: bool) -> Html:
    failed = next((trial for trial in result.trials if trial.outcome is Outcome.FAIL), None) if unfold else None
    trials = joined(trial_details(trial, result, shared=shared, opened=trial is failed) for trial in result.trials)
    rest = result.rate.asked + result.rate.skipped - len(result.trials)
    if not rest:
        return trials
    note = '%s<p class="note">%s of <bdi>%s</bdi> not shown; all are in records.jsonl</p>\n'
    further = "more trial" if result.trials else "trial"
    return fill(note, trials, count(rest, further), cut(result.target.label, 120))
