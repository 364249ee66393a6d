"""Arithmetic as it is written and spoken, parsed and worked out exactly.

It stands apart as a parser over tokens, bounded in depth and in the size of numbers; nothing is evaluated as code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from harness.simulator.skills.figures import DIGITS, WORD_NUMBER, number_of
from harness.simulator.skills.patterns import compiled, find_all, replaced

MOST_TOKENS = 400
DEEPEST = 30
MOST_BITS = 4096
"""Size beyond which a result is given up: more than a thousand digits, which nobody reads."""

# Spoken forms and the symbol that each stands for, longest first where one begins another.
_SPOKEN = (
    (r"\b(?:is|when|it is|are|was|when it is) divided by\b", " / "),
    (r"\bto the power of\b|\braised to(?: the power(?: of)?)?\b|\*\*", " ^ "),
    (r"\b(?:multiplied by|times by|times)\b|(?<=[\d)])\s*[x×·∙⋅✕✖]\s*(?=[\d(-])|[×·∙⋅*]", " * "),  # noqa: RUF001 - marks that people write
    (r"\bdivided by\b|(?<=\d)\s+over\s+(?=\d)|÷|∕|\binto equal parts of\b", " / "),  # noqa: RUF001 - marks that people write
    (r"\b(?:per ?cent|percentage) of\b|%\s*of\b", " %of "),
    (r"\bper ?cent\b", " % "),
    (r"\bplus\b|\badded to\b|\bmore than(?= (?:\d|twice|double))", " + "),
    (r"\bminus\b|\btake away\b|[−–—]", " - "),  # noqa: RUF001 - marks that people write
    (r"\bsquared\b|²", " ^ 2 "),
    (r"\bcubed\b|³", " ^ 3 "),
    (r"\b(?:modulo|mod)\b", " mod "),
    (r"\b(?:the )?square root of\b|√", " sqrt "),
    (r"\b(?:the )?cube root of\b", " cbrt "),
    (r"\b(?:the )?factorial of\b", " factorial "),
    (r"(?<=\d) factorial\b", " ! "),
    (r"\bdouble\b|\btwice\b", " 2 * "),
    (r"\btriple\b", " 3 * "),
    (r"\b(?:a |one )?half(?: of)?\b(?= (?:of )?(?:\d|the))", " 1 / 2 * "),
    (r"\b(?:a |one )third of\b", " 1 / 3 * "),
    (r"\b(?:a |one )quarter of\b|\b(?:a |one )fourth of\b", " 1 / 4 * "),
    (r"\bthree quarters of\b", " 3 / 4 * "),
    (r"\bthe (?:sum|total) of\b|\bsum of\b", " sum "),
    (r"\b(?:the )?product of\b", " product "),
    (r"\b(?:the )?(?:positive )?difference (?:between|of)\b", " difference "),
    (r"\b(?:the )?quotient of\b", " quotient "),
    (r"\b(?:the )?(?:arithmetic )?(?:average|mean)(?: value)? of\b", " mean "),
    (r"\b(?:the )?median of\b", " median "),
    (r"\b(?:the )?(?:remainder|rest) (?:when|of|if|after)(?: you)?(?: divide| dividing)?\b", " remainder "),
    (r"\badd(?:ing)?\b(?! (?:a|the|any|no|it|your)\b)", " add "),
    (r"\bsubtract(?:ing)?\b", " subtract "),
    (r"\bmultiply(?:ing)?\b", " multiply "),
    (r"\bdivid(?:e|ing)\b", " divide "),
    (r"\b(?:the )?(?:numbers?|quantity|value|result of|following)\b:?", " "),
)
_JOINTS = {"+", "-", "*", "/", "^", "mod", "%of"}
_LISTS = {"sum", "product", "difference", "quotient", "mean", "median"}
_VERBS = {"add": "to", "subtract": "from", "multiply": "by", "divide": "by"}
_TOKEN = (
    rf"(?P<junk>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}(?!\d)|\d{{1,2}}[-/]\d{{1,2}}[-/]\d{{4}}(?!\d)|\d{{1,2}}:\d\d|"
    rf"\d+(?:\.\d+){{2,}}|\d+(?:-\d+)*-[^\W\d]\w*|[^\W\d]\w*-\d[\w-]*|\w*[^\W\d]\w*\d\w*|"
    rf"\d+[^\W\d]\w*)|(?P<number>{DIGITS})|(?P<word>{WORD_NUMBER})|"
    r"(?P<op>%of|[-+*/^()%!,=])|(?P<name>[a-z]+)|(?P<other>[^\s])"
)


class _NoValueError(Exception):
    """This stretch of tokens is no expression."""


class _NoResultError(Exception):
    """This is an expression, and it has no value, or one too large to work out: no part of it may stand for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """An expression found in a text, and its value.

    operations  how many operators and functions it has; at least one
    """

    value: Fraction
    operations: int
    written: str


