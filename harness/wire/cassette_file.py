"""The shape of a cassette: vcrpy's format, version 1, with what the harness adds inside each response.

It stands apart from the text of the file and from look-up, so that one place says which recordings are understood:
ours, and those of vcrpy and pytest-recording in every format they have written.
"""

import gc
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.canonical import canonical_json
from harness.wire.cassette_recording import Origin, Recording, host_and_target, text_bytes
from harness.wire.cassette_spelling import NotOurs, read_own
from harness.wire.cassette_text import read_text, unreadable

MAX_BYTES = 256 * 1024 * 1024
_VERSION = 1
_pause_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteFile:
    """A cassette, read whole.

    document  everything beside the interactions, kept when the file is written again
    """

    path: Path
    recordings: tuple[Recording, ...] = ()
    document: Mapping[str, Any]


class _Misshapen(Exception):
    """A value is not what the format asks for; carries the path to it and what was wanted."""


def read_cassette(path: Path, *, documents: bool = False) -> CassetteFile:
    """The cassette at `path`, which must exist.

    documents  whether to keep every interaction as the file has it, too: takes five times as long, and more memory
    raises     UnreadableCassette for whatever cannot be understood whole, an empty file among it
    """
    with _collection_paused():
        content = _read_bytes(path)
        text = _decoded(content, path)
        if not documents:
            # What is spelled as ours are is read far sooner; of the rest the YAML reader has the word.
            with suppress(NotOurs):
                return CassetteFile(path=path, recordings=tuple(read_own(text, content, path)), document={})
        if not text.strip():
            raise unreadable(path, "it is empty")
        return _cassette_of(read_text(text, path), path, documents=documents)


def read_file(path: Path) -> str:
    """The text of a cassette or journal.

    raises  UnreadableCassette if it cannot be opened, is too large, or is not UTF-8
    """
    return _decoded(_read_bytes(path), path)


def _read_bytes(path: Path) -> bytes:
    """The file's bytes, with as few calls to the system as there can be: one replay may open thousands."""
    try:
        # Not waiting: a pipe that nobody writes to would hold up its reader for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise unreadable(path, "it is not a regular file")
            if status.st_size > MAX_BYTES:
                raise unreadable(path, f"it has {status.st_size:,} bytes, more than {MAX_BYTES:,}")
            return file.read()
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(path, f"byte {error.start} is not UTF-8") from error


def recording_of(interaction: object, path: Path, position: int, *, document: bool = True) -> Recording:
    """One interaction, checked.

    document  whether to keep it as it is, too
    raises    UnreadableCassette naming the value that is not what the format asks for
    """
    try:
        return _recording(_mapping(interaction, ""), path, position, document=document)
    except _Misshapen as fault:
        where, wanted = fault.args
        raise unreadable(path, f"interactions[{position}]{where} must be {wanted}") from fault


def _cassette_of(document: object, path: Path, *, documents: bool) -> CassetteFile:
    if isinstance(document, list):
        raise unreadable(path, "it has the layout of vcrpy before 1.0; vcrpy's migration script can convert it")
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise unreadable(path, "it has no list 'interactions', so it is no cassette")
    version = document.get("version", _VERSION)
    if version != _VERSION or isinstance(version, bool):
        raise unreadable(path, f"its version is {version!r}; only version {_VERSION} is known")
    interactions = enumerate(document["interactions"])
    recordings = tuple(recording_of(item, path, n, document=documents) for n, item in interactions)
    rest = {key: value for key, value in document.items() if key not in ("version", "interactions")}
    return CassetteFile(path=path, recordings=recordings, document=rest)


def _recording(interaction: Mapping[str, Any], path: Path, position: int, *, document: bool) -> Recording:
    request = _mapping(interaction.get("request"), ".request")
    response = _mapping(interaction.get("response"), ".response")
    status, reply = _status_and_body(response)
    uri = _text(request.get("uri"), ".request.uri")
    try:
        host, target = host_and_target(uri)
    except ValueError as error:
        raise _Misshapen(".request.uri", "a URL") from error
    return Recording(
        path=path,
        position=position,
        document=interaction if document else None,
        method=_text(request.get("method"), ".request.method"),
        uri=uri,
        host=host,
        target=target,
        body=_body(request.get("body"), ".request.body"),
        status=status,
        headers=tuple(_headers(response.get("headers"), ".response.headers")),
        reply=reply,
        origin=_origin(response["harness"], ".response.harness") if "harness" in response else None,
    )


