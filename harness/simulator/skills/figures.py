"""Numbers as people write them: digits, words and ordinals, read and written.

It stands apart because counting, repeating, arithmetic and filling in values all read numbers from the same prose.
"""

from fractions import Fraction

from harness.simulator.skills.patterns import find_all

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
VALUES = {word: n for n, word in enumerate(ONES)} | {word: 20 + 10 * n for n, word in enumerate(TENS)}
ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
TIMES_WORDS = {"once": 1, "twice": 2, "thrice": 3}
LONGEST = 40
"""Digits beyond which a number is not worked with: it is no question of an ordinary kind."""

_SMALL = "|".join(sorted([*VALUES, *SCALES], key=len, reverse=True))
WORD_NUMBER = (
    rf"(?:(?:a |an )?(?<![\w-])(?:{_SMALL})\b(?:(?:[ -]|\s+and\s+)(?:{_SMALL})\b)*+|(?<!\w)an? dozen\b|\bdozen\b)"
)
DIGITS = r"(?:\d{1,3}(?:,\d{3})++(?:\.\d++)?+|\d++(?:\.\d++)?+|(?<!\d)\.\d++)"
NUMBER = rf"(?:{DIGITS}|{WORD_NUMBER})"
"""A number in digits or words; no group inside, so it fits into larger patterns."""


def number_of(text: str) -> Fraction | None:
    """The number that `text` as a whole says, or None; one of more than LONGEST digits is None."""
    text = text.strip().lower()
    plain = text.replace(",", "").replace("_", "")
    if plain and plain.isascii() and plain.replace(".", "", 1).lstrip("+-").isdigit():
        return Fraction(plain) if len(plain) <= LONGEST else None
    return _words_value(text)


def whole(text: str) -> int | None:
    """The whole number that `text` says, or None."""
    value = number_of(text)
    return int(value) if value is not None and value.denominator == 1 else None


def _words_value(text: str) -> Fraction | None:
    total = group = 0
    seen = False
    for word in text.replace("-", " ").split():
        if word in {"and", "a", "an"}:
            continue
        if word in VALUES:
            group += VALUES[word]
        elif word == "dozen":
            group = (group or 1) * 12
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in SCALES:
            total += (group or 1) * SCALES[word]
            group = 0
        else:
            return None
        seen = True
    return Fraction(total + group) if seen else None


def numbers_in(text: str) -> list[Fraction]:
    """Every number in the text, in order; a minus counts where a number cannot stand before it."""
    found = []
    for match in find_all(rf"(?:(?<![\w)\]]\s?)[-−](?=[\d.]))?{NUMBER}", text):  # noqa: RUF001 - marks that people write
        written = match.group()
        value = number_of(written.lstrip("-−"))  # noqa: RUF001 - marks that people write
        if value is not None:
            found.append(-value if written[0] in "-−" else value)  # noqa: RUF001 - marks that people write
    return found


def spelled(number: int) -> str:
    """The number in English words, such as 'one hundred and five'; beyond a billion, in digits."""
    if number < 0:
        return f"minus {spelled(-number)}"
    if number < len(ONES):
        return ONES[number]
    if number < 100:  # noqa: PLR2004 - how English counts
        tens, rest = divmod(number, 10)
        return TENS[tens - 2] + (f"-{ONES[rest]}" if rest else "")
    for word, size in (("million", 10**6), ("thousand", 1000), ("hundred", 100)):
        if number >= size and number < 10**9:
            many, rest = divmod(number, size)
            joint = " and " if rest < 100 else " "  # noqa: PLR2004 - how English counts
            return f"{spelled(many)} {word}" + (joint + spelled(rest) if rest else "")
    return str(number)


def ordinal_of(text: str) -> int | None:
    """1 for 'first' or '1st', -1 for 'last', and so on."""
    text = text.lower()
    if text in {"last", "final"}:
        return -1
    if text in ORDINALS:
        return ORDINALS.index(text)
    digits = text.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST else None


def shown(value: Fraction, places: int | None = None) -> str:
    """The number as a person would write it: whole, or a decimal that is exact if it can be, else to four places."""
    if places is None and value.denominator == 1:
        return str(value.numerator)
    if places is None:
        exact = _terminating(value)
        return exact if exact is not None else f"{float(round(value, 4)):g}" if abs(value) < 1 else _fixed(value, 4)
    return _fixed(value, places)


def _fixed(value: Fraction, places: int) -> str:
    scaled = round(abs(value) * 10**places)
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 and scaled else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _terminating(value: Fraction) -> str | None:
    for places in range(1, 11):
        if (value * 10**places).denominator == 1:
            return _fixed(value, places)
    return None
