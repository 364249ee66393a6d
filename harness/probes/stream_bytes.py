"""The bytes of a stream as probes read them: lines, events, chunks, and how it ended.

It stands apart from the dialect's reading, which makes the best of a stream: here one that breaks the standard is read
as well, so that each promise about it can be judged by itself, and by code that shares none of the other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from harness.core.exchange import Attempt
from harness.wire.untrusted import Notes, NotJson, list_of, object_of, read_json, shown

END = "[DONE]"

# By the event-stream standard these three end a line, and nothing else does; str.splitlines knows a dozen more.
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELDS = frozenset({"data", "event", "id", "retry"})

EventKind = Literal["json", "end", "other"]
Shape = Literal["events", "body", "text", "nothing"]
"""events: a stream; body: one JSON value; text: neither, as a page is; nothing: no byte, or comments alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    text    what it says: its data lines joined
    kind    'json' a JSON value, 'end' the end mark, 'other' neither
    value   of a JSON event
    label   what its first line begins with: 'data: ', 'data:', or '' where the data stands bare
    name    its `event:` field, or ''
    parted  False if no blank line stands between it and the event before
    """

    text: str
    kind: EventKind
    value: Any = None
    label: str = "data: "
    name: str = ""
    parted: bool = True


@dataclass(frozen=True, kw_only=True)
class StreamReading:
    """What the bytes of one reply hold.

    content_type  the media type in lower case, without parameters; '' if the reply names none
    cut           the bytes end within an event, which is left out
    """

    shape: Shape
    content_type: str = ""
    events: tuple[Event, ...] = ()
    cut: bool = False

    @cached_property
    def until_end(self) -> tuple[Event, ...]:
        """The events before the end mark, or all if there is none."""
        place = next((place for place, event in enumerate(self.events) if event.kind == "end"), len(self.events))
        return self.events[:place]

    @cached_property
    def after_end(self) -> tuple[Event, ...]:
        """The events after the end mark."""
        return self.events[len(self.until_end) + 1 :]

    @cached_property
    def done(self) -> bool:
        """Whether the end mark came."""
        return len(self.until_end) < len(self.events)

    @cached_property
    def chunks(self) -> tuple[Mapping[str, Any], ...]:
        """The JSON objects before the end mark, errors left out."""
        objects = [event.value for event in self.until_end if isinstance(event.value, dict)]
        return tuple(value for value in objects if not _is_error(value))

    @cached_property
    def error(self) -> str:
        """What an event says that tells of an error, shortly; '' if none does."""
        for event in self.events:
            if event.name == "error" or _is_error(object_of(event.value)):
                return shown(event.text)
        return ""

    @cached_property
    def worded(self) -> bool:
        """Whether any chunk has a choice: without one nothing can be said of the grammar."""
        return any(object_of(choice) for chunk in self.chunks for choice in list_of(chunk.get("choices")))


def _is_error(value: Mapping[str, Any]) -> bool:
    return bool(value.get("error")) and not list_of(value.get("choices"))


def read_stream_bytes(attempt: Attempt) -> StreamReading:
    """The reading of a reply's bytes, whatever they are; never raises."""
    content_type = (attempt.header("content-type") or "").partition(";")[0].strip().lower()
    text = attempt.body.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in ("{", "[") and _value(text).kind == "json":
        return StreamReading(shape="body", content_type=content_type)
    events: list[Event] = []
    blocks = _blocks(_LINE_END.split(text))
    for block in blocks:
        events += _events_of(block)
    # What the bytes break off within is known by its last line: a whole event ends in a line end, or can be read.
    cut = bool(events) and events[-1].kind == "other" and not text.endswith(("\n", "\r"))
    if cut:
        events.pop()
    found = any(event.kind != "other" or event.label for event in events)
    shape: Shape = "events" if found else "text" if events or cut else "nothing"
    return StreamReading(
        shape=shape, content_type=content_type, events=tuple(events) if shape == "events" else (), cut=cut
    )


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Lines that no blank line parts, together."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _events_of(block: Sequence[str]) -> list[Event]:
    """The events of a block: one by the standard; several where each line can be read alone, and not all together."""
    name = ""
    payloads: list[tuple[str, str]] = []
    for line in block:
        field, colon, value = line.partition(":")
        if field == "" and colon:
            continue
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            payloads.append(("data: " if value.startswith(" ") else "data:", value.removeprefix(" ")))
        elif field not in _FIELDS:
            payloads.append(("", line))
    if not payloads:
        return []
    whole = _value("\n".join(payload for _, payload in payloads))
    if len(payloads) > 1 and whole.kind == "other":
        singles = [_value(payload) for _, payload in payloads]
        if any(each.kind == "end" or isinstance(each.value, dict) for each in singles):
            return [
                _labelled(each, label, name, parted=place == 0)
                for place, (each, (label, _)) in enumerate(zip(singles, payloads, strict=True))
            ]
    return [_labelled(whole, payloads[0][0], name, parted=True)]


def _labelled(event: Event, label: str, name: str, *, parted: bool) -> Event:
    return Event(text=event.text, kind=event.kind, value=event.value, label=label, name=name, parted=parted)


def _value(text: str) -> Event:
    """A text as an event: the end mark, JSON, or neither."""
    if text.strip() == END:
        return Event(text=text, kind="end")
    try:
        return Event(text=text, kind="json", value=read_json(text, Notes()))
    except NotJson:
        return Event(text=text, kind="other")
