"""Numbers as text: money, times, shares and counts, spelled the same in every output and every locale.

It stands apart so that a rule such as 'unknown is never shown as 0' is kept in one place.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from harness.core.outcome import Rate

UNKNOWN = "unknown"
# A number beyond this is a server's nonsense; written out, it could be megabytes long.
_LARGEST = 10**15
_WIDEST_EXPONENT = 20
_BOUNDS = {"≤": "at most ", "≥": "at least ", "≈": "about "}
_MEAN = Context(prec=4, rounding=ROUND_HALF_EVEN, traps=[])


def amount(usd: Decimal | None) -> str:
    """Dollars as a plain decimal, exact, without trailing zeros: `0.0000123`; `unknown` for None or no number."""
    if usd is None or not usd.is_finite():
        return UNKNOWN
    if usd == 0:
        return "0"
    if abs(usd.adjusted()) > _WIDEST_EXPONENT:
        return f"{usd:.3e}"
    plain = f"{usd:,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def money(usd: Decimal | None) -> str:
    """Dollars with their sign: `$0.0000123`, `-$2`; `unknown` for None."""
    text = amount(usd)
    if text == UNKNOWN:
        return text
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def bounded(sign: str) -> str:
    """What is said before a sum of money that is a bound: 'at most ' for '≤'; nothing for no bound."""
    return _BOUNDS.get(sign, "")


def mean_of(total: Decimal, count: int) -> Decimal | None:
    """total / count to four significant digits; None for none, or for a total that is no number."""
    return _MEAN.divide(total, Decimal(count)) if count and total.is_finite() else None


def finite(value: float | None) -> float | None:
    """The number if it is one that can be drawn and averaged, else None: no NaN, infinity or astronomic figure."""
    return value if value is not None and abs(value) < _LARGEST else None


def number(value: float | None) -> str:
    """A count or a measurement: three figures below 100, whole with thousands separated above; `unknown` for None."""
    if value is None:
        return UNKNOWN
    if finite(value) is None:
        return "not a number" if value != value else "beyond 10¹⁵"  # noqa: PLR0124 - only NaN differs from itself
    if isinstance(value, int) or abs(value) >= 100:  # noqa: PLR2004 - beyond it, decimals say nothing
        return f"{value:,.0f}"
    return f"{value:.1f}"


def milliseconds(value: float | None) -> str:
    """`1,234 ms`; `unknown` for None."""
    return UNKNOWN if value is None else f"{number(value)} ms"


def percent(share: float | None) -> str:
    """`91 %`, never `100 %` or `0 %` for a share that is merely near; `unknown` for None."""
    if share is None or finite(share) is None:
        return UNKNOWN
    if 0 < share < 0.01:  # noqa: PLR2004 - it would round to none
        return "<1 %"
    if 0.99 < share < 1:  # noqa: PLR2004 - it would round to all
        return ">99 %"
    return f"{100 * share:.0f} %"


def count(many: int, one: str, more: str | None = None) -> str:
    """`1 trial`, `1,234 trials`."""
    return f"{number(many)} {one if many == 1 else more or one + 's'}"


def share_line(rate: Rate) -> str:
    """`91 %, 10 of 11`, or `nothing decided`: pass / (pass + fail)."""
    decided = rate.passed + rate.failed
    return f"{percent(rate.share)}, {number(rate.passed)} of {number(decided)}" if decided else "nothing decided"


def errors_line(rate: Rate) -> str:
    """`2 errors of 12, so 75 % to 92 %`: what a share is never shown without.

    The bounds are the share had every error failed, and had every error passed; without errors they are the share.
    """
    errors = f"{count(rate.errors, 'error')} of {number(rate.asked)}"
    return f"{errors}, so {percent(rate.lowest)} to {percent(rate.highest)}" if rate.errors else errors
