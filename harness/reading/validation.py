"""Pydantic's errors in an author's words, each at its key or value in the file.

It stands apart because it alone knows pydantic's error types and the shape of their locations.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from harness.reading.document import Document
from harness.reading.problems import Problem, ProblemsError, did_you_mean, nearest, quoted
from harness.reading.scalars import ScalarFault, resolve
from harness.reading.source import MAX_PROBLEMS

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
Path = tuple[str | int, ...]

_TEXT, _WHOLE, _NUMBER, _BOOLEAN = "text", "a whole number", "a number", "true or false"
_LIST, _MAPPING = "a list", "a mapping"
_TYPES = {
    **dict.fromkeys(("string_type", "string_sub_type"), _TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _BOOLEAN),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), _MAPPING),
    "none_required": "null",
}
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "must match the pattern {pattern}",
}
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_SHOWN = 60


def validate(model: "type[T] | TypeAdapter[T]", document: Document, *, noun: str, where: Path = ()) -> T:
    """The part of the document at `where` as a model or as whatever a TypeAdapter makes.

    Strict, by JSON's rules: '3' is no number and 1 is no truth, but a list fills a tuple, and text an enumeration.
    noun    first part of the problems' codes: `<noun>-unknown-key`, `-missing-key`, `-type`, `-value`
    raises  ProblemsError with every problem at once
    """
    from pydantic import BaseModel, TypeAdapter, ValidationError

    text = json.dumps(_at(document.value, where), ensure_ascii=False, allow_nan=False)
    try:
        # Not by an adapter: it would build the model's validator anew, once a file.
        if isinstance(model, type) and issubclass(model, BaseModel):
            return cast("T", model.model_validate_json(text, strict=True))
        adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        raise ProblemsError(problems_of(error, model, document, noun=noun, where=where)) from error


def problems_of(
    error: "ValidationError", model: "type[Any] | TypeAdapter[Any]", document: Document, *, noun: str, where: Path = ()
) -> list[Problem]:
    """The problems behind a validation error of the part at `where`: one for each fault, not one for each union member.

    model  what was validated against: its JSON Schema tells which keys are known, so it must have one
    A validator adds a remedy by raising a ValueError that has the attribute `remedy`, or a PydanticCustomError with
    that key in its context.
    """
    faults = [_fault(each, _at(document.value, where)) for each in error.errors(include_url=False)[:MAX_PROBLEMS]]
    complaints = _merged(faults, 0, _Schema(model))
    return [
        document.problem((*where, *each.path), each.message, f"{noun}-{each.kind}", each.remedy, key=each.key)
        for each in complaints
    ]


class _Step(NamedTuple):
    """One element of pydantic's location: a key or index of the document, or a label that pydantic put between."""

    label: str | int
    is_real: bool


class _Fault(NamedTuple):
    """One error of pydantic with its location read."""

    steps: tuple[_Step, ...]
    error: Any

    def path(self, stop: int | None = None) -> Path:
        return tuple(step.label for step in self.steps[:stop] if step.is_real)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Complaint:
    """One problem in the making.

    expected  what would have fitted, where the value has the wrong shape or is not one of a few
    found     the value, where `expected` is given
    name      the missing key; for an unknown key the known one that is most like it
    """

    path: Path
    kind: str
    message: str
    remedy: str = ""
    key: bool = False
    expected: tuple[str, ...] = ()
    found: Any = None
    name: str | None = None


def _at(value: Any, where: Path) -> Any:
    for step in where:
        value = value[step]
    return value


def _fault(error: Any, value: Any) -> _Fault:
    """Tell keys from labels: the real steps lead to the very value that pydantic says it met."""
    location: Path = error["loc"]
    is_missing = error["type"] == "missing"
    body = location[:-1] if is_missing else location
    plain = _walk(value, body, None)
    steps = plain[0]
    if plain[1] != error["input"]:
        # A label can be spelled like a key: a union member 'str' beside a key 'str'. Leaving that one out must fit.
        walks = (_walk(value, body, number) for number in range(len(body)))
        steps = next((steps for steps, reached in walks if reached == error["input"]), steps)
    return _Fault((*steps, *(_Step(name, is_real=True) for name in location[len(body) :])), error)


