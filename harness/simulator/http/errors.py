"""Refusals and how they look on the wire: flat, unless a deviation says otherwise; never anything of our inside.

It stands apart from the routes so that every error, expected or not, leaves by one door.
"""

import sys
import traceback
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match

from harness.simulator.chat.refusal import INVALID, NOT_FOUND, Refusal
from harness.simulator.http.site import site_of

# The words of the vendor's own code where public evidence shows them; ours where it shows a status alone.
CODES: Final[Mapping[int, str]] = {
    400: INVALID,
    401: "Unauthenticated",
    403: "The caller does not have permission to execute the specified operation",
    404: NOT_FOUND,
    405: "Method not allowed",
    413: "Request too large",
    415: "Unsupported media type",
    429: "Some resource has been exhausted",
    500: "Internal error",
    502: "Bad gateway",
    503: "The service is currently unavailable",
    504: "Gateway timeout",
    529: "The service is overloaded",
}


class Refused(Refusal):
    """A refusal of the HTTP part: the usual code of its status, and headers such as Allow or Retry-After."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Refuse with this status and these words."""
        super().__init__(status, CODES.get(status, "Error"), message)
        self.headers = dict(headers or {})


def no_handler(path: str) -> Refused:
    """The refusal of a route that is not there."""
    return Refused(404, f"No handler found on route {path[:200]}")


def error_response(
    refused: Refusal, deviations: Collection[str] = (), *, headers: Mapping[str, str] | None = None
) -> Response:
    """The refusal on the wire, with more headers than its own."""
    status = 200 if "errors-inside-200" in deviations else refused.status
    headers = {**(headers or {}), **(refused.headers if isinstance(refused, Refused) else {})}
    if "errors-as-text" in deviations:
        return PlainTextResponse(refused.message, status_code=status, headers=headers)
    code = {"code": refused.code} if refused.code else {}
    body: dict[str, Any] = {**code, "error": refused.message}
    if "errors-nested" in deviations:
        kind = "invalid_request_error" if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
        body = {"error": {"message": refused.message, "type": kind, "code": refused.code}}
    return JSONResponse(body, status_code=status, headers=headers)


async def on_refusal(request: Request, error: Exception) -> Response:
    """Answer a refusal of ours."""
    assert isinstance(error, Refusal)  # noqa: S101 - registered for nothing else
    return error_response(error, site_of(request).deviations(request))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses: an unknown route, a wrong method, a body that breaks off."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == HTTPStatus.NOT_FOUND:
        refused = no_handler(request.scope["path"])
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        message = f"Method {request.method} is not allowed on route {request.scope['path'][:200]}"
        refused = Refused(405, message, headers={"Allow": ", ".join(_methods(request))})
    else:
        refused = Refused(error.status_code, error.detail, headers=error.headers)
    return error_response(refused, site_of(request).deviations(request))


def _methods(request: Request) -> list[str]:
    """What the path takes: a path with several methods is several routes, of which Starlette names the first's."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in route.methods})


async def on_gone(_request: Request, _error: Exception) -> Response:
    """Answer a client that left before its request was whole, and so reads nothing."""
    return Response(status_code=400)


async def on_fault_of_ours(request: Request, error: Exception) -> Response:
    """Answer 500 without a word of why, which goes to standard error."""
    print(f"a fault of the simulator itself, on {request.method} {request.scope['path']!r}:", file=sys.stderr)  # noqa: T201
    traceback.print_exception(error)
    return error_response(Refused(500, "Internal error"), site_of(request).deviations(request))
