"""Search by pattern that cannot run away, whatever the text.

It stands apart because every skill searches text written by strangers, and one slow pattern would hold up the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from math import inf
from time import thread_time

import regex

# A search over the few thousand characters that skills look at takes well under a millisecond.
SECONDS = 0.1
_REMEMBERED = 400
"""Characters of a text up to which what was found in it is remembered."""

_deadline: ContextVar[float] = ContextVar("deadline", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All searches together take at most about this much of the thread's CPU time; after that nothing more is found."""
    token = _deadline.set(thread_time() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


@contextmanager
def off_the_clock() -> Iterator[None]:
    """What is done here takes nothing of the time for searches: many pictures must not cut the last ones short."""
    before = thread_time()
    try:
        yield
    finally:
        _deadline.set(_deadline.get() + thread_time() - before)


def _left() -> float:
    return min(SECONDS, _deadline.get() - thread_time())


def late() -> bool:
    """Whether the time of `within` is spent: whoever has work in steps stops here, with what there is."""
    return _deadline.get() <= thread_time()


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern without regard to case, compiled once."""
    return regex.compile(pattern, regex.IGNORECASE)


def find(pattern: str, text: str, start: int = 0) -> regex.Match[str] | None:
    """The first match at or after `start`; None where there is none, or none in time."""
    if late():
        return None
    try:
        return (found_in_short if len(text) <= _REMEMBERED else _search)(pattern, text, start)
    except TimeoutError:
        return None


def _search(pattern: str, text: str, start: int) -> regex.Match[str] | None:
    # Not cut short by the request's own deadline, which may so be overshot by one search: what is remembered must not
    # depend on it. A search that ran out of time raises, and is not remembered.
    return compiled(pattern).search(text, start, timeout=SECONDS)


# The same few prompts are asked again and again, and hundreds of patterns are looked for in each.
found_in_short = lru_cache(maxsize=32_768)(_search)


def find_all(pattern: str, text: str) -> Iterator[regex.Match[str]]:
    """Every match, as many as are found in time."""
    left = _left()
    if left <= 0:
        return
    try:
        yield from compiled(pattern).finditer(text, timeout=left)
    except TimeoutError:
        return


def replaced(pattern: str, by: str, text: str) -> str:
    """The text with every match replaced, or the text as it was if that takes too long."""
    left = _left()
    if left <= 0:
        return text
    try:
        return compiled(pattern).sub(by, text, timeout=left)
    except TimeoutError:
        return text
