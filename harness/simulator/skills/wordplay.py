"""Work on given words and lists: counting letters, reversing, sorting, choosing the largest.

It stands apart because its material is named in the request itself and its answers can be read off that material.
"""

from collections.abc import Callable
from fractions import Fraction

from harness.simulator.skills.figures import NUMBER, number_of, ordinal_of, whole
from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.sequences import separator
from harness.simulator.skills.words import quotations, words

_SKILL = Callable[[str], Said | None]


def wordplay(request: Request) -> Said | None:
    """The first of the skills here that the request calls for."""
    for skill in (_counted, _changed, _picked, _sorted):
        said = skill(request.text)
        if said is not None:
            return said
    return None


def material(text: str) -> str:
    """The words to work on: what is quoted, else what stands after a colon, else after a noun for them."""
    quoted = quotations(text)
    if quoted:
        return max(quoted, key=lambda quotation: len(quotation.text)).text
    colon = find(r":\s*(?P<what>\S[^\n]*(?:\n(?!\n)[^\n]+)*)", text)
    if colon:
        return first_sentence(colon.group("what"))
    noun = find(
        (
            r"\b(?:words?|names?|strings?|phrase|sentence|text|term|in|of|spell|reverse|"
            r"is) (?:the (?:word|name|string|phrase) )?(?P<what>[\p{L}\d-]+)\s*(?:$|[?.!,]|"
            r"\bbackwards|\bhave\b|\bcontain|\bin\b|\bto\b)"
        ),
        text,
    )
    return noun.group("what") if noun else ""


def first_sentence(text: str) -> str:
    """The text up to where another sentence begins: what follows a list is a condition, and no item."""
    end = find(r"[.?!](?=\s+(?-i:\p{Lu}))", text)
    return (text[: end.start()] if end else text).strip()


def _counted(text: str) -> Said | None:
    how_many = (
        r"\b(?:how many|count(?: up)?(?: the| all)?(?: the)?|(?:what is |what's |give me |"
        r"tell me )?the (?:total )?number of|how often|how many times)\b"
    )
    if not find(how_many, text):
        return None
    quoted = quotations(text)
    letter = find(
        (
            rf"{how_many}(?: does| do)?(?: the)?(?: times)?(?: occurrences of)?(?: the)? "
            rf"?(?:letters?|characters?)?+\s*[\"'“‘`]?(?P<x>\p{{L}})[\"'”’`]?(?:['’]?s)?(?: "  # noqa: RUF001 - marks that people write
            rf"letters?| characters?)?\b[\"'”’`]?(?: are(?: there)?| is there| does| do| appears?|"  # noqa: RUF001 - marks that people write
            rf" occurs?| there)*\s*(?:in|does|appear|occur|are|contained)\b"
        ),
        text,
    )
    if letter:
        inside = [q.text for q in quoted if len(q.text) > 1] or [material_word(text)]
        if inside[0]:
            n = inside[0].lower().count(letter.group("x").lower())
            return Said(
                full=f'The letter {letter.group("x")} appears {n} {"time" if n == 1 else "times"} in "{inside[0]}".',
                brief=str(n),
            )
    kind = find(
        (
            rf"{how_many}(?: of)? (?P<what>vowels?|consonants?|letters?|characters?|words?|digits?|"
            rf"capital letters|upper-?case letters|sentences|lines|items|elements|numbers|"
            rf"syllables|spaces|commas)\b"
        ),
        text,
    )
    within = material(text[kind.end() :]) or material(text) if kind else ""
    if kind is None or not within:
        return None
    n = _COUNTS[kind.group("what").lower().rstrip("s").split()[0]](within)
    return Said(full=f"There are {n}.", brief=str(n))


def material_word(text: str) -> str:
    """The single word after 'in' or 'the word'."""
    match = find(
        (
            r"\b(?:in|inside|within|of)(?: the)?(?: english)?(?: word| name|"
            r" string)?\s*:?\s*[\"'“‘`]?(?P<what>\p{L}{2,})[\"'”’`]?\s*(?:[?.!,]|$)"  # noqa: RUF001 - marks that people write
        ),
        text,
    ) or find(r"\bword\s+(?P<what>\p{L}{2,})", text)
    return match.group("what") if match else ""


