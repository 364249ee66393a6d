"""What is documented, as the JSON object that `harness catalogue show --json` prints.

It stands apart from the command because a machine's reader relies on its shape.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.catalogue.cells import Cell, Matrix
from harness.catalogue.places import in_document_order, place_of
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Conflict, Register


def export(
    provider: Provider, register: Register, matrices: Iterable[Matrix], section: str | None = None
) -> dict[str, Any]:
    """Documents, tables, claims in the documents' order, contradictions and notes; all, or one section of them."""
    shown: dict[str, Any] = {
        "provider": provider.name,
        "documents": [
            {"id": each.id, "title": each.title, "file": each.file, "lines": each.lines, "read": each.read}
            for each in register.documents
        ],
        "tables": {
            matrix.name: {
                "title": matrix.title,
                "header": list(matrix.header),
                "rows": [[_cell(cell) for cell in row] for row in matrix.rows],
            }
            for matrix in matrices
            if section in (None, matrix.name)
        },
    }
    if section in (None, "claims"):
        shown["claims"] = [_claim(claim, register) for claim in in_document_order(register)]
    for name, conflicts in zip(("conflicts", "notes"), split_conflicts(register), strict=True):
        if section in (None, name):
            shown[name] = [_conflict(conflict, register) for conflict in conflicts]
    return shown


def split_conflicts(register: Register) -> tuple[list[Conflict], list[Conflict]]:
    """The contradictions, and the notes on what is open or ambiguous."""
    contradictions = [conflict for conflict in register.conflicts if conflict.is_contradiction]
    return contradictions, [conflict for conflict in register.conflicts if not conflict.is_contradiction]


def touching(conflict: Conflict, register: Register) -> Sequence[Claim]:
    """The claims that a conflict touches without their taking a side in it."""
    sided = {name for side in conflict.sides for name in side.claims}
    return [claim for claim in register.claims if conflict.id in claim.conflicts and claim.id not in sided]


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "claims": list(cell.claims), "conflicts": list(cell.conflicts)}


def _claim(claim: Claim, register: Register) -> dict[str, Any]:
    return {
        "id": claim.id,
        "kind": claim.kind,
        "subject": {"type": claim.subject.type, "id": claim.subject.id},
        "value": claim.value,
        "observable": claim.observable,
        "reason": claim.reason,
        "needs": list(claim.needs),
        "expanded_from": claim.expanded_from,
        "where": place_of(claim),
        "section": claim.provenance.section,
        "quote": claim.provenance.quote,
        "contradictions": [conflict.id for conflict in register.contradictions(claim.id)],
        "conflicts": list(claim.conflicts),
    }


def _conflict(conflict: Conflict, register: Register) -> dict[str, Any]:
    return {
        "id": conflict.id,
        "types": list(conflict.types),
        "about": conflict.about,
        "sides": [
            {
                "says": side.says,
                "claims": [
                    {"id": claim.id, "where": place_of(claim), "value": claim.value}
                    for claim in map(register.find, side.claims)
                    if claim is not None
                ],
            }
            for side in conflict.sides
        ],
        "touching": [claim.id for claim in touching(conflict, register)],
        "evidence": conflict.evidence,
        "narrowed": conflict.narrowed,
    }