def _status_and_body(response: Mapping[str, Any]) -> tuple[int, bytes]:
    if "status_code" in response:
        # vcrpy before 6 recorded httpx in a layout of its own.
        return _code(response["status_code"], ".response.status_code"), _body(
            response.get("content"), ".response.content"
        )
    status = _mapping(response.get("status"), ".response.status")
    body = response.get("body")
    if isinstance(body, dict):
        body = body.get("string")
    return _code(status.get("code"), ".response.status.code"), _body(body, ".response.body.string")


def _origin(value: object, where: str) -> Origin:
    harness = _mapping(value, where)
    source = _mapping(harness.get("source"), f"{where}.source")
    nonces = harness.get("nonces", [])
    if not isinstance(nonces, list):
        raise _Misshapen(f"{where}.nonces", "a list")
    return Origin(
        provider=_text(source.get("provider"), f"{where}.source.provider"),
        model=_text(source.get("model"), f"{where}.source.model"),
        region=_optional_text(source.get("region"), f"{where}.source.region"),
        credential=_text(source.get("credential", "valid"), f"{where}.source.credential"),
        index=_count(source.get("index", 0), f"{where}.source.index"),
        exchange=_count(source.get("exchange", 0), f"{where}.source.exchange"),
        server=_optional_text(source.get("server"), f"{where}.source.server"),
        recorded_at=_optional_text(harness.get("recorded_at"), f"{where}.recorded_at"),
        frames=tuple(_frames(harness.get("frames", []), f"{where}.frames")),
        total_ms=_milliseconds(harness.get("total_ms"), f"{where}.total_ms"),
        nonces=tuple(_nonce(nonce, f"{where}.nonces") for nonce in nonces),
    )


def _frames(value: object, where: str) -> Iterator[tuple[float | None, int]]:
    if not isinstance(value, list):
        raise _Misshapen(where, "a list of [milliseconds, length]")
    for frame in value:
        if not isinstance(frame, list) or len(frame) != 2:  # noqa: PLR2004 - a pair
            raise _Misshapen(where, "a list of [milliseconds, length]")
        yield _milliseconds(frame[0], where), _count(frame[1], where)


def _headers(value: object, where: str) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    for name, values in _mapping(value, where).items():
        for each in values if isinstance(values, list) else [values]:
            if isinstance(each, dict | list) or each is None:
                raise _Misshapen(f"{where}.{name}", "a text or a list of texts")
            yield name.lower(), each.decode("latin-1") if isinstance(each, bytes) else str(each)


def _body(value: object, where: str) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, dict | list):
        # vcrpy keeps what aiohttp was given as `json=` unserialised.
        try:
            return canonical_json(value).encode("utf-8", "surrogatepass")
        except (ValueError, TypeError, RecursionError) as error:
            raise _Misshapen(where, "JSON") from error
    raise _Misshapen(where, "a text or bytes")


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Misshapen(where, "a mapping")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _Misshapen(where, "a text")
    return value


def _nonce(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isalnum():
        raise _Misshapen(where, "a list of letters and digits")
    return value


def _optional_text(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Misshapen(where, "made of whole numbers, 0 or more" if where.endswith("frames") else "a whole number")
    return value


def _code(value: object, where: str) -> int:
    code = _count(value, where)
    if not 100 <= code <= 999:  # noqa: PLR2004 - RFC 9110, section 15: three digits
        raise _Misshapen(where, "a status of three digits")
    return code


def _milliseconds(value: object, where: str) -> float | None:
    if value is None:
        return None
    # The second bound turns away infinity, and NaN fails the first.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e12:  # noqa: PLR2004
        raise _Misshapen(where, "in milliseconds, 0 or more")
    return float(value)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """No garbage collection while a million small values are made, none of them garbage: it would double the time."""
    with _pause_lock:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                gc.enable()