_COUNTS: dict[str, Callable[[str], int]] = {
    "vowel": lambda t: sum(c in "aeiou" for c in t.lower()),
    "consonant": lambda t: sum(c.isalpha() and c not in "aeiou" for c in t.lower()),
    "letter": lambda t: sum(c.isalpha() for c in t),
    "character": len,
    "word": lambda t: len(t.split()),
    "digit": lambda t: sum(c.isdigit() for c in t),
    "capital": lambda t: sum(c.isupper() for c in t),
    "upper-case": lambda t: sum(c.isupper() for c in t),
    "uppercase": lambda t: sum(c.isupper() for c in t),
    "sentence": lambda t: len(list(find_all(r"[.!?]+(?:\s|$)", t))) or 1,
    "line": lambda t: t.count("\n") + 1,
    "item": lambda t: len(listed(t)),
    "element": lambda t: len(listed(t)),
    "number": lambda t: len(listed(t)),
    "syllable": lambda t: len(list(find_all(r"[aeiouy]+", t))),
    "space": lambda t: t.count(" "),
    "comma": lambda t: t.count(","),
}


def _changed(text: str) -> Said | None:  # noqa: PLR0911 - one return a change
    """Reversed, spelled, in another case, joined or replaced."""
    what = material(text)
    if not what:
        return None
    outside = text.replace(what, "", 1)
    if find(
        (
            r"\breverse(?:d)? (?:the )?(?:order of )?(?:the |these )?(?:words|list|items|order)|"
            r"\bwords in reverse|\breverse the order\b"
        ),
        outside,
    ):
        items = listed(what) if "," in what else what.split()
        return Said(full=(", " if "," in what else " ").join(items[::-1]), exact=True)
    if find(r"\b(?:reverse|backwards?|mirror|from right to left|in reverse)\b", outside):
        return Said(full=what[::-1], exact=True, outside=outside)
    if find(r"\bspell(?:ed)?\b(?!.*\bout\b.*\bnumber| (?:out )?\d)|\bletter by letter\b", outside):
        return Said(full=separator(outside, "-").join(what.replace(" ", "")), exact=True, outside=outside)
    swap = _replacement(text)
    if swap is not None:
        return swap
    if find(
        (
            r"\b(?:convert|change|turn|transform|put|make|rewrite|write|capitali[sz]e|render|give|"
            r"set|upper-?case|lower-?case|print|say|type|return|output|express)\b"
        ),
        outside,
    ):
        return _recased(what, outside)
    return None


def _recased(what: str, outside: str) -> Said | None:
    upper = find(r"\b(?:upper[ -]?case|capitals|capital letters|all caps|caps)\b", outside)
    lower = find(r"\b(?:lower[ -]?case|small letters)\b", outside)
    if find(r"\btitle[ -]?case\b", outside):
        return Said(full=what.title(), exact=True)
    if find(r"\b(?:snake[ _-]?case)\b", outside):
        return Said(full="_".join(word.lower() for word in words(what)), exact=True)
    if find(r"\bcamel[ -]?case\b", outside):
        first, *rest = [*words(what), ""]
        return Said(full=first.lower() + "".join(word.title() for word in rest), exact=True)
    if upper or lower:
        return Said(full=what.upper() if upper else what.lower(), exact=True)
    return None


def _replacement(text: str) -> Said | None:
    quoted = [quotation.text for quotation in quotations(text)]
    if len(quoted) == 3 and find(r"\b(?:replace|substitute|swap|change)\b", text):  # noqa: PLR2004 - what, by what, where
        old, new, where = (
            quoted
            if find(
                (
                    r"\b(?:replace|substitute|swap|change)\b[^\"]{0,40}[\"'“‘`][^\"'”’`]{1,40}[\"'”’`] "  # noqa: RUF001 - marks that people write
                    r"(?:with|by|for|to|into)\b"
                ),
                text,
            )
            else (quoted[1], quoted[2], quoted[0])
        )
        return Said(full=where.replace(old, new), exact=True)
    return None


