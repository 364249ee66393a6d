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
    match error["type"]:
        case "value_error" if isinstance(fault := error["ctx"]["error"], Fault):
            return SpecProblem(path=path + fault.path, message=fault.message, remedy=fault.remedy)
        case "unexpected_keyword_argument" | "invalid_key":
            known = _keys_at(spec, path[:-1])
            return SpecProblem(path=path, message=f"unknown key '{path[-1]}'", remedy=_nearest(path[-1], known), key=True)
        case "missing":
            return SpecProblem(path=path[:-1], message=f"the key '{path[-1]}' is missing", remedy=f"add {path[-1]}: …")
        case "dataclass_type" | "dict_type" | "mapping_type":
            remedy = f"keys are {', '.join(_keys_at(spec, path))}"
            return SpecProblem(path=path, message=f"expected keys and values, found {found(value)}", remedy=remedy)
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return SpecProblem(path=path, message=f"found {found(value)}", remedy=_nearest(value, allowed))
        case "tuple_type" | "list_type":
            return SpecProblem(path=path, message=f"expected a list, found {found(value)}", remedy="write [ … ]")
    return SpecProblem(path=path, message=str(error["msg"]))


def _nearest(wrong: object, known: list[str]) -> str:
    near = difflib.get_close_matches(str(wrong), known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"it is one of {', '.join(known)}"


def _keys_at(spec: type, path: tuple[str | int, ...]) -> list[str]:
    """The keys of the dataclass that stands at `path` within `spec`."""
    for step in path:
        inner = next((item.type for item in fields(spec) if item.name == step), None)
        spec = next((part for part in _parts(inner) if is_dataclass(part)), spec)
    return [item.name for item in fields(spec)]


def _parts(annotation: Any) -> list[Any]:
    return [annotation, *(part for inner in get_args(annotation) for part in _parts(inner))]
