"""What a vendor's documents promise: atomic claims with provenance, and the places where they contradict each other.

It stands apart from the catalogue's models and prices because a claim is kept whether or not it is true.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.core.catalogue import Provenance

Observable = Literal["wire", "arithmetic", "none"]
ConflictType = Literal["X", "A", "G", "S"]
"""X: the quotes contradict each other; S: one passage contradicts itself; A: ambiguous; G: a gap that was filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a claim is about.

    type  'model', 'field', 'endpoint', 'host', 'header', 'tool', 'document' or the like
    """

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One promise, atomic.

    kind           such as 'parameter', 'capability', 'rate_limit'
    value          what is claimed, by the fields of its kind
    observable     'wire' if requests can show it, 'arithmetic' if the documents alone decide it, else 'none'
    reason         why no request can show it; empty unless `observable` is 'none'
    needs          what deciding it takes beyond an ordinary key, such as 'management-key'
    conflicts      ids of the conflicts and notes that touch it, contradiction or not
    expanded_from  the wildcard row or phrase that it was expanded from, or ''
    """

    id: str
    kind: str
    subject: Subject
    value: Mapping[str, Any]
    observable: Observable
    reason: str = ""
    needs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    expanded_from: str = ""
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSide:
    """One of the readings that cannot all be true.

    says    the reading, in a few words of ours
    claims  ids of the claims that hold it; empty where the documents imply it and no claim of theirs states it
    """

    says: str
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A place where the documents contradict each other or themselves, or leave something open.

    types     of what nature it is; it is a contradiction if 'X' or 'S' is among them
    about     what is at issue, in a sentence
    sides     the readings; only claims named here contradict each other
    evidence  what public evidence says, or ''
    narrowed  which claims touch the matter without contradicting anything, and why, or ''
    """

    id: str
    types: tuple[ConflictType, ...]
    about: str
    sides: tuple[ConflictSide, ...] = ()
    evidence: str = ""
    narrowed: str = ""

    @property
    def is_contradiction(self) -> bool:
        """True if two readings cannot both hold; False for an ambiguity or a gap."""
        return "X" in self.types or "S" in self.types


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """A document that claims were read from.

    file   its file name, below the folder that a check of the quotes is given
    lines  how many lines it has
    read   date it was read, YYYY-MM-DD
    """

    id: str
    title: str
    file: str
    lines: int
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Every claim of a provider's documents."""

    provider: str
    documents: tuple[SourceDocument, ...]
    claims: tuple[Claim, ...]
    conflicts: tuple[Conflict, ...] = ()
    by_id: Mapping[str, Claim] = field(init=False, repr=False, compare=False)
    by_kind: Mapping[str, tuple[Claim, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the claims."""
        object.__setattr__(self, "by_id", {claim.id: claim for claim in self.claims})
        kinds: dict[str, list[Claim]] = {}
        for claim in self.claims:
            kinds.setdefault(claim.kind, []).append(claim)
        object.__setattr__(self, "by_kind", {kind: tuple(claims) for kind, claims in kinds.items()})

    def find(self, claim: str) -> Claim | None:
        """The claim of that id, or None."""
        return self.by_id.get(claim)

    def of_kind(self, kind: str) -> tuple[Claim, ...]:
        """The claims of a kind, in the register's order."""
        return self.by_kind.get(kind, ())

    def contradictions(self, claim: str) -> tuple[Conflict, ...]:
        """The contradictions that a claim takes a side in: these flag it `documents-conflict`."""
        return tuple(
            conflict
            for conflict in self.conflicts
            if conflict.is_contradiction and any(claim in side.claims for side in conflict.sides)
        )
