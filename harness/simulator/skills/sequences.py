"""Counting and listing what comes in a known order: numbers, letters, days, months.

It stands apart because long enumerations are what stop sequences and token limits are tried with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.simulator.skills.figures import NUMBER, spelled, whole
from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.words import quotations

MOST = 10_000
"""Items beyond which a list is cut off: about twenty thousand tokens, more than any reply holds."""

_N = NUMBER
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ALPHABET = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
_FIXED: tuple[tuple[str, Sequence[str]], ...] = (
    (
        (
            r"\b(?:alphabet|letters (?:of|in) the (?:english |latin )?alphabet|"
            r"letters (?:from )?[a-z] (?:to|through) [a-z])\b"
        ),
        _ALPHABET,
    ),
    (r"\bdays (?:of|in) (?:the|a) week\b|\bweek ?days\b|\b(?:seven|7) days\b", _DAYS),
    (
        (
            r"\bmonths (?:of|in) (?:the|a) year\b|\b(?:twelve|12|all)(?: of)?(?: the)? months\b|"
            r"\b(?:list|name|write|say|recite|give me|print)(?: out)?(?: all)? the months\b"
        ),
        _MONTHS,
    ),
    (r"\bseasons (?:of|in) (?:the|a) year\b|\bfour seasons\b", ["spring", "summer", "autumn", "winter"]),
)
_TELL = (
    r"\b(?:count|list|print|write|give|output|enumerate|name|recite|say|tell|show|type|generate|display|repeat|produce|"
    r"return|spell|what are|what is|can you|sequence|respond|reply|answer|state|provide|go through|read)\b"
)
_SEPARATORS: tuple[tuple[str, str], ...] = (
    (
        (
            r"\b(?:one|each|a|every)(?: \w+)? (?:per|on (?:a|its own|a new|a separate|each)|to a|"
            r"in each) (?:new |separate )?line\b|\b(?:on|in) (?:separate|new|individual|"
            r"different) lines\b|"
            r"\b(?:new ?lines?|line ?breaks?)\b|\bper line\b|\bvertical(?:ly)?\b|\beach on\b"
        ),
        "\n",
    ),
    (r"\b(?:comma[ -]and[ -]space|comma(?:s)? and (?:a )?space)\b", ", "),
    (
        (
            r"\b(?:commas?|comma)[ -](?:only|without spaces?|no spaces?)\b|\bcommas?,? (?:and |"
            r"but |with )?(?:no|without)(?: any)? spaces?\b"
        ),
        ",",
    ),
    (r"\bcomma", ", "),
    (r"\bsemi-?colons?\b", "; "),
    (r"\b(?:single )?spaces?\b(?<!(?:no|without|any) spaces?)", " "),
    (r"\b(?:hyphens?|dash(?:es)?)\b", "-"),
    (r"\b(?:pipes?|vertical bars?)\b", " | "),
    (r"\bslash(?:es)?\b", "/"),
    (r"\btabs?\b", "\t"),
    (r"\b(?:no|without)(?: any)? (?:spaces?|separators?)\b", ""),
    (r"\b(?:bullet(?:ed)?(?: points?| list)?|bullets)\b", "\n"),
    (r"\bnumbered list\b", "\n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    first: int
    last: int
    step: int = 1

    def numbers(self) -> list[int]:
        step = abs(self.step) or 1
        if self.first > self.last:
            step = -step
        return list(range(self.first, self.last + (1 if step > 0 else -1), step)[:MOST])


def separator(text: str, otherwise: str) -> str:
    """What is to stand between items, as the instruction says it, or `otherwise`."""
    asked = find(r"\b(?:separat\w+|delimit\w+|join\w*|between (?:each|them|the|every)|divided)\b", text)
    for quotation in quotations(text):
        before = text[max(0, quotation.start - 40) : quotation.start]
        if find(r"\b(?:separat\w+|delimit\w+|join\w*|divided)\b[^.\n]{0,25}$", before) and len(quotation.text) <= 5:  # noqa: PLR2004 - a mark, no phrase
            return quotation.text.replace("\\n", "\n").replace("\\t", "\t")
    with_mark = find(
        (
            r"\b(?:with|using|by|use|put|add|insert)\s+(?:only\s+)?(?:a\s+|an\s+|single\s+|"
            r"one\s+)*(?:commas?|spaces?|hyphens?|dash(?:es)?|semi-?colons?|pipes?|slash(?:es)?|"
            r"tabs?)\b"
        ),
        text,
    )
    first, *_ = _SEPARATORS
    if find(first[0], text):
        return first[1]
    for pattern, mark in _SEPARATORS[1:]:
        if (asked or with_mark or mark in {"\n", ""}) and find(pattern, text):
            return mark
    lone = find(r"\b(?:separat\w+|delimit\w+|joined) (?:by|with|using) (?P<mark>[^\w\s\"'.]{1,3})", text)
    if lone:
        return lone.group("mark")
    return ", " if find(r"\bcomma[- ](?:separated|delimited)\b", text) else otherwise


def enumeration(request: Request) -> Said | None:
    """The list that is asked for, or None if none is."""
    text = request.text
    items = _fixed_items(text) or _number_items(text)
    if not items:
        return None
    if find(
        r"\b(?:backwards?|in reverse|reversed?|descending|from (?:last to first|z to a))\b", text
    ) and not _descends(items):
        items = items[::-1]
    items = [item for item in items if item not in _left_out(text)]
    joint = separator(text, ", ")
    if find(r"\bbullet", text):
        return Said(full="\n".join(f"- {item}" for item in items), exact=True, outside=text)
    if find(r"\bnumbered list\b", text):
        return Said(full="\n".join(f"{n}. {item}" for n, item in enumerate(items, 1)), exact=True, outside=text)
    return Said(full=joint.join(items), exact=True, outside=text)


def _fixed_items(text: str) -> list[str]:
    for pattern, items in _FIXED:
        match = find(pattern, text)
        if match is None or not find(_TELL, text) or find(r"\bhow many\b", text):
            continue
        return _stretch(text, list(items))
    return []


def _stretch(text: str, items: list[str]) -> list[str]:
    """The part of a known order that is asked for: from one item to another, from one on, or the first few."""
    names = [item.lower() for item in items]
    one = "|".join(names)
    between = find(rf"\b(?:from |between )?(?P<a>{one}) (?:to|through|until|till|and|up to) (?P<b>{one})\b", text)
    if between:
        a, b = (names.index(between.group(name).lower()) for name in "ab")
        return items[a : b + 1] if a <= b else items[b : a + 1][::-1]
    start = find(rf"\b(?:start\w*|begin\w*)(?: \w+)? (?:with|from|on|at|in) (?:the letter )?[\"']?(?P<a>{one})\b", text)
    if start:
        a = names.index(start.group("a").lower())
        items = items[a:] + items[:a] if len(items) < len(_ALPHABET) else items[a:]
    if len(items) == len(_DAYS) and find(r"\b(?:week ?days|working days)\b", text):
        items = items[:5]
    few = find(rf"\b(?P<end>first|last) (?P<n>{_N})\b", text)
    if few and (n := whole(few.group("n"))):
        items = items[:n] if few.group("end").lower() == "first" else items[-n:]
    every = find(r"\bevery (?:other|second) (?:letter|day|month)\b", text)
    return items[::2] if every else items


def _number_items(text: str) -> list[str]:
    if find(
        (
            r"\b(?:a|one|any|some|random) (?:random |single |whole )*(?:number|integer)s?\b|"
            r"\b(?:pick|guess|choose|sum|average|product|total)\b"
        ),
        text,
    ):
        return []
    numbers = _multiples(text) or _special(text) or _counted(text)
    if not numbers:
        return []
    if find(
        (
            r"\b(?:in|as|using|with) (?:english )?words\b|\bspell(?:ed|ing)?(?: (?:them|it|each|"
            r"the numbers))? out\b|\bwritten out\b"
        ),
        text,
    ):
        return [spelled(number) for number in numbers]
    if find(r"\b(?:zero[- ]padded|leading zero(?:s|es)?|two digits each)\b", text):
        width = max(2, len(str(max(map(abs, numbers)))))
        return [str(number).zfill(width) for number in numbers]
    return [str(number) for number in numbers]


def _counted(text: str) -> list[int]:
    span = _span(text)
    if span is None:
        return []
    numbers = span.numbers()
    if find(r"\bodd\b(?! one)", text):
        numbers = [n for n in numbers if n % 2]
    elif find(r"\beven\b(?= (?:numbers?|integers?|ones|values?)|ly)", text):
        numbers = [n for n in numbers if n % 2 == 0]
    elif find(r"\bprimes?\b", text):
        numbers = [n for n in numbers if is_prime(n)]
    elif find(r"\b(?:perfect )?squares\b|\bsquare numbers\b", text):
        numbers = [n for n in numbers if n >= 0 and round(n**0.5) ** 2 == n]
    divisor = find(rf"\b(?:multiples of|divisible by|that divide by) (?P<n>{_N})", text)
    if divisor and (n := whole(divisor.group("n"))) and not find(r"\bskip", text):
        numbers = [number for number in numbers if number % n == 0]
    return numbers


def _span(text: str) -> _Span | None:
    """From where to where, as said with 'count', or with a word for numbers and two bounds."""
    step = _step(text)
    to = r"(?:up |down |all the way )?(?:up to|to|through|thru|until|till|–|-|\.\.\.?)(?: and including)?"  # noqa: RUF001 - marks that people write
    between = rf"(?:between|from) (?:the number )?(?P<a>-?{_N}) and (?:the number )?(?P<b>-?{_N})\b"
    ending = r"(?:and )?(?:then )?(?:ending|finishing|finish|end|stopping|stop) (?:at|with|on|after) "
    bounds = (
        rf"(?:from |starting (?:at|from|with) |start (?:at|from) )?(?:the number )?(?P<a>-?{_N})\s*,? *"
        rf"(?:{ending}|(?:and )?(?:going |counting |continuing |continue |count |"
        rf"on )?(?:{to})\s*)(?:the number )?(?P<b>-?{_N})\b"
    )
    shown_by_start = find(rf"\b1,? 2,? (?:and )?3\b[^\n]{{0,40}}?\b(?:up to|to|until|till|through) (?P<b>{_N})\b", text)
    if shown_by_start and find(_TELL, text):
        return _Span(first=1, last=whole(shown_by_start.group("b")) or 1)
    count = find(
        (
            r"\b(?:count(?:ing)?|enumerate)\b(?! (?:how|the (?:number|letters?|words?|characters?|vowels?|times|"
            r"occurrences)|all (?:the )?(?:letters|words)|of\b))"
        ),
        text,
    )
    things = find(
        r"\b(?:numbers|integers|digits|numerals|primes|squares|multiples|(?:every|each|all|even|odd|prime|whole|"
        r"natural)(?: \w+)? (?:number|integer)s?)\b",
        text,
    )
    ranged = find(
        r"^\W*(?:please |can you |could you )*(?:list|print|write|output|type|give me|show|enumerate|recite|say)"
        rf"(?: out| me)? {_N}\s?(?:-|–|to|through|\.\.+)\s?{_N}\b",  # noqa: RUF001 - marks that people write
        text,
    )
    if count or ranged or (things and find(_TELL, text)):
        match = find(bounds, text, count.end() if count else 0) or find(between, text)
        if match and (a := whole(match.group("a"))) is not None and (b := whole(match.group("b"))) is not None:
            return _Span(first=a, last=b, step=step)
    if count:
        return _one_bound(text, count.end(), step)
    first = find(rf"\bfirst (?P<n>{_N}) (?:positive |natural |whole |counting )?(?:numbers|integers)\b", text)
    below = find(
        (
            rf"\b(?:numbers|integers|primes)\b[^.\n]{{0,30}}?\b(?P<how>up to|until|till|below|"
            rf"under|less than|smaller than|through|to) (?P<n>{_N})"
        ),
        text,
    )
    if first and (n := whole(first.group("n"))):
        return _Span(first=1, last=n, step=step)
    if below and find(_TELL, text) and (n := whole(below.group("n"))):
        return _Span(
            first=1, last=n - (below.group("how").lower() in {"below", "under", "less than", "smaller than"}), step=step
        )
    return None


def _one_bound(text: str, after: int, step: int) -> _Span | None:
    down = find(r"\b(?:down|backwards?|reverse|countdown)\b", text)
    match = find(rf"(?:from|at|to|till|until|with)\s+(?P<n>{_N})", text, after) or find(rf"(?P<n>{_N})", text, after)
    n = whole(match.group("n")) if match else None
    if n is None:
        return _Span(first=1, last=100, step=step) if find(r"\b(?:forever|as (?:high|far) as|keep)\b", text) else None
    if down:
        return _Span(first=n, last=0 if find(r"\b(?:zero|0)\b", text) else 1, step=step)
    upward = match is not None and match.group().lower().startswith(("from", "at"))
    if upward:
        return _Span(first=n, last=n + 99, step=step)
    return _Span(first=min(step, n), last=n, step=step)


def _step(text: str) -> int:
    match = find(
        (
            rf"\b(?:by|in (?:steps|increments|intervals|multiples|jumps) of|steps? (?:of|size)|"
            rf"every|increment of|adding) (?P<n>{_N}|twos|threes|fives|tens|"
            rf"hundreds)\b(?! (?:lines?|items?))"
        ),
        text,
    )
    if match is None:
        return 2 if find(r"\bevery (?:other|second) number\b", text) else 1
    named = {"twos": 2, "threes": 3, "fives": 5, "tens": 10, "hundreds": 100}
    written = match.group("n").lower()
    return named.get(written) or whole(written) or 1


# Miller and Rabin's test with these bases decides every number below the bound (Sorenson and Webster, 2015).
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
_DECIDED = 3_317_044_064_679_887_385_961_981


def is_prime(number: int) -> bool | None:
    """Whether the number is prime; None for one so large that no proof is at hand."""
    if number in _BASES:
        return True
    if number < 2 or any(number % base == 0 for base in _BASES):  # noqa: PLR2004 - the first prime
        return False
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    for base in _BASES:
        power = pow(base, odd, number)
        if power != 1 and all(pow(power, 2**n, number) != number - 1 for n in range(twos)):
            return False
    return True if number < _DECIDED else None


def _multiples(text: str) -> list[int]:
    match = find(rf"\bfirst (?P<many>{_N}) (?:positive )?multiples of (?P<n>{_N})", text)
    if match:
        many, n = whole(match.group("many")) or 0, whole(match.group("n")) or 0
        return [n * k for k in range(1, min(many, MOST) + 1)]
    return []


def _special(text: str) -> list[int]:
    match = find(rf"\bfirst (?P<n>{_N}) (?P<kind>odd|even|prime|square|fibonacci|powers of (?:two|2))", text)
    many = min(whole(match.group("n")) or 0, 1000) if match else 0
    if match is None or not many:
        return []
    rules: dict[str, Callable[[int], list[int]]] = {
        "odd": lambda n: [2 * k + 1 for k in range(n)],
        "even": lambda n: [2 * k for k in range(1, n + 1)],
        "square": lambda n: [k * k for k in range(1, n + 1)],
        "prime": _primes,
        "fibonacci": _fibonacci,
        "powers": lambda n: [2**k for k in range(min(n, 64))],
    }
    return rules[match.group("kind").lower().split()[0]](many)


def _primes(many: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < many:
        if is_prime(number):
            found.append(number)
        number += 1
    return found


def _fibonacci(many: int) -> list[int]:
    row = [0, 1]
    while len(row) < min(many, 90):
        row.append(row[-1] + row[-2])
    return row[:many]


def _left_out(text: str) -> set[str]:
    """Items named after 'except' or 'skip'."""
    match = find(
        (
            rf"\b(?:except(?: for)?|skip(?:ping)?|leav(?:e|ing) out|omit(?:ting)?|without|"
            rf"excluding)(?: the)?(?: number| letter)?s? (?P<what>{_N}(?:(?:, | and |, and |"
            rf" or ){_N})*)"
        ),
        text,
    )
    if match is None:
        return set()
    return {str(whole(m.group())) for m in find_all(_N, match.group("what"))}


def _descends(items: list[str]) -> bool:
    return len(items) > 1 and all(item.lstrip("-").isdigit() for item in items[:2]) and int(items[0]) > int(items[1])
