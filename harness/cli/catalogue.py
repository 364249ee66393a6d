"""`harness catalogue`: what a vendor's documents promise, and whether the register quotes them rightly.

It stands apart from `schema` and `validate`, which know files: this command knows what is in them.
"""

import json
import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.documented import render_matrix
from harness.cli.tables import display_width, render_table, visible
from harness.cli.terminal import say
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Conflict, ConflictSide, Register
from harness.core.errors import UsageError

if TYPE_CHECKING:
    from harness.catalogue.cells import Matrix

FALLBACK_COLUMNS = 120
NARROWEST = 60
FURTHER = ("constraints", "request", "reply", "stream", "headers", "tool-calls", "rules", "claims")
"""Sections that are printed only when asked for: they have a row for each claim."""
PROSE = ("uses", "hosts", "endpoints", *FURTHER)
"""Tables whose last column is wrapped; others are cut into several below each other."""
SECTIONS = (
    "models", "capabilities", "parameters", "limits", "prices", "tools", "uses", "hosts", "endpoints", *FURTHER,
    "conflicts", "notes", "counts",
)  # fmt: skip
NARROWEST_PROSE = 24
MARGIN = "    "
BETWEEN = " | "
LONGEST = 10_000
MOST_TOUCHED = 4
"""Claims that a conflict touches and that are named; `--json` has all of them."""


CONTRADICTED = "[Kn]: contradicted by the documents; --section conflicts shows both sides."
TYPES = "X: quotes contradict each other; S: one passage itself; A: ambiguous; G: a gap that a reading fills."
SIDES = "A reading that no claim holds names the lines it rests on. A claim that is only touched takes no side."
TAGS = "[Kn]: the claim takes a side in that contradiction; (Kn): the contradiction or note only touches it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Documented:
    """A provider and what is documented of it."""

    provider: Provider
    register: Register


@click.group("catalogue")
def command() -> None:
    """Show what a vendor's documents promise, and check that they are quoted rightly."""


