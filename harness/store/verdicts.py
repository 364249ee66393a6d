"""A verification's folder: exchanges.jsonl, which grows while it runs, and verdicts.json, written whole at its end.

It stands apart from records of suites because its unit is an exchange: every verdict can be derived again from them.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Self

from pydantic import TypeAdapter, ValidationError

from harness.core.errors import InputError, Unanswerable, UsageError
from harness.core.exchange import Attempt, Exchange, Frame, HttpRequest
from harness.core.verdict import VERDICTS_SCHEMA, ProbeExchange, Verification
from harness.store.run_folder import write_atomically

VERDICTS, EXCHANGES = "verdicts.json", "exchanges.jsonl"
_MAX_BYTES = 256 * 1024 * 1024


class VerificationFolder:
    """The folder that one verification writes."""

    def __init__(self, path: Path, journal: BinaryIO) -> None:
        """Use `VerificationFolder.open`."""
        self.path = path
        self._journal = journal
        self._kept: list[ProbeExchange] = []

    @classmethod
    def open(cls, path: Path, *, replace_paid: bool = False) -> Self:
        """Make the folder and begin its exchanges.

        replace_paid  allow what was sent, and may have been paid for, to be overwritten; a replay may always be
        raises        UsageError if it cannot be written, another run is writing it, or it holds what must not be lost
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            journal = os.fdopen(os.open(path / EXCHANGES, flags, 0o666), "ab")
        except OSError as error:
            message = f"{path}: cannot be written: {error.strerror or error}"
            raise UsageError(message, remedy="name another folder with --out") from error
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            journal.close()
            raise UsageError(
                f"{path}: another verification is writing this folder", remedy="wait for it, or name another with --out"
            ) from error
        if journal.tell() and not replace_paid and _may_be_paid(path):
            journal.close()
            message = f"{path}: holds exchanges that were not replayed, and so may have been paid for"
            raise UsageError(message, remedy="name another folder with --out, or pass --overwrite")
        journal.truncate(0)
        return cls(path, journal)

    def keep(self, exchange: ProbeExchange) -> None:
        """Add one exchange; it survives the process.

        raises  Unanswerable if the disk refuses
        """
        self._kept.append(exchange)
        try:
            self._journal.write(encode_exchange(exchange))
            self._journal.flush()
        except OSError as error:
            message = f"{self.path / EXCHANGES}: cannot be written: {error.strerror or error}"
            raise Unanswerable(message, remedy="make room on its disk, and verify again with another --out") from error

    def close(self, verification: Verification, order: Iterable[str]) -> tuple[ProbeExchange, ...]:
        """Write the verdicts, and the exchanges again, in an order that does not depend on which answer came first.

        order    ids of exchanges, first to last
        returns  the exchanges in that order
        """
        places = {name: place for place, name in enumerate(order)}
        kept = tuple(sorted(self._kept, key=lambda each: (places.get(each.id, len(places)), each.id)))
        write_atomically(self.path / EXCHANGES, b"".join(map(encode_exchange, kept)))
        write_atomically(self.path / VERDICTS, encode_verification(verification))
        self._journal.close()
        return kept

    def abandon(self) -> None:
        """Leave the exchanges as they are: what was answered is in them."""
        self._journal.close()

    def write(self, name: str, content: bytes) -> Path:
        """Write a further file of the folder, atomically."""
        return write_atomically(self.path / name, content)


