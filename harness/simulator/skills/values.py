"""Values of a kind found in prose: places, people, dates, addresses, amounts, codes, lists.

It stands apart because tool arguments, JSON and extraction all take values from the same sentences.
"""

from harness.simulator.skills.expressions import worked
from harness.simulator.skills.figures import NUMBER
from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.words import STOP, proper_names, quotations, stem, vocabulary, words

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_PLACE_WORD = r"(?-i:\p{Lu})[\p{L}\p{M}.'’-]*"  # noqa: RUF001 - marks that people write
_PLACE_NAME = rf"{_PLACE_WORD}(?: (?:(?:of|de|la|le|am|an der|do|da) )?{_PLACE_WORD}){{0,3}}"
_PATTERNS = {
    "email": r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
    "url": r"https?://[^\s<>\"')\]]{3,300}",
    "date": (
        rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\b{_MONTH}\.? \d{{1,2}}(?:st|"
        rf"nd|rd|th)?(?:,? \d{{4}})?\b|\b\d{{1,2}}(?:st|nd|rd|"
        rf"th)? (?:of )?{_MONTH}(?:,? \d{{4}})?\b|\b(?:(?:next|this|last) )?{_WEEKDAY}\b|"
        rf"\b(?:today|tomorrow|yesterday|tonight)\b|\b{_MONTH} \d{{4}}\b"
    ),
    "time": r"\b\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?|\b\d{1,2} ?[ap]\.?m\b\.?|\b(?:noon|midnight)\b",
    "phone": r"(?<![\w-])\+?\d[\d ().-]{6,18}\d(?!\w)",
    "money": r"[$€£]\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)? ?(?:dollars|euros|pounds|usd|eur|gbp|nok)\b",
    "code": r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*\p{L})[\p{L}\d]+(?:[-_][\p{L}\d]+)*(?![\w-])|#\d+\b",
    "hashtag": r"#\w+",
    "percent": r"\d+(?:\.\d+)? ?%",
    "year": r"\b(?:1[5-9]|20)\d\d\b",
    "ip": r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
    "zip": r"\b\d{5}(?:-\d{4})?\b",
    "symbol": r"(?<![\w$])\$?(?-i:[A-Z]{2,5})\b(?!\w)",
}
_NO_PLACE = frozenset(
    stem(word)
    for word in vocabulary(
        """json english celsius fahrenheit kelvin monday tuesday wednesday thursday friday saturday sunday
        january february march april may june july august september october november december i usd eur"""
    )
)


def matches(kind: str, text: str) -> list[str]:
    """Everything of a kind that has a shape of its own, in order, each once."""
    return list(
        dict.fromkeys(
            match.group().strip().rstrip(".,") if kind != "time" else match.group()
            for match in find_all(_PATTERNS[kind], text)
        )
    )


def has_shape(kind: str) -> bool:
    """Whether values of the kind can be told by their shape."""
    return kind in _PATTERNS


def places(text: str, *, with_region: bool = False) -> list[str]:
    """Places after 'in', 'for', 'at', 'to' and the like, and those listed beside them.

    with_region  keeps 'Paris, France' whole; otherwise what follows the comma is left out
    """
    found: list[str] = []
    # 'of' and 'between' need their lists; a preposition opens a list that commas and 'and' go on with.
    opening = (
        rf"\b(?:in|for|at|to|from|near|around|of|between|over|about|into|visit(?:ing)?|like|"
        rf"is)\s+(?:the (?:city|town|village) of |downtown |"
        rf"central )?(?P<first>{_PLACE_NAME})(?P<more>(?:\s*,\s*(?:and |or )?(?:in |for |"
        rf"to )?{_PLACE_NAME}|\s*,?\s+(?:and|or|vs\.?|versus|&|to)\s+(?:also )?(?:in |for |to |"
        rf"at )?(?:the )?{_PLACE_NAME})*)"
    )
    for match in find_all(opening, text):
        first, more = match.group("first"), match.group("more") or ""
        listing = bool(find(r"\b(?:and|or|vs|versus|to)\b|&", more))
        others = [m.group() for m in find_all(rf"{_PLACE_NAME}", _unjoined(more))]
        if more and not listing and len(others) == 1 and with_region:
            found.append(f"{first}, {others[0]}")
        elif more and not listing and len(others) == 1:
            found.append(first)
        else:
            found += [first, *others]
    return [
        place
        for place in dict.fromkeys(_tidied(name) for name in found)
        if place and stem(place.split()[0]) not in _NO_PLACE and place.lower() not in STOP
    ]


def _unjoined(text: str) -> str:
    for joint in (" and ", " or ", " vs ", " versus ", " to ", " in ", " for ", " at "):
        text = text.replace(joint, " , ")
    return text


def _tidied(name: str) -> str:
    name = name.rstrip(".,'’-")  # noqa: RUF001 - marks that people write
    return name.removesuffix("'s").removesuffix("’s")  # noqa: RUF001 - marks that people write