def _walk(value: Any, location: Path, left_out: int | None) -> tuple[tuple[_Step, ...], Any]:
    steps = []
    for number, label in enumerate(location):
        is_key = isinstance(value, dict) and label in value
        is_index = isinstance(value, list) and isinstance(label, int) and 0 <= label < len(value)
        is_real = number != left_out and (is_key or is_index)
        steps.append(_Step(label, is_real))
        if is_real:
            value = value[label]
    return tuple(steps), value


def _merged(faults: Sequence[_Fault], depth: int, schema: "_Schema") -> list[_Complaint]:
    """Complaints of faults that share their first `depth` steps; branches of a union become one."""
    complaints = [_worded(fault, schema) for fault in faults if len(fault.steps) == depth]
    groups: dict[_Step, list[_Fault]] = {}
    for fault in faults:
        if len(fault.steps) > depth:
            groups.setdefault(fault.steps[depth], []).append(fault)
    branches = []
    for step, group in groups.items():
        merged = _merged(group, depth + 1, schema)
        if step.is_real:
            complaints.extend(merged)
        else:
            branches.append(merged)
    if branches:
        complaints.extend(branches[0] if len(branches) == 1 else _union(branches, faults[0].path(depth)))
    # 'promt' for 'prompt' is one slip of the pen, not an unknown key and a missing one.
    meant = {(each.path[:-1], each.name) for each in complaints if each.kind == "unknown-key"}
    return [each for each in complaints if each.kind != "missing-key" or (each.path, each.name) not in meant]


def _union(branches: Sequence[list[_Complaint]], path: Path) -> list[_Complaint]:
    """The branch that the author most likely meant; if none has the value's shape, one complaint naming them all."""
    fitting = [branch for branch in branches if not any(each.expected and each.path == path for each in branch)]
    if fitting:
        return min(fitting, key=len)
    misfits = [each for branch in branches for each in branch if each.expected and each.path == path]
    expected = tuple(dict.fromkeys(phrase for each in misfits for phrase in each.expected))
    return [_misfit(path, expected, misfits[0].found)]


def _worded(fault: _Fault, schema: "_Schema") -> _Complaint:
    error, path = fault.error, fault.path()
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = schema.names_at(path[:-1])
        name = str(path[-1])
        message = f"unknown key {quoted(name)}{_inside(path)}"
        alike = nearest(name, known)
        remedy = did_you_mean(name, known)
        return _Complaint(path=path, kind="unknown-key", message=message, remedy=remedy, key=True, name=alike)
    if kind == "missing":
        name = str(path[-1])
        remedy = f"write '{name}: …' here"
        message = f"missing key {quoted(name)}{_inside(path)}"
        return _Complaint(path=path[:-1], kind="missing-key", message=message, remedy=remedy, key=True, name=name)
    if kind in _TYPES:
        return _misfit(path, (_TYPES[kind],), error["input"])
    if kind in ("literal_error", "enum"):
        return _misfit(path, tuple(_phrases(context["expected"])), error["input"])
    is_key = bool(fault.steps) and fault.steps[-1].label == "[key]"
    message, remedy = _of_value(error, kind, context)
    return _Complaint(path=path, kind="value", message=message, remedy=remedy, key=is_key)


def _inside(path: Path) -> str:
    """` in 'params'`, where the key's mapping has a name of its own."""
    parent = path[-2] if len(path) > 1 else None
    return f" in {quoted(parent)}" if isinstance(parent, str) else ""