def _picked(text: str) -> Said | None:
    """The first, last or third letter, word or item of what is given; or the first letters of all its words."""
    if find(
        (
            r"\bfirst letters? (?:of|from) (?:each|every|all|the) (?:of the )?(?:words?|"
            r"following)\b|\b(?:acronym|initials)\b"
        ),
        text,
    ) and material(text):
        return Said(full="".join(word[0].upper() for word in words(material(text))), exact=True)
    match = find(
        (
            r"\b(?P<which>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|"
            r"final|\d{1,3}(?:st|nd|rd|th))(?P<n> \w+)? (?P<what>letter|character|word|item|"
            r"element|number|name|digit|entry|fruit|line)s?\b"
        ),
        text,
    )
    if match is None or not (within := material(text[match.end() :]) or material(text)):
        return None
    which = ordinal_of(match.group("which"))
    what = match.group("what").lower()
    pool = _pool(what, within)
    many = whole((match.group("n") or "").strip())
    if many:
        chosen = pool[:many] if which == 1 else pool[-many:]
        return Said(full=("" if what in {"letter", "character"} else ", ").join(chosen), exact=True)
    if which is None or not pool or abs(which) > len(pool):
        return None
    chosen_one = pool[which - 1 if which > 0 else which]
    return Said(full=f"The {match.group('which').lower()} {what} is {chosen_one}.", brief=chosen_one)


def _pool(what: str, within: str) -> list[str]:
    if what in {"letter", "character"}:
        return [c for c in within if not c.isspace()]
    if what == "word":
        return words(within)
    if what == "line":
        return within.splitlines()
    if what == "digit":
        return [c for c in within if c.isdigit()]
    return listed(within)


def listed(text: str) -> list[str]:
    """The items of a list in prose or in brackets: 'a, b and c', '[3, 1, 2]', lines, or words."""
    text = text.strip().strip("[](){}").rstrip(".?!")
    if "\n" in text:
        return [line.strip(" -*•\t") for line in text.splitlines() if line.strip(" -*•\t")]
    parts = [m.strip(" \"'") for m in _cut(text, r"\s*[,;]\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+")]
    parts = [part for part in parts if part]
    return parts if len(parts) > 1 else text.split()


def _cut(text: str, pattern: str) -> list[str]:
    cuts = [(m.start(), m.end()) for m in find_all(pattern, text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return [text[a:b] for a, b in zip(starts, ends, strict=True)]


def _sorted(text: str) -> Said | None:
    if not find(
        r"\b(?:sort|arrange|rank|alphabeti[sz]e|order (?:the|these|this|them)|put (?:the|these|this|them)\b[^.\n]* in|"
        r"in (?:ascending|descending|alphabetical|increasing|decreasing|reverse|numerical)(?: \w+)? order)\b",
        text,
    ):
        return None
    items = items_of(text)
    if len(items) < 2:  # noqa: PLR2004 - nothing to sort
        return None
    values = [number_of(item) for item in items]
    numeric = all(value is not None for value in values)
    if find(r"\bby (?:their )?length\b|\bshortest\b|\blongest\b", text):
        items = sorted(items, key=len)
    else:
        items = (
            [x for _, x in sorted(zip(values, items, strict=True), key=lambda p: p[0] or Fraction(0))]
            if numeric
            else sorted(items, key=str.lower)
        )
    if find(
        (
            r"\b(?:descending|decreasing|reverse|(?:largest|highest|biggest|greatest|"
            r"longest) (?:to|first|number first)|from (?:the )?(?:largest|highest|biggest|"
            r"greatest|longest)|z to a)\b"
        ),
        text,
    ):
        items = items[::-1]
    return Said(full=separator(text, ", ").join(items), exact=True)


def items_of(text: str) -> list[str]:
    """The list in the request: in brackets, after a colon, several quotations, or a run of numbers or words."""
    for pattern in (
        r"\[(?P<list>[^\[\]]{3,2000})\]",
        r":\s*(?P<list>[^:\n]*,[^:\n]*|[^:\n]+(?: [^:\n ]+)+|\n?[^:]+\n[^:]+)$",
        r":\s*(?P<list>[^:\n.]+,[^:\n]+)",
    ):
        match = find(pattern, text)
        if match:
            return listed(first_sentence(match.group("list")))
    quoted = [quotation.text for quotation in quotations(text)]
    if quoted:
        return quoted if len(quoted) > 1 else listed(quoted[0])
    run = find(rf"(?P<list>-?{NUMBER}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s+)-?{NUMBER})+)", text)
    if run:
        return [m.group() for m in find_all(rf"-?{NUMBER}", run.group("list"))]
    prose = find(r"(?P<list>[\p{L}-]+(?:, [\p{L}-]+)+,? (?:and|or) [\p{L}-]+)", text)
    return listed(prose.group("list")) if prose else []
