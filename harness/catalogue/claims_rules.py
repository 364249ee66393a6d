"""What a register may not say although every part has the right shape: a claim against itself, a name that is none.

It stands apart from the loader because rules grow with what is claimed, and loading does not.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.catalogue.numbers import is_number
from harness.catalogue.places import parse_places
from harness.core.canonical import canonical_json
from harness.reading import Document, Problem, did_you_mean, quoted

if TYPE_CHECKING:
    from harness.catalogue.claims_format import ClaimItem, ConflictItem, DocumentItem, RegisterFile

Where = tuple[str | int, ...]
FRAGMENTS = " … "
"""What parts the fragments of a quote."""
EVIDENCE = "public evidence"
"""What a reading rests on that no document holds."""
_SHOWN = 60


class Part(NamedTuple):
    """A file of a register, read and of the right shape."""

    item: "RegisterFile"
    document: Document


class Fault(NamedTuple):
    """Something wrong within a claim: where below it, what, and what to do."""

    where: Where
    message: str
    remedy: str


def check_claims(part: Part) -> Iterator[Problem]:
    """What single claims of a file say against themselves, each at its place."""
    for position, claim in enumerate(part.item.claims):
        for code, rule in _CLAIM_RULES:
            for fault in rule(claim):
                where = ("claims", position, *fault.where)
                message = f"claim {quoted(claim.id)}: {fault.message}"
                yield part.document.problem(where, message, code, fault.remedy)


def check_register(parts: Sequence[Part]) -> Iterator[Problem]:
    """What the files of a register say against each other; all of them must have the right shape."""
    yield from _one_name(parts)
    for key in ("documents", "claims", "conflicts"):
        yield from _repeated_ids(parts, key)
    yield from _repeated_claims(parts)
    yield from _provenances(parts)
    yield from _conflicts(parts)


# --- one claim ---


def _observable(claim: "ClaimItem") -> Iterator[Fault]:
    if claim.observable == "none" and not claim.reason.strip():
        yield Fault(("observable",), "'none' needs a reason", "write 'reason: …': why no request can show it")
    if claim.observable != "none" and claim.reason:
        yield Fault(("reason",), f"a reason stands beside '{claim.observable}'", "remove it, or write observable: none")
    if claim.observable != "wire" and claim.needs:
        message = f"it needs something although it is '{claim.observable}'"
        yield Fault(("needs",), message, "remove needs, or write observable: wire")


def _quote(claim: "ClaimItem") -> Iterator[Fault]:
    where = ("provenance", "quote")
    if not all(fragment.strip() for fragment in claim.provenance.quote.split(FRAGMENTS)):
        yield Fault(where, "a fragment of the quote is empty", "write words on both sides of ' … '")
    if claim.provenance.cell and not claim.provenance.lines.isdigit():
        yield Fault(("provenance", "lines"), "a cell stands on one line", "name the row's line, or remove cell")


def _ranges(claim: "ClaimItem") -> Iterator[Fault]:
    for low, high in _bounds(claim.value):
        if _number(claim.value, low, 0) > _number(claim.value, high, 0):
            message = f"{low} {claim.value[low]} is more than {high} {claim.value[high]}"
            yield Fault(("value", low), message, "swap or correct them")
    low_end, high_end = _number(claim.value, "min", -math.inf), _number(claim.value, "max", math.inf)
    for name in ("default", "example"):
        if not low_end <= _number(claim.value, name, low_end) <= high_end and low_end <= high_end:
            message = f"its {name} {claim.value[name]} lies outside its own range"
            yield Fault(("value", name), message, "correct one of them")


def _bounds(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Pairs of keys such as ('min', 'max') and ('rpm_min', 'rpm_max') that both hold numbers."""
    for name in value:
        partner = f"{name.removesuffix('min')}max"
        if (name == "min" or name.endswith("_min")) and is_number(value[name]) and is_number(value.get(partner)):
            yield name, partner


def _number(value: Mapping[str, Any], key: str, otherwise: float) -> float:
    """The number under a key; `otherwise` if there is none."""
    found = value.get(key)
    return found if is_number(found) else otherwise


