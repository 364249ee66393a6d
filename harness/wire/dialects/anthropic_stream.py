"""The grammar of a stream of the Messages API: which promises about events were broken, and what was seen instead.

It stands apart from the reading of the reply, which takes what it can get. The rules bear the names they have in every
dialect (`stream_rules`); here they mean:

one-id        the stream has one message_start, and its message an id; one-model likewise, a model
role-first    message_start comes before all else but pings, and its message has the role 'assistant'
index         blocks are numbered, are begun before they go on, one at a time, and end
object        every event says its type, the same in its `event` line as in its JSON
finish-once   one stop_reason, and no content comes afterwards
usage         token counts came
done-last     message_stop came, and nothing after it
"""

from collections.abc import Mapping

from harness.core.reply import StreamFacts
from harness.wire.dialects.openai_tools import index_of
from harness.wire.dialects.stream_rules import Violations
from harness.wire.sse import SseEvent
from harness.wire.untrusted import object_of, shown


class EventWatch(Violations):
    """What a stream of events broke so far."""

    def __init__(self) -> None:
        """Begin before the first event."""
        super().__init__()
        self.finished = False
        self._started = False
        self._open: int | None = None
        self._begun = 0

    def see(self, event: SseEvent, kind: str, payload: Mapping[str, object]) -> None:
        """Judge one event; `kind` is what it is taken for."""
        if payload.get("type") != kind or event.type != kind:
            types = f"type {shown(payload.get('type'))} under event {shown(event.type)}"
            self.broke("object", f"event {self.events} has {types}")
        if kind == "message_start":
            self._see_start(object_of(payload.get("message")))
        elif not self._started and kind not in ("ping", "error"):
            self.broke("role-first", f"event {self.events} is {shown(kind)}, before any message_start")
        if kind == "content_block_start":
            self._see_begin(payload.get("index"))
        elif kind in ("content_block_delta", "content_block_stop"):
            self._see_go_on(kind, payload.get("index"))
        elif kind == "message_delta":
            self._see_finish(object_of(payload.get("delta")).get("stop_reason"))
        elif kind == "message_stop":
            self.done = True

    def facts(self, *, usage_missing: bool) -> StreamFacts:
        """The verdict at the end of the stream."""
        if self._open is not None:
            self.broke("index", f"block {shown(self._open)} never ends")
        if not self.finished:
            self.broke("finish-once", "the message never finishes")
        if usage_missing:
            self.broke("usage", "absent")
        if not self.done:
            self.broke("done-last", f"no message_stop after {self.events} events")
        return StreamFacts(events=self.events, violations=self.all())

    def _see_start(self, message: Mapping[str, object]) -> None:
        if self._started:
            self.broke("one-id", f"event {self.events} is another message_start")
        self._started = True
        for rule, key in (("one-id", "id"), ("one-model", "model")):
            if not isinstance(message.get(key), str) or not message[key]:
                self.broke(rule, f"message_start has {key} {shown(message.get(key))}")
        if message.get("role") != "assistant":
            self.broke("role-first", f"message_start has role {shown(message.get('role'))}")

    def _see_begin(self, number: object) -> None:
        self._see_content()
        index = index_of(number)
        if index is None or index != self._begun:
            self.broke("index", f"block {self._begun} begins with index {shown(number)}")
        if self._open is not None:
            self.broke("index", f"block {shown(number)} begins before block {shown(self._open)} ended")
        self._begun += 1
        self._open = index

    def _see_go_on(self, kind: str, number: object) -> None:
        self._see_content()
        index = index_of(number)
        if index is None or index != self._open:
            self.broke("index", f"event {self.events} is a {kind} of block {shown(number)}, which is not open")
        if kind == "content_block_stop":
            self._open = None

    def _see_content(self) -> None:
        if self.finished:
            self.broke("finish-once", f"content goes on after the stop_reason, in event {self.events}")

    def _see_finish(self, reason: object) -> None:
        if reason and self.finished:
            self.broke("finish-once", f"the message finishes again with {shown(reason)}")
        elif reason:
            self.finished = True
        elif reason is not None:
            self.broke("finish-once", f"stop_reason is {shown(reason)} in event {self.events}")
