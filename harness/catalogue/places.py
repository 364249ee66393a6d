"""The lines that a provenance names, read: '354,359-376' is two places.

It stands apart because the loader's rules, the check of the quotes and the tables must read them alike.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from harness.core.claims import Claim, Register

_LINES = re.compile(r"[1-9][0-9]{0,7}(?:-[1-9][0-9]{0,7})?(?:,[1-9][0-9]{0,7}(?:-[1-9][0-9]{0,7})?)*")


class Place(NamedTuple):
    """A run of lines, 1-based, both ends included."""

    first: int
    last: int


def parse_places(lines: str) -> tuple[Place, ...]:
    """The places of a provenance's `lines`, in the order written.

    raises  ValueError saying what is wrong: not of this form, or a run that ends before it begins
    """
    if not _LINES.fullmatch(lines):
        raise ValueError("lines are written like 101, 359-376 or 354,359-376")
    places = []
    for part in lines.split(","):
        first, _, last = part.partition("-")
        place = Place(int(first), int(last or first))
        if place.last < place.first:
            raise ValueError(f"'{part}' ends before it begins")
        places.append(place)
    return tuple(places)


def place_of(claim: Claim) -> str:
    """The document and lines of a claim, such as `comp:505`."""
    return f"{claim.provenance.document}:{claim.provenance.lines}"


def in_document_order(register: Register, kinds: Collection[str] = ()) -> list[Claim]:
    """The claims of some kinds, or all, by document and first line; those of one line in the register's order."""
    order = {document.id: place for place, document in enumerate(register.documents)}
    wanted = [claim for claim in register.claims if not kinds or claim.kind in kinds]
    return sorted(
        wanted,
        key=lambda claim: (order[claim.provenance.document], parse_places(claim.provenance.lines)[0].first),
    )
