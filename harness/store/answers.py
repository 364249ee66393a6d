"""Lines of a journal beside its trials: answers of trials that are not done, and what a budget has set aside.

They stand apart because nothing of them is in a finished run: they are what lets an interrupted one go on.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from harness.core.exchange import Attempt, Exchange, Frame, HttpRequest

_ANSWER, _ASIDE, _SETTLED = b'{"answer":', b'{"aside":', b'{"settled":'


def encode_answer(memo: str, exchange: Exchange) -> bytes:
    """An exchange as it happened, under the name by which its trial asks for it again."""
    request = exchange.request
    body = {
        "memo": memo,
        "key": exchange.key,
        "server": exchange.server,
        "recorded": exchange.recorded,
        "recorded_at": exchange.recorded_at,
        "request": [request.method, request.path, _text(request.body), request.stream, request.content_type],
        "attempts": [_attempt(attempt) for attempt in exchange.attempts],
    }
    return _ANSWER + json.dumps(body, separators=(",", ":")).encode() + b"}\n"


def _attempt(attempt: Attempt) -> list[object]:
    frames = [[frame.at_ms, _text(frame.content)] for frame in attempt.frames]
    headers = [list(header) for header in attempt.headers]
    return [attempt.status, headers, frames, attempt.total_ms, attempt.error, attempt.message, attempt.waited_s]


def _text(content: bytes) -> object:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return [b64encode(content).decode()]


def encode_aside(number: int, purses: Iterable[str], usd: Decimal) -> bytes:
    """That a request may cost so much, written before it leaves."""
    return _ASIDE + json.dumps([number, list(purses), str(usd)]).encode() + b"}\n"


def encode_settled(number: int, usd: Decimal) -> bytes:
    """What that came to."""
    return _SETTLED + json.dumps([number, str(usd)]).encode() + b"}\n"


@dataclass(slots=True)
class Leftovers:
    """What an interrupted run left beside finished trials.

    answers  by their names
    aside    (purses, dollars at most) of each request that was sent, by number
    settled  what it came to, where that was written
    """

    answers: dict[str, Exchange] = field(default_factory=dict)
    aside: dict[int, tuple[tuple[str, ...], Decimal]] = field(default_factory=dict)
    settled: dict[int, Decimal] = field(default_factory=dict)

    def take(self, line: bytes) -> bool:
        """Read a line if it is one of these.

        raises  ValueError if it begins as one and is none
        """
        try:
            if line.startswith(_ANSWER):
                memo, exchange = _decode_answer(json.loads(line)["answer"])
                self.answers[memo] = exchange
            elif line.startswith(_ASIDE):
                number, purses, usd = json.loads(line)["aside"]
                self.aside[int(number)] = (tuple(map(str, purses)), _dollars(usd))
            elif line.startswith(_SETTLED):
                number, usd = json.loads(line)["settled"]
                self.settled[int(number)] = _dollars(usd)
            else:
                return False
        except (KeyError, TypeError, AttributeError, InvalidOperation, RecursionError) as error:
            raise ValueError("it is not as the harness writes it") from error
        return True

    def spent(self) -> Iterable[tuple[tuple[str, ...], Decimal]]:
        """(purses, dollars) of each request; one whose end was not written counts at its worst case."""
        for number, (purses, usd) in self.aside.items():
            yield purses, self.settled.get(number, usd)


def _dollars(text: object) -> Decimal:
    usd = Decimal(str(text))
    if not usd.is_finite():
        raise ValueError("it counts no dollars")
    return usd


def _decode_answer(found: Mapping[str, Any]) -> tuple[str, Exchange]:
    method, path, body, stream, content_type = found["request"]
    request = HttpRequest(
        method=str(method), path=str(path), body=_bytes(body), stream=bool(stream), content_type=str(content_type)
    )
    attempts = tuple(_decode_attempt(each) for each in found["attempts"])
    if not attempts:
        raise ValueError("it holds no attempt")
    exchange = Exchange(
        key=str(found["key"]),
        request=request,
        attempts=attempts,
        recorded=bool(found["recorded"]),
        recorded_at=found["recorded_at"],
        server=found["server"],
    )
    return str(found["memo"]), exchange


def _decode_attempt(found: Sequence[Any]) -> Attempt:
    status, headers, frames, total_ms, error, message, waited_s = found
    return Attempt(
        status=status,
        headers=tuple((str(name), str(value)) for name, value in headers),
        frames=tuple(Frame(at_ms=at_ms, content=_bytes(content)) for at_ms, content in frames),
        total_ms=total_ms,
        error=error,
        message=str(message),
        waited_s=float(waited_s),
    )


def _bytes(content: object) -> bytes:
    if isinstance(content, list):
        return b64decode(content[0])
    return str(content).encode()
