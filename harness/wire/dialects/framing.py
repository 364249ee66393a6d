"""What every dialect asks of a reply before it reads any of it: an error, a stream of events or one body.

It stands apart because framing is HTTP's and the event-stream standard's, while what a body means is each vendor's.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.core.exchange import Attempt, Exchange
from harness.core.reply import ApiError, Reply, StreamFacts, Timing
from harness.wire.api_errors import find_api_error, plain_words
from harness.wire.sse import SseDecoder, SseEvent, SseTooLarge
from harness.wire.untrusted import Notes, NotJson, read_json

EVENT_STREAM = "text/event-stream"

_EVENT_LINE = re.compile(rb"(?:data|event|id|retry)?:")

Reader = Callable[[Exchange], Reply]


def read_exchange(exchange: Exchange, *, whole: Reader, stream: Reader) -> Reply:
    """The reading of the last attempt: what arrived is kept, even where the end of it is missing.

    whole   reads one body, stream a stream of events; neither need look at the status, nor at the total time
    """
    attempt = exchange.last
    error = find_api_error(attempt)
    timing = Timing(total_ms=attempt.total_ms, recorded=exchange.recorded)
    if attempt.status is None or not attempt.body or (error is not None and attempt.error is None):
        if error is None:
            error = ApiError(kind="malformed", message=f"HTTP {attempt.status} with an empty body")
        return Reply(status=attempt.status, error=error, timing=timing)
    read = stream if is_stream(attempt) else whole
    reply = read(exchange)
    return replace(reply, error=error or reply.error, timing=replace(timing, ttft_ms=reply.timing.ttft_ms))


def content_type(attempt: Attempt) -> str:
    """The media type of the reply in lower case, without parameters; '' if there is none."""
    return (attempt.header("content-type") or "").partition(";")[0].strip().lower()


def is_stream(attempt: Attempt) -> bool:
    """Whether the body is a stream of events: by its first bytes, and where they do not tell, by its header."""
    head = attempt.body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
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
        yield from ((at_ms, event) for event in events)
    yield from ((at_ms, event) for event in decoder.close())
