"""What a skill is given and what it gives back: a conversation in plain types, and what to say or call next.

It stands apart from every skill so that the chat part can build the one and read the other without knowing any skill.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call: one that was made earlier, or one to make now.

    arguments  as an object, already parsed; {} where the earlier text did not parse
    id         links an earlier call to its result; '' for a call to make
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message.

    role          'system', 'developer', 'user', 'assistant' or 'tool'; anything else is read as 'user'
    images        bytes of the files, decoded from their data URLs, not yet opened
    tool_call_id  for a tool's result, the call that it answers
    """

    role: str
    text: str = ""
    images: tuple[bytes, ...] = ()
    tool_calls: tuple[Call, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function on offer.

    parameters  its JSON Schema as sent, which may be nonsense
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All that is known when the next message is to be written.

    tool_choice      None or 'auto', 'none', 'required', or 'name:<tool>'
    parallel         whether several calls may be made at once
    response_format  as sent, or None
    sees_images      False: images are never opened
    """

    messages: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    parallel: bool = True
    response_format: Mapping[str, Any] | None = None
    sees_images: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the simulated model wants to say or do.

    draft    what to say; None for open text, or where there are calls
    calls    tool calls to make instead of text
    thought  a few sentences about the request, for models that show their reasoning
    """

    draft: str | None
    calls: tuple[Call, ...] = ()
    thought: str = ""
