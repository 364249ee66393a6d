"""A chat-completions server on a real loopback socket whose answers a test writes.

It stands apart so that tests of the runner and of the command line meet HTTP as it is, not a mock of it.
"""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


def completion(content: str | None = "ok", **message: Any) -> dict[str, Any]:
    """A reply as the protocol has it; `usage` counts ten tokens in and two out."""
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    return {
        "id": "r1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up: tests kill them on purpose. A hundred may call at once."""

    request_queue_size = 1024

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


class ScriptedServer:
    """Answers each request with what `answer(body)` returns: a JSON value, or (status, JSON value or bytes).

    routes    'METHOD /path' -> what answers there instead: a value as above, or a function of the body
    raw       called with each body as it came
    requests  the bodies received, in order; headers and lines ('METHOD /path') likewise
    """

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], Any],
        routes: Mapping[str, Any] | None = None,
        raw: Callable[[bytes], object] | None = None,
    ) -> None:
        self.requests: list[Any] = []
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content_sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if raw is not None:
                    raw(content_sent)
                body = _json_of(content_sent)
                line = f"{self.command} {self.path}"
                outer.requests.append(body)
                outer.lines.append(line)
                outer.headers.append(dict(self.headers))
                found = (routes or {}).get(line, answer)
                result = found(body) if callable(found) else found
                status, content = result if isinstance(result, tuple) else (200, result)
                payload = content if isinstance(content, bytes) else json.dumps(content).encode()
                kind = "text/event-stream" if payload.startswith(b"data:") else "application/json"
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_DELETE = do_POST  # noqa: N815 - the names are the server's

            def log_message(self, *_: object) -> None:
                """Keep the test's output quiet."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait until it has."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
