"""Bodies as people compare them: indented JSON, streams joined, what is new with every reply left out, bounded diffs.

It stands apart because a miss shows two requests and a refresh two replies, and both must stay short and readable.
"""

import contextlib
import difflib
import json
from collections.abc import Iterator
from typing import Any

_MAX_COMPARED = 20_000
_MAX_DIFF_LINES = 20
_MAX_LINE = 160
_CONTEXT = 40
# Servers draw these anew with every reply; two replies are alike that differ in nothing else.
_FRESH = frozenset({"id", "created", "created_at", "completed_at", "request_id", "system_fingerprint"})
_WITH_FRESH_IDS = frozenset({"tool_calls", "message", "response", "content", "output"})
# Texts that a stream sends piece by piece.
_GROWING = frozenset({"content", "text", "reasoning_content", "refusal", "arguments", "partial_json", "thinking"})
_MAX_EVENTS = 100_000
_MAX_ITEMS = 200
_MAX_DEPTH = 100


def pretty(body: bytes) -> list[str]:
    """The body as lines: indented JSON with the line breaks of long texts shown, or the text as it is."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
    return _lines(text)


def pretty_reply(body: bytes) -> list[str]:
    """The same of a reply: its stream joined, and without what is new with every reply."""
    document = read_reply(body)
    if document is None:
        return _lines(body.decode("utf-8", "replace"))
    return _lines(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))


def read_reply(body: bytes) -> object | None:
    """What a reply says, as JSON: its events joined into one, without what is new with every reply; None if it is none.

    Where a stream was cut into events does not count.
    """
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        return _lasting(json.loads(text), "", 0)
    with contextlib.suppress(ValueError, RecursionError):
        joined: object = None
        for event in _events(text):
            joined = _joined(joined, _lasting(json.loads(event), "", 0), "")
        return _settled(joined)
    return None


class _Pieces(list[str]):
    """A text that is still growing: to join it with every event would copy it as often as there are events."""


def flatten(document: object) -> dict[str, object]:
    """Every value of a JSON document by its path, such as `choices[0].message.content`."""
    return dict(_leaves(document, ""))


def diff_lines(old: list[str], new: list[str], was: str, is_now: str) -> list[str]:
    """A unified diff, cut to what a person reads.

    was, is_now  what the two are called
    """
    lines = list(difflib.unified_diff(old, new, was, is_now, n=1, lineterm=""))
    shown = [_focused(line, _counterpart(lines, n)) for n, line in enumerate(lines[:_MAX_DIFF_LINES])]
    if len(lines) > _MAX_DIFF_LINES:
        shown.append(f"… and {len(lines) - _MAX_DIFF_LINES} more lines")
    return shown


def _lines(text: str) -> list[str]:
    return text[:_MAX_COMPARED].replace("\\n", "\\n\n").splitlines()


def _counterpart(lines: list[str], n: int) -> str:
    """The line that replaced, or was replaced by, line `n`, as near as neighbours tell."""
    if lines[n].startswith("+"):
        return next((line for line in reversed(lines[:n]) if line.startswith("-")), "")
    return next((line for line in lines[n:] if line.startswith("+")), "")


def _focused(line: str, counterpart: str) -> str:
    """A long line cut to the stretch around where it begins to differ from its counterpart."""
    if len(line) <= _MAX_LINE:
        return line
    pairs = enumerate(zip(line[1:], counterpart[1:], strict=False), start=1)
    begin = next((n for n, (one, other) in pairs if one != other), 1)
    begin = max(1, min(begin - _CONTEXT, len(line) - _MAX_LINE))
    end = begin + _MAX_LINE
    return f"{line[0]}{'…' if begin > 1 else ''}{line[begin:end]}{'…' if end < len(line) else ''}"


def _events(text: str) -> Iterator[str]:
    """The data of server-sent events; the end mark is none.

    raises  ValueError if the text is no such stream
    """
    found = 0
    for line in text.splitlines():
        if line.startswith("data:") and (event := line[5:].strip()) != "[DONE]":
            found += 1
            yield event
        if found > _MAX_EVENTS:
            break
    if not 0 < found <= _MAX_EVENTS:
        raise ValueError


def _lasting(value: object, within: str, depth: int) -> object:
    """The value without what is new with every reply.

    raises  ValueError if it is nested too deep to be compared
    """
    if depth > _MAX_DEPTH:
        raise ValueError
    if isinstance(value, list):
        return [_lasting(item, within, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    fresh = _FRESH if not within or within in _WITH_FRESH_IDS else frozenset[str]()
    kept = {key: item for key, item in value.items() if key not in fresh or isinstance(item, dict | list)}
    return {key: _lasting(item, key, depth + 1) for key, item in kept.items()}


def _joined(old: Any, new: Any, name: str) -> object:
    """Two events as one: mappings key by key, items of lists by their `index`, growing texts one after the other.

    old     is changed
    raises  ValueError for lists that no reply has
    """
    if isinstance(new, str) and name in _GROWING and isinstance(old, str | _Pieces):
        pieces = old if isinstance(old, _Pieces) else _Pieces([old])
        pieces.append(new)
        return pieces
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            old[key] = _joined(old.get(key), value, key)
        return old
    if isinstance(old, list) and isinstance(new, list):
        items = {_place(item, n): item for n, item in enumerate(old)}
        for n, item in enumerate(new):
            place = _place(item, n)
            items[place] = _joined(items.get(place), item, name)
        if len(items) > _MAX_ITEMS:
            raise ValueError
        return list(items.values())
    return old if new is None else new


def _settled(value: object) -> object:
    if isinstance(value, _Pieces):
        return "".join(value)
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    return value


def _place(item: object, n: int) -> object:
    index = item.get("index", n) if isinstance(item, dict) else n
    return index if isinstance(index, int | str) else n


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for n, item in enumerate(value):
            yield from _leaves(item, f"{path}[{n}]")
    else:
        yield path, value
