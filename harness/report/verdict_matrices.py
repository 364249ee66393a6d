"""The documented tables with the verdict laid over each cell.

It stands apart from the tables themselves because the catalogue lays out what is promised, and knows no evidence.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.core.catalogue import Provider
from harness.core.claims import Register
from harness.core.verdict import Flag, Grade, VerdictName
from harness.report.claim_views import ClaimView
from harness.report.verdict_words import GRADES, ORDER, Status, status_of

SHOWN = ("capabilities", "parameters", "prices", "limits", "models", "tools", "endpoints")
"""Tables of the documents that are laid out; every other one has a row for each claim, as the tables by kind do."""

_WORST: tuple[Status, ...] = ("fail", "error", "pass", "skip")
_GRADES: tuple[Grade, ...] = tuple(GRADES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A verdict within a cell.

    grade   the lowest of its claims
    many    how many claims of the cell came to it
    anchor  where the first of them stands in the page
    """

    verdict: VerdictName
    status: Status
    grade: Grade
    flags: tuple[Flag, ...]
    many: int
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlaidCell:
    """What a cell documents, and what its claims came to; no mark where it states no claim, or none was selected.

    status   the worst of its marks; None without one
    answers  True if the text names a model, of which the source is told beside it
    """

    text: str
    marks: tuple[Mark, ...] = ()
    status: Status | None = None
    links: tuple[tuple[str, str | None], ...] = ()
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A documented table with its verdicts; `right` are positions of columns of figures."""

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[OverlaidCell, ...], ...]
    right: tuple[int, ...]


def sheets_of(
    register: Register, provider: Provider, views: Sequence[ClaimView], profile: str, asked: Collection[str]
) -> tuple[tuple[Sheet, ...], set[str]]:
    """The tables that have a selected claim in them, and the anchors of the claims that they show.

    profile  the price profile that is shown beside the documented one
    asked    the models that were: what holds of the API is shown in no row of another
    """
    from harness.catalogue.matrices import build_matrices

    by_claim: dict[str, list[ClaimView]] = {}
    for view in views:
        by_claim.setdefault(view.verdict.claim, []).append(view)
    models = {model.id for model in provider.models}
    shown: set[str] = set()
    sheets = []
    matrices = {matrix.name: matrix for matrix in build_matrices(register, provider, profile)}
    for matrix in (matrices[name] for name in SHOWN if name in matrices):
        rows = []
        for row in matrix.rows:
            subject = row[0].text
            known = {} if subject in models and subject not in asked else by_claim
            found = [_of_row(subject, cell.claims, known) for cell in row]
            cells = [_overlay(cell.text, views) for cell, views in zip(row, found, strict=True)]
            if subject in models:
                cells[0] = OverlaidCell(text=subject, answers=True)
            rows.append(tuple(cells))
            shown.update(view.anchor for views in found for view in views)
        if any(cell.marks for row in rows for cell in row):
            sheet = Sheet(
                name=matrix.name, title=matrix.title, header=matrix.header, rows=tuple(rows), right=matrix.right
            )
            sheets.append(sheet)
    return tuple(sheets), shown


def _of_row(subject: str, claims: Iterable[str], by_claim: Mapping[str, Sequence[ClaimView]]) -> list[ClaimView]:
    """The verdicts of a cell; where several models were asked for one claim, those of the row's model."""
    found: list[ClaimView] = []
    for claim in claims:
        views = by_claim.get(claim, ())
        own = [view for view in views if view.verdict.model == subject]
        found += own or views
    return found


def _overlay(text: str, views: Sequence[ClaimView]) -> OverlaidCell:
    marks = []
    for name in ORDER:
        alike = [view for view in views if view.verdict.verdict == name]
        if not alike:
            continue
        flags = dict.fromkeys(flag for view in alike for flag in view.verdict.flags if flag != "documents-conflict")
        marks.append(
            Mark(
                verdict=name,
                status=status_of(name),
                grade=min((view.verdict.grade for view in alike), key=_GRADES.index),
                flags=tuple(flags),
                many=len(alike),
                anchor=alike[0].anchor,
            )
        )
    links = dict.fromkeys(link for view in views for link in view.links)
    status = min((mark.status for mark in marks), key=_WORST.index) if marks else None
    return OverlaidCell(text=text, marks=tuple(marks), status=status, links=tuple(links))
