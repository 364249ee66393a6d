"""Checks of an answer that has a form: json and numeric.

They stand together because both first read the reply's text, and say so when it cannot be read.
"""

from decimal import Decimal
from typing import Any

from harness.checks.documents import NotJson, read_json, same, unfenced
from harness.checks.fields import (
    ABSENT,
    Amount,
    Fault,
    Flag,
    JsonSchema,
    Maybe,
    Number,
    Path,
    at_least_one,
    key,
    ordered,
    specification,
)
from harness.checks.figures import EXACT, between, figure, last_number, read_number, within
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.checks.paths import TooManySteps, select, selects_one
from harness.checks.schemas import Undecidable, first_violation
from harness.checks.showing import quoted, spelled
from harness.core.check import Evidence


@specification
class Json:
    """What the reply must be as JSON."""

    schema: Maybe[JsonSchema] = key(
        "JSON Schema of the value that `path` selects, or of the whole reply without a path; draft 2020-12 unless it "
        "says otherwise. It may refer only to itself.",
        default=None,
    )
    path: Maybe[Path] = key(
        "JSONPath (RFC 9535) that must select something, such as $.items[0].name; filters may not use match or search.",
        default=None,
    )
    equals: Any = key(
        "The value that `path` selects, or the whole reply without a path. "
        "If the path can select several (it has *, .., a slice or a filter), this is the list of them.",
        default=ABSENT,
    )
    fenced: Flag = key("True if the reply may be one block between ``` fences.", default=False)


def _tell_json(spec: Json) -> str:
    parts = ["by its schema"] if spec.schema is not None else []
    if spec.path is not None:
        parts.append(spec.path)
    if spec.equals is not ABSENT:
        parts.append(f"= {spelled(spec.equals, limit=40)}")
    return " ".join(["JSON", *parts])


def _json(spec: Json, evidence: Evidence) -> Grade:
    text = evidence.reply.content
    try:
        document = read_json(unfenced(text) if spec.fenced else text)
    except NotJson as fault:
        return decided(passes=False, expected="JSON", seen=f"not JSON: {fault}: {quoted(text)}")
    return _judged(spec, document) if spec.path is None else _selected(spec, spec.path, document)


def _selected(spec: Json, path: str, document: Any) -> Grade:
    expected = f"something at {path}" if spec.equals is ABSENT else f"{spelled(spec.equals)} at {path}"
    try:
        values = select(path, document)
    except TooManySteps as fault:
        return unknown(expected=expected, why=str(fault))
    # Whether a list is meant follows from the path alone, never from how many values there happen to be.
    one = selects_one(path)
    if not values and (one or (spec.equals is ABSENT and spec.schema is None)):
        return decided(passes=False, expected=expected, seen=f"nothing there, in {spelled(document)}")
    return _judged(spec, values[0] if one else values, f" at {path}")


def _judged(spec: Json, value: Any, where: str = "") -> Grade:
    """A value by the schema and the value that are asked for.

    where  begins with a space; empty for the whole reply
    """
    kind = f"something{where}" if where else "JSON"
    if spec.schema is not None:
        kind = f"JSON{where} that fits the schema"
        try:
            violation = first_violation(spec.schema, value)
        except Undecidable as fault:
            return unknown(expected=kind, why=str(fault))
        if violation is not None:
            return decided(passes=False, expected=kind, seen=violation)
    if spec.equals is ABSENT:
        return decided(passes=True, expected=kind, seen=spelled(value))
    return decided(passes=same(value, spec.equals), expected=f"{spelled(spec.equals)}{where}", seen=spelled(value))


JSON = TypedKind(
    name="json",
    summary="The reply is JSON that fits the schema, the path and the value; `json: true` asks only that it parses.",
    spec=Json,
    bare_true=True,
    tell=_tell_json,
    decide=_json,
)


@specification
class Tolerance:
    """How far a number may be off."""

    abs: Maybe[Amount] = key("How far off the number may be, in its own unit.", default=None)
    rel: Maybe[Amount] = key(
        "How far off it may be as a share of the expected value: 0.01 is one per cent.", default=None
    )

    def __post_init__(self) -> None:
        """At least one of them."""
        at_least_one(self, "abs", "rel")

    def around(self, value: Decimal) -> Decimal:
        """How far off `value` a number may be: the wider of the two."""
        return max(self.abs or Decimal(0), EXACT.multiply(self.rel or Decimal(0), abs(value)))

    def __str__(self) -> str:
        """`± 0.5 or 1 %`."""
        parts = [] if self.abs is None else [figure(self.abs)]
        parts += [] if self.rel is None else [f"{figure(self.rel * 100)} %"]
        return "± " + " or ".join(parts)


@specification
class Numeric:
    """The number that the reply must be."""

    equals: Maybe[Number] = key("The number; a text such as '1,000' is read as a number.", default=None)
    tolerance: Maybe[Tolerance] = key("How far off `equals` it may be; by default not at all.", default=None)
    min: Maybe[Number] = key("The least that passes.", default=None)
    max: Maybe[Number] = key("The most that passes.", default=None)
    in_text: Flag = key(
        "True if the last number of the reply counts; by default the whole reply must be a number.", default=False
    )

    def __post_init__(self) -> None:
        """Something to compare with, and no tolerance of nothing."""
        at_least_one(self, "equals", "min", "max")
        ordered(self.min, self.max)
        if self.tolerance is not None and self.equals is None:
            raise Fault("a tolerance needs a value", "add equals, or widen min and max", ("tolerance",))


def _wanted(spec: Numeric) -> str:
    parts = []
    if spec.equals is not None:
        parts.append(figure(spec.equals) + (f" {spec.tolerance}" if spec.tolerance else ""))
    if spec.min is not None or spec.max is not None:
        parts.append(between(spec.min, spec.max))
    return " and ".join(parts)


def _numeric(spec: Numeric, evidence: Evidence) -> Grade:
    text, expected = evidence.reply.content, _wanted(spec)
    if spec.in_text:
        place = last_number(text)
        number, shown = (None, quoted(text)) if place is None else (place.value, quoted(text, around=place.start))
        why = "no number" if place is None else f"'{place.text[:40]}' cannot be read as one number"
    else:
        number, shown, why = read_number(text), quoted(text), "not a number"
    if number is None:
        return decided(passes=False, expected=expected, seen=f"{why}: {shown}")
    return decided(passes=_fits(spec, number), expected=expected, seen=f"{figure(number)} in {shown}")


def _fits(spec: Numeric, number: Decimal) -> bool:
    if not within(spec.min, spec.max, number):
        return False
    if spec.equals is None:
        return True
    allowed = spec.tolerance.around(spec.equals) if spec.tolerance else Decimal(0)
    return EXACT.abs(EXACT.subtract(number, spec.equals)) <= allowed


NUMERIC = TypedKind(
    name="numeric",
    summary="The reply is a number near enough to this one. 1,000 and 1e3 are read, and $ and % are read over.",
    spec=Numeric,
    shorthand="equals",
    tell=lambda spec: f"number {_wanted(spec)}",
    decide=_numeric,
)
