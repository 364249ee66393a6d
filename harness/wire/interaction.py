"""An exchange as a cassette's interaction, and back: the two directions of one mapping.

They stand together so that a reply that was just recorded can be handed on exactly as its replay will be.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.core.exchange import Attempt, Exchange, Frame
from harness.wire.cassette_recording import Recording
from harness.wire.cassette_text import unreadable
from harness.wire.content_coding import GZIP_MAGIC, BadCoding, TooLarge, decode_whole, without_coding
from harness.wire.redact import Redactor
from harness.wire.transport import Call, fill_nonces, headers_of, url_of

MAX_REPLY_BYTES = 32 * 1024 * 1024


def interaction_of(
    call: Call, attempt: Attempt, *, nonces: tuple[str, ...], recorded_at: datetime, redactor: Redactor
) -> dict[str, Any]:
    """What a cassette keeps of an attempt that got a reply.

    call     its request with the placeholder still in it
    attempt  redacted, encodings undone
    """
    uri = _without_user(redactor.url(url_of(call.endpoint, call.request)))
    request = fill_nonces(redactor.request(call.request), nonces)
    headers: dict[str, list[str]] = {}
    for name, value in without_coding(attempt.headers):
        headers.setdefault(name, []).append(value)
    return {
        "request": {
            "method": request.method,
            "uri": uri,
            "body": _readable(request.body) if request.body else None,
            "headers": {name: [value] for name, value in headers_of(request).items()},
        },
        "response": {
            "status": {"code": attempt.status, "message": _phrase(attempt.status)},
            "headers": headers,
            "body": {"string": _readable(attempt.body)},
            "harness": _harness(call, attempt, urlsplit(uri).netloc, nonces, recorded_at),
        },
    }


def exchange_of(call: Call, recording: Recording, redactor: Redactor, *, recorded: bool = True) -> Exchange:
    """The exchange that a recording stands for, as the answer to a call.

    raises  UnreadableCassette if the recorded body is not in the encoding that its headers name
    """
    origin = recording.origin
    attempt = _attempt_of(recording)
    if origin is None:
        attempt = redactor.attempt(attempt)
    return Exchange(
        key=call.key.digest,
        request=fill_nonces(redactor.request(call.request), origin.nonces if origin is not None else ()),
        attempts=(attempt,),
        recorded=recorded,
        recorded_at=origin.recorded_at if origin is not None else None,
        server=origin.server if origin is not None else attempt.header("server"),
    )


def reply_of(recording: Recording) -> bytes:
    """The recorded body, encodings undone.

    raises  UnreadableCassette if it is not in the encoding that its headers name

    vcrpy before 8.2 kept the header and stored the decoded body for httpx; a body that is no longer encoded is taken as
    it is, unless it begins as gzip does or is no text.
    """
    encoding = ", ".join(value for name, value in recording.headers if name == "content-encoding")
    if not encoding:
        return recording.reply
    try:
        return decode_whole(encoding, recording.reply, MAX_REPLY_BYTES)
    except TooLarge as error:
        raise unreadable(
            recording.path, f"interactions[{recording.position}]: its body has more than {MAX_REPLY_BYTES:,} bytes"
        ) from error
    except BadCoding as error:
        if recording.reply.startswith(GZIP_MAGIC) or not _is_text(recording.reply):
            raise unreadable(recording.path, f"interactions[{recording.position}]: {error}") from error
        return recording.reply


def lost_its_times(recording: Recording) -> bool:
    """True if frames were recorded and no longer add up to the body: the file was edited."""
    return bool(recording.origin and recording.origin.frames and not _frames_fit(recording, recording.reply))


def _attempt_of(recording: Recording) -> Attempt:
    body = reply_of(recording)
    if recording.origin is not None and _frames_fit(recording, body):
        frames, total_ms = _sliced(recording.origin.frames, body), recording.origin.total_ms
    else:
        frames, total_ms = ((Frame(at_ms=None, content=body),) if body else ()), None
    return Attempt(status=recording.status, headers=without_coding(recording.headers), frames=frames, total_ms=total_ms)


def _frames_fit(recording: Recording, body: bytes) -> bool:
    return recording.origin is not None and sum(length for _, length in recording.origin.frames) == len(body)


def _sliced(frames: tuple[tuple[float | None, int], ...], body: bytes) -> tuple[Frame, ...]:
    sliced, begin = [], 0
    for at_ms, length in frames:
        sliced.append(Frame(at_ms=at_ms, content=body[begin : begin + length]))
        begin += length
    return tuple(sliced)


def _harness(
    call: Call, attempt: Attempt, host: str, nonces: tuple[str, ...], recorded_at: datetime
) -> Mapping[str, Any]:
    key = call.key
    source = {
        "provider": key.provider,
        "host": host,
        "server": attempt.header("server"),
        "region": key.region,
        "model": key.model,
        "credential": key.credential,
        "index": key.index,
        "exchange": key.exchange,
    }
    return {
        "key": key.digest,
        "source": {name: value for name, value in source.items() if value is not None},
        "recorded_at": recorded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "total_ms": _rounded(attempt.total_ms),
        "frames": [[_rounded(frame.at_ms), len(frame.content)] for frame in attempt.frames],
        **({"nonces": list(nonces)} if nonces else {}),
    }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(max(0.0, milliseconds), 3)


def _readable(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _is_text(content: bytes) -> bool:
    return isinstance(_readable(content), str)


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
