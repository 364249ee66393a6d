"""What the keys of a check may hold: each type reads one value of a suite, and says in plain words what is wrong.

It stands apart because pydantic's own types would take `true` for 1 and null for a key left out, and could not say
that a number may come from a CSV row as text. Importing it costs no pydantic: that is loaded by the first check parsed.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from decimal import Decimal
from typing import Annotated, Any, TypeVar, dataclass_transform

from harness.checks.figures import between, read_number, within
from harness.checks.paths import path_fault
from harness.checks.patterns import pattern_fault
from harness.checks.schemas import schema_fault
from harness.checks.showing import quoted

T = TypeVar("T")

# Python refuses to spell much longer integers than this, and no suite means one.
MAX_BITS = 1_000

# A value that a template fills in is text until then; an editor must let it stand.
_TEMPLATE = r"\{\{"
_NUMBER_OR_TEMPLATE = (
    r"^\s*[-+\u2212]?[$€£¥]?\s?[0-9.][0-9., \u00a0\u2009\u202f]*([eE][-+]?[0-9]+)?\s?%?\s*$|" + _TEMPLATE
)


class Fault(ValueError):
    """What is wrong with a value.

    remedy  what would be right; may be empty
    path    where below the value, if not the value itself
    """

    def __init__(self, message: str, remedy: str = "", path: tuple[str | int, ...] = ()) -> None:
        """Keep the parts."""
        super().__init__(message)
        self.message, self.remedy, self.path = message, remedy, path


def found(value: object) -> str:
    """A value of the wrong type, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {quoted(value, limit=40)}"
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return "a number of very many digits"
    if isinstance(value, int | float | Decimal):
        return f"the number {value}"
    return "a list" if isinstance(value, list | tuple) else "keys and values"


class _Absent:
    """The value of a key that was left out, where null is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def key(description: str, *, default: Any = MISSING) -> Any:
    """One key of a specification.

    description  what an editor shows when the pointer rests on the key
    default      the value where the key is left out; without one, the key is required
    """
    hover = {"description": description}
    if default is MISSING:
        return field(metadata=hover)
    # A default that a suite cannot write must not stand in the JSON Schema; pydantic leaves factories out of it.
    if default is None or default is ABSENT or default == ():
        return field(default_factory=lambda: default, metadata=hover)
    return field(default=default, metadata=hover)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(key,))
def specification(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass whose keys are those that it names and no others."""
    cls.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, eq=False)
