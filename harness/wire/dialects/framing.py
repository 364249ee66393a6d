"""What every dialect asks of a reply before it reads any of it: an error, a stream of events or one body.

It stands apart because framing is HTTP's and the event-stream standard's, while what a body means is each vendor's.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from harness.core.exchange import Attempt, Exchange
from harness.core.reply import ApiError, Reply, StreamFacts, Timing
from harness.wire.api_errors import ErrorBody, error_within_success, find_api_error, plain_words
from harness.wire.dialects.stream_rules import Violations
from harness.wire.sse import SseDecoder, SseEvent, SseTooLarge
from harness.wire.untrusted import Notes, NotJson, read_json, shown

EVENT_STREAM = "text/event-stream"

_HEAD_BYTES = 1024
_EVENT_LINE = re.compile(rb"(?:data|event|id|retry)?:")

DONE = "[DONE]"
"""The end mark of chat-completion streams; Anthropic's is an event in JSON."""

Reader = Callable[[Exchange], Reply]
Take = Callable[[SseEvent, Mapping[str, object]], tuple[bool, ErrorBody | None]]
"""Folds one event and its JSON object; says whether the reply gained a token, and which error the event told of."""


def read_exchange(exchange: Exchange, *, whole: Reader, stream: Reader) -> Reply:
    """The reading of the last attempt: what arrived is kept, even where the end of it is missing.

    whole   reads one body, stream a stream of events; neither need look at the status, nor at the total time, which
            spares a copy if they do
    """
    attempt = exchange.last
    error = find_api_error(attempt)
    timing = Timing(total_ms=attempt.total_ms, recorded=exchange.recorded)
    if (
        attempt.status is None
        or not attempt.frames
        or not attempt.body
        or (error is not None and attempt.error is None)
    ):
        if error is None:
            error = ApiError(kind="malformed", message=f"HTTP {attempt.status} with an empty body")
        return Reply(status=attempt.status, error=error, timing=timing)
    read = stream if is_stream(attempt) else whole
    reply = read(exchange)
    read_timing = reply.timing
    if error is None and (read_timing.total_ms, read_timing.recorded) == (timing.total_ms, timing.recorded):
        return reply
    return replace(reply, error=error or reply.error, timing=replace(timing, ttft_ms=read_timing.ttft_ms))


def content_type(attempt: Attempt) -> str:
    """The media type of the reply in lower case, without parameters; '' if there is none."""
    return (attempt.header("content-type") or "").partition(";")[0].strip().lower()


def is_stream(attempt: Attempt) -> bool:
    """Whether the body is a stream of events: by its first bytes, and where they do not tell, by its header."""
    frames = attempt.frames
    # The first frame alone tells in nearly every reply.
    first = frames[0].content if frames and len(frames[0].content) >= _HEAD_BYTES else attempt.body
    head = first[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"{", b"[")):
        return False
    return _EVENT_LINE.match(head) is not None or content_type(attempt) == EVENT_STREAM


def read_body(attempt: Attempt, notes: Notes) -> tuple[object, ApiError | None]:
    """The JSON value of a whole body; None and the error if it is not JSON."""
    text = attempt.body.decode("utf-8-sig", "replace")
    try:
        return read_json(text, notes), None
    except NotJson as fault:
        message = f"the reply is not JSON ({fault}): {plain_words(text)}"
        return None, ApiError(kind="malformed", message=message)


def unstreamed(attempt: Attempt) -> StreamFacts:
    """The facts of a stream that was asked for, where one JSON body came."""
    seen = content_type(attempt) or "no content type"
    return StreamFacts(violations=(f"content-type: {seen}, one JSON body and no events",))


def read_stream(
    exchange: Exchange, watch: Violations, notes: Notes, take: Take, *, end: str
) -> tuple[ApiError | None, float | None]:
    """Fold a stream's events as they came; the first error that it told of, and when its first token came, in ms.

    watch, notes  are told of broken rules and of oddities
    end           the end mark, for messages
    """
    attempt = exchange.last
    error: ApiError | None = None
    first_ms: float | None = None
    waiting = True
    if not exchange.request.stream:
        notes.add("a stream came although none was asked for")
    if content_type(attempt) != EVENT_STREAM:
        watch.broke("content-type", content_type(attempt) or "no content type")
    try:
        for at_ms, event in events_of(attempt):
            payload = _payload(event, watch, notes, end)
            if payload is None:
                continue
            grew, found = take(event, payload)
            if found:
                error = error or error_within_success(found)
            if grew and waiting:
                first_ms, waiting = at_ms, False
    except SseTooLarge as fault:
        error = error or ApiError(kind="malformed", message=str(fault))
    if attempt.error is not None:
        watch.broke("complete", f"{attempt.error} after {watch.events} events")
    return error, first_ms


def _payload(event: SseEvent, watch: Violations, notes: Notes, end: str) -> Mapping[str, object] | None:
    """The event's JSON object; None, its faults noted, for the end mark and for what cannot be read."""
    if not event.complete:
        watch.broke("complete", f"the stream ends inside an event: {shown(event.text)}")
    if end == DONE and not event.text.startswith("{") and event.text.strip() == DONE:
        watch.done = True
        return None
    if watch.done:
        watch.broke("done-last", f"an event after {end}: {shown(event.text)}")
        return None
    watch.events += 1
    try:
        value = read_json(event.text, notes)
    except NotJson as fault:
        if event.complete:
            watch.broke("json", f"event {watch.events} is not JSON: {fault}")
        return None
    if not isinstance(value, dict):
        watch.broke("json", f"event {watch.events} is {shown(value)}, not an object")
        return None
    return value


def events_of(attempt: Attempt) -> Iterator[tuple[float | None, SseEvent]]:
    """Each event with the arrival time of the frame that completed it.

    raises  SseTooLarge, after the events that came whole before it
    """
    decoder = SseDecoder()
    at_ms: float | None = None
    for frame in attempt.frames:
        at_ms = frame.at_ms
        try:
            events = decoder.feed(frame.content)
        except SseTooLarge as fault:
            yield from ((at_ms, event) for event in fault.events)
            raise
        for event in events:
            yield at_ms, event
    yield from ((at_ms, event) for event in decoder.close())
