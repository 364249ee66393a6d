"""How the tests put a request to the skills: a conversation in, an intent out."""

import itertools

import numpy as np
import pytest

from harness.simulator.skills import Conversation, Turn, intend, patterns, router


@pytest.fixture
def ask():
    """Asks with one user message, or with alternating user and assistant messages; gives back the intent."""

    def asked(*texts, system=None, seed=0, **kept):
        roles = ("user", "assistant")
        turns = [Turn(role="system", text=system)] if system else []
        turns += [Turn(role=roles[n % 2], text=text) for n, text in enumerate(texts)]
        return intend(Conversation(messages=tuple(turns), **kept), np.random.default_rng(seed))

    return asked


@pytest.fixture
def said(ask):
    """What is said to a request."""

    def saying(*texts, **kept):
        return ask(*texts, **kept).draft

    return saying


@pytest.fixture
def searches(monkeypatch):
    """Every text that is searched by pattern from now on, in order."""
    searched = []
    compiled = patterns.compiled

    class Watched:
        def __init__(self, pattern):
            self.pattern = compiled(pattern)

        def search(self, text, *rest, **kept):
            searched.append(text)
            return self.pattern.search(text, *rest, **kept)

        def finditer(self, text, **kept):
            searched.append(text)
            return self.pattern.finditer(text, **kept)

        def sub(self, by, text, **kept):
            searched.append(text)
            return self.pattern.sub(by, text, **kept)

    # What another test had found would not be searched for.
    patterns.found_in_short.cache_clear()
    router.draft_of_words.cache_clear()
    monkeypatch.setattr(patterns, "compiled", Watched)
    return searched


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by one second whenever it is read."""
    readings = itertools.count()
    monkeypatch.setattr(patterns, "thread_time", lambda: float(next(readings)))
