"""What replies were billed, and the rates that explain it: documented ones if they do, else solved, exactly.

It stands apart from the claims about prices because here is arithmetic alone: rational numbers in, rates out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from harness.core.reply import Usage
from harness.probes.desk import Seen
from harness.probes.usage import Reckoning, reckoning
from harness.wire.untrusted import list_of, object_of

KINDS = ("input", "cached input", "output", "reasoning")
"""Kinds of tokens, each with a rate of its own: input that was cached is no other input, and reasoning no output."""

_CACHED = KINDS.index("cached input")

MILLION = 10**6
_TICK = Fraction(1, 10**4)
"""The unit in which bills are told, 10**-10 US dollars, in dollars per million tokens: what rounding may take."""
# Vendors that bill long prompts by other rates do so from 128,000 or 200,000 tokens on.
LONG_PROMPT = 100_000

Vector = tuple[Fraction, ...]


class Bill(NamedTuple):
    """One reply's tokens by kind, and what was billed for them, in millionths of a US dollar."""

    tokens: Vector
    billed: Fraction
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates that explain bills, US dollars per million tokens.

    known     by kind, of those that the bills determine
    used      kinds of which any reply has tokens
    words     how they were found; why not, if none are known
    fitted    how many bills they were solved from; 0 if they are documented ones that fit as they are
    checked   how many bills they explain beyond those
    unexplained  True if there are bills enough, and no rates explain them
    """

    known: Mapping[str, Fraction] = field(default_factory=dict)
    used: tuple[str, ...] = ()
    words: str
    fitted: int = 0
    checked: int = 0
    unexplained: bool = False


def bills_of(replies: Sequence[Seen]) -> tuple[Bill, ...]:
    """The bills of the replies that tokens of text alone explain: no images, no tools that the server ran."""
    told = reckoning(each.reply.usage for each in replies)
    return tuple(bill for bill in (_bill(each, told) for each in replies) if bill is not None)


def _bill(seen: Seen, told: Reckoning | None) -> Bill | None:
    usage = seen.reply.usage
    prompt, completion = usage.prompt, usage.completion
    if usage.billed_usd is None or prompt is None or completion is None or _has_more_than_text(seen, usage):
        return None
    cached, reasoning = usage.cached or 0, _reasoning_of(usage)
    visible = completion - reasoning if told == "inside" and usage.reasoning is not None else completion
    if cached > prompt or visible < 0 or prompt > LONG_PROMPT:
        return None
    tokens = tuple(map(Fraction, (prompt - cached, cached, visible, reasoning)))
    return Bill(tokens=tokens, billed=Fraction(usage.billed_usd) * MILLION, seen=seen)


def _reasoning_of(usage: Usage) -> int:
    """Reasoning tokens as counted; where no figure names them, those that only the total counts."""
    if usage.reasoning is not None:
        return usage.reasoning
    return max(0, (usage.total or 0) - (usage.prompt or 0) - (usage.completion or 0)) if usage.total else 0


def _has_more_than_text(seen: Seen, usage: Usage) -> bool:
    if usage.server_calls or usage.sources_used or usage.images:
        return True
    messages = seen.ask.body.get("messages")
    contents = [object_of(each).get("content") for each in list_of(messages)]
    parts = [part for content in contents for part in list_of(content)]
    return any(object_of(part).get("type") != "text" for part in parts)


# --- rates


def find_rates(bills: Sequence[Bill], documented: Sequence[Mapping[str, Fraction]]) -> Rates:
    """The rates that explain every bill.

    documented  rates by kind, as documents have them; the first that fits all bills is taken. They must fit two
                different bills: one could fit by chance
    source      VERDICTS.md, "usage and price": solved with one reply held out
    """
    distinct = list({bill.tokens: bill for bill in bills}.values())
    used = tuple(kind for place, kind in enumerate(KINDS) if any(bill.tokens[place] for bill in distinct))
    if not bills:
        return Rates(words="no reply says what was billed for it")
    for rates in documented:
        vector = [rates.get(kind, Fraction(0)) for kind in KINDS]
        if len(distinct) > 1 and all(_explains(vector, bill) for bill in bills):
            known = {kind: vector[KINDS.index(kind)] for kind in used}
            return Rates(
                known=known,
                used=used,
                words=f"the documented rates explain {len(bills)} bills of {len(bills)}",
                checked=len(bills),
            )
    solved = _solve(bills, distinct, used)
    fresh = [bill for bill in bills if not bill.tokens[_CACHED]]
    if solved.unexplained and 0 < len(fresh) < len(bills):
        # What is cached is reckoned in odd ways at times, and must not hide what everything else costs.
        without = find_rates(fresh, documented)
        words = (
            f"{without.words}; {len(bills) - len(fresh)} bills with cached input are left out, which nothing explains"
        )
        return replace(without, used=used, words=words)
    return solved


def _explains(rates: Sequence[Fraction], bill: Bill) -> bool:
    predicted = sum((count * rate for count, rate in zip(bill.tokens, rates, strict=True)), Fraction(0))
    return abs(predicted - bill.billed) <= _TICK


def _solve(bills: Sequence[Bill], distinct: Sequence[Bill], used: tuple[str, ...]) -> Rates:
    columns = [KINDS.index(kind) for kind in used]
    rows = [[*(bill.tokens[column] for column in columns), bill.billed] for bill in distinct]
    solved, fitted, agrees = _eliminate(rows, len(columns))
    held_out = len(distinct) - fitted
    if held_out < 1:
        words = f"{len(distinct)} different bills are too few: {fitted} are fitted, and none is held out"
        return Rates(used=used, words=words)
    known = {used[place]: _TICK * round(rate / _TICK) for place, rate in solved.items()}
    odd = None
    if len(known) == len(used):
        # Bills are rounded, so what was solved is exact only once it is rounded, too: then all are explained or none.
        vector = [known.get(kind, Fraction(0)) for kind in KINDS]
        odd = next((bill for bill in bills if not _explains(vector, bill)), None)
        agrees = odd is None
    if not agrees or any(rate < 0 for rate in known.values()):
        return Rates(used=used, words=f"no rates explain all of {len(bills)} bills{_quoted(odd)}", unexplained=True)
    words = f"solved from {fitted} bills; {held_out} held out {'agrees' if held_out == 1 else 'agree'}"
    return Rates(known=known, used=used, words=words, fitted=fitted, checked=held_out)


def _quoted(bill: Bill | None) -> str:
    if bill is None:
        return ""
    counts = ", ".join(f"{int(count)} {kind}" for count, kind in zip(bill.tokens, KINDS, strict=True) if count)
    return f", such as ${bill.seen.reply.usage.billed_usd} for {counts}"


def _eliminate(rows: list[list[Fraction]], width: int) -> tuple[dict[int, Fraction], int, bool]:
    """Gauss and Jordan: the unknowns that the rows determine, how many rows it took, whether the others agree."""
    rows = [list(row) for row in rows]
    pivots: list[int] = []
    for column in range(width):
        rank = len(pivots)
        found = next((place for place in range(rank, len(rows)) if rows[place][column]), None)
        if found is None:
            continue
        rows[rank], rows[found] = rows[found], rows[rank]
        lead = rows[rank][column]
        rows[rank] = [value / lead for value in rows[rank]]
        for place, row in enumerate(rows):
            if place != rank and row[column]:
                factor = row[column]
                rows[place] = [value - factor * by for value, by in zip(row, rows[rank], strict=True)]
        pivots.append(column)
    solved = {
        column: rows[rank][width]
        for rank, column in enumerate(pivots)
        if not any(rows[rank][other] for other in range(width) if other != column)
    }
    return solved, len(pivots), all(abs(row[width]) <= _TICK for row in rows[len(pivots) :])
