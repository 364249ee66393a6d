"""JSON Schemas made ready to work with: references followed, parts merged, nonsense left out.

It stands apart because schemas come from strangers: whoever builds a value from one need not doubt each keyword.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

LARGEST = 10**300
MOST_PARTS = 8


def resolved(schema: Any, root: Mapping[str, Any], hops: int = 4) -> dict[str, Any]:
    """The schema with its local reference followed and its `allOf` merged; {} for what is no schema."""
    if not isinstance(schema, Mapping):
        return {}
    merged = _sensible(schema)
    while "$ref" in merged and hops:
        hops -= 1
        target = _pointed(merged.pop("$ref"), root)
        merged = {**_sensible(target), **merged}
    merged.pop("$ref", None)
    for part in merged.pop("allOf", [])[:MOST_PARTS] if hops else ():
        merged = both(merged, resolved(part, root, hops - 1))
    return merged


def _sensible(schema: Mapping[Any, Any]) -> dict[str, Any]:
    """The keywords whose values are of the kind they must be; any other says nothing."""
    return {key: value for key, value in schema.items() if key not in _KINDS or _KINDS[key](value)}


def _is_type(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number to work with; a JSON integer of thousands of digits is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST


_KINDS: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    **dict.fromkeys(("$ref", "format", "pattern", "description"), lambda value: isinstance(value, str)),
    **dict.fromkeys(("properties", "$defs", "definitions"), lambda value: isinstance(value, Mapping)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), is_number),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), is_number),
    **dict.fromkeys(("enum", "required", "prefixItems"), lambda value: isinstance(value, list)),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), lambda value: isinstance(value, list) and bool(value)),
}


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


def both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """One schema for what must satisfy two, as far as bounds, properties and requirements go."""
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
        if is_number(a.get(key)) and is_number(b.get(key)):
            merged[key] = chosen(a[key], b[key])
    return merged


def type_of(rules: Mapping[str, Any]) -> str:
    """The type to make: of several the first that is no null; where none is said, by the other keywords."""
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
