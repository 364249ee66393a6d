"""Text that a model, a suite or a server wrote, made safe to look at and to embed.

It stands apart because pages, JUnit and Markdown must show the same marks for the same invisible characters, and
because every text passes through here before it reaches an output.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
# What can be cut off in one place of a page; a full copy stays in records.jsonl.
LONGEST_TEXT = 20_000
# Base64 characters of an image that is shown rather than named: about 150 kB of picture.
LONGEST_IMAGE = 200_000
# Of tool calls, findings, attempts and the like in one place.
_MOST_THINGS = 100

# Control characters but newline and tab; soft hyphen; Arabic letter mark; Mongolian vowel separator; zero-width space,
# direction marks; line and paragraph separators, bidi embeddings and overrides; invisible operators and bidi isolates;
# byte-order mark; interlinear marks; lone surrogates; noncharacters of the first plane; tag characters, which can
# smuggle a whole hidden sentence. The joiners U+200C and U+200D stay: emoji and Persian need them.
UNSEEN = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f])"
)
# Unicode has pictures of the controls, but many a font does not.
_NAMES = {"\0": "NUL", "\b": "BS", "\t": "TAB", "\n": "LF", "\r": "CR", "\x1b": "ESC", "\x7f": "DEL"}
_INLINE_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")


def mark_for(character: str) -> str:
    """What is shown for a character that cannot be seen: `⟨ESC⟩` for the well-known, `⟨U+202E⟩` for any other."""
    return f"⟨{_NAMES.get(character) or f'U+{ord(character):04X}'}⟩"


def visible(text: str) -> str:
    """The text with every unseen character replaced by its mark; fit for UTF-8 and for XML 1.0."""
    return UNSEEN.sub(lambda match: mark_for(match[0]), text)


def one_line(text: str) -> str:
    """The text made visible, its newlines and tabs as well."""
    return visible(text).replace("\n", mark_for("\n")).replace("\t", mark_for("\t"))


def cut(text: str, longest: int) -> str:
    """At most `longest` characters of a text, with `…` in place of the rest."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def some(things: Sequence[T]) -> Sequence[T]:
    """As many things as are shown in one place."""
    return things[:_MOST_THINGS]


def beyond(things: Sequence[object]) -> str:
    """How many things there are beyond `some`, as a number that is shown; '' if there are none."""
    rest = len(things) - _MOST_THINGS
    return f"{rest:,}" if rest > 0 else ""


def shown_image(url: str) -> str | None:
    """The URL if it is an inline picture that may be shown; None for one that would be fetched, or is long or odd."""
    return url if len(url) <= LONGEST_IMAGE and _INLINE_IMAGE.fullmatch(url) else None


def json_text(value: object) -> str:
    """A value as JSON on one line, keys sorted; a sentence in place of one that JSON cannot hold. Never raises."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_as_json)
    except (TypeError, ValueError, RecursionError) as fault:
        # An integer of thousands of digits, a key that is no text, a value nested without end.
        return f"(cannot be shown as JSON: {type(fault).__name__})"


def _as_json(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
