"""A chat request as every dialect understands it: messages, parts, tool calls, parameters.

It stands apart from the wire so that suites, checks and records share one reading of a conversation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
Credential = Literal["valid", "none", "bad", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a message: a text or an image.

    kind    'text' or 'image'
    text    the text, for a text part
    image   an http(s) or data URL, for an image part
    detail  how closely to look at an image; None leaves it to the server
    """

    kind: Literal["text", "image"] = "text"
    text: str = ""
    image: str = ""
    detail: Literal["low", "high", "auto"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that the model asks for.

    arguments  the JSON text as the model wrote it, which need not parse
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation.

    role          most are the user's, and need not say so in a record
    text          the whole content where it is plain text, else None
    parts         the content where it is made of parts
    tool_calls    what an assistant message asked for
    tool_call_id  which call a tool message answers
    name          who speaks, where several share a role
    null_content  True to send a content of null where there is none, rather than no content
    """

    role: Role = "user"
    text: str | None = None
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    null_content: bool = False

    @property
    def plain(self) -> str:
        """The message's text alone, parts joined by newlines, images left out."""
        if self.text is not None:
            return self.text
        return "\n".join(part.text for part in self.parts if part.kind == "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What is asked of a model, before a dialect spells it.

    params      request parameters by their wire names, unknown ones included: a suite may probe them
    deferred    True to ask for an id now and for the reply later, where the API can
    credential  which key goes with it: the valid one, none, a bad one, or that of the provider's other API domain
    """

    model: str
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    response_format: Mapping[str, Any] | None = None
    stream: bool = False
    deferred: bool = False
    credential: Credential = "valid"
