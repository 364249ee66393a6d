"""Tool calls put together from whole entries or from fragments, under every numbering seen in the wild.

It stands apart because which fragment belongs to which call is the one guess in reading a reply.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.chat import ToolCall
from harness.wire.untrusted import Notes, NotJson, object_of, shown, sound, text_of, write_json


def index_of(value: object) -> int | None:
    """The value if it can number a choice or a call, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@dataclass(slots=True)
class _Call:
    index: int | None
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ToolCallFold:
    """The tool calls of one choice."""

    def __init__(self, notes: Notes) -> None:
        """Begin with no calls; `notes` is told of oddities."""
        self._notes = notes
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._legacy: _Call | None = None

    def add(self, entry: object, *, whole: bool) -> None:
        """One entry of `tool_calls`; `whole` if it is a call of its own rather than a fragment."""
        fields = object_of(entry)
        if not fields:
            self._notes.add(f"a tool call is {shown(entry)}, not an object")
            return
        # Some servers leave out the `function` level.
        function = object_of(fields.get("function")) or fields
        call_id = text_of(fields.get("id"), "a tool call's id", self._notes) or ""
        name = text_of(function.get("name"), "a tool call's name", self._notes) or ""
        index = index_of(fields.get("index"))
        call = None if whole else self._find(index, call_id, name)
        self._extend(call or self._begin(index, call_id), call_id, name, function.get("arguments"))

    def add_legacy(self, function_call: Mapping[str, object]) -> None:
        """A `function_call`, the form before `tool_calls`: at most one, without an id."""
        if self._legacy is None:
            self._legacy = self._begin(None, "")
        name = text_of(function_call.get("name"), "a function call's name", self._notes) or ""
        self._extend(self._legacy, "", name, function_call.get("arguments"))

    def all(self) -> tuple[ToolCall, ...]:
        """The calls, by index where all have one, else in order of appearance."""
        calls = self._calls
        if all(call.index is not None for call in calls):
            calls = sorted(calls, key=lambda call: call.index or 0)
        return tuple(self._finish(call) for call in calls)

    def _find(self, index: int | None, call_id: str, name: str) -> _Call | None:
        """The call that a fragment continues, or None if it begins one."""
        if index is not None:
            known = self._by_index.get(index)
            # Some servers number every call 0: another id together with a name begins another call.
            is_other = known is not None and known.id and call_id and call_id != known.id and name
            return None if is_other else known
        if call_id:
            return self._by_id.get(call_id)
        return None if name or not self._calls else self._calls[-1]

    def _begin(self, index: int | None, call_id: str) -> _Call:
        call = _Call(index=index, id=call_id)
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        if call_id:
            self._by_id[call_id] = call
        return call

    def _extend(self, call: _Call, call_id: str, name: str, arguments: object) -> None:
        call.id = call.id or call_id
        # Most send the name once, a few in pieces, a few whole in every fragment.
        if name != call.name:
            call.name += name
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:
            self._notes.add(f"the arguments of a tool call are {shown(arguments)}, not a JSON text")
            try:
                call.arguments.append(write_json(arguments))
            except NotJson as error:
                self._notes.add(f"the arguments of a tool call were left out: {error}")

    def _finish(self, call: _Call) -> ToolCall:
        if not call.name:
            self._notes.add("a tool call has no name")
        if not call.id and call is not self._legacy:
            self._notes.add("a tool call has no id")
        id_, name, arguments = (sound(text, self._notes) for text in (call.id, call.name, "".join(call.arguments)))
        return ToolCall(id=id_, name=name, arguments=arguments)
