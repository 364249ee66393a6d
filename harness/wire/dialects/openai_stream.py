"""The grammar of a chat-completion stream: which promises about chunks were broken, and what was seen instead.

It stands apart from the reading of the reply, which takes what it can get: a stream may break rules and still be read.
"""

from collections.abc import Mapping

from harness.core.reply import StreamFacts
from harness.wire.dialects.openai_tools import index_of
from harness.wire.dialects.stream_rules import Violations
from harness.wire.untrusted import list_of, object_of, shown

_CHUNK = "chat.completion.chunk"
_CONSTANTS = {"one-id": "id", "one-model": "model"}


class GrammarWatch(Violations):
    """What a stream of chunks broke so far."""

    def __init__(self) -> None:
        """Begin before the first event."""
        super().__init__()
        self._constant: dict[str, object] = {}
        self._roles: set[int] = set()
        self._finished: set[int] = set()

    def see_chunk(self, chunk: Mapping[str, object], grown: frozenset[int]) -> None:
        """Judge one chunk; `grown` holds the choices that it gave a token."""
        for rule, key in _CONSTANTS.items():
            value, first = chunk.get(key), self._constant.get(rule)
            if first is None or value != first:
                self._see_constant(rule, key, value)
        if chunk.get("object") != _CHUNK:
            self.broke("object", f"event {self.events} is {shown(chunk.get('object'))}")
        for position, choice in enumerate(list_of(chunk.get("choices"))):
            fields = object_of(choice)
            index = index_of(fields.get("index"))
            if index is None:
                self.broke("index", f"a choice of event {self.events} has index {shown(fields.get('index'))}")
                index = position
            self._see_delta(index, object_of(fields.get("delta")))
            reason = fields.get("finish_reason")
            if reason is not None or self._finished:
                self._see_finish(index, reason, grew=index in grown)

    def goes_on(self, chunk: Mapping[str, object]) -> bool:
        """Whether a chunk that holds text of choice 0 and nothing else keeps every rule."""
        if 0 not in self._roles or 0 in self._finished or chunk.get("object") != _CHUNK:
            return False
        known = self._constant
        return len(known) == len(_CONSTANTS) and all(chunk.get(_CONSTANTS[rule]) == known[rule] for rule in known)

    def facts(self, *, choices: int, usage_missing: bool) -> StreamFacts:
        """The verdict at the end of the stream.

        choices        how many choices were read
        usage_missing  token counts were asked for and did not come
        """
        if len(self._finished) < choices:
            self.broke("finish-once", f"{choices - len(self._finished)} of {choices} choices never finish")
        if usage_missing:
            self.broke("usage", "asked for with include_usage, and absent")
        if not self.done:
            self.broke("done-last", f"no [DONE] after {self.events} events")
        return StreamFacts(events=self.events, violations=self.all())

    def _see_constant(self, rule: str, key: str, value: object) -> None:
        if not isinstance(value, str) or not value:
            self.broke(rule, f"event {self.events} has {key} {shown(value)}")
            return
        first = self._constant.setdefault(rule, value)
        if value != first:
            self.broke(rule, f"event {self.events} has {shown(value)} after {shown(first)}")

    def _see_delta(self, index: int, delta: Mapping[str, object]) -> None:
        role = delta.get("role")
        is_first = index not in self._roles
        self._roles.add(index)
        if role != "assistant" and (is_first or role is not None):
            where = "the first delta" if is_first else "a later delta"
            self.broke("role-first", f"{where} of choice {shown(index)} has role {shown(role)}")
        calls = delta.get("tool_calls")
        for call in list_of(calls) if calls else ():
            number = object_of(call).get("index")
            if index_of(number) is None:
                self.broke("index", f"a tool call of event {self.events} has index {shown(number)}")

    def _see_finish(self, index: int, reason: object, *, grew: bool) -> None:
        if index in self._finished:
            if reason:
                self.broke("finish-once", f"choice {shown(index)} finishes again with {shown(reason)}")
            if grew:
                self.broke("finish-once", f"choice {shown(index)} goes on after it finished")
        elif reason:
            self._finished.add(index)
        elif reason is not None:
            seen = f"choice {shown(index)} has finish_reason {shown(reason)} in event {self.events}"
            self.broke("finish-once", seen)
