"""A value that conforms to a JSON Schema, taken from the conversation where the conversation speaks of it.

It stands apart from JSON in prose and from tools, which both need such values.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import regex

from harness.simulator.skills.patterned import matching
from harness.simulator.skills.patterns import find
from harness.simulator.skills.schemas import both, is_number, resolved, type_of
from harness.simulator.skills.slots import found_values, plausible
from harness.simulator.skills.values import matches, split_name
from harness.simulator.skills.wordplay import listed

DEEPEST = 16
MOST_NODES = 3000
MOST_ITEMS = 200
LONGEST_PATTERN = 400
NAME_PART = 4
"""Letters from which a part of a property's name is looked for in the text."""


@dataclass(kw_only=True)
class Making:
    """The work on one value.

    text      where values are looked for
    optional  whether properties that the schema does not require are made too, whether or not the text speaks of them
    """

    root: Mapping[str, Any]
    text: str
    optional: bool = True
    nodes: int = 0
    taken: set[str] = field(default_factory=set)


def conforming(schema: Any, text: str, *, optional: bool = True) -> Any:
    """A value for the schema; for a schema that nothing finite satisfies, or that makes no sense, as near as can be."""
    root = schema if isinstance(schema, Mapping) else {}
    return _made("", root, Making(root=root, text=text, optional=optional), 0)


def arguments_for(schema: Any, text: str) -> dict[str, Any]:
    """An object for a tool's parameters: what is required, and what else the text speaks of."""
    made = conforming(schema, text, optional=False)
    return made if isinstance(made, dict) else {}


def _made(name: str, schema: Any, making: Making, depth: int) -> Any:
    making.nodes += 1
    rules = resolved(schema, making.root)
    if depth > DEEPEST or making.nodes > MOST_NODES:
        return None
    for _ in range(DEEPEST):
        branch = _branch(rules, making, depth)
        if branch is None:
            break
        rules = both({key: value for key, value in rules.items() if key not in {"anyOf", "oneOf"}}, branch)
    if "const" in rules:
        return rules["const"]
    wanted = type_of(rules)
    options = rules.get("enum")
    if isinstance(options, list) and options:
        found = found_values(name, {**rules, "type": wanted}, making.text)
        return (
            found[0]
            if found
            else rules["default"]
            if "default" in rules and rules["default"] in options
            else options[0]
        )
    maker = _MAKERS.get(wanted)
    return maker(name, {**rules, "type": wanted}, making, depth) if maker else None


def _branch(rules: Mapping[str, Any], making: Making, depth: int) -> dict[str, Any] | None:
    """The alternative to make: the first that is no null; deep down, the simplest."""
    alternatives = rules.get("anyOf") or rules.get("oneOf")
    if not isinstance(alternatives, list) or not alternatives:
        return None
    usable = [resolved(alternative, making.root) for alternative in alternatives[:20]]
    if depth > DEEPEST // 4:
        return min(usable, key=_complexity)
    return next((alternative for alternative in usable if type_of(alternative) != "null"), usable[0])


def _complexity(rules: Mapping[str, Any]) -> int:
    return {
        "null": 0,
        "boolean": 1,
        "string": 1,
        "integer": 1,
        "number": 1,
        "array": 3 if rules.get("minItems") else 2,
    }.get(type_of(rules), 4)