class Reads:
    """Marks a type with the function that reads it and with the JSON Schema of what may be written.

    read  the value as written -> the value to keep; raises Fault
    """

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Let the function alone decide."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """The schema as given."""
        return dict(self.schema)


@dataclass(frozen=True, eq=False)
class _LeftOut:
    """Marks an optional type: the key may be left out, but not written with nothing after it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The type without its None."""
        return handler(source)["schema"]


Maybe = Annotated[T | None, _LeftOut()]


def at_least_one(spec: object, *names: str) -> None:
    """Raise Fault if every one of these keys was left out."""
    if all(getattr(spec, name) in (None, ()) for name in names):
        raise Fault("nothing is asked for", f"write at least one of {', '.join(names)}")


def ordered(least: Decimal | int | None, most: Decimal | int | None, *, unit: str = "") -> None:
    """Raise Fault if nothing can lie between the values of the keys `min` and `max`, their names ended by `unit`."""
    if least is not None and most is not None and least > most:
        raise Fault(
            f"min{unit} {least} is more than max{unit} {most}: nothing can pass", "exchange them", (f"min{unit}",)
        )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    quotes = "put it in quotes" if isinstance(value, bool | int | float) else ""
    raise Fault(f"expected text, found {found(value)}", quotes)


def _some_text(value: object) -> str:
    text = _text(value)
    if not text:
        raise Fault("the text is empty, and every reply would pass", "write some text")
    return text


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Fault(f"expected true or false, found {found(value)}")


def _number(value: object) -> Decimal:
    number = None
    if isinstance(value, str):
        number = read_number(value)
    elif isinstance(value, float | Decimal) or (type(value) is int and value.bit_length() <= MAX_BITS):
        number = read_number(str(value))
    if number is None:
        raise Fault(f"expected a number, found {found(value)}")
    return number


def _amount(value: object) -> Decimal:
    number = _number(value)
    if number < 0:
        raise Fault(f"expected zero or more, found {number}")
    return number


def _count(value: object) -> int:
    number = _amount(value)
    if number != number.to_integral_value():
        raise Fault(f"expected a whole number, found {number}")
    return int(number)


def _share(value: object) -> Decimal:
    number = _amount(value)
    if number > 1:
        raise Fault(f"expected a number from 0 to 1, found {number}")
    return number


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise Fault("the list is empty: nothing can pass", "name at least one")
    texts = []
    for index, item in enumerate(items):
        try:
            texts.append(_text(item))
        except Fault as fault:
            raise Fault(fault.message, fault.remedy, (index,) if items is value else ()) from None
    return tuple(texts)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Fault(f"expected keys and values, found {found(value)}")
    for name in value:
        if not isinstance(name, str):
            raise Fault(f"the key {name!r} is not text", "put it in quotes")
    return value


def _checked(read: Callable[[object], T], fault_of: Callable[[T], str | None], remedy: str) -> Callable[[object], T]:
    def reads(value: object) -> T:
        got = read(value)
        message = fault_of(got)
        if message is not None:
            raise Fault(message, remedy)
        return got

    return reads


def _json_schema(value: object) -> Mapping[str, Any] | bool:
    return value if isinstance(value, bool) else _mapping(value)


def _numeric(kind: str, **bounds: int) -> dict[str, Any]:
    return {"anyOf": [{"type": kind, **bounds}, {"type": "string", "pattern": _NUMBER_OR_TEMPLATE}]}


# What the suite puts in the place of {file: rubric.txt}; an editor must let it stand.
_INCLUSION = {
    "type": "object",
    "properties": {"file": {"type": "string", "description": "A file beside the suite."}},
    "required": ["file"],
    "additionalProperties": False,
}
_LIST_OF_TEXT = {"type": "array", "items": {"type": "string"}, "minItems": 1}

Text = Annotated[str, Reads(_text, {"type": "string"})]
SomeText = Annotated[str, Reads(_some_text, {"type": "string", "minLength": 1})]
LongText = Annotated[str, Reads(_some_text, {"anyOf": [{"type": "string", "minLength": 1}, _INCLUSION]})]
Flag = Annotated[bool, Reads(_flag, {"type": "boolean"})]
Number = Annotated[Decimal, Reads(_number, _numeric("number"))]
Amount = Annotated[Decimal, Reads(_amount, _numeric("number", minimum=0))]
Share = Annotated[Decimal, Reads(_share, _numeric("number", minimum=0, maximum=1))]
Count = Annotated[int, Reads(_count, _numeric("integer", minimum=0))]
Texts = Annotated[tuple[str, ...], Reads(_texts, {"anyOf": [{"type": "string"}, _LIST_OF_TEXT]})]
Object = Annotated[Mapping[str, Any], Reads(_mapping, {"type": "object"})]
Pattern = Annotated[
    str,
    Reads(
        _checked(_some_text, pattern_fault, "patterns are those of Python's re, with Unicode classes such as \\p{L}"),
        {"type": "string", "minLength": 1},
    ),
]
Path = Annotated[
    str,
    Reads(
        _checked(_some_text, path_fault, "paths are those of RFC 9535, such as $.items[0].name"),
        {"type": "string", "pattern": r"^\$|" + _TEMPLATE},
    ),
]
JsonSchema = Annotated[
    Mapping[str, Any] | bool,
    Reads(
        _checked(_json_schema, schema_fault, "see json-schema.org; references may only point into the schema itself"),
        {"type": ["object", "boolean"]},
    ),
]


@specification
class Bounds:
    """A least and a most, both allowed themselves."""

    min: Maybe[Amount] = key("The least that passes.", default=None)
    max: Maybe[Amount] = key("The most that passes.", default=None)

    def __post_init__(self) -> None:
        """At least one bound, and room between the two."""
        at_least_one(self, "min", "max")
        ordered(self.min, self.max)

    def __str__(self) -> str:
        """`at most 5`, `at least 2`, `2 to 5`, or `exactly 5`."""
        return between(self.min, self.max)

    def hold(self, value: Decimal | float) -> bool:
        """True if the value lies within."""
        return within(self.min, self.max, Decimal(str(value)))
