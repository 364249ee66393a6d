"""Content blocks, stop reasons and usage of the Messages API, folded into a reply: of one body or of a stream.

It stands apart from the stream's grammar, which judges what came; here it is only read, as kindly as possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.chat import ToolCall
from harness.core.reply import ApiError, Reply
from harness.wire.dialects.anthropic_usage import read_message_usage
from harness.wire.untrusted import Notes, NotJson, list_of, object_of, shown, sound, text_of, write_json

FINISH_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Anthropic's stop reason -> OpenAI's word for it; any other stays as the server spelled it."""

# Far beyond what a reply holds; a stream that numbers every event as a block must not fill the memory.
_MAX_BLOCKS = 10_000
_MAX_SOURCES = 1000
# Where a block begins, and where a piece of it comes, its text stands under the same key.
_TEXT_KEYS: Mapping[str, str] = {
    "text": "text",
    "text_delta": "text",
    "thinking": "thinking",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}
# The kind of block that a delta speaks of, where the block's beginning is missing.
_KIND_OF_DELTA = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "tool_use"}
# The server's own calls are streamed as the model's are.
_TOOL_USE = "tool_use"
# Nothing in them is for the reader: a signature, a thought that is sealed, a search on its way.
_SILENT = frozenset({"signature_delta", "redacted_thinking", "server_tool_use"})


@dataclass(slots=True)
class _Block:
    kind: str = ""
    id: str = ""
    name: str = ""
    given: object = None
    texts: list[str] = field(default_factory=list)