def worked(text: str) -> Worked | None:
    """The expression with the most operations in the text, worked out; None where there is none."""
    tokens = _tokens(text)
    best: Worked | None = None
    at = 0
    while at < len(tokens):
        parser = _Parser(tokens, at)
        try:
            value = parser.sum_(0)
        except _NoResultError:
            at = _past(tokens, max(parser.at, at + 1))
            continue
        except _NoValueError:
            at += 1
            continue
        if parser.operations and (best is None or parser.operations > best.operations):
            best = Worked(value=value, operations=parser.operations, written=_written(tokens[at : parser.at]))
        at = max(parser.at, at + 1)
    return best


def _past(tokens: Sequence[str], at: int) -> int:
    """The first place from there on that no operator joins to what stands before it."""
    while at < len(tokens) and (tokens[at] in _JOINTS or tokens[at - 1] in _JOINTS):
        at += 1
    return at


def _written(tokens: Sequence[str]) -> str:
    text = " ".join(tokens)
    for before, after in (("( ", "("), (" )", ")"), (" ^ ", "^"), (" !", "!"), (" %of ", "% of "), (" ,", ",")):
        text = text.replace(before, after)
    return text.replace("*", "×").replace("/", "÷")  # noqa: RUF001 - marks that people write


def _tokens(text: str) -> list[str]:
    for pattern, symbol in _SPOKEN:
        text = replaced(pattern, symbol, text.lower())
    tokens: list[str] = []
    for match in find_all(_TOKEN, text):
        if match.group("number") or match.group("word"):
            value = number_of(match.group())
            plain = match.group().replace(",", "") if match.group("number") else str(value)
            tokens.append("?" if value is None else plain)
        else:
            tokens.append("?" if match.group("junk") or match.group("other") else match.group())
        if len(tokens) >= MOST_TOKENS:
            break
    return tokens


def _is_number(token: str) -> bool:
    return token.lstrip(".")[:1].isdigit()


class _Parser:
    """Recursive descent from one token on; it stops at the first token that cannot belong to the expression."""

    def __init__(self, tokens: Sequence[str], at: int) -> None:
        self.tokens = tokens
        self.at = at
        self.operations = 0

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _attempt(self, parse: Callable[[int], Fraction], depth: int) -> Fraction | None:
        """The next operand, or None with the place kept: an operator without one ends the expression."""
        at, operations = self.at, self.operations
        self.at += 1
        try:
            return parse(depth)
        except _NoValueError:
            self.at, self.operations = at, operations
            return None

    def sum_(self, depth: int) -> Fraction:
        if depth > DEEPEST:
            raise _NoValueError
        value = self._product(depth)
        while (symbol := self._peek()) in {"+", "-"}:
            right = self._attempt(self._product, depth)
            if right is None:
                break
            value = value + right if symbol == "+" else value - right
            self.operations += 1
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._sign(depth)
        while (symbol := self._peek()) in {"*", "/", "mod", "%of"}:
            right = self._attempt(self._sign, depth)
            if right is None:
                break
            value = _bounded(_apply(symbol, value, right))
            self.operations += 1
        return value

    def _sign(self, depth: int) -> Fraction:
        negative = False
        while self._peek() in {"-", "+"}:
            negative ^= self._peek() == "-"
            self.at += 1
        value = self._power(depth)
        return -value if negative else value

    def _power(self, depth: int) -> Fraction:
        if depth > DEEPEST:
            raise _NoValueError
        value = self._after(self._atom(depth))
        if self._peek() == "^":
            exponent = self._attempt(lambda d: self._sign(d + 1), depth)
            if exponent is not None:
                self.operations += 1
                return _raised(value, exponent)
        return value

    def _after(self, value: Fraction) -> Fraction:
        while self._peek() == "!" or (self._peek() == "%" and not self._operand_next()):
            if self._peek() == "!":
                value = _factorial(value)
                self.operations += 1
            else:
                value /= 100
            self.at += 1
        if self._peek() == "%":
            right = self._attempt(self._sign, 0)
            if right is not None:
                self.operations += 1
                return _apply("mod", value, right)
        return value

    def _operand_next(self) -> bool:
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        return _is_number(following) or following == "("

    def _atom(self, depth: int) -> Fraction:
        token = self._peek()
        if _is_number(token):
            self.at += 1
            return self._implied(Fraction(token), depth)
        if token == "(":  # noqa: S105 - a bracket
            self.at += 1
            value = self.sum_(depth + 1)
            if self._peek() != ")":
                raise _NoValueError
            self.at += 1
            return self._implied(value, depth)
        return self._named(token, depth)

    def _implied(self, value: Fraction, depth: int) -> Fraction:
        """'3(4 + 5)' multiplies."""
        if self._peek() == "(":
            right = self._attempt(self._bracketed, depth)
            if right is not None:
                self.operations += 1
                return _bounded(value * right)
        return value

    def _bracketed(self, depth: int) -> Fraction:
        value = self.sum_(depth + 1)
        if self._peek() != ")":
            raise _NoValueError
        self.at += 1
        return value

    def _named(self, token: str, depth: int) -> Fraction:
        self.at += 1
        if token in {"sqrt", "cbrt", "factorial"}:
            value = self._power(depth + 1)
            self.operations += 1
            return {"sqrt": _root, "cbrt": _cube_root, "factorial": _factorial}[token](value)
        if token in _LISTS:
            values = self._list(depth + 1)
            self.operations += max(1, len(values) - 1)
            return _bounded(_listed(token, values))
        if token in _VERBS:
            return self._verb(token, depth + 1)
        if token == "remainder":  # noqa: S105 - a word of arithmetic
            value = self._product(depth + 1)
            if self._peek() in {"is", "by", "and"}:
                self.at += 1
                return _apply("mod", value, self._product(depth + 1))
            return self._undone_division(value)
        raise _NoValueError

    def _undone_division(self, value: Fraction) -> Fraction:
        """'the remainder when 17 is divided by 5' was read as a division: its two sides are taken apart again."""
        numbers = [Fraction(token) for token in self.tokens[: self.at] if _is_number(token)][-2:]
        if len(numbers) == 2 and numbers[1] and value == numbers[0] / numbers[1]:  # noqa: PLR2004 - two sides
            return _apply("mod", numbers[0], numbers[1])
        raise _NoValueError

    def _list(self, depth: int) -> list[Fraction]:
        values = [self._product(depth)]
        while self._peek() in {",", "and", "from", "to"} and len(values) < MOST_TOKENS:
            while self._peek() in {",", "and", "from", "to"}:
                self.at += 1
            try:
                values.append(self._product(depth))
            except _NoValueError:
                break
        if len(values) < 2:  # noqa: PLR2004 - of one number there is nothing to work out
            raise _NoValueError
        return values

    def _verb(self, verb: str, depth: int) -> Fraction:
        left = self._product(depth)
        joint = self._peek()
        if joint not in {_VERBS[verb], "and", "with", "by", ","}:
            raise _NoValueError
        self.at += 1
        right = self._product(depth)
        self.operations += 1
        if verb == "add":
            total = left + right
            while self._peek() in {"and", ","}:
                more = self._attempt(self._product, depth)
                if more is None:
                    break
                total += more
            return total
        if verb == "subtract":
            return right - left if joint == "from" else left - right
        return _bounded(_apply("*" if verb == "multiply" else "/", left, right))


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MOST_BITS or value.denominator.bit_length() > MOST_BITS:
        raise _NoResultError
    return value


