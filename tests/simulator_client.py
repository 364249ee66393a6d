"""A client of a running simulator: plain HTTP over a real socket, with the shortest words for what tests send.

It stands apart because tests of the server, of its faults and of the command line all talk to it.
"""

import json
from types import SimpleNamespace

import httpx

from harness.simulator.chat.refusal import Refusal

CHAT = "/v1/chat/completions"
MODEL = "grok-4-1-fast-non-reasoning"


def ask(content="Say hello", model=MODEL, **fields):
    """The body of a chat request."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **fields}


def bearer(key):
    """The header that carries a key."""
    return {"Authorization": f"Bearer {key}"}


class Client(httpx.Client):
    """A client with the inference key; `server` is what it talks to."""

    def __init__(self, server):
        super().__init__(base_url=server.origin, headers=bearer(server.key), trust_env=False, timeout=20)
        self.server = server

    def chat(self, content="Say hello", *, key=None, **fields):
        """Ask, and read the whole reply."""
        return self.post(CHAT, json=ask(content, **fields), headers=bearer(key) if key else {})

    def manage(self, method, path, **options):
        """A request to the management API with its key; the path is below the team's."""
        where = f"/auth/teams/{self.server.team}{path}"
        return self.request(method, where, headers=bearer(self.server.management_key), **options)


def events(text):
    """What a stream says, event by event: parsed, but for the end mark."""
    blocks = [block for block in text.split("\n\n") if block]
    contents = [block.partition("data: ")[2] for block in blocks]
    return [content if content == "[DONE]" else json.loads(content) for content in contents]


def said(text):
    """The visible text of a stream."""
    chunks = [event for event in events(text) if isinstance(event, dict)]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


class OverSocket:
    """A running simulator with the words of a chat service, so that what is put to the one can be put to the other."""

    def __init__(self, client):
        self._client = client

    def complete(self, body, **_asker):
        """The answer; of a stream the chunks, and as its body what the same question draws unstreamed."""
        reply = self._post("/v1/chat/completions", body)
        if not body.get("stream") or "json" in reply.headers["content-type"]:
            return SimpleNamespace(body=reply.json(), chunks=())
        whole = self._post("/v1/chat/completions", {**body, "stream": False, "stream_options": None})
        return SimpleNamespace(body=whole.json(), chunks=tuple(events(reply.text)))

    def images(self, body, **_asker):
        """The answer to a request for pictures."""
        return self._post("/v1/images/generations", body).json()

    def models(self):
        """The lists of models."""
        return SimpleNamespace(models=lambda: self._client.get("/v1/models").json())

    def _post(self, path, body):
        reply = self._client.post(path, json=body)
        if reply.is_error:
            raise Refusal(reply.status_code, reply.json().get("code", ""), reply.json()["error"])
        return reply