def _may_be_paid(path: Path) -> bool:
    """Whether the folder's exchanges were sent; those of a verification that never closed count as sent."""
    try:
        written = json.loads((path / VERDICTS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return True
    return not (isinstance(written, dict) and written.get("mode") == "replay")


@cache
def _adapter() -> TypeAdapter[Verification]:
    return TypeAdapter(Verification)


def encode_verification(verification: Verification) -> bytes:
    """verdicts.json: every key of the contract is written, defaults too."""
    return _adapter().dump_json(verification, indent=1) + b"\n"


def is_verification(path: Path) -> bool:
    """Whether a folder holds a verification, and not a run of suites."""
    return (path / VERDICTS).is_file() or path.name == VERDICTS


def read_verification(path: Path) -> Verification:
    """The verdicts of a folder, or of a verdicts.json.

    raises  InputError if there are none, they cannot be read, or they are of another version
    """
    file = path / VERDICTS if path.is_dir() else path
    remedy = "name a folder of harness verify, or its verdicts.json"
    content = _content(file, remedy)
    try:
        schema = json.loads(content)["schema"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{file}: these are no verdicts of model-harness", remedy=remedy) from error
    if schema != VERDICTS_SCHEMA:
        message = f"{file}: the verdicts are in the format {str(schema)[:80]!r}, this version reads {VERDICTS_SCHEMA!r}"
        raise InputError(message, remedy="read them with the version of the harness that wrote them, or verify again")
    try:
        return _adapter().validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{file}: not as verdicts are written: {where}: {first['msg']}", remedy=remedy) from error


def read_exchanges(path: Path) -> tuple[ProbeExchange, ...]:
    """The exchanges of a folder; a last line that was not written to its end is left out.

    raises  InputError naming the line that is none
    """
    file = path / EXCHANGES
    lines = _content(file, "name the folder of harness verify that holds both").splitlines(keepends=True)
    whole: Sequence[bytes] = [line for line in lines if line.endswith(b"\n")]
    found = []
    for number, line in enumerate(whole, start=1):
        try:
            found.append(decode_exchange(line))
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
            raise InputError(f"{file}:{number}: not an exchange", remedy="verify again") from error
    return tuple(found)


def verdicts_schema() -> dict[str, Any]:
    """JSON Schema of verdicts.json."""
    schema = _adapter().json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "The verdicts of a verification",
    }


def _content(file: Path, remedy: str) -> bytes:
    try:
        if not file.is_file():
            raise InputError(f"{file}: not there", remedy=remedy)
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}", remedy=remedy) from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"{file}: larger than {_MAX_BYTES // 2**20} MiB", remedy=remedy)
    return content


def encode_exchange(kept: ProbeExchange) -> bytes:
    """One line: bodies as text where they are text, arrival times left out."""
    exchange = kept.exchange
    line = {
        "id": kept.id,
        "probe": kept.probe,
        "model": kept.model,
        "about": kept.about,
        "role": kept.role,
        "credential": kept.credential,
        "domain": kept.domain,
        "region": kept.region,
        "cost_usd": None if kept.cost_usd is None else str(kept.cost_usd),
        "key": exchange.key,
        "recorded": exchange.recorded,
        "recorded_at": exchange.recorded_at,
        "server": exchange.server,
        "request": {
            "method": exchange.request.method,
            "path": exchange.request.path,
            "stream": exchange.request.stream,
            "content_type": exchange.request.content_type,
            **_body(exchange.request.body),
        },
        "attempts": [_attempt(each) for each in exchange.attempts],
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "status": attempt.status,
        "error": attempt.error,
        "message": attempt.message,
        "headers": [list(pair) for pair in attempt.headers],
        "total_ms": attempt.total_ms,
        **_body(attempt.body),
    }


def _body(content: bytes) -> dict[str, str]:
    try:
        return {"body": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def decode_exchange(line: bytes) -> ProbeExchange:
    """One line, read.

    raises  ValueError, KeyError, TypeError or AttributeError if it is none
    """
    found = json.loads(line.decode("utf-8", "surrogatepass"))
    asked = found["request"]
    request = HttpRequest(
        method=asked["method"],
        path=asked["path"],
        body=_bytes(asked),
        stream=bool(asked["stream"]),
        content_type=asked["content_type"],
    )
    attempts = tuple(_read_attempt(each) for each in found["attempts"])
    if not attempts:
        raise ValueError("no attempt")
    exchange = Exchange(
        key=found["key"],
        request=request,
        attempts=attempts,
        recorded=bool(found["recorded"]),
        recorded_at=found["recorded_at"],
        server=found["server"],
    )
    return ProbeExchange(
        id=found["id"],
        probe=found["probe"],
        model=found["model"],
        about=found["about"],
        role=found["role"],
        credential=found["credential"],
        domain=found["domain"],
        region=found["region"],
        exchange=exchange,
        cost_usd=None if found["cost_usd"] is None else Decimal(found["cost_usd"]),
    )


def _read_attempt(found: dict[str, Any]) -> Attempt:
    content = _bytes(found)
    return Attempt(
        status=found["status"],
        headers=tuple((str(name), str(value)) for name, value in found["headers"]),
        frames=(Frame(at_ms=None, content=content),) if content else (),
        total_ms=found["total_ms"],
        error=found["error"],
        message=found["message"],
    )


def _bytes(found: dict[str, Any]) -> bytes:
    if "base64" in found:
        return base64.b64decode(found["base64"])
    return str(found["body"]).encode()
