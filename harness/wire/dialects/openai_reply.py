"""Choices, ids and usage folded into a reply: one whole body and a stream's chunks go through the same fold.

It stands apart from the stream's grammar, which judges what came; here it is only read, as kindly as possible.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness.core.chat import ToolCall
from harness.core.reply import Usage
from harness.wire.dialects.openai_tools import ToolCallFold, index_of
from harness.wire.dialects.openai_usage import find_usage, read_server_calls, read_usage
from harness.wire.untrusted import Notes, list_of, object_of, shown, sound, text_of

# Far beyond any `n` that is offered; a stream that numbers its events as choices must not fill the memory.
_MAX_CHOICES = 1000
_MAX_SOURCES = 1000


# What a chunk may hold beside its one choice, and the choice beside its text, and be no more than that text.
_AROUND_TEXT = frozenset({"id", "object", "created", "model", "system_fingerprint", "service_tier", "usage", "choices"})
_BESIDE_TEXT = frozenset({"index", "delta", "finish_reason", "logprobs"})


class ChoiceFold:
    """One choice, put together from a whole message or from deltas."""

    def __init__(self, notes: Notes) -> None:
        """Begin empty; `notes` is told of oddities."""
        self._notes = notes
        self._texts: dict[str, list[str]] = {"content": [], "reasoning": [], "refusal": []}
        self._calls = ToolCallFold(notes)
        self._late = False
        self._pieces = 0
        self.finish_reason: str | None = None

    @property
    def reasoning_first(self) -> bool | None:
        """Whether all reasoning came before the answer's first text; None if none came."""
        return not self._late if self._texts["reasoning"] else None

    def add(self, piece: Mapping[str, object], *, whole: bool) -> bool:
        """Take in a message or a delta; True if it held any token: content, reasoning, refusal or tool call."""
        before = self._pieces
        # Where a server sends both spellings, they say the same. One piece may hold both kinds: they came together.
        reasoning = piece.get("reasoning_content") or piece.get("reasoning")
        if reasoning is not None:
            self._add_text("reasoning", text_of(reasoning, "reasoning", self._notes))
        self._add_content(piece.get("content"))
        refusal = piece.get("refusal")
        if refusal is not None:
            self._add_text("refusal", text_of(refusal, "refusal", self._notes))
        called = self._add_calls(piece, whole=whole)
        return called or self._pieces > before

    def add_text(self, text: str) -> None:
        """Take in a further piece of the answer."""
        self._add_text("content", text)

    def finish(self, reason: object) -> None:
        """Take in a finish_reason: the first one that says something stays."""
        text = text_of(reason, "finish_reason", self._notes)
        if text is not None and not self.finish_reason:
            self.finish_reason = sound(text, self._notes)

    def text(self, kind: str) -> str:
        """The 'content', 'reasoning' or 'refusal' so far."""
        return sound("".join(self._texts[kind]), self._notes)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls so far."""
        return self._calls.all()

    def _add_text(self, kind: str, text: str | None) -> None:
        if text:
            self._late = self._late or (kind == "reasoning" and bool(self._texts["content"]))
            self._texts[kind].append(text)
            self._pieces += 1

    def _add_content(self, content: object) -> None:
        if not isinstance(content, list):
            self._add_text("content", text_of(content, "content", self._notes))
            return
        for part in content:
            self._add_part(part)

    def _add_part(self, part: object) -> None:
        fields = object_of(part)
        kind = fields.get("type", "text")
        if isinstance(part, str):
            self._add_text("content", part)
        elif kind in ("text", "output_text") and isinstance(fields.get("text"), str):
            self._add_text("content", str(fields["text"]))
        elif kind in ("thinking", "reasoning") and isinstance(fields.get("thinking") or fields.get("text"), str):
            self._add_text("reasoning", str(fields.get("thinking") or fields.get("text")))
        elif kind == "refusal":
            self._add_text("refusal", text_of(fields.get("refusal"), "refusal", self._notes))
        else:
            self._notes.add(f"a part of the content was left out: {shown(part)}")

    def _add_calls(self, piece: Mapping[str, object], *, whole: bool) -> bool:
        entries, legacy = piece.get("tool_calls"), piece.get("function_call")
        if entries is None and legacy is None:
            return False
        if isinstance(entries, dict):
            self._notes.add("tool_calls is one object, not a list")
            entries = [entries]
        elif entries is not None and not isinstance(entries, list):
            self._notes.add(f"tool_calls is {shown(entries)}, not a list")
        for entry in list_of(entries):
            self._calls.add(entry, whole=whole)
        if isinstance(legacy, dict) and legacy:
            self._calls.add_legacy(legacy)
        return bool(list_of(entries)) or (isinstance(legacy, dict) and bool(legacy))


class ReplyFold:
    """Everything that bodies and chunks say, folded; oddities in `notes`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.notes = Notes()
        self.id: str | None = None
        self.model: str | None = None
        self.fingerprint: str | None = None
        self.usage = Usage()
        self.has_usage = False
        self.choices: dict[int, ChoiceFold] = {}
        self._sources: dict[str, None] = {}
        self._server_calls: Mapping[str, int] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the server says it looked, each once."""
        return tuple(self._sources)

    def add(self, chunk: Mapping[str, object], *, whole: bool) -> frozenset[int]:
        """Take in a body (`whole`) or a chunk; returns the indices of the choices that gained a token."""
        if not self.id:
            self.id = self._name(chunk.get("id"), "id")
        if not self.model:
            self.model = self._name(chunk.get("model"), "model")
        if not self.fingerprint:
            self.fingerprint = self._name(chunk.get("system_fingerprint"), "system_fingerprint")
        self._add_usage(chunk)
        self._add_sources(chunk)
        choices = chunk.get("choices")
        if choices is None:
            return frozenset()
        if not isinstance(choices, list):
            self.notes.add(f"choices is {shown(choices)}, not a list")
            return frozenset()
        grown = []
        for position, choice in enumerate(choices):
            fields = object_of(choice)
            index = None if whole else index_of(fields.get("index"))
            index = position if index is None else index
            if self._add_choice(index, fields, whole=whole):
                grown.append(index)
        return frozenset(grown)

    def add_text(self, chunk: Mapping[str, object]) -> bool:
        """Take in a chunk that only goes on with choice 0; False, and nothing is taken in, for any other.

        Nearly every chunk is such a one. `add` makes the same of it, and takes five times as long.
        """
        text = text_alone(chunk)
        is_new = not self.id or not self.model or not (self.fingerprint or chunk.get("system_fingerprint") is None)
        if text is None or is_new or 0 not in self.choices:
            return False
        self.choices[0].add_text(text)
        return True

    def in_order(self) -> list[ChoiceFold]:
        """The choices by index."""
        return [self.choices[index] for index in sorted(self.choices)]

    def _add_choice(self, index: int, fields: Mapping[str, object], *, whole: bool) -> bool:
        first, second = ("message", "delta") if whole else ("delta", "message")
        piece = fields.get(first)
        if not isinstance(piece, dict):
            piece = fields.get(second)
        if not isinstance(piece, dict):
            if whole or not fields:
                self.notes.add(f"a choice holds no message: {shown(dict(fields))}")
                return False
            piece = {}
        if index not in self.choices:
            if len(self.choices) >= _MAX_CHOICES:
                self.notes.add(f"choices beyond the first {_MAX_CHOICES} were left out")
                return False
            self.choices[index] = ChoiceFold(self.notes)
        self._add_sources(piece)
        fold = self.choices[index]
        grew = fold.add(piece, whole=whole)
        reason = fields.get("finish_reason")
        if reason is not None:
            fold.finish(reason)
        return grew

    def _add_usage(self, chunk: Mapping[str, object]) -> None:
        usage = find_usage(chunk)
        if usage is not None:
            self.has_usage = True
            self.usage = read_usage(usage, self.notes)
        # Beside the tokens in one reply, beside the choices in another.
        beside = read_server_calls(usage, self.notes) if isinstance(usage, dict) else None
        self._server_calls = beside or read_server_calls(chunk, self.notes) or self._server_calls
        if self._server_calls:
            self.usage = replace(self.usage, server_calls=self._server_calls)

    def _add_sources(self, place: Mapping[str, object]) -> None:
        citations = place.get("citations")
        if citations is None:
            return
        if not isinstance(citations, list):
            self.notes.add(f"citations is {shown(citations)}, not a list")
        for citation in list_of(citations):
            where = citation if isinstance(citation, str) else object_of(citation).get("url")
            if not isinstance(where, str):
                self.notes.add(f"a citation was left out: {shown(citation)}")
            elif len(self._sources) < _MAX_SOURCES:
                self._sources[sound(where, self.notes)] = None

    def _name(self, value: object, name: str) -> str | None:
        text = None if value is None else text_of(value, name, self.notes)
        return None if text is None else sound(text, self.notes)


def text_alone(chunk: Mapping[str, object]) -> str | None:
    """The text of a chunk that holds a further piece of choice 0 and nothing else; None for any other chunk."""
    choices = chunk.get("choices")
    if not chunk.keys() <= _AROUND_TEXT or chunk.get("usage") is not None:
        return None
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    if not isinstance(choice, dict) or not choice.keys() <= _BESIDE_TEXT or choice.get("finish_reason") is not None:
        return None
    delta, index = choice.get("delta"), choice.get("index")
    if index != 0 or type(index) is not int or not isinstance(delta, dict) or len(delta) != 1:
        return None
    text = delta.get("content")
    return text if text and isinstance(text, str) else None
