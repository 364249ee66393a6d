"""The cells that tables of claims are made of: what one says, the claims behind it, and what contradicts them.

It stands apart from the tables because all of them must show a contradiction alike.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.catalogue.numbers import is_number
from harness.core.claims import Claim, Conflict, Register

ABSENT = "-"
ANY = "*"
"""Subject of a claim that is about whichever model is asked."""
_MOST_RIVALS = 2
"""Other readings that are shown in a cell; more are counted."""

Show = Callable[[Claim], str]
Belongs = Callable[[Claim], bool]
Rival = Callable[[str, Claim], str]
"""A row's subject, and a claim that contradicts a claim of the row -> what it says there, '' for nothing short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what it says, and the ids of the claims and contradictions behind it."""

    text: str
    claims: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The text with the contradictions that it has a part in: `5.00 | 3.00 [K01]`."""
        return f"{self.text} [{' '.join(self.conflicts)}]" if self.conflicts else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A table of a register.

    right  positions of columns of figures
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[int, ...] = ()

    @property
    def is_contradicted(self) -> bool:
        """True if any cell takes a side in a contradiction."""
        return any(cell.conflicts for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Which claims of a row's subject belong into it, how one is shown, and what a claim against one of them says."""

    belongs: Belongs
    show: Show
    rival: Rival | None = None

    def against(self, subject: str, claim: Claim) -> str:
        """What a claim of another side says in this column, or ''."""
        if self.belongs(claim):
            return self.show(claim)
        return self.rival(subject, claim) if self.rival else ""


def cell_of(register: Register, claims: Sequence[Claim], column: Column) -> Cell:
    """A cell for claims of one subject: the first one's value, and the values of what contradicts it.

    A contradicting claim of the same cell counts, and one of another subject or kind if the column can say it shortly.
    """
    if not claims:
        return Cell(text=ABSENT)
    subject, shown = claims[0].subject.id, column.show(claims[0])
    touching = {claim.id: register.contradictions(claim.id) for claim in claims}
    conflicts = {conflict.id: conflict for each in touching.values() for conflict in each}
    rivals: dict[str, None] = {}
    for claim in claims:
        for rival in _other_sides(register, touching[claim.id], claim):
            rivals[column.against(subject, rival)] = None
    texts = [text for text in rivals if text not in ("", shown)]
    if len(texts) > _MOST_RIVALS:
        texts = [f"{len(texts)} others"]
    return Cell(text=" | ".join([shown, *texts]), claims=tuple(touching), conflicts=tuple(sorted(conflicts)))


def _other_sides(register: Register, conflicts: Iterable[Conflict], claim: Claim) -> Iterator[Claim]:
    """The claims that take another side than this one in its contradictions."""
    for side in (side for conflict in conflicts for side in conflict.sides):
        if claim.id not in side.claims:
            yield from (rival for rival in map(register.find, side.claims) if rival is not None)


def rows_of(register: Register, subjects: Iterable[str], columns: Sequence[Column]) -> tuple[tuple[Cell, ...], ...]:
    """One row a subject that has any claim, one cell a column."""
    rows = []
    for subject in subjects:
        about = [claim for claim in register.claims if claim.subject.id == subject]
        cells = [cell_of(register, [claim for claim in about if each.belongs(claim)], each) for each in columns]
        if any(cell.claims for cell in cells):
            rows.append((Cell(text="any model" if subject == ANY else subject), *cells))
    return tuple(rows)


def has(kind: str, key: str) -> Belongs:
    """The claims of a kind whose value has that key."""
    return lambda claim: claim.kind == kind and key in claim.value


def value_of(key: str) -> Show:
    """The value under a key as a cell."""
    return lambda claim: show_value(claim.value[key]) if key in claim.value else ABSENT


def show_value(value: object) -> str:
    """A claim's value as a cell: yes and no, figures with thousands parted, the rest as written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("_", " ") if isinstance(value, str) else str(value)


def show_amount(value: object) -> str:
    """A figure as dollars; anything else as written."""
    return show_dollars(Decimal(str(value))) if is_number(value) else show_value(value)


def show_dollars(amount: Decimal | None) -> str:
    """Dollars with two decimals, or as many as it takes; '-' for none."""
    if amount is None:
        return ABSENT
    exact = f"{amount.normalize():f}"
    return exact if len(exact.partition(".")[2]) > 2 else f"{amount:.2f}"  # noqa: PLR2004 - cents
