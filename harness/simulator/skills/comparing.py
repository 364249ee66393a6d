"""Numbers and words compared: the larger of two, statements that hold or not, what comes next in a row.

It stands apart from work on words because here something is judged, and nothing is taken apart.
"""

from fractions import Fraction
from itertools import pairwise

from harness.simulator.skills.expressions import worked
from harness.simulator.skills.figures import NUMBER, number_of, numbers_in, shown, spelled, whole
from harness.simulator.skills.patterns import find
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.sequences import is_prime
from harness.simulator.skills.wordplay import items_of


def compared(request: Request) -> Said | None:
    """The first of the skills here that the request calls for."""
    for skill in (_extreme, _yes_or_no, _next_in_row, _in_other_form):
        said = skill(request.text)
        if said is not None:
            return said
    return None


_MOST = (
    r"(?P<most>largest|biggest|greatest|highest|maximum|max|larger|bigger|greater|higher|most|longest|longer|latest)"
)
_LEAST = r"(?P<least>smallest|lowest|least|minimum|min|smaller|lower|lesser|fewest|shortest|shorter)"


def _extreme(text: str) -> Said | None:
    match = find(rf"\b(?:{_MOST}|{_LEAST})\b(?! than)", text)
    if match is None:
        return None
    items = items_of(text)
    by_length = find(r"\b(?:longest|longer|shortest|shorter) (?:word|name|string|of)", text)
    chosen = max if match.group("most") else min
    if by_length and len(items) > 1:
        item = chosen(items, key=len)
        return Said(full=f"The {match.group().lower()} is {item}.", brief=item)
    valued = [(value, item) for item in items if (value := number_of(item)) is not None]
    if len(valued) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    item = chosen(valued)[1]
    return Said(full=f"The {match.group().lower()} is {item}.", brief=item)


def judged(text: str) -> bool | None:
    """Whether a statement about numbers or words holds; None where it is none that can be judged."""
    n = rf"(?P<a>-?{NUMBER})"
    match = find(
        (
            rf"{n}\s*(?:is |be )?(?P<how>(?:greater|more|larger|bigger|higher) than|(?:less|"
            rf"smaller|lower|fewer) than|equal to|>=?|<=?|==|divisible by|a multiple of|"
            rf"a divisor of|a factor of)\s*(?P<b>-?{NUMBER})"
        ),
        text,
    )
    if match:
        return _relation(match.group("how").lower(), number_of(match.group("a")), number_of(match.group("b")))
    match = find(rf"{n} (?:is )?(?:an? )?(?P<what>even|odd|prime|positive|negative)\b", text)
    if match and (value := number_of(match.group("a"))) is not None:
        return {
            "even": value % 2 == 0,
            "odd": value % 2 == 1,
            "prime": value.denominator == 1 and is_prime(int(value)),
            "positive": value > 0,
            "negative": value < 0,
        }[match.group("what").lower()]
    match = find(rf"^(?P<left>.*?)(?:=|\bequals?\b|\bis equal to\b|\bmakes?\b)\s*(?P<b>-?{NUMBER})\s*[?.)]?", text)
    if match and (found := worked(match.group("left"))) is not None:
        return found.value == number_of(match.group("b"))
    match = find(r"[\"'“‘`]?(?P<a>\p{L}{2,})[\"'”’`]? (?:is )?(?:an? )?palindrome", text)  # noqa: RUF001 - marks that people write
    return match.group("a").lower() == match.group("a").lower()[::-1] if match else None


def _relation(how: str, a: Fraction | None, b: Fraction | None) -> bool | None:
    if a is None or b is None:
        return None
    if how in {"divisible by", "a multiple of"}:
        return b != 0 and a % b == 0
    if how in {"a divisor of", "a factor of"}:
        return a != 0 and b % a == 0
    if how in {"equal to", "=="}:
        return a == b
    if how in {">=", "<="}:
        return a >= b if how == ">=" else a <= b
    return a > b if how.split(maxsplit=1)[0] in {"greater", "more", "larger", "bigger", "higher", ">"} else a < b


