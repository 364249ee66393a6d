"""What a plain scalar means by the core schema of YAML 1.2, and where YAML 1.1 would read it otherwise.

It stands apart because this table is the whole difference between the two versions, and is read on its own.
"""

import math
import re

Scalar = None | bool | int | float | str

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# 'y' and 'n' are left out: no parser in use reads them as booleans, and they are common keys.
_BOOLEANS_1_1 = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), "false"),
}
_NUMBER_START = frozenset("+-.0123456789")

_DECIMAL = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OTHER_1_1 = re.compile(
    r"[-+]?0b[01_]+"
    r"|[-+]0x[0-9a-fA-F_]+|0x[0-9a-fA-F_]+"
    r"|[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
)

_LONGEST = 100
"""Characters of a number. A float needs 24; beyond 4300 digits Python raises an error of its own."""
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_SHOWN = 40


class ScalarFault(Exception):
    """A plain scalar that is refused: the code, what is wrong, and the remedy."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        """Keep the three apart; the place is the reader's to add."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


def resolve(text: str) -> Scalar:
    """The value of a plain scalar; text if it is nothing else.

    raises  ScalarFault with code 'yaml-1.1' where YAML 1.1 reads another value than 1.2, and with 'yaml-number' for
            numbers that JSON or 64 bits cannot hold
    source  YAML 1.2.2, section 10.3.2; YAML 1.1 type repository (bool, int, float)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        return _number(text)
    if text in _BOOLEANS_1_1:
        meant = _BOOLEANS_1_1[text]
        remedy = f"put it in quotes if the word is meant, or write {meant}"
        raise ScalarFault("yaml-1.1", f"plain '{text}' is {meant} to YAML 1.1 and text to YAML 1.2", remedy)
    return text


def _number(text: str) -> Scalar:
    if _LEADING_ZERO.fullmatch(text):
        raise _differs(text, "octal to YAML 1.1 and decimal to YAML 1.2", "leave out the leading zero, or write 0o17")
    if _DECIMAL.fullmatch(text):
        return _whole(text, 10)
    if _PREFIXED.fullmatch(text):
        return _whole(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(_of_fair_length(text))
        if math.isinf(number):
            raise _unholdable(text, "is too large for a 64-bit float")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise _unholdable(text, "is a number that JSON cannot hold")
    if _SEXAGESIMAL.fullmatch(text):
        raise _differs(text, "a number to base 60 to YAML 1.1 and text to YAML 1.2", "write the number out")
    if _OTHER_1_1.fullmatch(text):
        raise _differs(text, "a number to YAML 1.1 and text to YAML 1.2", "write it in plain digits")
    return text


def _whole(text: str, numeral_base: int) -> int:
    number = int(_of_fair_length(text), numeral_base)
    if not _SMALLEST <= number <= _LARGEST:
        raise _unholdable(text, "does not fit into 64 bits")
    return number


def _of_fair_length(text: str) -> str:
    if len(text) > _LONGEST:
        raise _unholdable(text, f"has more than {_LONGEST} characters")
    return text


def _unholdable(text: str, why: str) -> ScalarFault:
    return ScalarFault("yaml-number", f"{_short(text)} {why}", "put it in quotes if text is meant")


def _differs(text: str, how: str, otherwise: str) -> ScalarFault:
    remedy = f"put it in quotes if text is meant; for a number, {otherwise}"
    return ScalarFault("yaml-1.1", f"plain '{_short(text)}' is {how}", remedy)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
