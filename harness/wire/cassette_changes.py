"""What a newer recording of the same request says differently, in lines that a person reads.

It stands apart because a refresh tells it when all is done, and `cassettes diff` of any two cassettes at any time.
"""

import reprlib
from collections.abc import Iterator

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_bodies import flatten, read_reply
from harness.wire.cassette_recording import Recording
from harness.wire.interaction import reply_of

_MAX_TOLD = 10
_MAX_LINES = 6
_SHOWN = 60
_CONTEXT = 20
# Dates, ids of requests and what is left of a limit are new with every reply.
_HEADERS = frozenset({"content-type", "location", "server", "retry-after", "deprecation", "sunset", "warning"})
_HEADER_PREFIXES = ("x-ratelimit-limit",)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = _SHOWN


class Changes:
    """What a refresh changed: how many replies, and how the first few."""

    def __init__(self) -> None:
        """Begin with none."""
        self.unchanged = 0
        self.changed = 0
        self._told: list[str] = []

    def note(self, old: Recording, differences: list[str]) -> None:
        """Count a recording that another took the place of, and how that one differs."""
        if not differences:
            self.unchanged += 1
            return
        self.changed += 1
        if len(self._told) < _MAX_TOLD:
            more = [f"and {len(differences) - _MAX_LINES} more"] if len(differences) > _MAX_LINES else []
            self._told.append(f"{described(old)}: {'; '.join([*differences[:_MAX_LINES], *more])}")

    def lines(self) -> tuple[str, ...]:
        """A count, and a line for each of the first changes; empty if nothing was replaced."""
        total = self.unchanged + self.changed
        if not total:
            return ()
        replies = f"{total} recorded {'reply was' if total == 1 else 'replies were'} replaced"
        head = f"{replies}: {self.unchanged} unchanged, {self.changed} changed"
        untold = self.changed - len(self._told)
        return (head, *self._told, *([f"… and {untold} more that changed"] if untold else []))


def described(recording: Recording) -> str:
    """A recording's request in a few words, and where it is."""
    origin = recording.origin
    whom = f" of {origin.model}, repeat {origin.index}, exchange {origin.exchange}" if origin is not None else ""
    return f"{recording.place} ({recording.method} {recording.target}{whom})"


def reply_differences(old: Recording, new: Recording) -> list[str]:
    """How the reply of one recording differs from another's, one thing a text; nothing if they are alike.

    Ids and dates that are new with every reply do not count, nor where a stream was cut.
    """
    return list(_differences(old, new))


def _differences(old: Recording, new: Recording) -> Iterator[str]:
    if old.status != new.status:
        yield f"status {old.status} → {new.status}"
    before, after = dict(headers_that_matter(old)), dict(headers_that_matter(new))
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield f"{name} {_shown(before.get(name))} → {_shown(after.get(name))}"
    yield from _body_differences(_body_of(old), _body_of(new))


def headers_that_matter(recording: Recording) -> Iterator[tuple[str, str]]:
    """The headers of a reply that are not new with every reply."""
    for name, value in recording.headers:
        if name in _HEADERS or name.startswith(_HEADER_PREFIXES):
            yield name, value


def _body_of(recording: Recording) -> bytes:
    try:
        return reply_of(recording)
    except UnreadableCassette:
        return recording.reply


def _body_differences(old: bytes, new: bytes) -> Iterator[str]:
    if old == new:
        return
    before, after = read_reply(old), read_reply(new)
    if before is None or after is None:
        yield f"body {_focused(old.decode('utf-8', 'replace'), new.decode('utf-8', 'replace'))}"
        return
    was, is_now = flatten(before), flatten(after)
    for path in dict.fromkeys([*was, *is_now]):
        one, other = was.get(path), is_now.get(path)
        if path not in was or path not in is_now:
            yield f"{path} {_shown(one) if path in was else 'absent'} → {_shown(other) if path in is_now else 'absent'}"
        elif isinstance(one, str) and isinstance(other, str):
            if one != other:
                yield f"{path} {_focused(one, other)}"
        # A count may become a fraction, but a yes no 1.
        elif type(one) is not type(other) or one != other:
            yield f"{path} {_shown(one)} → {_shown(other)}"


def _focused(one: str, other: str) -> str:
    """Two texts from where they begin to differ."""
    begin = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    begin = begin - _CONTEXT if begin > _SHOWN // 2 else 0
    lead = "…" if begin else ""
    return f"{lead}{_shown(one[begin:])} → {lead}{_shown(other[begin:])}"


def _shown(value: object) -> str:
    return _repr.repr(value)