def _allowed(claim: "ClaimItem") -> Iterator[Fault]:
    if "allowed" not in claim.value:
        return
    allowed = claim.value["allowed"]
    if not isinstance(allowed, list) or not allowed:
        yield Fault(("value", "allowed"), "its set of allowed values is empty or no list", "list the allowed values")
        return
    if len({canonical_json(each) for each in allowed}) < len(allowed):
        yield Fault(("value", "allowed"), "an allowed value is listed twice", "remove one")
    for name in ("default", "example", "const"):
        if name in claim.value and claim.value[name] not in allowed:
            message = f"its {name} is not among its allowed values"
            yield Fault(("value", name), message, "add it to allowed, or correct it")


_EXCLUSIVE = (
    ("support", "supported", "effect", "error"),
    ("support", "unsupported", "effect", "accepted"),
    ("required", True, "default", ...),
    ("available", False, "does", ...),
    ("available", False, "single_endpoint_for", ...),
    ("exists", False, "number", ...),
    ("exists", False, "pins", ...),
    ("present", False, "example", ...),
    ("present", False, "format", ...),
    ("accepted", False, "default", ...),
)
"""Key and value that exclude another key's value; `...` stands for any."""


def _exclusive(claim: "ClaimItem") -> Iterator[Fault]:
    value = claim.value
    for key, stated, other, excluded in _EXCLUSIVE:
        if value.get(key) == stated and other in value and (excluded is ... or value[other] == excluded):
            message = f"'{key}: {_shown(stated)}' and '{other}: {_shown(value[other])}' exclude each other"
            yield Fault(("value", other), message, "make two claims of it, or remove one of them")


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _sums(claim: "ClaimItem") -> Iterator[Fault]:
    single, thousand = claim.value.get("usd_per_call"), claim.value.get("usd_per_1000_calls")
    if is_number(single) and is_number(thousand) and not math.isclose(single * 1000, thousand):
        message = f"{single} a call is not {thousand} a thousand calls"
        yield Fault(("value", "usd_per_call"), message, "correct one of them")


def _one_model(claim: "ClaimItem") -> Iterator[Fault]:
    if claim.subject.type == "model" and claim.value.get("model", claim.subject.id) != claim.subject.id:
        message = f"its subject is {quoted(claim.subject.id)} and its value is about another model"
        yield Fault(("value", "model"), message, "correct one of them")


_CLAIM_RULES: tuple[tuple[str, Callable[["ClaimItem"], Iterator[Fault]]], ...] = (
    ("register-observable", _observable),
    ("register-quote", _quote),
    ("register-contradiction", _ranges),
    ("register-contradiction", _allowed),
    ("register-contradiction", _exclusive),
    ("register-contradiction", _sums),
    ("register-contradiction", _one_model),
)


# --- all claims together ---


def _one_name(parts: Sequence[Part]) -> Iterator[Problem]:
    first = parts[0].item.register_name
    for part in parts[1:]:
        if part.item.register_name != first:
            message = f"this file is of register {quoted(part.item.register_name)}, others are of {quoted(first)}"
            yield part.document.problem(("register",), message, "register-name", "keep one register in a folder")


