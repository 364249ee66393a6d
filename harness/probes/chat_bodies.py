"""Bodies of chat requests, as probes send them: raw JSON, because what is probed is the wire.

It stands apart so that every probe words the ordinary parts of a request alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

WORDS = (
    "banana", "harbour", "violin", "copper", "window", "saddle", "meadow", "lantern", "pepper", "glacier", "button",
    "orchard", "hammer", "ribbon", "castle", "thunder", "basket", "mirror", "walnut", "canyon",
)  # fmt: skip
"""Plain words that no answer holds by chance."""


def chat(model: str, text: str, **fields: Any) -> Json:
    """A chat request of one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def talk(model: str, messages: Sequence[Mapping[str, Any]], **fields: Any) -> Json:
    """A chat request of several messages."""
    return {"model": model, "messages": [dict(message) for message in messages], **fields}


def say(word: str) -> str:
    """An instruction that anything which reads its prompt can follow, and a canned reply does not."""
    return f"Reply with exactly this word and nothing else: {word}"


def function(name: str, about: str, properties: Mapping[str, Any], required: Sequence[str]) -> Json:
    """A function tool."""
    parameters = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}