class MessageFold:
    """Everything that a body, or a stream's events, say of a message; oddities in `notes`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.notes = Notes()
        self.id: str | None = None
        self.model: str | None = None
        self.stop_reason: str | None = None
        self.has_content = False
        self._usage: dict[str, object] = {}
        self._blocks: dict[int, _Block] = {}
        self._last = -1
        self._late = False
        self._sources: dict[str, None] = {}

    @property
    def has_usage(self) -> bool:
        """Whether any token counts came."""
        return bool(self._usage)

    @property
    def reasoning_first(self) -> bool | None:
        """Whether all reasoning came before the answer's first text; None if none came."""
        return not self._late if self._holds("thinking") else None

    @property
    def is_empty(self) -> bool:
        """Whether there is no message at all: neither content nor its beginning."""
        return not self.has_content and not self._blocks

    def add_message(self, message: Mapping[str, object]) -> bool:
        """Take in a whole message, or the one that a stream begins with; True if it holds any token."""
        self.id = self.id or self._name(message.get("id"), "id")
        self.model = self.model or self._name(message.get("model"), "model")
        self.add_end(message)
        content = message.get("content")
        if isinstance(content, str):
            self.notes.add("content is one text, not a list of blocks")
            content = [{"type": "text", "text": content}]
        elif content is not None and not isinstance(content, list):
            self.notes.add(f"content is {shown(content)}, not a list")
        self.has_content = self.has_content or isinstance(content, list)
        grown = [self.begin_block(index, object_of(block)) for index, block in enumerate(list_of(content))]
        return any(grown)

    def add_end(self, place: Mapping[str, object]) -> None:
        """Take in a stop reason and usage; the first reason stays, and later counts outweigh earlier ones."""
        reason = self._name(place.get("stop_reason"), "stop_reason")
        self.stop_reason = self.stop_reason or reason
        usage = place.get("usage")
        if isinstance(usage, dict):
            self._usage |= {key: value for key, value in usage.items() if value is not None}
        elif usage is not None:
            self.notes.add(f"usage is {shown(usage)}, not an object")

    def begin_block(self, index: int | None, block: Mapping[str, object]) -> bool:
        """Take in a block, whole or its beginning; True if it holds any token.

        index  None where the server gives none: the next
        """
        kind = text_of(block.get("type"), "a block's type", self.notes) or ""
        index = self._last + 1 if index is None else index
        if index in self._blocks:
            self.notes.add("two blocks have one index, and were read as one")
        opened = self._open(index, kind)
        if opened is None:
            return False
        if kind == "tool_use":
            opened.id = text_of(block.get("id"), "a tool call's id", self.notes) or ""
            opened.name = text_of(block.get("name"), "a tool call's name", self.notes) or ""
            opened.given = block.get("input")
            return True
        self._cite(list_of(block.get("citations")))
        if kind == "web_search_tool_result":
            self._cite(list_of(block.get("content")))
            return False
        return self._add_text(opened, kind, block)

    def add_delta(self, index: int | None, delta: Mapping[str, object]) -> bool:
        """Take in a piece of a block; True if it holds any token.

        index  None where the server gives none: the block that was spoken of last
        """
        kind = text_of(delta.get("type"), "a delta's type", self.notes) or ""
        meant = _KIND_OF_DELTA.get(kind)
        block = self._open(max(self._last, 0) if index is None else index, meant or kind)
        if block is None:
            return False
        if meant is not None and meant != block.kind and not block.kind.endswith(_TOOL_USE):
            self.notes.add(f"a {kind} came in a block of type {shown(block.kind)}")
        if kind == "citations_delta":
            self._cite([delta.get("citation")])
            return False
        return self._add_text(block, kind, delta)

    def reply(self, status: int | None, error: ApiError | None) -> Reply:
        """The reading of it all."""
        if error is None and self.is_empty:
            error = ApiError(kind="malformed", message="the reply holds no content")
        if error is None and not self.stop_reason:
            self.notes.add("stop_reason is missing" if self.stop_reason is None else "stop_reason is ''")
        reason = self.stop_reason
        # Read before the notes are: each of these may note an oddity of its own.
        content, reasoning, calls = self._text("text"), self._text("thinking"), self._calls()
        usage = read_message_usage(self._usage, self.notes)
        return Reply(
            status=status,
            id=self.id,
            model=self.model,
            content=content,
            reasoning=reasoning or None,
            tool_calls=calls,
            finish_reason=reason if reason is None else FINISH_REASONS.get(reason, reason),
            sources=tuple(self._sources),
            usage=usage,
            error=error,
            anomalies=self.notes.all(),
        )

    def _open(self, index: int, kind: str) -> _Block | None:
        if index not in self._blocks:
            if len(self._blocks) >= _MAX_BLOCKS:
                self.notes.add(f"blocks beyond the first {_MAX_BLOCKS:,} were left out")
                return None
            self._blocks[index] = _Block(kind=kind)
        self._last = index
        return self._blocks[index]

    def _add_text(self, block: _Block, kind: str, piece: Mapping[str, object]) -> bool:
        key = _TEXT_KEYS.get(kind)
        if key is None:
            if kind not in _SILENT:
                self.notes.add(f"a part of the content was left out: {shown(dict(piece))}")
            return False
        text = text_of(piece.get(key), key, self.notes)
        if text:
            self._late = self._late or (block.kind == "thinking" and self._holds("text"))
            block.texts.append(text)
        return bool(text)

    def _holds(self, kind: str) -> bool:
        return any(block.texts for block in self._blocks.values() if block.kind == kind)

    def _cite(self, citations: list[object]) -> None:
        for citation in citations:
            where = object_of(citation).get("url")
            # A citation of a document that was sent along has no URL, and that is not odd.
            if isinstance(where, str) and len(self._sources) < _MAX_SOURCES:
                self._sources[sound(where, self.notes)] = None

    def _in_order(self, kind: str) -> list[_Block]:
        return [self._blocks[index] for index in sorted(self._blocks) if self._blocks[index].kind == kind]

    def _text(self, kind: str) -> str:
        return sound("".join(text for block in self._in_order(kind) for text in block.texts), self.notes)

    def _calls(self) -> tuple[ToolCall, ...]:
        return tuple(self._call(block) for block in self._in_order("tool_use"))

    def _call(self, block: _Block) -> ToolCall:
        arguments = "".join(block.texts)
        if not arguments and block.given is not None:
            try:
                arguments = write_json(block.given)
            except NotJson as error:
                self.notes.add(f"the input of a tool call was left out: {error}")
        for name in ("id", "name"):
            if not getattr(block, name):
                self.notes.add(f"a tool call has no {name}")
        id_, name, arguments = (sound(text, self.notes) for text in (block.id, block.name, arguments))
        return ToolCall(id=id_, name=name, arguments=arguments)

    def _name(self, value: object, name: str) -> str | None:
        text = text_of(value, name, self.notes)
        return None if text is None else sound(text, self.notes)
