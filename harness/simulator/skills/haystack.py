"""The sentences of a long text that share the most with a question, found without reading every sentence.

It stands apart because texts may be megabytes: rare words of the question are looked up by plain search, and only
what stands around them is taken apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.simulator.skills.words import ends_in_abbreviation, stem, words

MOST_CHARACTERS = 32_000_000
MOST_WORDS = 24
MOST_PLACES = 400
"""Places of one word that are looked at: a word met more often says little about where the answer is."""

REACH = 400
"""Characters on either side within which the sentence around a place must begin and end."""

ABSENT = 0.5
"""Weight of a word of the question that the text never has: it may be said there in another word."""

_KIN_ROWS = (
    "job work works working", "profession work", "occupation work", "called named name", "name named called",
    "named called name", "visit trip travel going visiting", "old age aged", "age old aged", "live lives from moved",
    "colour color", "color colour", "favourite favorite", "favorite favourite", "cost price costs", "price cost costs",
    "big large", "tall high height", "high tall height", "born birthday birth", "begin start", "start begin",
    "wrote written author", "password passphrase passcode",
)  # fmt: skip
KIN = {stem(row.split()[0]): tuple(stem(other) for other in row.split()[1:]) for row in _KIN_ROWS}
"""Everyday words that may stand for each other in a question and its answer."""

_ENDS = ("\n", ". ", "! ", "? ", ".\n", "。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A sentence of the text.

    share   weight of the question's words that it holds, of the weight of all, 0 to 1
    at      where it begins
    """

    text: str
    share: float
    at: int


def passages(text: str, sought: Sequence[str], *, most: int = 8) -> list[Passage]:
    """The best passages, best first; among equals the later one, as later words correct earlier ones.

    sought  stems of the question's words
    """
    text = text[-MOST_CHARACTERS:]
    asked = list(dict.fromkeys(sought))[:MOST_WORDS]
    if not asked or not text:
        return []
    low = text.lower()
    if len(low) != len(text):
        # A few capital letters become two characters when lowered; places must stay the same.
        low = "".join(one if len(one := c.lower()) == 1 else c for c in text)
    places = {word: [at for kin in (word, *KIN.get(word, ())) for at in _places(low, kin)] for word in asked}
    weights = {word: 1.0 / (1 + len(found)) ** 0.5 if found else ABSENT for word, found in places.items()}
    whole = sum(weights.values())
    spans = {_around(text, at) for word in sorted(asked, key=lambda w: len(places[w])) for at in places[word]}
    scored = []
    for start, end in spans:
        held = {stem(word) for word in words(low[start:end])}
        share = sum(weight for word, weight in weights.items() if held & {word, *KIN.get(word, ())}) / whole
        scored.append(Passage(text=text[start:end].strip(), share=share, at=start))
    return sorted(scored, key=lambda passage: (-round(passage.share, 3), -passage.at))[:most]


def _places(low: str, word: str) -> list[int]:
    """Where the word begins, the first and the last of many."""
    # A stem may have lost letters at its end, so what is looked up is shorter by as many.
    sought = word[:-1] if word.endswith("y") and len(word) > 3 else word  # noqa: PLR2004 - 'city' and 'cities'
    found: list[int] = []
    at = low.find(sought)
    while at >= 0 and len(found) < MOST_PLACES:
        if at == 0 or not low[at - 1].isalnum():
            found.append(at)
        at = low.find(sought, at + len(sought))
    if at >= 0:
        at = low.rfind(sought)
        for _ in range(MOST_PLACES):
            if at < 0:
                break
            found.append(at)
            at = low.rfind(sought, 0, at)
    return found


def _around(text: str, at: int) -> tuple[int, int]:
    """The sentence or line that holds the place."""
    low_end = max(0, at - REACH)
    starts = [_last(text, mark, low_end, at) for mark in _ENDS]
    ends = [end for mark in _ENDS if (end := _next(text, mark, at, at + REACH)) is not None]
    start = max(starts)
    return start, max(min(ends, default=min(len(text), at + REACH)), start)


def _last(text: str, mark: str, low: int, at: int) -> int:
    """Where what the last such mark before `at` ends goes on; a full stop of a title ends nothing."""
    found = text.rfind(mark, low, at)
    while found >= 0 and ends_in_abbreviation(text[max(0, found - 8) : found + 1]):
        found = text.rfind(mark, low, found)
    return found + len(mark) if found >= 0 else low


def _next(text: str, mark: str, at: int, high: int) -> int | None:
    found = text.find(mark, at, high)
    while found >= 0 and ends_in_abbreviation(text[max(0, found - 8) : found + 1]):
        found = text.find(mark, found + 1, high)
    return found + len(mark.rstrip()) if found >= 0 else None
