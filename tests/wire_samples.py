"""Calls, transports and small servers for tests of what goes over the wire.

They stand apart because cassettes and live calls are tried against the same real sockets.
"""

import asyncio
import json
from contextlib import asynccontextmanager

from harness.core.clock import VirtualClock
from harness.core.exchange import HttpRequest
from harness.wire import Call, CassetteAddress, CassetteTransport, Endpoint, LiveTransport, Redactor, RetryPolicy
from harness.wire import request_key as key_of

ONCE = RetryPolicy(max_attempts=1)
NOBODY = "http://127.0.0.1:9/v1"


def body_of(prompt="hello", **fields):
    """A canonical chat body."""
    fields = {"messages": [{"content": prompt, "role": "user"}], "model": "m", **fields}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def call_to(base_url=NOBODY, body=None, *, source="local", redactor=None, stream=False, case="case", **key):
    """A call of one case; `key` takes index, exchange, credential, region and model."""
    extra = {name: key.pop(name) for name in ("api_key", "key_variable") if name in key}
    endpoint = Endpoint(source=source, base_url=base_url, **extra)
    request = HttpRequest(method="POST", path="/chat", body=body_of() if body is None else body, stream=stream)
    model = key.pop("model", "m")
    made = key_of(request=request, endpoint=endpoint, model=model, redactor=redactor or Redactor(), **key)
    address = CassetteAddress(provider=source, suite="suite", model=model, case=case)
    return Call(key=made, request=request, endpoint=endpoint, case=address)


def live_transport(redactor=None, policy=ONCE, **limits):
    """A live transport that asks once and does not wait for real."""
    return LiveTransport(redactor=redactor or Redactor(), policy=policy, **limits)


def cassettes_in(root, mode="replay", redactor=None, **options):
    """A cassette transport; in every mode but replay with a live one."""
    redactor = redactor or Redactor()
    live = options.pop("live", None) or (live_transport(redactor) if mode != "replay" else None)
    return CassetteTransport(
        mode=mode, root=root, redactor=redactor, live=live, clock=options.pop("clock", VirtualClock()), **options
    )


async def send(transport, *calls):
    """The exchanges of calls sent at once; the transport is closed."""
    try:
        return await asyncio.gather(*(transport.send(call) for call in calls))
    finally:
        await transport.aclose()


def replay(root, *calls, **options):
    """The exchanges of replayed calls."""
    return asyncio.run(send(cassettes_in(root, **options), *calls))


def record(root, answer, *bodies, mode="record", redactor=None, **key):
    """Record an exchange per body, numbered by place, from a server that answers with `answer(body)`."""

    async def run():
        async with serving(answering(answer)) as base_url:
            calls = [call_to(base_url, body, redactor=redactor, **{"index": 0, **key}) for body in bodies]
            return await send(cassettes_in(root, mode, redactor), *calls)

    return asyncio.run(run())


def fetch(serve, *, redactor=None, policy=ONCE, call=None, **limits):
    """The exchange of one live call to a server whose every connection is served by `serve`."""

    async def run():
        async with serving(serve) as base_url:
            made = call_to(base_url, redactor=redactor, **(call or {}))
            return (await send(live_transport(redactor, policy, **limits), made))[0]

    return asyncio.run(run())


@asynccontextmanager
async def serving(serve):
    """A server on loopback; gives its base URL. `serve(reader, writer)` is called for each connection."""
    tasks = set()

    async def connected(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 24)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader):
    """(head, body) of one request."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head, await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""


def response(body=b"{}", status=200, **headers):
    """The bytes of a response."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(answer):
    """Serves any number of requests on a connection; `answer(body)` gives the bytes of a response."""

    async def serve(reader, writer):
        while True:
            _, body = await read_request(reader)
            writer.write(answer(body))
            await writer.drain()

    return serve


def saying(raw):
    """Serves one request with these raw bytes, and hangs up."""

    async def serve(reader, writer):
        await read_request(reader)
        writer.write(raw)
        await writer.drain()

    return serve


def echo(body):
    """A response that holds the request's own body."""
    return response(body, Content_Type="application/json")


def chunked(*pieces, pause_s=0.0, head=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"):
    """Serves one request with a chunked body, a pause after each piece."""

    async def serve(reader, writer):
        await read_request(reader)
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause_s)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return serve