def lower_places(text: str) -> list[str]:
    """Where nothing is capitalised: the words after the last 'in', 'for' or 'at'."""
    found = []
    for match in find_all(
        (
            r"\b(?:in|for|at|near|to)\s+(?P<what>\p{Ll}[\p{L}'-]+(?: (?:york|francisco|angeles|"
            r"city|delhi|town|aires|janeiro|kong))?)(?P<more>(?:\s*,\s*\p{Ll}"
            r"[\p{L}'-]+)*(?:\s+and\s+\p{Ll}[\p{L}'-]+)?)(?=\s*(?:[?.!,]|$| today| tomorrow| now|"
            r" right now| tonight| this week| please| on | in celsius| in fahrenheit))"
        ),
        text,
    ):
        if match.group("what") not in STOP | {
            "celsius",
            "fahrenheit",
            "today",
            "tomorrow",
            "now",
            "general",
            "degrees",
        }:
            found += [match.group("what").title(), *(w.title() for w in words(match.group("more")) if w != "and")]
    return list(dict.fromkeys(found))


def people(text: str) -> list[str]:
    """Names of people as far as prose shows them: introduced by a word for it, else capitalised and no place."""
    introduced = [
        m.group("name")
        for m in find_all(
            (
                r"\b(?:my name is|name is|named|called|name:|customer:?|user:?|patient:?|mr\.?|mrs\.?|"
                r"ms\.?|dr\.?|by|dear|sincerely,?|regards,?|i am|i'm|this is|contact|call|email|"
                r"message|tell|meet(?:ing)? with|with|to|for|"
                r"from)\s+(?P<name>(?-i:\p{Lu})[\p{L}'’-]+(?: (?-i:\p{Lu})[\p{L}'’-]+){0,3})"  # noqa: RUF001 - marks that people write
            ),
            text,
        )
    ]
    located = set(places(text))
    firm = bool(find(r"\b(?:name is|named|called|name:|i am|i'm|mr|mrs|dr)\b", text))
    names = [*introduced, *proper_names(text)] if firm else [*proper_names(text), *introduced]
    kept = [
        name
        for name in dict.fromkeys(names)
        if not find(rf"^(?:{_MONTH}|{_WEEKDAY})$", name) and name.lower() not in STOP
    ]
    return [name for name in kept if name not in located] or kept


def expressions(text: str) -> list[str]:
    """The arithmetic in the text, in symbols."""
    symbols = [
        m.group().strip()
        for m in find_all(r"[(\d][\d\s().,+*/×÷^%−-]*[+*/×÷^−-][\d\s().,+*/×÷^%−-]*[\d)]", text)  # noqa: RUF001 - marks that people write
    ]
    if symbols:
        return [s.replace("×", "*").replace("÷", "/").replace("−", "-") for s in symbols]  # noqa: RUF001 - marks that people write
    found = worked(text)
    return [found.written.replace("×", "*").replace("÷", "/")] if found else []  # noqa: RUF001 - marks that people write


def spoken_numbers(text: str) -> list[tuple[str, int, int]]:
    """Numbers with their places, without those inside dates, times and codes, and without 'one' and 'a'."""
    masked = text
    for kind in ("email", "url", "date", "time", "code", "ip"):
        for match in find_all(_PATTERNS[kind], text):
            masked = masked[: match.start()] + "\x00" * (match.end() - match.start()) + masked[match.end() :]
    return [
        (m.group(), m.start(), m.end())
        for m in find_all(rf"(?<![\w.])-?{NUMBER}", masked)
        if not find(r"^(?:one|a|an)$", m.group())
    ]


def listed_after(name: str, text: str) -> str:
    """The value that the text gives under the name: 'name: value', 'name is value', 'name = value'."""
    key = r"[\s_-]?".join(_escaped(part) for part in split_name(name))
    if not key:
        return ""
    match = find(
        (
            rf"(?<!\w)[\"'`*]{{0,2}}{key}s?[\"'`*]{{0,2}}\s*(?::|=|\bis\b|\bare\b|\bwas\b|"
            rf"\bset to\b|\bof\b|\bto be\b)\s*(?P<v>\"[^\"\n]{{1,300}}\"|'[^'\n]{{1,300}}'|"
            rf"[^\n.;,]{{1,120}}(?:\.\d+)?)"
        ),
        text,
    )
    if match is None:
        return ""
    value = match.group("v").strip()
    end = find(r"\s+(?:and|but|with|who|which|for|please)\s", value)
    return (value[: end.start()] if end and value[0] not in "\"'" else value).strip(" \"'`*")


def _escaped(word: str) -> str:
    return "".join(c if c.isalnum() else "\\" + c for c in word)


def split_name(name: str) -> list[str]:
    """The words of a property's name: 'maxPrice', 'max_price' and 'max-price' are 'max' and 'price'."""
    spaced = "".join(f" {c}" if c.isupper() and i and not name[i - 1].isupper() else c for i, c in enumerate(name[:80]))
    return [word.lower() for word in words(spaced.replace("_", " "))]


def quoted_values(text: str) -> list[str]:
    """What stands in quotation marks."""
    return [quotation.text for quotation in quotations(text)]
