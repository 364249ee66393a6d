"""A file of a register as its author writes it: the models that validate it and describe it to editors.

It stands apart from the loader so that the format reads as one page.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.core.claims import ConflictType, Observable

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Sentence = Annotated[str, Field(max_length=2000)]
Need = Literal["management-key", "writes", "money", "many-requests", "made-faults"]


class Strict(BaseModel):
    """A mapping that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SubjectItem(Strict):
    """What a claim is about."""

    type: str = Field(min_length=1, max_length=100, description="Such as model, field, endpoint, host, header, tool.")
    id: str = Field(min_length=1, max_length=300, description="Which one: a model's id, a field's path, an endpoint.")


class ProvenanceItem(Strict):
    """Where a claim stands."""

    document: Id = Field(description="Id of one of the register's documents.")
    section: Sentence = Field(min_length=1, description="Heading or place within the document.")
    lines: str = Field(
        min_length=1, max_length=200, description="1-based lines, such as 101 or 354,359-376; in quotes."
    )
    quote: str = Field(
        min_length=1,
        max_length=400,
        description="A few words that stand there; ' … ' parts words that stand apart, in this order. Each of the "
        "places in lines must hold one of them.",
    )
    cell: str = Field(
        "",
        max_length=200,
        description="Heading of a column, where the claim is one cell of a Markdown table's row: the quote's last "
        "words are then the whole cell, and words before them stand in the same row.",
    )
    read: Day | Literal[""] = Field("", description="Date it was read; the document's own if absent.")


class ClaimItem(Strict):
    """One promise, atomic."""

    id: Id = Field(description="Name of the claim: verdicts, conflicts and prices cite it.")
    kind: Id = Field(description="Such as parameter, capability, rate_limit.")
    subject: SubjectItem = Field(description="What it is about.")
    value: dict[str, Any] = Field(min_length=1, description="What is claimed, by the fields of its kind.")
    observable: Observable = Field(
        description="wire if requests can show it, arithmetic if the documents alone decide it, else none."
    )
    reason: Sentence = Field("", description="Why no request can show it; required with none, and only with none.")
    needs: list[Need] = Field(
        default=[],
        description="What deciding it takes beyond an ordinary key: management-key, writes (creates or deletes "
        "something), money (a fee beyond tokens), many-requests, made-faults (a server that fails when told to).",
    )
    conflicts: list[Id] = Field(default=[], description="Ids of the conflicts and notes that touch it.")
    expanded_from: str = Field(
        "", max_length=200, description="The wildcard row or phrase that it was expanded from, as written."
    )
    provenance: ProvenanceItem = Field(description="Where it stands; a claim without it does not load.")


class SideItem(Strict):
    """One of the readings that cannot all be true."""

    says: Sentence = Field(min_length=1, description="The reading, in a few words.")
    claims: list[Id] = Field(
        default=[], description="Ids of the claims that hold it; none where the documents only imply it."
    )
    rests_on: str = Field(
        "",
        max_length=200,
        description="What a reading that no claim holds rests on: lines of documents, such as 'comp:76-81,489 ref:25', "
        "or 'public evidence' where only that holds it.",
    )


class ConflictItem(Strict):
    """A place where documents contradict each other or themselves, or leave something open."""

    id: Id = Field(description="Name of the conflict, such as K01.")
    types: list[ConflictType] = Field(
        min_length=1, description="X: quotes contradict each other; S: one passage itself; A: ambiguous; G: a gap."
    )
    about: Sentence = Field(min_length=1, description="What is at issue, in a sentence.")
    sides: list[SideItem] = Field(default=[], description="The readings; a contradiction has two or more.")
    evidence: Sentence = Field("", description="What public evidence says, with its source.")
    narrowed: Sentence = Field("", description="Which claims touch the matter without contradicting anything, and why.")


class DocumentItem(Strict):
    """A document that claims were read from."""

    id: Id = Field(description="Short name of the document: provenances name it.")
    title: str = Field(min_length=1, max_length=300, description="Its title.")
    file: str = Field(
        pattern=r"^[^/\\]{1,200}$", description="Its file name in the folder that a check of the quotes is given."
    )
    lines: int = Field(ge=1, le=10_000_000, description="How many lines it has.")
    read: Day = Field(description="Date it was read, YYYY-MM-DD.")


class RegisterFile(Strict):
    """One file of a register; all files of its folder together are the register."""

    register_name: Id = Field(alias="register", description="Name of the register, the same in all of its files.")
    about: Sentence = Field("", description="What this file holds, in a sentence.")
    documents: list[DocumentItem] = Field(default=[], description="Documents that claims were read from.")
    claims: list[ClaimItem] = Field(default=[], description="Claims, in the order of the documents.")
    conflicts: list[ConflictItem] = Field(default=[], description="Where the documents contradict each other.")
