"""Claims as the page of a verification shows them: where each one stands, what contradicts it, why it was not asked.

It stands apart from the template so that grouping and naming are typed and tested; nothing is decided here.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.canonical import digest
from harness.core.claims import Conflict, Register
from harness.core.verdict import TURNED, Verdict, Verification
from harness.report.verdict_words import Status, about, place, status_of

_NOT_IN_ANCHOR = re.compile(r"[^A-Za-z0-9._@-]+")
_LONGEST_ANCHOR = 120
_NOT_OBSERVABLE = "not observable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """One claim with its verdict.

    anchor   id of the place in the page where its evidence stands, or its reason
    about    what it is about: `<source>/<model>`, or the subject
    place    document and lines
    links    each contradiction that it takes a side in, with the id of its place in the page, None if it has none
    """

    anchor: str
    verdict: Verdict
    status: Status
    about: str
    place: str
    links: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_shown_with_evidence(self) -> bool:
        """True if it stands among the evidence; a claim that was not asked stands with the reason."""
        return self.verdict.verdict != "not-tested" or bool(self.verdict.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One reading of a contradiction: what it says, and the verdicts of those of its claims that were selected."""

    says: str
    claims: tuple[ClaimView, ...]
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """A contradiction with its readings, and what they came to, in words."""

    conflict: Conflict
    anchor: str
    sides: tuple[SideView, ...]
    status: Status
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Claims that were not asked for one reason; `own` if each has one of its own beneath it."""

    words: str
    claims: tuple[ClaimView, ...]
    own: bool


def claim_views(verification: Verification, register: Register) -> tuple[ClaimView, ...]:
    """Every verdict's claim, in the verification's order."""
    verdicts = verification.verdicts
    selected = {each.claim for each in verdicts}
    known = {each.id: at for at, each in enumerate(_contradictions(register, selected))}
    return tuple(
        ClaimView(
            anchor=anchor,
            verdict=verdict,
            status=status_of(verdict.verdict),
            about=about(verdict, verification.source),
            place=place(verdict),
            links=tuple((name, conflict_anchor(known[name]) if name in known else None) for name in verdict.conflicts),
        )
        for verdict, anchor in zip(verdicts, claim_anchors(verdicts), strict=True)
    )


def claim_anchors(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """An id for each: `c-<claim>`, with the model where several were asked for one claim.

    A digest is added where the id would not say the name whole, or would stand for two.
    """
    asked = Counter(each.claim for each in verdicts)
    plain = [f"c-{each.claim}" + (f"@{each.model}" if asked[each.claim] > 1 else "") for each in verdicts]
    taken = Counter(plain)
    return tuple(_anchor(name, at, alone=taken[name] == 1) for at, name in enumerate(plain))


def _anchor(plain: str, at: int, *, alone: bool) -> str:
    spelled = _NOT_IN_ANCHOR.sub("-", plain)
    if alone and spelled == plain and len(plain) <= _LONGEST_ANCHOR:
        return plain
    return f"{spelled[:_LONGEST_ANCHOR]}-{digest([plain, at])[:12]}"


def conflict_anchor(at: int) -> str:
    """The id of a contradiction's place in the page."""
    return f"k-{at + 1}"


def conflict_views(views: Sequence[ClaimView], register: Register) -> tuple[ConflictView, ...]:
    """The contradictions that a selected claim takes a side in, in the register's order."""
    by_claim: dict[str, list[ClaimView]] = {}
    for view in views:
        by_claim.setdefault(view.verdict.claim, []).append(view)
    found = _contradictions(register, by_claim)
    return tuple(_conflict(conflict, conflict_anchor(at), by_claim) for at, conflict in enumerate(found))


def _contradictions(register: Register, selected: Mapping[str, object] | set[str]) -> list[Conflict]:
    return [
        conflict
        for conflict in register.conflicts
        if conflict.is_contradiction and any(claim in selected for side in conflict.sides for claim in side.claims)
    ]


def _conflict(conflict: Conflict, anchor: str, by_claim: Mapping[str, Sequence[ClaimView]]) -> ConflictView:
    sides = []
    for side in conflict.sides:
        claims = tuple(view for claim in side.claims for view in by_claim.get(claim, ()))
        sides.append(SideView(says=side.says, claims=claims, status=_side_status(claims)))
    status, outcome = _outcome(sides)
    return ConflictView(conflict=conflict, anchor=anchor, sides=tuple(sides), status=status, outcome=outcome)


def _side_status(claims: Sequence[ClaimView]) -> Status:
    """No if any of its claims is broken, yes if each that was asked is confirmed, else open."""
    found = {view.status for view in claims}
    if "fail" in found:
        return "fail"
    if "error" in found:
        return "error"
    return "pass" if "pass" in found else "skip"


def _outcome(sides: Sequence[SideView]) -> tuple[Status, str]:
    held = [side for side in sides if side.status == "pass"]
    lost = [side for side in sides if side.status == "fail"]
    if len(held) > 1:
        return "error", "more than one reading was confirmed: what was asked does not part them"
    if held:
        word = "holds" if len(held) + len(lost) == len(sides) else "confirmed, the other readings undecided"
        return "pass", f"{word}: {held[0].says}"
    if lost and len(lost) == len(sides):
        return "fail", "no reading holds"
    if lost:
        return "fail", f"does not hold: {'; '.join(side.says for side in lost)}"
    return ("skip" if all(side.status == "skip" for side in sides) else "error"), "not decided"


def turned_views(views: Sequence[ClaimView]) -> list[ClaimView]:
    """What says no, by verdict and then in the order of the claims."""
    return sorted(
        (view for view in views if view.verdict.verdict in TURNED), key=lambda view: TURNED.index(view.verdict.verdict)
    )


def by_kind(views: Sequence[ClaimView], shown: set[str]) -> list[tuple[str, list[ClaimView]]]:
    """The decided claims that no matrix shows, by kind; kinds in the order of their first claim.

    shown  anchors of those that a matrix has a cell for
    """
    kinds: dict[str, list[ClaimView]] = {}
    for view in views:
        if view.verdict.verdict != "not-tested" and view.anchor not in shown:
            kinds.setdefault(view.verdict.kind, []).append(view)
    return list(kinds.items())


def reasons_of(views: Sequence[ClaimView]) -> list[Reason]:
    """The claims that were not asked, by reason, the commonest first; what nothing can observe last, as one."""
    grouped: dict[str, list[ClaimView]] = {}
    for view in views:
        if view.verdict.verdict == "not-tested":
            grouped.setdefault(reason_of(view.verdict), []).append(view)
    return [
        Reason(words=words, claims=tuple(claims), own=words == _NOT_OBSERVABLE)
        for words, claims in sorted(grouped.items(), key=lambda item: (item[0] == _NOT_OBSERVABLE, -len(item[1])))
    ]


def reason_of(verdict: Verdict) -> str:
    """Why a claim was not asked; the many ways not to be observable are one."""
    head, _, rest = verdict.observed.partition(":")
    return head if head == _NOT_OBSERVABLE and rest else verdict.observed
