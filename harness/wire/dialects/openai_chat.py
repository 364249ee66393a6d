"""The dialect `openai-chat`: POST /chat/completions as most vendors speak it, asked plainly and read kindly.

It stands apart as the one entry point of its dialect; each rule of reading has a module of its own beside it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.core.chat import ChatRequest, Message, Part
from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.core.reply import ApiError, Reply, StreamFacts, Timing
from harness.wire.api_errors import error_within_success, find_api_error, find_error_body, plain_words
from harness.wire.dialects.openai_reply import ReplyFold
from harness.wire.dialects.openai_stream import STREAM_RULES, GrammarWatch
from harness.wire.sse import SseDecoder, SseEvent, SseTooLarge
from harness.wire.untrusted import NotJson, json_bytes, object_of, read_json, shown

__all__ = ["DIALECT", "STREAM_RULES", "OpenAiChat"]

_EVENT_STREAM = "text/event-stream"
_EVENT_LINE = re.compile(rb"(?:data|event|id|retry)?:")
_OWN_KEYS = ("model", "messages")


class OpenAiChat:
    """Chat completions: encode and decode, without state."""

    name = "openai-chat"

    def encode(self, request: ChatRequest) -> HttpRequest:
        """The request, its parameters merged in: they win over everything but `model` and `messages`."""
        fields: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if request.stream else {}
        if request.tools:
            fields["tools"] = [dict(tool) for tool in request.tools]
        if request.response_format:
            fields["response_format"] = request.response_format
        fields |= request.params
        if fields.get("stream") is not True and "stream_options" not in request.params:
            # A server may refuse stream_options beside anything but `stream: true`.
            fields.pop("stream_options", None)
        fields |= {"model": request.model, "messages": [_message(message) for message in request.messages]}
        return HttpRequest(
            method="POST",
            path="/chat/completions",
            body=json_bytes(fields),
            stream=fields.get("stream") is True,
        )

    def decode(self, exchange: Exchange) -> Reply:
        """The reading of the last attempt: what arrived is kept, even where the end of it is missing."""
        attempt = exchange.last
        error = find_api_error(attempt)
        timing = Timing(total_ms=attempt.total_ms, recorded=exchange.recorded)
        if attempt.status is None or not attempt.body or (error is not None and attempt.error is None):
            if error is None:
                error = ApiError(kind="malformed", message=f"HTTP {attempt.status} with an empty body")
            return Reply(status=attempt.status, error=error, timing=timing)
        read = _read_stream if _is_stream(attempt) else _read_whole
        reply = read(exchange)
        return replace(reply, error=error or reply.error, timing=replace(timing, ttft_ms=reply.timing.ttft_ms))


DIALECT = OpenAiChat()


def _message(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": message.role}
    if message.text is not None or not (message.parts or message.tool_calls):
        fields["content"] = message.text or ""
    elif message.parts:
        fields["content"] = [_part(part) for part in message.parts]
    if message.tool_calls:
        fields["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        fields["tool_call_id"] = message.tool_call_id
    return fields


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": part.image}}
    return {"type": "text", "text": part.text}


def _content_type(attempt: Attempt) -> str:
    return (attempt.header("content-type") or "").partition(";")[0].strip().lower()


def _is_stream(attempt: Attempt) -> bool:
    """Whether the body is a stream of events: by its first bytes, and where they do not tell, by its header."""
    head = attempt.body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"{", b"[")):
        return False
    return _EVENT_LINE.match(head) is not None or _content_type(attempt) == _EVENT_STREAM


def _reply(exchange: Exchange, fold: ReplyFold, error: ApiError | None) -> Reply:
    choices = fold.in_order()
    if not choices:
        return Reply(
            status=exchange.last.status,
            id=fold.id,
            model=fold.model,
            usage=fold.usage,
            error=error or ApiError(kind="malformed", message="the reply holds no choices"),
            anomalies=fold.notes.all(),
        )
    first = choices[0]
    if not first.finish_reason:
        fold.notes.add("finish_reason is missing" if first.finish_reason is None else "finish_reason is ''")
    # Read before the notes are: each of these may note an oddity of its own.
    content, reasoning, refusal = (first.text(kind) for kind in ("content", "reasoning", "refusal"))
    alternatives, tool_calls = tuple(choice.text("content") for choice in choices[1:]), first.tool_calls()
    return Reply(
        status=exchange.last.status,
        id=fold.id,
        model=fold.model,
        content=content,
        reasoning=reasoning or None,
        alternatives=alternatives,
        tool_calls=tool_calls,
        refusal=refusal or None,
        finish_reason=first.finish_reason,
        usage=fold.usage,
        error=error,
        anomalies=fold.notes.all(),
    )


def _read_whole(exchange: Exchange) -> Reply:
    """One JSON body."""
    attempt, fold = exchange.last, ReplyFold()
    text = attempt.body.decode("utf-8-sig", "replace")
    try:
        body = read_json(text, fold.notes)
    except NotJson as fault:
        message = f"the reply is not JSON ({fault}): {plain_words(text)}"
        return Reply(status=attempt.status, error=ApiError(kind="malformed", message=message))
    found = find_error_body(body)
    fold.add(object_of(body), whole=True)
    reply = _reply(exchange, fold, error_within_success(found) if found else None)
    if exchange.request.stream and reply.error is None:
        seen = _content_type(attempt) or "no content type"
        reply = replace(reply, stream=StreamFacts(violations=(f"content-type: {seen}, one JSON body and no events",)))
    return reply


def _read_stream(exchange: Exchange) -> Reply:
    """A stream of events, folded as they came."""
    attempt, fold, watch = exchange.last, ReplyFold(), GrammarWatch()
    error: ApiError | None = None
    first_ms: float | None = None
    waiting = True
    if not exchange.request.stream:
        fold.notes.add("a stream came although none was asked for")
    if _content_type(attempt) != _EVENT_STREAM:
        watch.broke("content-type", _content_type(attempt) or "no content type")
    try:
        for at_ms, event in _events(attempt):
            chunk = _chunk(event, watch, fold)
            if chunk is None:
                continue
            found = find_error_body(chunk)
            grown = fold.add(chunk, whole=False)
            if found:
                error = error or error_within_success(found)
            else:
                watch.see_chunk(chunk, grown)
            if grown and waiting:
                first_ms, waiting = at_ms, False
    except SseTooLarge as fault:
        error = error or ApiError(kind="malformed", message=str(fault))
    if attempt.error is not None:
        watch.broke("complete", f"{attempt.error} after {watch.events} events")
    if error is None and fold.choices and not watch.done and not fold.in_order()[0].finish_reason:
        # Half an answer must not be graded as the model's: a clean close without either mark is a cut.
        error = ApiError(kind="network", message="the stream ended early: neither a finish_reason nor [DONE] came")
    usage_missing = _asked_for_usage(exchange.request) and not fold.has_usage
    facts = watch.facts(choices=len(fold.choices), usage_missing=usage_missing)
    return replace(_reply(exchange, fold, error), stream=facts, timing=Timing(ttft_ms=first_ms))


def _events(attempt: Attempt) -> Iterator[tuple[float | None, SseEvent]]:
    """Each event with the arrival time of the frame that completed it."""
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


def _chunk(event: SseEvent, watch: GrammarWatch, fold: ReplyFold) -> Mapping[str, object] | None:
    """The event's JSON object; None, its faults noted, for the end mark and for what cannot be read."""
    if not event.complete:
        watch.broke("complete", f"the stream ends inside an event: {shown(event.text)}")
    if event.text.strip() == "[DONE]":
        watch.done = True
        return None
    if watch.done:
        watch.broke("done-last", f"an event after [DONE]: {shown(event.text)}")
        return None
    watch.events += 1
    try:
        value = read_json(event.text, fold.notes)
    except NotJson as fault:
        if event.complete:
            watch.broke("json", f"event {watch.events} is not JSON: {fault}")
        return None
    if not isinstance(value, dict):
        watch.broke("json", f"event {watch.events} is {shown(value)}, not an object")
        return None
    return value


def _asked_for_usage(request: HttpRequest) -> bool:
    if b"include_usage" not in request.body:
        return False
    try:
        options = object_of(object_of(json.loads(request.body)).get("stream_options"))
    except (ValueError, RecursionError):
        return False
    return options.get("include_usage") is True