def _repeated_ids(parts: Sequence[Part], key: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for part in parts:
        for position, each in enumerate(getattr(part.item, key)):
            where = (key, position, "id")
            if each.id in seen:
                message = f"id {quoted(each.id)} is already taken at {seen[each.id]}"
                yield part.document.problem(where, message, "register-duplicate", "rename or remove one")
            else:
                seen[each.id] = part.document.problem(where, "", "").location


def _repeated_claims(parts: Sequence[Part]) -> Iterator[Problem]:
    """One promise under two ids would be counted twice; the same words elsewhere in a document are a promise again."""
    seen: dict[str, str] = {}
    for part in parts:
        for position, claim in enumerate(part.item.claims):
            place = (claim.provenance.document, claim.provenance.lines)
            key = canonical_json([claim.kind, claim.subject.type, claim.subject.id, claim.value, *place])
            first = seen.setdefault(key, claim.id)
            if first != claim.id:
                message = f"claim {quoted(claim.id)} repeats {quoted(first)} word for word"
                yield part.document.problem(("claims", position), message, "register-duplicate", "remove one")


def _provenances(parts: Sequence[Part]) -> Iterator[Problem]:
    known: dict[str, DocumentItem] = {each.id: each for part in parts for each in part.item.documents}
    for part in parts:
        for position, claim in enumerate(part.item.claims):
            where: Where = ("claims", position, "provenance")
            source = known.get(claim.provenance.document)
            if source is None:
                message = f"claim {quoted(claim.id)}: unknown document {quoted(claim.provenance.document)}"
                remedy = did_you_mean(claim.provenance.document, known) or "list it under documents"
                yield part.document.problem((*where, "document"), message, "register-unknown-document", remedy)
            message = _lines_fault(claim.provenance.lines, source)
            if message:
                message = f"claim {quoted(claim.id)}: {message}"
                yield part.document.problem((*where, "lines"), message, "register-lines", "correct the lines")


def _lines_fault(lines: str, source: "DocumentItem | None") -> str:
    try:
        places = parse_places(lines)
    except ValueError as error:
        return str(error)
    last = max(place.last for place in places)
    if source is not None and last > source.lines:
        return f"line {last} is beyond the end of {quoted(source.id)}, which has {source.lines}"
    return ""


def _conflicts(parts: Sequence[Part]) -> Iterator[Problem]:
    known: dict[str, ConflictItem] = {each.id: each for part in parts for each in part.item.conflicts}
    claims: dict[str, ClaimItem] = {each.id: each for part in parts for each in part.item.claims}
    documents: dict[str, DocumentItem] = {each.id: each for part in parts for each in part.item.documents}
    for part in parts:
        for position, claim in enumerate(part.item.claims):
            for number, name in enumerate(claim.conflicts):
                if name not in known:
                    message = f"claim {quoted(claim.id)}: unknown conflict {quoted(name)}"
                    remedy = did_you_mean(name, known) or "list it under conflicts"
                    where: Where = ("claims", position, "conflicts", number)
                    yield part.document.problem(where, message, "register-unknown-conflict", remedy)
        for position, conflict in enumerate(part.item.conflicts):
            for fault in (*_conflict_faults(conflict, claims), *_side_faults(conflict, documents)):
                message = f"conflict {quoted(conflict.id)}: {fault.message}"
                where = ("conflicts", position, *fault.where)
                yield part.document.problem(where, message, "register-conflict", fault.remedy)


def _conflict_faults(conflict: "ConflictItem", claims: Mapping[str, "ClaimItem"]) -> Iterator[Fault]:
    if len(set(conflict.types)) < len(conflict.types):
        yield Fault(("types",), "a type is named twice", "remove one")
    if {"X", "S"} & set(conflict.types) and len(conflict.sides) < 2:  # noqa: PLR2004 - two make a contradiction
        yield Fault((), "a contradiction has two sides or more", "write each reading under sides")
    sided: dict[str, int] = {}
    for number, side in enumerate(conflict.sides):
        for position, name in enumerate(side.claims):
            where = ("sides", number, "claims", position)
            if name not in claims:
                yield Fault(where, f"unknown claim {quoted(name)}", did_you_mean(name, claims))
            elif name in sided:
                twice = "twice on one side" if sided[name] == number else "on two sides"
                yield Fault(where, f"claim {quoted(name)} stands {twice}", "keep it where it belongs")
            elif conflict.id not in claims[name].conflicts:
                remedy = f"add {conflict.id} to the claim's conflicts"
                yield Fault(where, f"claim {quoted(name)} does not name this conflict", remedy)
            sided.setdefault(name, number)


def _side_faults(conflict: "ConflictItem", documents: Mapping[str, "DocumentItem"]) -> Iterator[Fault]:
    """A reading stands somewhere: in claims, which name their lines, or in lines that no claim was made of."""
    for number, side in enumerate(conflict.sides):
        where = ("sides", number)
        if side.claims and side.rests_on:
            remedy = "remove rests_on: the claims say where it stands"
            yield Fault((*where, "rests_on"), "a side has both claims and rests_on", remedy)
        elif not side.claims and not side.rests_on.split():
            remedy = f"write rests_on: lines such as 'comp:101', or '{EVIDENCE}'"
            yield Fault(where, "a side without claims does not say what it rests on", remedy)
        elif side.rests_on not in ("", EVIDENCE):
            for place in side.rests_on.split():
                document, _, lines = place.partition(":")
                fault = f"unknown document {quoted(document)}" if document not in documents else ""
                fault = fault or _lines_fault(lines, documents[document])
                if fault:
                    yield Fault((*where, "rests_on"), fault, "correct it; places look like comp:76-81,489")
