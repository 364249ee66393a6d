"""The least that so many requests can cost: a bare loop over the harness's own transport, or over aiohttp alone.

It stands apart, in a process of its own, so that it is measured as a run of the harness is.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp

BODY = json.dumps(
    {
        "max_tokens": 64,
        "messages": [{"content": "Question 0: what is the answer?", "role": "user"}],
        "model": "m",
        "stream": False,
    },
    separators=(",", ":"),
).encode()
CONCURRENCY = 32


async def over_aiohttp(url: str, loop: Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]) -> None:
    """A session, a post, a read."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def one() -> object:
            async with session.post(f"{url}/chat/completions", data=BODY, headers=HEADERS) as response:
                return await response.read()

        await loop(one)


HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


async def over_transport(url: str, loop: Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]) -> None:
    """Our own, with nothing above it: attempts, bounds, redaction; no cases, no pacing, no records."""
    from harness.core.exchange import HttpRequest
    from harness.wire import Call, CassetteAddress, Endpoint, LiveTransport, Redactor, request_key

    redactor = Redactor(())
    transport = LiveTransport(redactor=redactor)
    request = HttpRequest(method="POST", path="/chat/completions", body=BODY)
    endpoint = Endpoint(source="local", base_url=url)
    key = request_key(request=request, endpoint=endpoint, model="m", redactor=redactor)
    case = CassetteAddress(provider="local", suite="s", model="m", case="c")
    call = Call(key=key, request=request, endpoint=endpoint, case=case)
    await loop(lambda: transport.send(call))
    await transport.aclose()


async def main(kind: str, url: str, requests: int) -> None:
    """So many requests, 32 at once."""
    remaining = iter(range(requests))

    async def loop(one: Callable[[], Awaitable[object]]) -> None:
        async def work() -> None:
            for _ in remaining:
                await one()

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))

    await (over_aiohttp if kind == "aiohttp" else over_transport)(url, loop)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["aiohttp", "transport"])
    parser.add_argument("url")
    parser.add_argument("requests", type=int)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.kind, chosen.url, chosen.requests))
