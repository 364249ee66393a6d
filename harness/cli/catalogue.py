"""`harness catalogue`: what a vendor's documents promise, and whether the register quotes them rightly.

It stands apart from `schema` and `validate`, which know files: this command knows what is in them.
"""

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.documented import fitted, noted, side_by_side, where
from harness.cli.tables import display_width, render_table, visible
from harness.cli.terminal import say
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Conflict, Register
from harness.core.errors import UsageError

if TYPE_CHECKING:
    from harness.catalogue.matrices import Cell, Matrix

FALLBACK_COLUMNS = 120
NARROWEST = 60
SECTIONS = (
    "models", "capabilities", "parameters", "limits", "prices", "tools", "uses", "hosts", "endpoints",
    "conflicts", "notes", "counts",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Documented:
    """A provider and what is documented of it."""

    provider: Provider
    register: Register


@click.group("catalogue")
def command() -> None:
    """Show what a vendor's documents promise, and check that they are quoted rightly."""


def _read(name: str, catalogues: Sequence[Path], register: Path | None) -> _Documented:
    from harness.catalogue import load_catalogues
    from harness.catalogue.claims import load_register

    provider = load_catalogues(catalogues).provider(name)
    return _Documented(provider=provider, register=load_register(provider, register))


def _further(function: Any) -> Any:
    """--catalogue and --register: a vendor of one's own."""
    for option in (
        click.option(
            "--register",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="Claims from the register files of this folder instead of those that ship with the harness.",
        ),
        click.option(
            "--catalogue",
            "catalogues",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A further provider, as a catalogue file; repeatable.",
        ),
        click.argument("provider", default="xai"),
    ):
        function = option(function)
    return function


@command.command("show")
@_further
@click.option("--section", type=click.Choice(SECTIONS), help="Print only this one.")
@click.option(
    "--prices",
    default="documented",
    metavar="PROFILE",
    help="Show this price profile, such as observed, beside the documented prices.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(
    provider: str,
    catalogues: tuple[Path, ...],
    register: Path | None,
    section: str | None,
    prices: str,
    *,
    as_json: bool,
) -> int:
    """Print what the documents of PROVIDER (xai if absent) promise, in the tables that they are laid out in.

    What the documents contradict shows both sides, with the contradiction's id in brackets.

    Exit codes: 0 · 2 the provider or its register is unknown or wrong.
    """
    from harness.catalogue.matrices import build_matrices

    read = _read(provider, catalogues, register)
    _check_profile(read.provider, prices)
    matrices = build_matrices(read.register, read.provider, prices)
    if as_json:
        say(json.dumps(_as_json(read, matrices, section), ensure_ascii=False, indent=2))
        return 0
    width = max(NARROWEST, shutil.get_terminal_size((FALLBACK_COLUMNS, 24)).columns)
    if section is None:
        titles = " and ".join(document.title for document in read.register.documents)
        say("\n".join(textwrap.wrap(visible(f"{read.provider.name}, as documented: {titles}", 1000), width)))
        say("Documented is not verified: no request was sent.\n")
    wanted = [each for each in _sections(read.register, matrices, width) if section in (None, each.name)]
    for number, each in enumerate(wanted):
        say("\n" * bool(number) + each.title)
        say("=" * display_width(each.title))
        for line in each.lines:
            say(line)
    if not wanted:
        say(f"{read.provider.name}: nothing is documented of {section}")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A part of what is shown; its lines are made as they are read."""

    name: str
    title: str
    lines: Iterable[str]


def _sections(register: Register, matrices: Sequence["Matrix"], width: int) -> Iterator[_Section]:
    """Everything there is, in the order of a reader's questions; the counts last."""
    *tables, counts = (_Section(name=each.name, title=each.title, lines=fitted(each, width)) for each in matrices)
    yield from tables
    contradictions, notes = _parted(register)
    if contradictions:
        title = f"Contradictions: {len(contradictions)}, both sides"
        yield _Section(name="conflicts", title=title, lines=side_by_side(contradictions, register, width))
    if notes:
        title = f"Open or ambiguous: {len(notes)}"
        yield _Section(name="notes", title=title, lines=noted(notes, width))
    yield counts


def _check_profile(provider: Provider, prices: str) -> None:
    known = {tariff.profile for model in provider.models for tariff in model.tariffs} | {"documented"}
    if prices not in known:
        message = f"provider '{provider.name}' has no price profile '{prices}'"
        raise UsageError(message, remedy=f"it has {', '.join(sorted(known))}")


def _parted(register: Register) -> tuple[list[Conflict], list[Conflict]]:
    contradictions = [conflict for conflict in register.conflicts if conflict.is_contradiction]
    return contradictions, [conflict for conflict in register.conflicts if not conflict.is_contradiction]


# --- JSON ---


def _as_json(read: _Documented, matrices: Sequence["Matrix"], section: str | None) -> dict[str, Any]:
    register = read.register
    wanted = [matrix for matrix in matrices if section in (None, matrix.name)]
    contradictions, notes = _parted(register)
    shown: dict[str, Any] = {
        "provider": read.provider.name,
        "documents": [
            {"id": each.id, "title": each.title, "file": each.file, "lines": each.lines, "read": each.read}
            for each in register.documents
        ],
        "tables": {
            matrix.name: {
                "title": matrix.title,
                "header": list(matrix.header),
                "rows": [[_cell_json(cell) for cell in row] for row in matrix.rows],
            }
            for matrix in wanted
        },
    }
    for name, conflicts in (("conflicts", contradictions), ("notes", notes)):
        if section in (None, name):
            shown[name] = [_conflict_json(conflict, register) for conflict in conflicts]
    return shown


def _cell_json(cell: "Cell") -> dict[str, Any]:
    return {"text": cell.text, "claims": list(cell.claims), "conflicts": list(cell.conflicts)}


def _conflict_json(conflict: Conflict, register: Register) -> dict[str, Any]:
    return {
        "id": conflict.id,
        "types": list(conflict.types),
        "about": conflict.about,
        "sides": [
            {
                "says": side.says,
                "claims": [
                    {"id": claim.id, "where": where(claim), "value": claim.value}
                    for claim in map(register.find, side.claims)
                    if claim is not None
                ],
            }
            for side in conflict.sides
        ],
        "evidence": conflict.evidence,
        "narrowed": conflict.narrowed,
    }


# --- check ---


@command.command("check")
@_further
@click.option(
    "--documents",
    type=click.Path(path_type=Path),
    envvar="HARNESS_DOCUMENTS",
    metavar="DIR",
    help="Folder that holds the documents; HARNESS_DOCUMENTS if absent.",
)
def check(provider: str, catalogues: tuple[Path, ...], register: Path | None, documents: Path | None) -> int:
    """Check that the words each claim of PROVIDER (xai if absent) quotes stand at its lines of the documents.

    Checks too that the provider's prices, limits, windows, names and endpoints are what its claims say.

    Exit codes: 0 all do · 1 some do not · 2 no folder, or a document is missing from it.
    """
    from harness.catalogue.agreement import find_disagreements
    from harness.catalogue.quotes import find_misquotes, read_documents

    read = _read(provider, catalogues, register)
    if documents is None:
        files = ", ".join(document.file for document in read.register.documents)
        message = "where the documents are is not known: they do not ship with the harness"
        raise UsageError(message, remedy=f"set HARNESS_DOCUMENTS or --documents to a folder that holds {files}")
    misquotes = list(find_misquotes(read.register, read_documents(read.register, documents)))
    for misquote in misquotes:
        say(f"{documents / misquote.file}:{misquote.line}: claim {misquote.claim.id}: {visible(misquote.fault, 200)}")
        say(f"   quoted: {visible(misquote.claim.provenance.quote, 400)}   (lines {misquote.claim.provenance.lines})")
        say(f"   stands: {visible(misquote.found, 200) or '(an empty line)'}")
    disagreements = list(find_disagreements(read.provider, read.register))
    for each in disagreements:
        say(f"provider {read.provider.name}: {each.where}: {visible(each.fault, 300)}   ({each.claim or 'no claim'})")
    _say_counts(read.register, {misquote.claim.id for misquote in misquotes})
    words = "agrees with its claims" if not disagreements else f"disagrees with its claims {len(disagreements)} times"
    say(f"provider {read.provider.name} {words}")
    return 1 if misquotes or disagreements else 0


def _say_counts(register: Register, wrong: set[str]) -> None:
    """How many quotes stand where they should, by document and by kind."""
    _say_count("document", lambda claim: claim.provenance.document, register, wrong)
    _say_count("kind", lambda claim: claim.kind, register, wrong)
    say(f"{len(register.claims) - len(wrong)} of {len(register.claims)} quotes stand at their lines")


def _say_count(heading: str, key: Callable[[Claim], str], register: Register, wrong: set[str]) -> None:
    total = Counter(key(claim) for claim in register.claims)
    held = Counter(key(claim) for claim in register.claims if claim.id not in wrong)
    say(
        render_table(
            [heading, "stand", "of"], [[name, str(held[name]), str(total[name])] for name in sorted(total)], (1, 2)
        )
    )
    say()