def _read(name: str, catalogues: Sequence[Path], register: Path | None) -> _Documented:
    from harness.catalogue import load_catalogues, load_register

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

    What the documents contradict shows both sides, with the contradiction's id in brackets. Tables of the protocol and
    the list of every claim are printed only when --section asks for them; --json has all.

    Exit codes: 0 · 2 the provider or its register is unknown or wrong.
    """
    from harness.catalogue.exported import export
    from harness.catalogue.matrices import build_matrices

    read = _read(provider, catalogues, register)
    _check_profile(read.provider, prices)
    matrices = build_matrices(read.register, read.provider, prices)
    if as_json:
        say(json.dumps(export(read.provider, read.register, matrices, section), ensure_ascii=False, indent=2))
        return 0
    width = max(NARROWEST, shutil.get_terminal_size((FALLBACK_COLUMNS, 24)).columns)
    if section is None:
        titles = " and ".join(document.title for document in read.register.documents)
        say("\n".join(textwrap.wrap(visible(f"{read.provider.name}, as documented: {titles}", 1000), width)))
        say("Documented is not verified: no request was sent.\n")
    sections = list(_sections(read.register, matrices, width))
    wanted = [each for each in sections if each.name == section or (section is None and each.name not in FURTHER)]
    for number, each in enumerate(wanted):
        say("\n" * bool(number) + each.title)
        say("=" * display_width(each.title))
        for line in each.lines:
            say(line)
    if section is None:
        names = ", ".join(each.name for each in sections if each.name in FURTHER)
        say("\n" + "\n".join(_wrapped(f"Further sections, by --section: {names}.", width, "  ")))
    elif not wanted:
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
    from harness.catalogue.exported import split_conflicts

    tables = {matrix.name: _table(matrix, width) for matrix in matrices}
    counts = tables.pop("counts", None)
    yield from tables.values()
    contradictions, notes = split_conflicts(register)
    total = len(register.conflicts)
    if contradictions:
        other = f"The other {len(notes)} conflicts leave something open or ambiguous: --section notes."
        legend = _legend([other if notes else "", _places(register), TYPES, SIDES], width)
        lines = chain(legend, render_conflicts(contradictions, register, width))
        yield _Section(
            name="conflicts", title=f"Contradictions: {len(contradictions)} of {total} conflicts", lines=lines
        )
    if notes:
        other = f"The other {len(contradictions)} conflicts are contradictions: --section conflicts."
        legend = _legend([other if contradictions else "", TYPES], width)
        lines = chain(legend, [""], render_notes(notes, width))
        yield _Section(name="notes", title=f"Open or ambiguous: {len(notes)} of {total} conflicts", lines=lines)
    if register.claims:
        lines = chain(_legend([_places(register), TAGS], width), render_claims(register, width))
        yield _Section(name="claims", title=f"Claims: all {len(register.claims)}, as the documents go", lines=lines)
    if counts:
        yield counts


def _table(matrix: "Matrix", width: int) -> _Section:
    lines: Iterable[str] = render_rows(matrix, width) if matrix.name in PROSE else render_matrix(matrix, width)
    if matrix.is_contradicted:
        lines = chain(lines, [""], _legend([CONTRADICTED], width))
    return _Section(name=matrix.name, title=matrix.title, lines=lines)


def _check_profile(provider: Provider, prices: str) -> None:
    known = {tariff.profile for model in provider.models for tariff in model.tariffs} | {"documented"}
    if prices not in known:
        message = f"provider '{provider.name}' has no price profile '{prices}'"
        raise UsageError(message, remedy=f"it has {', '.join(sorted(known))}")


# --- conflicts and claims as lines ---


def _legend(texts: Iterable[str], width: int) -> Iterator[str]:
    """What stands above a list, each text on lines of its own; an empty one says nothing."""
    for text in texts:
        yield from _wrapped(text, width, "  ")


def _places(register: Register) -> str:
    documents = ", ".join(f"{each.id} is {each.title}" for each in register.documents)
    return f"A place is a document and its lines: {documents}."


def render_conflicts(conflicts: Sequence[Conflict], register: Register, width: int) -> Iterator[str]:
    """Each contradiction: id and matter, its readings abreast with the claims that hold them, and what it touches."""
    from harness.catalogue.exported import touching

    room = (width - len(MARGIN) - len(BETWEEN)) // 2
    for conflict in conflicts:
        yield ""
        yield from _wrapped(f"{conflict.id} {'/'.join(conflict.types)}  {conflict.about}", width, MARGIN)
        sides = [_render_side(side, register, room) for side in conflict.sides]
        for place in range(0, len(sides), 2):
            left, right = [*sides[place : place + 2], []][:2]
            for one, other in zip_longest(left, right, fillvalue=""):
                yield f"{MARGIN}{one}{' ' * (room - display_width(one))}{BETWEEN}{other}".rstrip()
        touched = [claim.id for claim in touching(conflict, register)]
        more = f" and {len(touched) - MOST_TOUCHED} more" if len(touched) > MOST_TOUCHED else ""
        texts = {
            "evidence": conflict.evidence,
            "narrowed": conflict.narrowed,
            "touches": ", ".join(touched[:MOST_TOUCHED]) + more,
        }
        for word, text in texts.items():
            if text:
                yield from _wrapped(f"{MARGIN}{word}: {text}", width, MARGIN + "  ")


def _render_side(side: ConflictSide, register: Register, room: int) -> list[str]:
    """A reading in a column of that width: what it says, and the claims that hold it with their places."""
    from harness.catalogue.places import place_of

    lines = _wrapped(side.says, room, "")
    for claim in filter(None, map(register.find, side.claims)):
        lines += _wrapped(f"- {place_of(claim)} {claim.id}", room, "  ")
    return lines


def render_rows(matrix: "Matrix", width: int) -> Iterator[str]:
    """A table whose last column is prose: wrapped beside the others, or below them where room is too little."""
    texts = [matrix.header, *([cell.marked for cell in row] for row in matrix.rows)]
    rows = [[*(visible(text, LONGEST) for text in row[:-1]), row[-1]] for row in texts]
    widths = [max(display_width(row[column]) for row in rows) + 2 for column in range(len(matrix.header) - 1)]
    room = width - sum(widths)
    for *row, prose in rows:
        start = "".join(text + " " * (size - display_width(text)) for text, size in zip(row, widths, strict=True))
        if room >= NARROWEST_PROSE:
            first, *more = _wrapped(prose, room, "") or [""]
            yield from [(start + first).rstrip(), *(" " * sum(widths) + line for line in more)]
        else:
            aligned = start.rstrip()
            yield from [aligned] if display_width(aligned) <= width else _wrapped("  ".join(row), width, MARGIN)
            yield from (MARGIN + line for line in _wrapped(prose, width - len(MARGIN), "  "))


def render_notes(conflicts: Sequence[Conflict], width: int) -> Iterator[str]:
    """Each ambiguity or gap: its id, what is open, and what public evidence says."""
    for conflict in conflicts:
        text = f"{conflict.id} {'/'.join(conflict.types)}  {conflict.about}"
        yield from _wrapped(f"{text} Evidence: {conflict.evidence}" if conflict.evidence else text, width, "       ")


def render_claims(register: Register, width: int) -> Iterator[str]:
    """Every claim in the documents' order under its section: place, id and conflicts, then what it says."""
    from harness.catalogue.places import in_document_order, place_of
    from harness.catalogue.protocol_matrices import words_of

    section = ""
    for claim in in_document_order(register):
        if claim.provenance.section != section:
            section = claim.provenance.section
            yield ""
            yield from _wrapped(section, width, "")
        sided = [conflict.id for conflict in register.contradictions(claim.id)]
        noted = [name for name in claim.conflicts if name not in sided]
        tags = (f"  [{' '.join(sided)}]" if sided else "") + (f"  ({' '.join(noted)})" if noted else "")
        yield from _wrapped(f"  {place_of(claim)}  {claim.id}{tags}", width, MARGIN)
        said = words_of(claim.value, ("model",) if claim.value.get("model") == claim.subject.id else ())
        yield from _wrapped(f"{MARGIN}{claim.subject.type} {claim.subject.id}: {said or 'named'}", width, MARGIN + "  ")


