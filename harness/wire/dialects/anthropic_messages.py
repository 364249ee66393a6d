"""The dialect `anthropic-messages`: POST /messages as Anthropic speaks it, and who is compatible with it.

It stands apart as the one entry point of its dialect; each rule of asking and reading has a module of its own.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness.core.chat import ChatRequest
from harness.core.exchange import Exchange, HttpRequest
from harness.core.reply import ApiError, Reply, Timing
from harness.wire.api_errors import ErrorBody, error_within_success, find_error_body
from harness.wire.dialects.anthropic_reply import MessageFold
from harness.wire.dialects.anthropic_request import DEFAULT_MAX_TOKENS, fields_of
from harness.wire.dialects.anthropic_stream import EventWatch
from harness.wire.dialects.framing import read_body, read_exchange, read_stream, unstreamed
from harness.wire.dialects.openai_tools import index_of
from harness.wire.sse import SseEvent
from harness.wire.untrusted import json_bytes, object_of, shown

__all__ = ["DEFAULT_MAX_TOKENS", "DIALECT", "AnthropicMessages"]

_KINDS = frozenset(
    {
        *("message_start", "message_delta", "message_stop", "ping", "error"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
    }
)


class AnthropicMessages:
    """Messages: encode and decode, without state."""

    name = "anthropic-messages"

    def encode(self, request: ChatRequest) -> HttpRequest:
        """The request, its parameters merged in: they win over everything but `model`, `messages` and what is said.

        A request that names no `max_tokens` gets DEFAULT_MAX_TOKENS.
        """
        fields = fields_of(request)
        return HttpRequest(
            method="POST", path="/messages", body=json_bytes(fields), stream=fields.get("stream") is True
        )

    def decode(self, exchange: Exchange) -> Reply:
        """The reading of the last attempt: what arrived is kept, even where the end of it is missing."""
        return read_exchange(exchange, whole=_read_whole, stream=_read_stream)


DIALECT = AnthropicMessages()


def _read_whole(exchange: Exchange) -> Reply:
    """One JSON body."""
    attempt, fold = exchange.last, MessageFold()
    body, fault = read_body(attempt, fold.notes)
    if fault is not None:
        return Reply(status=attempt.status, error=fault)
    found = find_error_body(body)
    fold.add_message(object_of(body))
    reply = fold.reply(attempt.status, error_within_success(found) if found else None)
    if exchange.request.stream and reply.error is None:
        reply = replace(reply, stream=unstreamed(attempt))
    return reply


def _read_stream(exchange: Exchange) -> Reply:
    """A stream of events, folded as they came."""
    fold, watch = MessageFold(), EventWatch()

    def take(event: SseEvent, payload: Mapping[str, object]) -> tuple[bool, ErrorBody | None]:
        found = _find_error(event, payload)
        return (False, found) if found else (_fold(event, payload, watch, fold), None)

    error, first_ms = read_stream(exchange, watch, fold.notes, take, end="message_stop")
    if error is None and not fold.is_empty and not watch.done and not fold.stop_reason:
        # Half an answer must not be graded as the model's: a clean close without either mark is a cut.
        error = ApiError(kind="network", message="the stream ended early: neither a stop_reason nor message_stop came")
    facts = replace(watch.facts(usage_missing=not fold.has_usage), reasoning_first=fold.reasoning_first)
    return replace(fold.reply(exchange.last.status, error), stream=facts, timing=Timing(ttft_ms=first_ms))


def _fold(event: SseEvent, payload: Mapping[str, object], watch: EventWatch, fold: MessageFold) -> bool:
    """Take in one event; True if it gave the message a token."""
    said = payload.get("type")
    # A server that leaves the type to the event's own line, or the other way round, is understood.
    kind = said if isinstance(said, str) and said in _KINDS else event.type
    if kind not in _KINDS:
        # New kinds of events are announced as possible: one is no fault of the stream's.
        fold.notes.add(f"an event of an unknown type was left out: {shown(said or event.type)}")
        return False
    watch.see(event, kind, payload)
    if kind == "message_start":
        return fold.add_message(object_of(payload.get("message")))
    if kind == "message_delta":
        fold.add_end({**object_of(payload.get("delta")), "usage": payload.get("usage")})
        return False
    index = index_of(payload.get("index"))
    if kind == "content_block_start":
        return fold.begin_block(index, object_of(payload.get("content_block")))
    if kind == "content_block_delta":
        return fold.add_delta(index, object_of(payload.get("delta")))
    return False


def _find_error(event: SseEvent, payload: Mapping[str, object]) -> ErrorBody | None:
    found = find_error_body(payload)
    if found is None and "error" in (event.type, payload.get("type")):
        return ErrorBody(message=shown(payload))
    return found
