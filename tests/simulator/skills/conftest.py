"""How the tests put a request to the skills: a conversation in, an intent out."""

import numpy as np
import pytest

from harness.simulator.skills import Conversation, Turn, intend


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