def _phrases(expected: str) -> Iterator[str]:
    """The allowed values one by one, from pydantic's `'a', 'b' or 3`, text in single quotes."""
    for part in re.split(r", | or ", _QUOTED.sub(lambda found: found.group().replace(" ", "\0"), expected)):
        yield part.replace("\0", " ")


def _misfit(path: Path, expected: tuple[str, ...], found: Any) -> _Complaint:
    """A value of the wrong shape, or none of the few that are allowed."""
    allowed = [phrase[1:-1] for phrase in expected if phrase.startswith("'")]
    choice = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
    is_wrong_word = bool(allowed) and isinstance(found, str)
    return _Complaint(
        path=path,
        kind="value" if is_wrong_word else "type",
        message=f"expected {choice}, found {_described(found)}",
        remedy=did_you_mean(found, allowed) if is_wrong_word else _remedy(expected, found),
        expected=expected,
        found=found,
    )


def _remedy(expected: tuple[str, ...], found: Any) -> str:
    if found is None:
        return "write a value, or leave the key out"
    if isinstance(found, bool | int | float) and (_TEXT in expected or f"'{found}'" in expected):
        return "put it in quotes"
    if isinstance(found, str) and {_WHOLE, _NUMBER, _BOOLEAN} & set(expected) and _is_quoted_needlessly(found):
        return "write it without quotes"
    if _LIST in expected and not isinstance(found, dict):
        return "write it as a list: [a, b], or one '- …' a line"
    if _MAPPING in expected:
        return "write it as a mapping: {key: value}, or one 'key: value' a line"
    return f"write {expected[0]}"


def _is_quoted_needlessly(text: str) -> bool:
    try:
        return not isinstance(resolve(text), str)
    except ScalarFault:
        return False


def _described(value: Any) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"a number ({value})"
    if isinstance(value, str):
        return f"text ({quoted(value)})" if value else "empty text"
    return _LIST if isinstance(value, list) else _MAPPING


def _of_value(error: Any, kind: str, context: Any) -> tuple[str, str]:
    """Message and remedy for a value of the right type that is refused."""
    if kind in ("string_too_short", "too_short") and context["min_length"] == 1:
        return "must not be empty", "write something, or leave the key out"
    if kind in _BOUNDS:
        return f"{_BOUNDS[kind].format(**context)}, found {_described(error['input'])}", ""
    cause = context.get("error")
    message = str(cause) if isinstance(cause, Exception) else str(error["msg"]).replace("Input", "the value")
    return message, str(context.get("remedy") or getattr(cause, "remedy", ""))


class _Schema:
    """The keys that a model knows, place by place, from its JSON Schema; made only when a key is unknown."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._schema: Any = None

    def names_at(self, path: Path) -> set[str]:
        """Keys known at a place; those of all union members that the place may mean."""
        nodes = [self._whole()]
        for step in path:
            nodes = [child for node in self._expanded(nodes) for child in _children(node, step)]
        return {name for node in self._expanded(nodes) for name in node.get("properties", {})}

    def _whole(self) -> Any:
        from pydantic import TypeAdapter

        if self._schema is None:
            adapter = self._model if isinstance(self._model, TypeAdapter) else TypeAdapter(self._model)
            self._schema = adapter.json_schema()
        return self._schema

    def _expanded(self, nodes: Sequence[Any]) -> list[Any]:
        """The nodes with references followed and unions opened, each once."""
        found: dict[int, Any] = {}
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if not isinstance(node, dict) or id(node) in found:
                continue
            found[id(node)] = node
            if "$ref" in node:
                waiting.append(self._schema["$defs"][node["$ref"].rpartition("/")[2]])
            waiting.extend(each for word in ("anyOf", "oneOf", "allOf") for each in node.get(word, []))
        return list(found.values())


def _children(node: Any, step: str | int) -> list[Any]:
    if isinstance(step, int):
        return [node.get("items"), *node.get("prefixItems", [])[step : step + 1]]
    properties = node.get("properties", {})
    if step in properties:
        return [properties[step]]
    return [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
