"""A text that matches a simple regular expression, such as a schema's `pattern`.

It stands apart as the one place where a pattern is read to be written, not searched for.
"""

import regex

from harness.simulator.skills.patterns import find

LONGEST = 200
_CLASSES = {"d": "4", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "t": "\t", "n": "\n"}
_WIDE = {"d": "4718250369", "w": "abcdefghij"}


class _Unreadable(Exception):
    """The pattern has something that is not understood here."""


def matching(pattern: str) -> str | None:
    """A text that the pattern matches; None for a pattern with look-around, back-references or the like."""
    try:
        text, rest = _alternatives(pattern[:LONGEST], 0)
        return text if not rest and find(f"(?-i:{pattern})", text) else None
    except (_Unreadable, IndexError, ValueError, regex.error):
        return None


def _alternatives(pattern: str, depth: int) -> tuple[str, str]:
    """Text for the first of the alternatives, and what is left of the pattern after them."""
    if depth > 10:  # noqa: PLR2004 - deeper than anyone writes
        raise _Unreadable
    first, rest = _row(pattern, depth)
    while rest.startswith("|"):
        _, rest = _row(rest[1:], depth)
    return first, rest


def _row(pattern: str, depth: int) -> tuple[str, str]:
    made = ""
    while pattern and pattern[0] not in "|)":
        if pattern[0] in "^$":
            pattern = pattern[1:]
            continue
        piece, wide, pattern = _piece(pattern, depth)
        many, pattern = _quantity(pattern)
        made += (
            "".join(wide[i % len(wide)] for i in range(many))
            if len(wide) > 1 and not made.endswith(piece)
            else piece * many
        )
        if len(made) > 10 * LONGEST:
            raise _Unreadable
    return made, pattern


def _piece(pattern: str, depth: int) -> tuple[str, str, str]:
    """One element: a text for it, several one-character texts to vary by, and the rest of the pattern."""
    head = pattern[0]
    if head == "(":
        inner = pattern[1:]
        if inner.startswith("?"):
            if not inner.startswith("?:"):
                raise _Unreadable
            inner = inner[2:]
        text, rest = _alternatives(inner, depth + 1)
        if not rest.startswith(")"):
            raise _Unreadable
        return text, "", rest[1:]
    if head == "[":
        return _class(pattern)
    if head == "\\":
        escaped = pattern[1]
        if escaped.isdigit():
            raise _Unreadable
        if escaped in "bBAZz":
            return "", "", pattern[2:]
        return _CLASSES.get(escaped, escaped), _WIDE.get(escaped, ""), pattern[2:]
    return ("a" if head == "." else head), "", pattern[1:]


def _class(pattern: str) -> tuple[str, str, str]:
    at = 1
    negated = pattern[at] == "^"
    at += negated
    members = ""
    while pattern[at] != "]" or not members:
        if pattern[at] == "\\":
            members += _WIDE.get(pattern[at + 1], "") or _CLASSES.get(pattern[at + 1], pattern[at + 1])
            at += 2
        elif pattern[at + 1] == "-" and pattern[at + 2] not in "]\\":
            members += "".join(
                chr(c) for c in range(ord(pattern[at]), min(ord(pattern[at + 2]), ord(pattern[at]) + 30) + 1)
            )
            at += 3
        else:
            members += pattern[at]
            at += 1
    if negated:
        members = next((c for c in "ax0-_ ~" if c not in members), "")
        if not members:
            raise _Unreadable
    return members[0], members[:10], pattern[at + 1 :]


def _quantity(pattern: str) -> tuple[int, str]:
    many, rest = 1, pattern
    if pattern[:1] in {"*", "+", "?"}:
        many, rest = (1 if pattern[0] in "+*" else 0), pattern[1:]
    elif pattern.startswith("{"):
        inside, _, rest = pattern[1:].partition("}")
        many = int(inside.split(",")[0] or 0)
        if many > LONGEST:
            raise _Unreadable
    return many, rest.removeprefix("?").removeprefix("+") if rest is not pattern else rest
