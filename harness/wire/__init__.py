"""HTTP and nothing above it: transports, cassettes, retries, redaction, and the dialects that read what came back.

It stands apart because it alone imports httpx, aiohttp and vcrpy; the live transport is loaded when it is first named,
so that a replay does not pay for it.
"""

from typing import TYPE_CHECKING

from harness.wire.cassette_list import CassetteSummary, list_cassettes
from harness.wire.plain import encode_plain
from harness.wire.presence import PresenceTransport
from harness.wire.recording import CassetteTransport, worth_keeping
from harness.wire.redact import Redactor
from harness.wire.retry import RetryPolicy
from harness.wire.transport import NONCE, Admission, Call, CassetteAddress, Endpoint, Lease, Transport, request_key

if TYPE_CHECKING:
    from harness.wire.live import LiveTransport

__all__ = [
    "NONCE",
    "Admission",
    "Call",
    "CassetteAddress",
    "CassetteSummary",
    "CassetteTransport",
    "Endpoint",
    "Lease",
    "LiveTransport",
    "PresenceTransport",
    "Redactor",
    "RetryPolicy",
    "Transport",
    "encode_plain",
    "list_cassettes",
    "request_key",
    "worth_keeping",
]


def __getattr__(name: str) -> object:
    if name == "LiveTransport":
        from harness.wire.live import LiveTransport

        return LiveTransport
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
