"""Numbers as people and models write them: 1,000, 1e3, 50 %, with a hyphen or a real minus sign.

It stands apart from the numeric check because expected values, which may come from a CSV row, are read the same way.
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal

# Longer than any real quantity, as are exponents of more than three digits. EXACT holds every difference and product
# of two such numbers without rounding.
MAX_DIGITS = 400
LONGEST_PLAIN = 20
EXACT = Context(prec=6_000)

_PLAIN = r"(?:[0-9]{1,3}(?P<gap>[,\u00a0\u2009\u202f])[0-9]{3}(?:(?P=gap)[0-9]{3})*|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_NUMBER = re.compile(
    rf"(?P<sign>[-+\u2212]?)[$€£¥]?\s?(?P<plain>{_PLAIN})(?:[eE](?P<power>[-+\u2212]?[0-9]{{1,3}}))?\s?%?\.?"
)
# A number begins after no letter or digit, and not within another number. Every gap must be followed by a digit:
# that keeps a full stop out of it, and the time of the search in proportion to the text.
_PLACE = re.compile(
    r"(?<![^\W_])(?<![0-9][.,])[-+\u2212]?[$€£¥]?\.?[0-9]+(?:[.,\u00a0\u2009\u202f][0-9]+)*(?:[eE][-+\u2212]?[0-9]+)?%?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A number within a text.

    value  None if it can be read in more than one way, such as 1,5, or is too large to be meant
    text   as written
    start  index of its first character
    """

    value: Decimal | None
    text: str
    start: int


def read_number(text: str) -> Decimal | None:
    """The number that the whole text is; None if it is none, or not clearly one.

    A currency sign before it, a per cent sign or a full stop after it, and thousands in groups of three are read over:
    '50 %' is 50, not a half. A comma never is a decimal point.
    """
    stripped = text.strip()
    match = _NUMBER.fullmatch(stripped) if len(stripped) <= MAX_DIGITS else None
    if match is None:
        return None
    sign, power = match["sign"].replace("\u2212", "-"), (match["power"] or "0").replace("\u2212", "-")
    digits = match["plain"].replace(match["gap"], "") if match["gap"] else match["plain"]
    return Decimal(f"{sign}{digits}E{power}")


def last_number(text: str) -> Place | None:
    """The last number in a text, or None."""
    last = None
    for match in _PLACE.finditer(text):
        last = match
    return None if last is None else Place(value=read_number(last[0]), text=last[0], start=last.start())


def within(least: Decimal | int | None, most: Decimal | int | None, value: Decimal) -> bool:
    """True if the value lies within the bounds that there are."""
    return (least is None or value >= least) and (most is None or value <= most)


def between(least: Decimal | int | None, most: Decimal | int | None) -> str:
    """Bounds in words."""
    if least is None:
        return "any" if most is None else f"at most {figure(most)}"
    if most is None:
        return f"at least {figure(least)}"
    return f"exactly {figure(least)}" if least == most else f"{figure(least)} to {figure(most)}"


def figure(value: Decimal | float) -> str:
    """A number without an exponent where that is short, and without trailing zeros."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > LONGEST_PLAIN:
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
