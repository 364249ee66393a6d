"""A value that conforms to a JSON Schema, taken from the conversation where the conversation speaks of it.

It stands apart from JSON in prose and from tools, which both need such values.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.simulator.skills.patterned import matching
from harness.simulator.skills.patterns import find
from harness.simulator.skills.slots import found_values, plausible
from harness.simulator.skills.values import matches, split_name
from harness.simulator.skills.wordplay import listed

DEEPEST = 16
MOST_NODES = 3000
MOST_ITEMS = 200


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


def resolved(schema: Any, root: Mapping[str, Any], hops: int = 8) -> dict[str, Any]:
    """The schema with its local reference followed and its `allOf` merged; {} for what is no schema."""
    if not isinstance(schema, Mapping):
        return {}
    merged = dict(schema)
    while isinstance(merged.get("$ref"), str) and hops:
        hops -= 1
        target = _pointed(merged.pop("$ref"), root)
        merged = {**target, **merged}
    merged.pop("$ref", None)
    parts = merged.pop("allOf", None)
    for part in parts if isinstance(parts, list) and hops else ():
        merged = _both(merged, resolved(part, root, hops - 1))
    return merged


def _pointed(reference: str, root: Mapping[str, Any]) -> dict[str, Any]:
    node: Any = root
    if not reference.startswith("#"):
        return {}
    for part in reference[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping):
            node = node.get(key)
        elif isinstance(node, list) and key.isascii() and key.isdigit() and int(key[:9]) < len(node):
            node = node[int(key[:9])]
        else:
            return {}
    return dict(node) if isinstance(node, Mapping) else {}


def _both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    merged = {**a, **b}
    if isinstance(a.get("properties"), Mapping) and isinstance(b.get("properties"), Mapping):
        merged["properties"] = {**a["properties"], **b["properties"]}
    if isinstance(a.get("required"), list) and isinstance(b.get("required"), list):
        merged["required"] = [*a["required"], *b["required"]]
    for key, chosen in (
        ("minimum", max),
        ("maximum", min),
        ("minLength", max),
        ("maxLength", min),
        ("minItems", max),
        ("maxItems", min),
    ):
        if _is_number(a.get(key)) and _is_number(b.get(key)):
            merged[key] = chosen(a[key], b[key])
    return merged


def _made(name: str, schema: Any, making: Making, depth: int) -> Any:
    making.nodes += 1
    rules = resolved(schema, making.root)
    if depth > DEEPEST or making.nodes > MOST_NODES:
        return None
    if "const" in rules:
        return rules["const"]
    branch = _branch(rules, making, depth)
    if branch is not None:
        rules = _both({key: value for key, value in rules.items() if key not in {"anyOf", "oneOf"}}, branch)
        if "const" in rules:
            return rules["const"]
    wanted = type_of(rules)
    options = rules.get("enum")
    if isinstance(options, list) and options:
        found = found_values(name, {**rules, "type": wanted}, making.text)
        return found[0] if found else rules["default"] if rules.get("default") in options else options[0]
    maker = _MAKERS.get(wanted)
    return maker(name, {**rules, "type": wanted}, making, depth) if maker else None


def _branch(rules: Mapping[str, Any], making: Making, depth: int) -> dict[str, Any] | None:
    """The alternative to make: one that the text has a value for, else the first that is no null; deep down, the simplest."""
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


def type_of(rules: Mapping[str, Any]) -> str:
    """The type to make; where several are allowed, the first that is no null; where none is said, by the other keywords."""
    wanted = rules.get("type")
    if isinstance(wanted, list):
        wanted = next((one for one in wanted if one != "null"), "null")
    if isinstance(wanted, str):
        return wanted
    for keys, kind in (
        ({"properties", "required", "additionalProperties", "minProperties"}, "object"),
        ({"items", "prefixItems", "minItems", "maxItems"}, "array"),
        ({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}, "number"),
    ):
        if keys & set(rules):
            return kind
    return "string"


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
            part.rstrip("s") in making.text.lower() for part in split_name(name) if len(part) > 3
        )
    if rules.get("enum") or wanted == "boolean":
        return bool(found_values(name, {**rules, "type": wanted}, making.text))
    named = any(len(part) > 3 and part.rstrip("s") in making.text.lower() for part in split_name(name))  # noqa: PLR2004 - a word
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
    made += [_fitted(value, rule, name) for value in values][: max(0, most - len(made))]
    while len(made) < min(max(least, 1 if making.optional and depth < DEEPEST // 4 and most else 0), MOST_ITEMS):
        made.append(_made(name, items, making, depth + 1))
    return _apart(made, rule, least) if rules.get("uniqueItems") is True else made


def _several(name: str, rule: Mapping[str, Any], making: Making) -> list[Any]:
    """All values that the text has for a list: under the list's own name, or of the kind of its items."""
    wanted = rule["type"]
    if wanted in {"object", "array", "null"}:
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
    return str(_fitted(str(value), rules, name))


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


def _fitted(value: Any, rules: Mapping[str, Any], name: str) -> Any:
    """A text or number brought within the schema's bounds."""
    del name
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
    return _bounded(value, rules) if _is_number(value) else value


def _patterned(value: str, pattern: str) -> str:
    try:
        if len(pattern) <= 400 and find(f"(?-i:{pattern})", value):  # noqa: PLR2004 - longer patterns are not tried
            return value
    except Exception as problem:  # regex reports a pattern that it cannot read by a class of its own
        if not type(problem).__module__.startswith("regex"):
            raise
        return value
    return matching(pattern) or value


def _numeral(name: str, rules: Mapping[str, Any], making: Making, depth: int) -> Any:
    del depth
    found = found_values(name, rules, making.text)
    default = rules.get("default")
    value = found[0] if found else default if _is_number(default) else plausible(name, rules, making.text)
    return _bounded(value, rules)


def _bounded(value: Any, rules: Mapping[str, Any]) -> int | float:
    """The number nearest to the value that the schema allows."""
    integer = rules.get("type") == "integer"
    step = (
        rules["multipleOf"] if _is_number(rules.get("multipleOf")) and rules["multipleOf"] > 0 else 1 if integer else 0
    )
    low, high = rules.get("minimum"), rules.get("maximum")
    gap = step or 0.001
    if _is_number(rules.get("exclusiveMinimum")):
        low = max(rules["exclusiveMinimum"] + gap, low if _is_number(low) else -math.inf)
    if _is_number(rules.get("exclusiveMaximum")):
        high = min(rules["exclusiveMaximum"] - gap, high if _is_number(high) else math.inf)
    if _is_number(low) and value < low:  # type: ignore[operator]
        value = low
    if _is_number(high) and value > high:  # type: ignore[operator]
        value = high
    if step and math.isfinite(value):
        value = _stepped(value, step, low)
    return (
        int(value)
        if isinstance(value, float) and value.is_integer() and (integer or step == int(step or 0.5))
        else value
    )  # type: ignore[no-any-return]


def _stepped(value: Any, step: Any, low: Any) -> Any:
    many = value / step
    down = math.floor(many + 1e-9)
    chosen = down if not _is_number(low) or down * step >= low else math.ceil(many - 1e-9)
    return chosen * step


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _count(value: Any, otherwise: int) -> int:
    return int(value) if _is_number(value) and value >= 0 else otherwise


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
