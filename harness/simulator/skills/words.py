"""Prose taken apart: words, stems, sentences, quotations and proper names.

It stands apart because recall, tools, JSON and classification must mean the same thing by "the same word".
"""

import re
from dataclasses import dataclass

from harness.simulator.skills.patterns import find_all


def vocabulary(text: str) -> frozenset[str]:
    """The words of a list that are parted by white space."""
    return frozenset(text.split())


WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 - marks that people write
STOP = vocabulary(
    """a about according after again all also am an and any are as ask asked at be been before being but by
    can could did do does during each else every exactly find following for from give given had has have
    he her here hers hi him his how i if in into is it its just kindly know let like list look many may
    me mentioned message might much must my name of okay on one only or our out over please question
    reply respond said say see she should so some stated such tell text than that the their them then
    there these they this those to told too under up us use used using very was we were what what's when
    where which who whom whose why will with would write written you your yours answer above below
    passage document context earlier previously conversation"""
) - {"name"}
_ABBREVIATIONS = ("Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "St.", "No.", "e.g.", "i.e.", "vs.", "approx.")
_SENTENCE_END = re.compile(
    r"(?<=[.!?。])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bNo\."
    r")(?<!e\.g\.)(?<!i\.e\.)[\"'”’)\]]*\s+|\n+"  # noqa: RUF001 - marks that people write
)
_QUOTED = (
    r"```(?:[a-z]*\n)?([^`]{1,20000}?)\n?```|`([^`\n]{1,2000})`|\"([^\"]{1,4000})\"|"
    r"“([^”]{1,4000})”|«\s?([^»]{1,4000}?)\s?»|"
    r"„([^“”]{1,4000})[“”]|‘([^’\n]{1,2000})’(?!\w)|(?<!\w)'((?:[^'\n]|(?<=\w)'(?=\w)){1,2000})'(?!\w)"  # noqa: RUF001 - marks that people write
)
_CAPITAL = r"(?-i:\p{Lu})[\p{L}\p{M}\d'’&-]*+"  # noqa: RUF001 - marks that people write
_NAME = rf"(?<![\w'’]){_CAPITAL}(?:[ \t]+(?:(?:of|de|la|van|von|der|the|and|&)[ \t]+)?{_CAPITAL})*+"  # noqa: RUF001 - marks that people write


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A quoted stretch: its words, and where it begins and ends with its quotation marks."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The words in order, as written."""
    return WORD.findall(text)


def stem(word: str) -> str:
    """The word without its commonest English endings; crude, but the same for 'rain', 'rains' and 'raining'."""
    word = word.lower().replace("’", "'").removesuffix("'s").removesuffix("'")  # noqa: RUF001 - marks that people write
    if len(word) <= 3:  # noqa: PLR2004 - nothing to strip
        return word
    for ending, by in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) + len(by) > 2:  # noqa: PLR2004
            word = word.removesuffix(ending) + by
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":  # noqa: PLR2004 - 'stopp', 'runn'
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word  # noqa: PLR2004 - 'write' as 'writing'


def stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(word) for word in words(text) if word.lower() not in STOP]


def sentences(text: str) -> list[str]:
    """The sentences and lines, without white space around them."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def ends_in_abbreviation(text: str) -> bool:
    """Whether the full stop at the end belongs to a title or the like, so that the sentence goes on."""
    return text.endswith(_ABBREVIATIONS)


def quotations(text: str) -> list[Quotation]:
    """Everything in quotation marks, of whatever kind, in order."""
    found = []
    for match in find_all(_QUOTED, text):
        inner = next(group for group in match.groups() if group is not None)
        found.append(Quotation(text=inner, start=match.start(), end=match.end()))
    return found


def without_quotations(text: str) -> str:
    """The text with what is quoted left out, so that instructions inside a quotation are not taken for the asker's."""
    for quotation in reversed(quotations(text)):
        text = f'{text[: quotation.start]}""{text[quotation.end :]}'
    return text


def proper_names(text: str) -> list[str]:
    """Runs of capitalised words, the first word of a sentence only where another capitalised word follows it."""
    found = []
    for match in find_all(_NAME, text):
        name = match.group().rstrip(".'’")  # noqa: RUF001 - marks that people write
        before = text[: match.start()].rstrip()
        opens = not before or before[-1] in '.!?:\n"“'
        if opens:
            first, _, rest = name.partition(" ")
            if first.lower() in STOP or (not rest and first.lower() in _OPENERS):
                name = rest
        if name and name.lower() not in STOP:
            found.append(name)
    return found


_OPENERS = vocabulary(
    """add analyse analyze book calculate call check classify compare convert count create describe email
    explain extract fetch find get given hello how identify is look note now order parse please play
    read remember return schedule search send set show sort summarise summarize tell then today tomorrow
    translate turn use weather write yes no output print"""
)


def joined(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