def _yes_or_no(text: str) -> Said | None:
    """Yes or no, or what is to be said in either case."""
    branch = find(
        r"\bif (?P<test>[^,\n]{3,120}?),? (?:then )?(?:please )?(?:say|reply|respond|answer|"
        r"write|output|return|print)(?: with)?(?: the word)? "
        r"[\"'“‘`]?(?P<yes>[\w -]{1,40}?)[\"'”’`]?"  # noqa: RUF001 - marks that people write
        r"[,;.]? (?:and |but )?(?:otherwise|else|if not),? (?:say |reply |respond |answer |"
        r"write |output |return |print )?(?:with )?(?:the word )?[\"'“‘`]?(?P<no>[\w -]{1,40})",  # noqa: RUF001 - marks that people write
        text,
    )
    if branch:
        held = judged(branch.group("test"))
        return None if held is None else Said(full=branch.group("yes" if held else "no").strip(), exact=True)
    if not find(
        r"(?:^|[.!?:,\n]\s*)(?:is|are|does|do|can)\b|\btrue or false\b|\byes or no\b|\bis it true\b|\bcorrect\?", text
    ):
        return None
    turned = find(
        rf"\bis (?:the (?:number|word) )?(?P<a>-?{NUMBER}|[\"'“‘`]?\p{{L}}+[\"'”’`]?) (?P<rest>[^\n?]*)",  # noqa: RUF001 - marks that people write
        text,
    )
    held = judged(f"{turned.group('a')} is {turned.group('rest')}") if turned else None
    if held is None:
        held = judged(text)
    if held is None:
        return None
    yes, no = ("True", "False") if find(r"\btrue or false\b", text) else ("Yes", "No")
    return Said(full=f"{yes if held else no}.", brief=yes if held else no)


def _next_in_row(text: str) -> Said | None:
    named = _named_next(text)
    if named is not None:
        return named
    match = find(
        rf"(?P<row>-?{NUMBER}(?:\s*,\s*-?{NUMBER}){{2,}})\s*,?\s*(?:\.\.\.|…|\?|_+|and so on|what|which|next|$)", text
    )
    if match is None or not find(
        (
            r"\b(?:next|continue|complete|come after|comes after|follows|missing|sequence|series|"
            r"pattern|what number)\b|\?|_"
        ),
        text,
    ):
        return None
    following = _following(numbers_in(match.group("row")))
    return Said(full=f"The next number is {following}.", brief=following) if following else None


_ORDERS = (
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    list("abcdefghijklmnopqrstuvwxyz"),
)


def _named_next(text: str) -> Said | None:
    """The day, month or letter before or after another."""
    match = find(
        (
            r"\b(?P<kind>day|month|letter)\b[^?.\n]{0,40}?\b(?P<way>after|follows|before|"
            r"precedes)\s+(?:the letter )?[\"'“]?(?P<name>\w+)"
        ),
        text,
    )
    if match is None:
        return None
    order = next((order for order in _ORDERS if match.group("name").lower() in order), None)
    if order is None:
        return None
    step = 1 if match.group("way").lower() in {"after", "follows"} else -1
    following = order[(order.index(match.group("name").lower()) + step) % len(order)]
    shown_as = following.upper() if len(following) == 1 else following.title()
    return Said(full=f"{shown_as} comes {'after' if step > 0 else 'before'} {match.group('name')}.", brief=shown_as)


def _following(row: list[Fraction]) -> str:
    gaps = [b - a for a, b in pairwise(row)]
    if len(set(gaps)) == 1:
        return shown(row[-1] + gaps[0])
    if all(row) and len({b / a for a, b in pairwise(row)}) == 1:
        return shown(row[-1] * row[-1] / row[-2])
    if all(c == a + b for a, b, c in zip(row, row[1:], row[2:], strict=False)):
        return shown(row[-1] + row[-2])
    second = [b - a for a, b in pairwise(gaps)]
    return shown(row[-1] + gaps[-1] + second[0]) if len(set(second)) == 1 and len(second) > 1 else ""


def _in_other_form(text: str) -> Said | None:
    """A number in words, digits or another notation."""
    match = find(
        (
            rf"\b(?P<n>{NUMBER})\b (?:in|into|to|as) (?P<form>words|digits|figures|numerals|binary|"
            rf"hex(?:adecimal)?)\b|\b(?:write|convert|express|"
            rf"spell)(?: out)?(?: the number)? (?P<m>{NUMBER}) (?:in|into|to|as|using|"
            rf"out in) (?P<form2>\w+)"
        ),
        text,
    )
    n = whole(match.group("n") or match.group("m")) if match else None
    if match is None or n is None:
        return None
    form = (match.group("form") or match.group("form2")).lower()
    forms = {
        "words": spelled(n),
        "digits": str(n),
        "figures": str(n),
        "numerals": str(n),
        "binary": f"{n:b}",
        "hex": f"{n:x}",
        "hexadecimal": f"{n:x}",
    }
    return Said(full=forms[form], exact=True) if form in forms else None
