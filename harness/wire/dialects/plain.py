"""The plain reader: a reply of any endpoint that is not chat, as the text that it is.

It stands apart from the dialects because listings, keys, images and tokens have no turn and no choices to look for.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness.core.exchange import Attempt, Exchange
from harness.core.reply import ApiError, Reply, Timing, Usage
from harness.wire.api_errors import error_within_success, find_api_error, find_error_body
from harness.wire.dialects.anthropic_usage import is_message_usage, read_message_usage
from harness.wire.dialects.openai_usage import read_server_calls, read_usage
from harness.wire.untrusted import Notes, NotJson, list_of, object_of, read_json, sound

_IMAGE_KEYS = ("url", "b64_json")


def decode_plain(exchange: Exchange) -> Reply:
    """The reading of the last attempt; pure, and it never raises, whatever the bytes.

    content  the body's text as it came, an error's too, so that its shape can be checked; what is no UTF-8 is replaced
    error    by status, or by an `error` in the body of a success; an empty success is none
    usage    where the body has any, OpenAI's or Anthropic's; `images` counts what `data` holds of a url or b64_json
    """
    attempt, notes = exchange.last, Notes()
    body = _object(attempt, notes)
    usage = body.get("usage")
    read = Usage()
    if isinstance(usage, dict):
        read = read_message_usage(usage, notes) if is_message_usage(usage) else read_usage(usage, notes)
    calls = read.server_calls or read_server_calls(object_of(usage), notes) or read_server_calls(body, notes)
    return Reply(
        status=attempt.status,
        id=_name(body.get("id"), notes),
        model=_name(body.get("model"), notes),
        content=attempt.body.decode("utf-8", "replace"),
        usage=replace(read, server_calls=calls, images=_count_images(body)),
        error=find_api_error(attempt) or _error_within(body),
        timing=Timing(total_ms=attempt.total_ms, recorded=exchange.recorded),
        anomalies=notes.all(),
    )


def _object(attempt: Attempt, notes: Notes) -> Mapping[str, object]:
    text = attempt.body.decode("utf-8-sig", "replace")
    try:
        return object_of(read_json(text, notes)) if text.lstrip().startswith("{") else {}
    except NotJson:
        return {}


def _error_within(body: Mapping[str, object]) -> ApiError | None:
    """Only an `error` is one: a message or a detail of success is what some endpoints answer with."""
    found = find_error_body(body) if body.get("error") else None
    return error_within_success(found) if found else None


def _count_images(body: Mapping[str, object]) -> int | None:
    """How many images a reply holds; None if it holds none, as whatever has no images does."""
    items = [object_of(item) for item in list_of(body.get("data"))]
    return sum(any(isinstance(item.get(key), str) for key in _IMAGE_KEYS) for item in items) or None


def _name(value: object, notes: Notes) -> str | None:
    return sound(value, notes) if isinstance(value, str) else None
