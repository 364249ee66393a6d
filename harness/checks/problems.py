"""Pydantic's validation errors -> problems in plain words, with the nearest right spelling.

It stands apart so that pydantic's vocabulary is known in one place.
"""

import difflib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args

from harness.checks.fields import Fault, found
from harness.core.check import SpecProblem


def problem_of(error: Mapping[str, Any], spec: type) -> SpecProblem:
    """One of pydantic's errors, for an argument that was read as `spec`."""
    path, value = tuple(error["loc"]), error["input"]
    message, remedy, key = str(error["msg"]), "", False
    match error["type"]:
        case "value_error" if isinstance(fault := error["ctx"]["error"], Fault):
            path, message, remedy = path + fault.path, fault.message, fault.remedy
        case "unexpected_keyword_argument" | "invalid_key":
            message, remedy, key = f"unknown key '{path[-1]}'", _nearest(path[-1], _keys_at(spec, path[:-1])), True
        case "missing":
            path, message, remedy = path[:-1], f"the key '{path[-1]}' is missing", f"add {path[-1]}: …"
        case "dataclass_type":
            message, remedy = (
                f"expected keys and values, found {found(value)}",
                f"keys: {', '.join(_keys_at(spec, path))}",
            )
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            message, remedy = f"{found(value)} is not possible here", _nearest(value, allowed)
        case "tuple_type" | "list_type":
            message, remedy = f"expected a list, found {found(value)}", "write [ … ]"
    return SpecProblem(path=path, message=message, remedy=remedy, key=key)


def _nearest(wrong: object, known: list[str]) -> str:
    near = difflib.get_close_matches(str(wrong), known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"it is one of {', '.join(known)}"


def _keys_at(spec: type, path: tuple[str | int, ...]) -> list[str]:
    """The keys of the dataclass that stands at `path` within `spec`."""
    for step in path:
        inner = next((item.type for item in fields(spec) if item.name == step), None)
        spec = next((part for part in _parts(inner) if isinstance(part, type) and is_dataclass(part)), spec)
    return [item.name for item in fields(spec)]


def _parts(annotation: Any) -> list[Any]:
    return [annotation, *(part for inner in get_args(annotation) for part in _parts(inner))]
