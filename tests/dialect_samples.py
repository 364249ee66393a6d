"""Exchanges made of bodies, and their reading by a dialect.

It stands apart because plain and streamed replies are tested in two files, and made alike.
"""

import json

from harness.core.exchange import Attempt, Exchange, Frame
from harness.wire.dialects.openai_chat import DIALECT


def exchange_of(*bodies, request, status=200, headers=(), **attempt):
    """An exchange whose frames arrived 10 ms apart."""
    frames = tuple(
        Frame(at_ms=10.0 * (n + 1), content=body if isinstance(body, bytes) else body.encode())
        for n, body in enumerate(bodies)
    )
    last = Attempt(**{"status": status, "headers": headers, "frames": frames, "total_ms": 99.0} | attempt)
    return Exchange(key="k", request=request, attempts=(last,))


def read_as(body, *, decode=DIALECT.decode, **where):
    """The reply that a body, or the JSON of a value, is read as."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return decode(exchange_of(text, **where))
