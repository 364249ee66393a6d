"""A server that costs next to nothing: one fixed reply, at once, late, or as a stream of events.

It stands apart, in a process of its own, so that what a benchmark measures is the client.
"""

import argparse
import asyncio
import json

WORDS = "The answer is 42, and it has been so for a long time, as everybody knows who has read the book."
REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 24, "total_tokens": 36},
}


def reply_of(kilobytes: float) -> bytes:
    """The reply; its words repeated until its body has about so many kilobytes."""
    body = json.dumps(REPLY).encode()
    if len(body) < kilobytes * 1000:
        more = " ".join([WORDS] * (1 + int((kilobytes * 1000 - len(body)) / (len(WORDS) + 1))))
        message = {"role": "assistant", "content": more}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        body = json.dumps({**REPLY, "choices": choices}).encode()
    return _response(body)


def _response(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: bench\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def events_of(count: int) -> list[bytes]:
    """The events of a streamed reply, the words spread over them, then the mark of the end."""
    words = WORDS.split()
    events = []
    for number in range(count):
        delta = {"content": (words[number] + " ") if number < len(words) else "so "}
        last = number == count - 1
        event = {**REPLY, "object": "chat.completion.chunk", "usage": REPLY["usage"] if last else None}
        event["choices"] = [{"index": 0, "delta": delta, "finish_reason": "stop" if last else None}]
        events.append(b"data: " + json.dumps(event).encode() + b"\n\n")
    return [*events, b"data: [DONE]\n\n"]


class Answering(asyncio.Protocol):
    """One connection: requests one after another, each read to its end and answered in the fixed way."""

    def __init__(self, reply: bytes, delay_s: float, events: list[bytes], gap_s: float) -> None:
        self._reply, self._delay_s, self._events, self._gap_s = reply, delay_s, events, gap_s
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            found = head.find(b"content-length:")
            length = int(head[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(listing=head.startswith(b"get"))

    def _answer(self, *, listing: bool) -> None:
        loop = asyncio.get_running_loop()
        if listing:
            self._write(_response(b'{"object": "list", "data": [{"id": "m", "object": "model"}]}'))
        elif self._events:
            self._streaming = loop.create_task(self._stream())
        elif self._delay_s:
            loop.call_later(self._delay_s, self._write, self._reply)
        else:
            self._write(self._reply)

    async def _stream(self) -> None:
        self._write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in self._events:
            await asyncio.sleep(self._gap_s)
            self._write(b"%x\r\n%s\r\n" % (len(event), event))
        self._write(b"0\r\n\r\n")

    def _write(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(content)


async def serve(arguments: argparse.Namespace) -> None:
    """Listen until killed; the port is printed first."""
    reply = reply_of(arguments.kilobytes)
    events = events_of(arguments.events) if arguments.events else []

    def connect() -> Answering:
        return Answering(reply, arguments.delay_ms / 1000, events, arguments.gap_ms / 1000)

    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kilobytes", type=float, default=0.0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--gap-ms", type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))
