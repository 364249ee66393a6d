"""JSON Schema within bounds: nothing is fetched, and no schema or document can hang or crash a run.

It stands apart because `json`, `tool_call` and the reading of both need it, and because jsonschema is heavy: it is
loaded by the first schema. Formats are not asserted, as the standard has it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.checks.documents import same
from harness.checks.patterns import TookTooLong, pattern_fault, search
from harness.checks.showing import shortened

Schema = Mapping[str, Any] | bool

# A few seconds of work; a schema whose branches refer to each other needs 2 ** depth.
MAX_STEPS = 100_000
MAX_UNIQUE = 2_000
# Keywords within keywords. Python's own limit is no guard: met inside a compiled library that jsonschema uses, it ends
# the process's work with a panic, which is no Exception.
MAX_NESTED = 80


@dataclass(slots=True)
class _Work:
    """What checking one document has taken so far."""

    steps: int = 0
    nested: int = 0


_work: ContextVar[_Work] = ContextVar("work")


class Undecidable(Exception):
    """A document cannot be checked against a schema within bounds."""


def schema_fault(schema: Schema) -> str | None:
    """Why a schema cannot be used, in words; None if it can."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    if isinstance(schema, bool):
        return None
    if not isinstance(schema.get("$schema", ""), str) or _unknown_dialect(schema):
        return f"no JSON Schema of the kind {shortened(str(schema['$schema']), limit=80)} is known"
    try:
        validator_for(schema, default=_default()).check_schema(dict(schema))
        return _reference_fault(schema) or _pattern_faults(schema)
    except SchemaError as error:
        return f"not a JSON Schema: at {_place(error.absolute_path)}: {shortened(error.message)}"
    except RecursionError:
        return "the schema is nested too deeply"


def first_violation(schema: Schema, document: Any) -> str | None:
    """What in the document breaks the schema, with its place; None if nothing does.

    raises  Undecidable if the schema has no end on this document, or not within bounds
    """
    from jsonschema.exceptions import best_match

    _work.set(_Work())
    try:
        error = best_match(_few(_validator(schema).iter_errors(document)))
    except TookTooLong as slow:
        raise Undecidable(str(slow)) from None
    return None if error is None else f"at {_place(error.absolute_path)}: {shortened(error.message)}"


def _few(errors: Iterator[Any]) -> Iterator[Any]:
    """The first errors: the best of a hundred is as good as the best of a million."""
    for _, error in zip(range(100), errors, strict=False):
        yield error


def _place(path: Any) -> str:
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{shortened(str(step), limit=40)}" for step in path
    )


def _default() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator


def _unknown_dialect(schema: Mapping[str, Any]) -> bool:
    from jsonschema.validators import validator_for

    known = validator_for(schema, default=None)  # type: ignore[arg-type]  # its stubs forget that any default may be given
    return "$schema" in schema and known is None


def _validator(schema: Schema) -> Any:
    from jsonschema.validators import validator_for
    from referencing import Registry

    # An empty registry: a reference that the schema does not hold itself is a problem, and never a request.
    return _bounded(validator_for(schema, default=_default()))(schema, registry=Registry())


@lru_cache(maxsize=16)
def _bounded(dialect: Any) -> Any:
    from jsonschema import validators

    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    rules = {name: _counted(own.get(name, rule)) for name, rule in dialect.VALIDATORS.items()}
    return validators.extend(dialect, rules)  # type: ignore[no-untyped-call]  # so its stubs have it


def _counted(rule: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def keyword(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        work = _work.get()
        work.steps += 1
        if work.steps > MAX_STEPS:
            message = f"the schema takes more than {MAX_STEPS} steps on this document"
            raise Undecidable(message)
        if work.nested == MAX_NESTED:
            message = "the schema refers to itself without end, or the document is too deep for it"
            raise Undecidable(message)
        work.nested += 1
        try:
            yield from rule(validator, value, instance, schema) or ()
        finally:
            work.nested -= 1

    return keyword


def _error(message: str) -> Any:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and search(pattern, instance) is None:
        yield _error(f"'{instance}' does not match '{pattern}'")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, rule in patterns.items():
        for name, value in instance.items():
            if search(pattern, name) is not None:
                yield from validator.descend(value, rule, path=name, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in named or any(search(pattern, name) is not None for pattern in patterns):
            continue
        if rule is False:
            yield _error(f"the property '{name}' is not allowed")
        else:
            yield from validator.descend(value, rule, path=name)


def _unique_items(validator: Any, unique: Any, instance: Any, _: Any) -> Iterator[Any]:
    if not unique or not validator.is_type(instance, "array"):
        return
    if len(instance) > MAX_UNIQUE:
        message = f"{len(instance)} items are too many to compare each with each"
        raise Undecidable(message)
    if any(same(left, right) for index, left in enumerate(instance) for right in instance[:index]):
        yield _error("an item stands twice")


def _reference_fault(schema: Mapping[str, Any]) -> str | None:
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = Registry().with_resource("", resource).resolver()
    for part in _subschemas(schema):
        for reference in (part.get("$ref"), part.get("$dynamicRef")):
            if not isinstance(reference, str):
                continue
            try:
                resolver.lookup(reference)
            except (Unresolvable, ValueError, LookupError, TypeError):
                return f"the reference {shortened(reference, limit=80)} does not point into the schema itself"
    return None


def _pattern_faults(schema: Mapping[str, Any]) -> str | None:
    parts = list(_subschemas(schema))
    patterns = [part["pattern"] for part in parts if isinstance(part.get("pattern"), str)]
    names = [name for part in parts for name in part.get("patternProperties", {})]
    if names and any("unevaluatedProperties" in part for part in parts):
        # jsonschema matches these names itself, by `re` and without end.
        return "patternProperties and unevaluatedProperties cannot be used together here; use additionalProperties"
    return next((fault for fault in map(pattern_fault, [*patterns, *names]) if fault is not None), None)


# Keywords that hold names and schemas, and keywords that hold values: a name or a value may look like a keyword.
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_VALUES = ("const", "enum", "default", "examples")


def _subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema and every schema within it, of any draft."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for keyword, value in schema.items():
        if keyword in _VALUES:
            continue
        if keyword in _NAMED and isinstance(value, Mapping):
            inner: list[Any] = list(value.values())
        else:
            inner = value if isinstance(value, list) else [value]
        for part in inner:
            yield from _subschemas(part)
