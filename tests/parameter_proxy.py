"""A proxy that tampers with one parameter on its way to a real server: what a gateway of a vendor's might do.

It stands apart from the simulator: behind it real sampling answers, and the only thing broken is what the proxy breaks.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from harness.simulator.http.loopback import Serving, serving

Tampering = Literal["none", "strip", "reject", "pin"]
_PASSED = ("content-type", "authorization", "accept")


@dataclass(frozen=True, kw_only=True)
class ParameterProxy:
    """Passes everything on, save one parameter.

    upstream   base URL of the real server, with the version prefix
    tampering  'strip' takes the parameter out, 'reject' refuses a request that has it, 'pin' sets it to `value`
    """

    upstream: str
    parameter: str
    tampering: Tampering
    value: Any = None

    def app(self) -> Starlette:
        """The proxy as an ASGI app."""
        app = Starlette(routes=[Route("/v1/{path:path}", self._pass_on, methods=["GET", "POST"])])
        app.state.client = httpx.AsyncClient(timeout=600, trust_env=False)
        return app

    async def _pass_on(self, request: Request) -> Response:
        body = await request.body()
        refused = self._refusal(body)
        if refused is not None:
            return refused
        client: httpx.AsyncClient = request.app.state.client
        headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
        url = f"{self.upstream}/{request.path_params['path']}"
        asked = client.build_request(request.method, url, headers=headers, content=self._tampered(body))
        answer = await client.send(asked, stream=True)

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in answer.aiter_raw():
                yield piece
            await answer.aclose()

        kind = answer.headers.get("content-type", "application/json")
        return StreamingResponse(pieces(), status_code=answer.status_code, media_type=kind)

    def _refusal(self, body: bytes) -> Response | None:
        if self.tampering != "reject" or self.parameter not in _fields(body):
            return None
        message = f"Unsupported parameter: '{self.parameter}' is not supported with this model."
        error = {"message": message, "type": "invalid_request_error", "param": self.parameter, "code": None}
        return JSONResponse({"error": error}, status_code=400)

    def _tampered(self, body: bytes) -> bytes:
        fields = _fields(body)
        if self.tampering == "strip" and self.parameter in fields:
            del fields[self.parameter]
        elif self.tampering == "pin" and fields:
            fields[self.parameter] = self.value
        else:
            return body
        return json.dumps(fields).encode()


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@contextlib.contextmanager
def tampering_with(proxy: ParameterProxy) -> Iterator[Serving]:
    """Serve a proxy while the block runs."""
    with serving(proxy.app()) as served:
        yield served
