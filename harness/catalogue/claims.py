"""Files of a register -> Register, every problem at once.

It stands apart from the catalogue's own loader because claims are read only when asked for: a replayed run never is.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalogue.schemas import titled_schema
from harness.core.catalogue import Provenance, Provider
from harness.core.claims import Claim, Conflict, ConflictSide, Register, SourceDocument, Subject
from harness.core.errors import InputError, UsageError
from harness.reading import Problem, ProblemsError, read_yaml, validate

if TYPE_CHECKING:
    from harness.catalogue.claims_format import ClaimItem, ConflictItem, RegisterFile, SideItem


def load_register(provider: Provider, folder: Path | None = None) -> Register:
    """The documented claims of a provider: those that ship with the harness, or those of a folder.

    folder  holds the register's *.yaml files; None for the shipped register that the provider names
    raises  UsageError if the provider names none; InputError if a file cannot be read; ProblemsError with every
            problem of all files
    """
    if folder is not None:
        return parse_register(_read_folder(folder))
    if provider.register is None:
        message = f"provider '{provider.name}' has no register of documented claims"
        raise UsageError(
            message, remedy="name a provider that has one, such as xai, or a folder of register files: --register DIR"
        )
    return _shipped(provider.register)


def find_documents(
    provider: Provider, register: Register, folder: Path | None = None, given: Path | None = None
) -> Path | None:
    """The folder that holds a register's documents: the one given, unless only the register's own holds them all.

    folder  as for `load_register`
    given   where the caller has documents, of this register or of another; None if nowhere
    """
    own = Path(str(files("harness.catalogue") / "registers")) / (provider.register or "") if folder is None else folder
    holding = [each for each in (given, own) if each is not None and _holds(each, register)]
    return holding[0] if holding else given


def _holds(folder: Path, register: Register) -> bool:
    return bool(register.documents) and all((folder / document.file).is_file() for document in register.documents)


@cache
def _shipped(name: str) -> Register:
    folder = files("harness.catalogue") / "registers" / name
    if not folder.is_dir():
        raise UsageError(
            f"no register '{name}' ships with the harness", remedy="name a folder of register files: --register DIR"
        )
    entries = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    return parse_register({f"harness/catalogue/registers/{name}/{each.name}": each.read_bytes() for each in entries})


def _read_folder(folder: Path) -> dict[str, bytes]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
        contents = {str(path): path.read_bytes() for path in paths}
    except OSError as error:
        message = f"{error.filename or folder}: cannot be read: {error.strerror or error}"
        raise InputError(message, remedy="name a folder of register files in YAML") from error
    if not contents:
        raise InputError(f"{folder}: holds no register file", remedy="register files end in .yaml")
    return contents


def parse_register(contents: Mapping[str, str | bytes]) -> Register:
    """A register from the files that make it up.

    contents  at least one file, by its path as messages should name it; claims keep the order of files and within them
    raises    ProblemsError with every problem of all files at once
    """
    # Imported here: pydantic's models cost more than most commands need.
    from harness.catalogue.claims_format import RegisterFile
    from harness.catalogue.claims_rules import Part, check_claims, check_register

    parts: list[Part] = []
    problems: list[Problem] = []
    for path, content in contents.items():
        try:
            document = read_yaml(content, path)
            parts.append(Part(validate(RegisterFile, document, noun="register"), document))
        except ProblemsError as error:
            problems += error.problems
    problems += [problem for part in parts for problem in check_claims(part)]
    if len(parts) == len(contents):
        # With a file missing, every name that it holds would seem unknown.
        problems += check_register(parts)
    if problems:
        raise ProblemsError(problems)
    return _register([part.item for part in parts])


def _register(items: Sequence["RegisterFile"]) -> Register:
    documents = [SourceDocument(**each.model_dump()) for item in items for each in item.documents]
    read = {document.id: document.read for document in documents}
    return Register(
        provider=items[0].register_name,
        documents=tuple(documents),
        claims=tuple(_claim(each, read) for item in items for each in item.claims),
        conflicts=tuple(_conflict(each) for item in items for each in item.conflicts),
    )


def _claim(item: "ClaimItem", read: Mapping[str, str]) -> Claim:
    source = item.provenance
    return Claim(
        id=item.id,
        kind=item.kind,
        subject=Subject(type=item.subject.type, id=item.subject.id),
        value=item.value,
        observable=item.observable,
        reason=item.reason,
        needs=tuple(item.needs),
        conflicts=tuple(item.conflicts),
        expanded_from=item.expanded_from,
        provenance=Provenance(
            document=source.document,
            section=source.section,
            lines=source.lines,
            quote=source.quote,
            cell=source.cell,
            read=source.read or read[source.document],
        ),
    )


def _conflict(item: "ConflictItem") -> Conflict:
    return Conflict(
        id=item.id,
        types=tuple(item.types),
        about=item.about,
        sides=tuple(_side(side) for side in item.sides),
        evidence=item.evidence,
        narrowed=item.narrowed,
    )


def _side(item: "SideItem") -> ConflictSide:
    # Where no claim leads to the documents, the reading itself says where it stands.
    says = f"{item.says} ({item.rests_on})" if item.rests_on else item.says
    return ConflictSide(says=says, claims=tuple(item.claims))


def register_schema() -> dict[str, Any]:
    """JSON Schema of a register file, for editors and for people."""
    from harness.catalogue.claims_format import RegisterFile

    return titled_schema(RegisterFile, "A register file of model-harness")
