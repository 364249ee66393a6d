"""Servers that answer chats about tools in one wrong way each, and the claims of one family as they decide them.

It stands apart because tools, formats and messages are tried with the same constant, obstinate and hostile servers.
"""

import json

from endpoint_runs import MadeUp, attempt_of, lineup_of, observed, probe_of, reply_to

MODEL = "grok-3-mini"
PLAIN = "grok-4-1-fast-non-reasoning"


def call(name, arguments='{"city":"Oslo"}', identity="call_1"):
    """A tool call as it is sent."""
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(ask, *calls, content=None):
    """A reply that calls tools."""
    status, body = reply_to(ask, content)
    body["choices"][0]["message"]["tool_calls"] = list(calls)
    body["choices"][0]["finish_reason"] = "tool_calls"
    return status, body


def refusal(message, status=400):
    """A refusal in the usual shape."""
    return status, {"error": {"message": message, "type": "invalid_request_error"}}


def choosy(answer, *taken):
    """The same, by a server that takes no other tool_choice than these: strings, or dict for the object."""

    def strict(ask):
        choice = ask.body.get("tool_choice")
        sound = choice is None or (dict in taken if isinstance(choice, dict) else choice in taken)
        return answer(ask) if sound else refusal("tool_choice: Input should be a valid dictionary", 422)

    return strict


def asked_of(family, probe, answer, *, models=(PLAIN, MODEL), catalogue="xai", allowed=()):
    """Topic -> observation of one probe, whose asks a function answers; and the asks."""
    sender = MadeUp(answer)
    found = observed(probe_of(family, lineup_of(*models, catalogue=catalogue, allowed=allowed), probe), sender)
    return found, sender.asks


def outcomes(found):
    """Topic -> outcome."""
    return {name: each.outcome for name, each in found.items()}


HOSTILE = (
    b"",
    b"\xff\xfe not text",
    b"[]",
    b"null",
    b'"text"',
    b"[" * 5_000,
    json.dumps({"choices": "none"}).encode(),
    json.dumps({"choices": [None, 7, {"message": 3}]}).encode(),
    json.dumps({"choices": [{"message": {"content": {"a": 1}, "tool_calls": 5}}], "usage": []}).encode(),
    json.dumps({"choices": [{"message": {"tool_calls": [None, {"function": 7}, {"id": [], "type": {}}]}}]}).encode(),
    json.dumps(
        {"choices": [{"message": {"tool_calls": [{"function": {"name": "draw_lot", "arguments": "[" * 9_000}}]}}]}
    ).encode(),
    json.dumps(
        {
            "choices": [
                {"message": {"tool_calls": [{"id": "x", "function": {"name": "draw_lot", "arguments": "\ud800"}}]}}
            ]
        }
    ).encode(),
    b'{"choices":[{"message":{"content":"'
    + b"9" * 400
    + b'","tool_calls":[{"id":1e999}]}}],"usage":{"prompt_tokens":-1e400}}',
    json.dumps({"error": {"message": ["no", 5], "code": {}}}).encode(),
)
"""Bodies of replies that no client expects."""


def hostile_attempt(body, status=200):
    """An answer with that body."""
    return attempt_of(status, body)