class _IdWrapper(textwrap.TextWrapper):
    """Wraps between words, and after the dots of an id that is longer than its column."""

    wordsep_simple_re = re.compile(r"(\s+)|(?<=\w\.)(?=[a-z])")


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    # visible() cuts: LONGEST is what a register file may hold, and more.
    shown = visible(text, LONGEST)
    fits = all(len(word) <= width - len(indent) for word in shown.split())
    wrapper = (textwrap.TextWrapper if fits else _IdWrapper)(width, subsequent_indent=indent, break_on_hyphens=False)
    return wrapper.wrap(shown)


# --- check ---


@command.command("check")
@_further
@click.option(
    "--documents",
    type=click.Path(path_type=Path),
    envvar="HARNESS_DOCUMENTS",
    metavar="DIR",
    help="Folder that holds the documents, unless they lie beside the register; HARNESS_DOCUMENTS if absent.",
)
def check(provider: str, catalogues: tuple[Path, ...], register: Path | None, documents: Path | None) -> int:
    """Check that the words each claim of PROVIDER (xai if absent) quotes stand at its lines of the documents.

    Checks too that the provider's prices, limits, windows, names and endpoints are what its claims say.

    Exit codes: 0 all do · 1 some do not · 2 no folder, or a document is missing from it.
    """
    from harness.catalogue.agreement import find_disagreements
    from harness.catalogue.claims import find_documents
    from harness.catalogue.quotes import find_misquotes, read_documents

    read = _read(provider, catalogues, register)
    documents = find_documents(read.provider, read.register, register, documents)
    if documents is None:
        files = ", ".join(document.file for document in read.register.documents)
        message = "where the documents are is not known: they do not lie beside the register"
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
