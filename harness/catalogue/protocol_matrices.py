"""What the documents promise of requests, replies, streams, tools, headers and limits on parameters, claim by claim.

It stands apart from the tables of models because these are about the protocol, and have a row for each claim.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.catalogue.cells import Cell, Matrix, show_value
from harness.catalogue.places import in_document_order, place_of
from harness.core.claims import Claim, Register

_SHAPE_KEYS = ("type", "required", "min", "max", "allowed", "const", "default")


def build_protocol(register: Register) -> tuple[Matrix, ...]:
    """The tables that `show` prints only when asked for: each row is one claim, in the documents' order."""
    tables: tuple[tuple[str, str, tuple[str, ...], Callable[[Claim], str]], ...] = (
        ("constraints", "Constraints on parameters", ("constraint",), _constraint),
        ("request", "Request: fields, domains, defaults", ("request_schema",), _shape),
        ("reply", "Reply: fields and domains", ("response_schema",), _shape),
        ("stream", "Stream", ("stream",), _shape),
        ("headers", "Keys, rate headers and errors", ("auth", "rate_header", "error"), _promise),
        ("tool-calls", "Tools: definition and flow", ("tool_schema", "tool_flow", "builtin_tool"), _shape),
        ("rules", "Legend, rules and arithmetic", ("legend", "rule", "arithmetic"), _promise),
    )
    return tuple(
        Matrix(
            name=name,
            title=title,
            header=("stands", "what", "documented"),
            rows=tuple(_row(register, claim, show(claim)) for claim in in_document_order(register, kinds)),
        )
        for name, title, kinds, show in tables
    )


def _row(register: Register, claim: Claim, text: str) -> tuple[Cell, ...]:
    """A row of one claim; its contradictions stand beside its place."""
    conflicts = tuple(sorted(conflict.id for conflict in register.contradictions(claim.id)))
    # An id says which claim of a subject it is: 'stream.chunk.created' of one endpoint.
    what = claim.id.removeprefix(f"{claim.provenance.document}.").removeprefix(f"{claim.kind}.")
    return (
        Cell(text=place_of(claim), claims=(claim.id,), conflicts=conflicts),
        Cell(text=what, claims=(claim.id,)),
        Cell(text=text, claims=(claim.id,)),
    )


def words_of(value: Mapping[str, object], leave_out: Sequence[str] = ()) -> str:
    """A claim's value in words: `context tokens 2,000,000; as written 2M`.

    leave_out  keys that are shown elsewhere
    """
    return "; ".join(f"{_word(key)} {_shown(each)}" for key, each in value.items() if key not in leave_out)


def _word(key: str) -> str:
    """A key of a value; one that is the path of a field stays as it is."""
    return key if "." in key or "[" in key else key.replace("_", " ")


def _shown(value: object) -> str:
    if isinstance(value, list) and all(isinstance(each, str) and each and each.isprintable() for each in value):
        return ", ".join(value)
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    # Not show_value() for text: a name such as max_tokens, and an empty text, must be seen as written.
    return (value or '""') if isinstance(value, str) else show_value(value)


def _promise(claim: Claim) -> str:
    return words_of(claim.value, ("model",) if claim.value.get("model") == claim.subject.id else ())


def _shape(claim: Claim) -> str:
    """A field's type, whether it must be there, its domain and default, and whatever else is said of it."""
    rest = {key: value for key, value in claim.value.items() if key not in _SHAPE_KEYS}
    if rest.get("model") == claim.subject.id:
        del rest["model"]
    return "; ".join([*_shape_words(claim.value), *([words_of(rest)] if rest else [])])


def _shape_words(value: Mapping[str, object]) -> Iterator[str]:
    if "type" in value:
        yield _shown(value["type"])
    if "required" in value:
        yield "required" if value["required"] is True else "optional"
    if "min" in value and "max" in value:
        yield f"{_shown(value['min'])} to {_shown(value['max'])}"
    else:
        yield from (f"{word} {_shown(value[key])}" for key, word in _BOUNDS.items() if key in value)
    yield from (f"{word} {_shown(value[key])}" for key, word in _FURTHER.items() if key in value)


_BOUNDS = {"min": "at least", "max": "at most"}
_FURTHER = {"allowed": "one of", "const": "always", "default": "default"}


def _constraint(claim: Claim) -> str:
    """The parameters, and what becomes of a request with them on the claim's model."""
    params = claim.value.get("params")
    named = [f"{name} {_shown(each)}" for name, each in params.items()] if isinstance(params, Mapping) else []
    named = named or [_shown(claim.value.get("param", ""))]
    outcome = _shown(claim.value.get("effect", claim.value.get("support", "")))
    return f"{', '.join(named)}: {outcome}"
