"""Requests that are no chat, spelled: what a suite writes is what is sent.

It stands apart from the dialects, which spell conversations; how such an answer is read stands with them.
"""

from harness.core.exchange import HttpRequest
from harness.core.plain import PlainRequest
from harness.wire.untrusted import json_bytes


def encode_plain(request: PlainRequest) -> HttpRequest:
    """The request as it is sent: a canonical JSON body, or a text's own bytes."""
    body = request.body
    if body is None:
        return HttpRequest(method=request.method, path=request.path)
    if isinstance(body, str):
        return HttpRequest(method=request.method, path=request.path, body=body.encode("utf-8", "replace"))
    stream = isinstance(body, dict) and body.get("stream") is True
    return HttpRequest(method=request.method, path=request.path, body=json_bytes(body), stream=stream)