def _apply(symbol: str, left: Fraction, right: Fraction) -> Fraction:
    if symbol == "*":
        return left * right
    if symbol == "%of":
        return left * right / 100
    if right == 0:
        raise _NoResultError
    return left / right if symbol == "/" else left % right


def _raised(value: Fraction, exponent: Fraction) -> Fraction:
    if exponent == Fraction(1, 2):
        return _root(value)
    size = max(value.numerator.bit_length(), value.denominator.bit_length())
    if exponent.denominator != 1 or abs(exponent) * size > MOST_BITS or (exponent < 0 and value == 0):
        raise _NoResultError
    return Fraction(value ** int(exponent))


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise _NoResultError
    exact = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    if exact * exact == value:
        return exact
    scale = 10**12
    return Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale)


def _cube_root(value: Fraction) -> Fraction:
    near = round(abs(float(value)) ** (1 / 3)) if abs(value) < 10**15 else 0
    if near**3 != abs(value):
        raise _NoResultError
    return Fraction(near if value >= 0 else -near)


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= 170:  # noqa: PLR2004 - the largest that a pocket calculator shows
        raise _NoResultError
    result = 1
    for factor in range(2, int(value) + 1):
        result *= factor
    return Fraction(result)


def _listed(name: str, values: list[Fraction]) -> Fraction:
    total = sum(values, Fraction(0))
    if name in {"sum", "mean"}:
        return total if name == "sum" else total / len(values)
    if name == "median":
        ordered, middle = sorted(values), len(values) // 2
        return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    if name == "difference":
        return abs(values[0] - values[1])
    result = values[0]
    for value in values[1:]:
        result = _bounded(_apply("*" if name == "product" else "/", result, value))
    return result


_ONLY_EXPRESSION = compiled(r"^[\s\d.,+\-*/^()%!=?×÷x−–·²³√]{3,}$")  # noqa: RUF001 - marks that people write


def bare_expression(text: str) -> bool:
    """Whether the text is an expression and nothing else, such as '12 * (3 + 4) ='."""
    return bool(_ONLY_EXPRESSION.match(text.strip()))
