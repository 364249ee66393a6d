"""The check of tool calls: which, how often, with what arguments, in what order.

It stands apart because it looks at the whole turn: calls are made on the way to the last reply.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from harness.checks.documents import NotJson, includes, read_json, same
from harness.checks.fields import (
    Count,
    Fault,
    Flag,
    JsonSchema,
    Maybe,
    Object,
    SomeText,
    Texts,
    key,
    ordered,
    specification,
)
from harness.checks.figures import between, within
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.checks.schemas import Undecidable, first_violation
from harness.checks.showing import listed, printable, shortened, spelled
from harness.core.chat import ToolCall
from harness.core.check import Evidence

_OF_ONE_CALL = ("name", "arguments", "schema", "count", "min", "max")


@specification
class ToolCalls:
    """What calls the turn must make."""

    name: Maybe[SomeText] = key("The tool's name; any tool without it.", default=None)
    arguments: Maybe[Object] = key(
        "Arguments by value. Objects may have further keys, at any depth, unless `exact`; lists may not.", default=None
    )
    exact: Flag = key(
        "True if nothing may stand beside these `arguments`, or beside the calls of `order`.", default=False
    )
    schema: Maybe[JsonSchema] = key("JSON Schema of the arguments; it may refer only to itself.", default=None)
    count: Maybe[Count] = key("How many such calls exactly; 0 for none of this kind.", default=None)
    min: Maybe[Count] = key("How many such calls at least; 1 where count, min and max are left out.", default=None)
    max: Maybe[Count] = key("How many such calls at most.", default=None)
    none: Maybe[Flag] = key("True if the turn may call no tool at all; stands alone.", default=None)
    order: Maybe[Texts] = key(
        "Names of tools that are called in this order; others may be called between them unless `exact`. "
        "Stands alone, or with `exact`.",
        default=None,
    )

    def __post_init__(self) -> None:
        """One question at a time, and one that has an answer."""
        written = [name for name in _OF_ONE_CALL if getattr(self, name) is not None]
        ordered(self.min, self.max)
        if self.none is not None and (written or self.order or self.exact or not self.none):
            raise Fault("none: true stands alone", "for none of one tool, write its name and count: 0", ("none",))
        if self.order and written:
            raise Fault(f"order does not go with {written[0]}", "write two checks", ("order",))
        if not (written or self.order or self.none):
            raise Fault("nothing is asked for", "write a name, arguments, schema, count, order, or none: true")
        if self.count is not None and (self.min, self.max) != (None, None):
            raise Fault("count leaves nothing for min and max to say", "leave them out", ("count",))
        if self.exact and self.arguments is None and not self.order:
            raise Fault("exact needs arguments or order", "leave it out", ("exact",))


def _bounds(spec: ToolCalls) -> tuple[int | None, int | None]:
    if spec.count is not None:
        return spec.count, spec.count
    return (1, None) if spec.min is None and spec.max is None else (spec.min, spec.max)


def _tell(spec: ToolCalls) -> str:
    if spec.none:
        return "no tool call"
    if spec.order:
        return f"calls {shortened(', then '.join(spec.order), limit=80)}"
    what = spec.name or "a tool"
    arguments = "" if spec.arguments is None else f" {spelled(spec.arguments, limit=60)}"
    often = "" if _bounds(spec) == (1, None) else f", {between(*_bounds(spec))} times"
    return f"calls {printable(what)}{arguments}{' by its schema' if spec.schema is not None else ''}{often}"


def _shown(calls: tuple[ToolCall, ...]) -> str:
    return listed([f"{call.name}({call.arguments})" for call in calls]) if calls else "no tool call"


def _tool_call(spec: ToolCalls, evidence: Evidence) -> Grade:
    calls = evidence.tool_calls
    if spec.none:
        return decided(passes=not calls, expected="no tool call", seen=_shown(calls))
    if spec.order:
        names = [call.name for call in calls]
        passes = names == list(spec.order) if spec.exact else _follows(names, spec.order)
        return decided(passes=passes, expected=listed(list(spec.order)), seen=listed(names))
    expected = f"{between(*_bounds(spec))}: {_wanted(spec)}"
    try:
        faults = [_fault(spec, call) for call in calls]
    except Undecidable as fault:
        return unknown(expected=expected, why=str(fault))
    passes = within(*_bounds(spec), Decimal(faults.count(None)))
    reason = next((fault for fault in faults if fault), None)
    seen = _shown(calls) if passes or reason is None else f"{_shown(calls)}: {reason}"
    return decided(passes=passes, expected=expected, seen=seen)


def _wanted(spec: ToolCalls) -> str:
    arguments = "…" if spec.arguments is None else spelled(spec.arguments)
    return f"{printable(spec.name) if spec.name else 'any tool'}({arguments})"


def _follows(names: list[str], order: tuple[str, ...]) -> bool:
    rest = iter(names)
    return all(name in rest for name in order)


def _fault(spec: ToolCalls, call: ToolCall) -> str | None:
    """Why a call is not such a call: empty if it is another tool's; None if it is one."""
    if spec.name is not None and call.name != spec.name:
        return ""
    if spec.arguments is None and spec.schema is None:
        return None
    try:
        arguments = read_json(call.arguments)
    except NotJson as fault:
        return f"its arguments are not JSON: {fault}"
    if spec.arguments is not None and not _same_arguments(arguments, spec.arguments, exact=spec.exact):
        return "its arguments differ"
    return None if spec.schema is None else first_violation(spec.schema, arguments)


def _same_arguments(arguments: Any, wanted: Mapping[str, Any], *, exact: bool) -> bool:
    return (same if exact else includes)(arguments, wanted)


TOOL_CALL = TypedKind(
    name="tool_call",
    summary="The turn calls this tool (or none), as often, with these arguments and in this order.",
    spec=ToolCalls,
    shorthand="name",
    tell=_tell,
    decide=_tool_call,
)
