"""The dialect `openai-chat`: POST /chat/completions as most vendors speak it, asked plainly and read kindly.

It stands apart as the one entry point of its dialect; each rule of reading has a module of its own beside it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from harness.core.chat import ChatRequest, Message, Part
from harness.core.exchange import Exchange, HttpRequest
from harness.core.reply import ApiError, Reply, StreamFacts, Timing
from harness.wire.api_errors import ErrorBody, error_within_success, find_error_body
from harness.wire.dialects.framing import DONE, read_body, read_exchange, read_stream, unstreamed
from harness.wire.dialects.openai_reply import ReplyFold
from harness.wire.dialects.openai_stream import GrammarWatch
from harness.wire.sse import SseEvent
from harness.wire.untrusted import Notes, json_bytes, object_of, shown, sound

__all__ = ["DIALECT", "OpenAiChat"]

# An id that a path can hold: '.' and '..' would climb out of it, whatever their spelling.
_DEFERRED_ID = re.compile(r"(?!\.{1,2}\Z).{1,256}", re.DOTALL)


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
        if request.deferred:
            fields["deferred"] = True
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

    def poll(self, request_id: str) -> HttpRequest:
        """Asks for the reply that a deferred request promised; 202 says that it is not ready.

        request_id  as `Reply.deferred_id` has it
        """
        return HttpRequest(
            method="GET", path=f"/chat/deferred-completion/{quote(request_id, safe='', errors='replace')}"
        )

    def decode(self, exchange: Exchange) -> Reply:
        """The reading of the last attempt: what arrived is kept, even where the end of it is missing."""
        attempt = exchange.last
        if attempt.status == HTTPStatus.ACCEPTED and exchange.request.method == "GET" and attempt.error is None:
            return _read_pending(exchange)
        return read_exchange(exchange, whole=_read_whole, stream=_read_stream)


DIALECT = OpenAiChat()


def _message(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": message.role}
    if message.name is not None:
        fields["name"] = message.name
    if message.text is not None or not (message.parts or message.tool_calls):
        fields["content"] = message.text or ""
    elif message.parts:
        fields["content"] = [_part(part) for part in message.parts]
    elif message.null_content:
        fields["content"] = None
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
        image = {"url": part.image} if part.detail is None else {"url": part.image, "detail": part.detail}
        return {"type": "image_url", "image_url": image}
    return {"type": "text", "text": part.text}


def _reply(
    exchange: Exchange,
    fold: ReplyFold,
    error: ApiError | None,
    stream: StreamFacts | None = None,
    ttft_ms: float | None = None,
) -> Reply:
    choices = fold.in_order()
    timing = Timing(ttft_ms=ttft_ms, total_ms=exchange.last.total_ms, recorded=exchange.recorded)
    if not choices:
        return Reply(
            status=exchange.last.status,
            id=fold.id,
            model=fold.model,
            fingerprint=fold.fingerprint,
            sources=fold.sources,
            usage=fold.usage,
            error=error or ApiError(kind="malformed", message="the reply holds no choices"),
            timing=timing,
            stream=stream,
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
        fingerprint=fold.fingerprint,
        sources=fold.sources,
        usage=fold.usage,
        error=error,
        timing=timing,
        stream=stream,
        anomalies=fold.notes.all(),
    )


def _read_whole(exchange: Exchange) -> Reply:
    """One JSON body."""
    attempt, fold = exchange.last, ReplyFold()
    body, fault = read_body(attempt, fold.notes)
    if fault is not None:
        return Reply(status=attempt.status, error=fault)
    found = find_error_body(body)
    promised = object_of(body).get("request_id")
    if found is None and "choices" not in object_of(body) and isinstance(promised, str):
        return _read_promise(exchange, promised)
    fold.add(object_of(body), whole=True)
    reply = _reply(exchange, fold, error_within_success(found) if found else None)
    if exchange.request.stream and reply.error is None:
        reply = replace(reply, stream=unstreamed(attempt))
    return reply


def _read_promise(exchange: Exchange, request_id: str) -> Reply:
    """The id of a reply that is to be fetched later: an answer to who asked for it, and to no one else."""
    notes = Notes()
    error = None
    promised = sound(request_id, notes) if _DEFERRED_ID.fullmatch(request_id) else None
    if promised is None:
        error = ApiError(kind="malformed", message=f"the id of the deferred reply cannot be used: {shown(request_id)}")
    elif _asked(exchange.request, b"deferred").get("deferred") is not True:
        error = ApiError(kind="malformed", message="an id to ask again with came in place of a reply, unasked")
    return Reply(status=exchange.last.status, deferred_id=promised, error=error, anomalies=notes.all())


def _read_pending(exchange: Exchange) -> Reply:
    """A deferred reply that is not ready: what a 202 says beside that is no more than an error, if it is one."""
    attempt = exchange.last
    body = object_of(read_body(attempt, Notes())[0])
    # "message" or "detail" may well tell of the waiting.
    found = find_error_body(body) if body.get("error") else None
    return Reply(
        status=attempt.status,
        pending=found is None,
        error=error_within_success(found) if found else None,
        timing=Timing(total_ms=attempt.total_ms, recorded=exchange.recorded),
    )


def _read_stream(exchange: Exchange) -> Reply:
    """A stream of events, folded as they came."""
    fold, watch = ReplyFold(), GrammarWatch()

    def take(_: SseEvent, chunk: Mapping[str, object]) -> tuple[bool, ErrorBody | None]:
        if watch.goes_on(chunk) and fold.add_text(chunk):
            return True, None
        found = find_error_body(chunk)
        grown = fold.add(chunk, whole=False)
        if found is None:
            watch.see_chunk(chunk, grown)
        return bool(grown), found

    error, first_ms = read_stream(exchange, watch, fold.notes, take, end=DONE)
    if error is None and fold.choices and not watch.done and not fold.in_order()[0].finish_reason:
        # Half an answer must not be graded as the model's: a clean close without either mark is a cut.
        error = ApiError(kind="network", message="the stream ended early: neither a finish_reason nor [DONE] came")
    usage_missing = _asked_for_usage(exchange.request) and not fold.has_usage
    facts = watch.facts(choices=len(fold.choices), usage_missing=usage_missing)
    facts = replace(facts, reasoning_first=fold.in_order()[0].reasoning_first if fold.choices else None)
    return _reply(exchange, fold, error, facts, first_ms)


def _asked_for_usage(request: HttpRequest) -> bool:
    return object_of(_asked(request, b"include_usage").get("stream_options")).get("include_usage") is True


def _asked(request: HttpRequest, word: bytes) -> Mapping[str, object]:
    """What a request asked, if the word is anywhere in it: most hold neither, and need not be parsed."""
    if word not in request.body:
        return {}
    try:
        return object_of(json.loads(request.body))
    except (ValueError, RecursionError):
        return {}