def _object(name: str, rules: Mapping[str, Any], making: Making, depth: int) -> dict[str, Any]:
    del name
    properties = rules.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    required = (
        [key for key in rules["required"] if isinstance(key, str)] if isinstance(rules.get("required"), list) else []
    )
    made: dict[str, Any] = {}
    for key, schema in [*properties.items(), *((key, {}) for key in required if key not in properties)][:MOST_ITEMS]:
        rule = resolved(schema, making.root)
        if (
            key in required
            or (making.optional and depth <= DEEPEST // 4)
            or (not making.optional and _spoken_of(str(key), rule, making))
        ):
            made[str(key)] = _made(str(key), schema, making, depth + 1)
    least = rules.get("minProperties")
    extra = rules.get("additionalProperties")
    while isinstance(least, int) and len(made) < min(least, MOST_ITEMS) and extra is not False:
        made[f"property_{len(made) + 1}"] = _made("", extra if isinstance(extra, Mapping) else {}, making, depth + 1)
    return made


def _spoken_of(name: str, rules: Mapping[str, Any], making: Making) -> bool:
    """Whether an optional argument is worth giving: the text has a value that is meant for it."""
    wanted = type_of(rules)
    if wanted in {"object", "array"}:
        return wanted == "array" and any(
            part.rstrip("s") in making.text.lower() for part in split_name(name) if len(part) >= NAME_PART
        )
    if rules.get("enum") or wanted == "boolean":
        return bool(found_values(name, {**rules, "type": wanted}, making.text))
    named = any(len(part) >= NAME_PART and part.rstrip("s") in making.text.lower() for part in split_name(name))
    shaped = wanted == "string" and any(part in {"date", "time", "email", "when", "day"} for part in split_name(name))
    return (named or shaped) and bool(found_values(name, {**rules, "type": wanted}, making.text))


def _array(name: str, rules: Mapping[str, Any], making: Making, depth: int) -> list[Any]:
    least = _count(rules.get("minItems"), 0)
    most = min(_count(rules.get("maxItems"), MOST_ITEMS), MOST_ITEMS)
    leading = rules.get("prefixItems")
    made = [_made(name, schema, making, depth + 1) for schema in leading[:most]] if isinstance(leading, list) else []
    items = rules.get("items", {})
    if items is False:
        return made
    rule = resolved(items, making.root)
    wanted = type_of(rule)
    values = _several(name, {**rule, "type": wanted}, making) if depth <= DEEPEST // 2 else []
    made += [_fitted(value, rule) for value in values][: max(0, most - len(made))]
    while len(made) < min(max(least, 1 if making.optional and depth < DEEPEST // 4 and most else 0), MOST_ITEMS):
        made.append(_made(name, items, making, depth + 1))
    return _apart(made, rule, least) if rules.get("uniqueItems") is True else made


def _several(name: str, rule: Mapping[str, Any], making: Making) -> list[Any]:
    """All values that the text has for a list: under the list's own name, or of the kind of its items."""
    wanted = rule["type"]
    if wanted in {"object", "array", "null"} or {"const", "anyOf", "oneOf"} & set(rule):
        return []
    found = found_values(name, rule, making.text)
    if wanted == "string" and not rule.get("enum") and len(found) == 1:
        return [*found] if "," not in found[0] and " and " not in found[0] else listed(found[0])
    return found


def _apart(made: list[Any], rule: Mapping[str, Any], least: int) -> list[Any]:
    """The items, each once; as many as must be there are made different from each other."""
    kept: list[Any] = []
    pool = iter(rule["enum"]) if isinstance(rule.get("enum"), list) else _others(made[-1] if made else None)
    for item in made:
        if item not in kept:
            kept.append(item)
    for item in pool:
        if len(kept) >= least:
            break
        if item not in kept:
            kept.append(item)
    return kept


def _others(item: Any) -> Iterator[Any]:
    for n in range(2, 2 + MOST_ITEMS):
        if isinstance(item, bool):
            yield n % 2 == 0
        elif isinstance(item, int | float):
            yield item + n - 1
        elif isinstance(item, str):
            yield f"{item} {n}"
        else:
            return


def _text(name: str, rules: Mapping[str, Any], making: Making, depth: int) -> str:
    del depth
    free = [value for value in found_values(name, rules, making.text) if isinstance(value, str)]
    fresh = [value for value in free if value not in making.taken] or free
    value = (
        fresh[0]
        if fresh
        else rules["default"]
        if isinstance(rules.get("default"), str)
        else plausible(name, rules, making.text)
    )
    making.taken.add(value)
    return str(_fitted(str(value), rules))


_FORMATS = {
    "date": (r"^\d{4}-\d\d-\d\d$", "2025-01-15"),
    "date-time": (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "2025-01-15T12:00:00Z"),
    "time": (r"^\d\d:\d\d:\d\d", "12:00:00Z"),
    "email": (r"^[^@\s]+@[^@\s]+$", "someone@example.com"),
    "uri": (r"^\w+://", "https://example.com/"),
    "uuid": (r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "ipv4": (r"^\d{1,3}(?:\.\d{1,3}){3}$", "192.0.2.1"),
    "ipv6": (r"^[0-9a-f:]+$", "2001:db8::1"),
    "hostname": (r"^[\w.-]+$", "example.com"),
    "duration": (r"^P", "P1D"),
}


def _fitted(value: Any, rules: Mapping[str, Any]) -> Any:
    """A text or number brought within the schema's bounds."""
    if isinstance(value, str):
        form = _FORMATS.get(str(rules.get("format")))
        if form and not find(form[0], value):
            value = (
                next(iter(matches("date", value)), form[1])
                if rules.get("format") == "date" and find(r"\d{4}-\d\d-\d\d", value)
                else form[1]
            )
        pattern = rules.get("pattern")
        if isinstance(pattern, str):
            value = _patterned(value, pattern)
        most, least = _count(rules.get("maxLength"), 10**6), min(_count(rules.get("minLength"), 0), 10_000)
        value = value[:most] if len(value) > most else value
        return value if len(value) >= least else (value or "x") + "x" * (least - max(len(value), 1))
    return _bounded(value, rules) if is_number(value) else value


def _patterned(value: str, pattern: str) -> str:
    """The value if the pattern matches it, else a text that it matches; the value again where none is found."""
    try:
        fits = len(pattern) <= LONGEST_PATTERN and find(f"(?-i:{pattern})", value)
    except regex.error:
        return value
    return value if fits else matching(pattern) or value


def _numeral(name: str, rules: Mapping[str, Any], making: Making, depth: int) -> Any:
    del depth
    found = found_values(name, rules, making.text)
    default = rules.get("default")
    value = found[0] if found else default if is_number(default) else plausible(name, rules, making.text)
    return _bounded(value, rules)


def _bounded(value: Any, rules: Mapping[str, Any]) -> Any:
    """The number nearest to the value that the schema allows."""
    integer = rules.get("type") == "integer"
    low, high, step = rules.get("minimum"), rules.get("maximum"), rules.get("multipleOf")
    if not is_number(step) or step <= 0:
        step = 1 if integer else 0
    gap = step or 0.001
    above, below = rules.get("exclusiveMinimum"), rules.get("exclusiveMaximum")
    if is_number(above):
        low = max(above + gap, low) if is_number(low) else above + gap
    if is_number(below):
        high = min(below - gap, high) if is_number(high) else below - gap
    if is_number(low) and value < low:
        value = low
    if is_number(high) and value > high:
        value = high
    if step:
        value = _stepped(value, step, low)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _stepped(value: Any, step: Any, low: Any) -> Any:
    """The multiple of `step` at or below the value, or the next above where that is under `low`."""
    many = Fraction(value) / Fraction(step)
    chosen = math.floor(many) * Fraction(step)
    if is_number(low) and chosen < low:
        chosen = math.ceil(many) * Fraction(step)
    return int(chosen) if chosen.denominator == 1 else float(chosen)


def _count(value: Any, otherwise: int) -> int:
    return int(value) if is_number(value) and value >= 0 else otherwise


_MAKERS: dict[str, Callable[[str, Mapping[str, Any], Making, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _text,
    "integer": _numeral,
    "number": _numeral,
    "boolean": lambda name, rules, making, _: (
        found_values(name, rules, making.text)
        or [rules["default"] if isinstance(rules.get("default"), bool) else plausible(name, rules, making.text)]
    )[0],
    "null": lambda *_: None,
}
