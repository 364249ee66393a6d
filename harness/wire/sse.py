"""Server-Sent Events, decoded from bytes however they were cut: the WHATWG event-stream grammar, no I/O.

It stands apart from the dialects because the framing is one standard and what events mean is each vendor's own.
"""

import re
from dataclasses import dataclass

# Long enough for an image in one event; short enough that a server without line ends cannot fill the memory.
MAX_EVENT_BYTES = 64 * 1024 * 1024

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_MAX_RETRY_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class SseEvent:
    """One event.

    text      the `data` lines joined by newlines, invalid UTF-8 replaced
    type      the `event` field, 'message' if there was none
    last_id   the last `id` seen in the stream so far
    complete  False if the stream ended before the blank line: a browser drops such an event
    """

    text: str
    type: str = "message"
    last_id: str = ""
    complete: bool = True


class SseTooLarge(Exception):
    """A line or an event is longer than allowed; `events` are those that came whole before it in the same chunk."""

    def __init__(self, limit: int, events: list[SseEvent]) -> None:
        """Keep what was already decoded: where the network cuts must not decide what is read."""
        super().__init__(f"an event of the stream is longer than {limit} bytes")
        self.events = events


class SseDecoder:
    """Bytes in, events out; where the bytes are cut makes no difference.

    retry_ms  the last reconnection time that the server asked for, in milliseconds, or None
    source    https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin a stream; `max_event_bytes` bounds one line, and the data of one event."""
        self.retry_ms: int | None = None
        self._limit = max_event_bytes
        # A bytearray grows in place: a long line that arrives a byte at a time costs linear time.
        self._line = bytearray()
        self._after_cr = False
        self._at_start = True
        self._texts: list[bytes] = []
        self._size = 0
        self._type = ""
        self._last_id = ""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that these bytes complete.

        raises  SseTooLarge; the decoder is of no further use then
        """
        if not chunk:
            return []
        events: list[SseEvent] = []
        if self._is_plain(chunk):
            # As nearly every server sends it: whole events, each of one line of data.
            for lines in chunk[:-2].split(b"\n\n"):
                if lines.startswith(b"data: ") and b"\n" not in lines:
                    text = lines[6:].decode("utf-8", "replace")
                    events.append(SseEvent(text=text, last_id=self._last_id))
                else:
                    self._take(lines + b"\n\n", events)
            return events
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        self._take(chunk, events)
        return events

    def _is_plain(self, chunk: bytes) -> bool:
        """Whether a chunk begins and ends with an event, and has neither a byte-order mark nor another line end."""
        begun = self._line or self._texts or self._type or self._at_start
        return not begun and chunk.endswith(b"\n\n") and b"\r" not in chunk and len(chunk) <= self._limit

    def _take(self, chunk: bytes, events: list[SseEvent]) -> None:
        *ended, rest = _LINE_END.split(chunk)
        for end in ended:
            self._line += end
            self._bound(len(self._line), events)
            event = self._end_line()
            self._bound(self._size, events)
            if event is not None:
                events.append(event)
        self._line += rest
        self._bound(len(self._line), events)

    def close(self) -> list[SseEvent]:
        """The event that the end of the stream cut off, if any, with `complete` False."""
        last = self._end_line() if self._line else None
        event = last or self._dispatch(complete=False)
        return [event] if event is not None else []

    def _bound(self, size: int, events: list[SseEvent]) -> None:
        if size > self._limit:
            raise SseTooLarge(self._limit, events)

    def _end_line(self) -> SseEvent | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            return self._dispatch(complete=True)
        field, _, value = line.partition(b":")
        self._set(field, value.removeprefix(b" "))
        return None

    def _set(self, field: bytes, value: bytes) -> None:
        if field == b"data":
            self._texts.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._type = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self.retry_ms = int(value)

    def _dispatch(self, *, complete: bool) -> SseEvent | None:
        texts, kind = self._texts, self._type or "message"
        self._texts, self._size, self._type = [], 0, ""
        if not texts:
            return None
        # Decoded line by line: no UTF-8 sequence, valid or not, reaches over a line end.
        joined = "\n".join(text.decode("utf-8", "replace") for text in texts)
        return SseEvent(text=joined, type=kind, last_id=self._last_id, complete=complete)
