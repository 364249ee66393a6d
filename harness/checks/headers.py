"""The check of a reply's headers: those that speak of limits, waiting and content.

It stands apart because headers belong to the protocol of one vendor or another, and to no reading of a conversation.
"""

import re
from functools import lru_cache

from harness.checks.fields import Fault, Flag, Maybe, Pattern, SomeText, key, specification
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.checks.patterns import TookTooLong, search
from harness.checks.showing import quoted
from harness.core.check import Evidence

_KEPT = re.compile(r"^(?:content-type|retry-after)$|rate-?limit")


@lru_cache(maxsize=256)
def is_kept(name: str) -> bool:
    """Whether a reply keeps a header of that lower-case name; of any other, a check could not tell it from none."""
    return _KEPT.search(name) is not None


@specification
class Header:
    """What a header must be."""

    name: SomeText = key("The header's name; letter case does not matter.")
    present: Maybe[Flag] = key("Whether it must be there at all; true where nothing else is said.", default=None)
    equals: Maybe[SomeText] = key("Its value, exactly.", default=None)
    matches: Maybe[Pattern] = key("A regular expression that its value matches somewhere.", default=None)

    def __post_init__(self) -> None:
        """An absent header has no value, and of one that is never kept nothing can be said."""
        if not is_kept(self.name.lower()):
            remedy = "headers on rate limits, retry-after and content-type can be checked"
            raise Fault("replies do not keep this header", remedy, ("name",))
        if self.present is False and (self.equals or self.matches):
            raise Fault("present: false stands alone", "leave equals and matches out", ("present",))


def _tell(spec: Header) -> str:
    if spec.present is False:
        return f"no header {spec.name}"
    parts = [f"header {spec.name}"]
    if spec.equals is not None:
        parts.append(f"equal to {quoted(spec.equals, limit=50)}")
    if spec.matches is not None:
        parts.append(f"matching {quoted(spec.matches, limit=50)}")
    return " ".join(parts)


def _decide(spec: Header, evidence: Evidence) -> Grade:
    reply, expected = evidence.reply, _tell(spec)
    if reply.status is None:
        return unknown(expected=expected, why="no reply arrived")
    value = reply.headers.get(spec.name.lower())
    if value is None or spec.present is False:
        return decided(passes=(value is None) == (spec.present is False), expected=expected, seen=_seen(value))
    passes = spec.equals is None or value == spec.equals
    if passes and spec.matches is not None:
        try:
            passes = search(spec.matches, value) is not None
        except TookTooLong as error:
            return unknown(expected=expected, why=str(error))
    return decided(passes=passes, expected=expected, seen=_seen(value))


def _seen(value: str | None) -> str:
    return "absent" if value is None else quoted(value, limit=80)


HEADER = TypedKind(
    name="header",
    summary="The turn's last reply has this header. Those on rate limits, waiting and content are kept; no others.",
    spec=Header,
    shorthand="name",
    judges_errors=True,
    tell=_tell,
    decide=_decide,
)
