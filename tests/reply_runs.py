"""Replies of a run made by hand, and what a family that only looks says of them.

It stands apart because fields, counts, bills and limits are all looked at in the same replies.
"""

import json
from functools import cache

from endpoint_runs import lineup_of, seen_of
from hypothesis import strategies as st

from harness.core.exchange import Attempt, Frame
from harness.probes.chat_bodies import chat, say
from harness.probes.desk import Ask
from harness.probes.family import Rule, Watched

PLAIN, THINKER, OPTIONAL = "grok-4-fast-non-reasoning", "grok-4-0709", "grok-3-mini"
SENT = "Tue, 14 Nov 2023 22:13:20 GMT"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def reply(content="ok", *, model=PLAIN, finish="stop", usage=None, message=None, **fields):
    """A reply as documented; usage holds what is given of it."""
    said = {"role": "assistant", "content": content} | (message or {})
    counted = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12} if usage is None else usage
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": said, "finish_reason": finish}],
        "usage": counted,
        "system_fingerprint": "fp_1",
    } | fields


def used(prompt=10, completion=2, total=None, *, reasoning=None, cached=None, ticks=None, top=True):
    """A usage; `top` has reasoning beside the other counts, too."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    usage["total_tokens"] = prompt + completion + (reasoning or 0) if total is None else total
    usage |= {} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}
    usage |= {} if reasoning is None else {"completion_tokens_details": {"reasoning_tokens": reasoning}}
    usage |= {"reasoning_tokens": reasoning} if top and reasoning is not None else {}
    return usage | ({} if ticks is None else {"cost_in_usd_ticks": ticks})


def answer(document, number=1, *, body=None, headers=(), model=PLAIN, status=200):
    """The base probe's answer of that number: a JSON value, or bytes."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    ask = Ask(about="a test", body=chat(model, say("banana")) if body is None else body)
    told = (("content-type", "application/json"), ("date", SENT), *headers)
    attempt = Attempt(status=status, headers=told, frames=(Frame(at_ms=1.0, content=content),), total_ms=1.0)
    return seen_of(ask, attempt, name=f"base@{model}#{number}")


@cache
def lineup_alone(model):
    """One model of the catalogue, with all that its register says."""
    return lineup_of(model)


def look(family, claim, *answers, model=PLAIN):
    """What a family sees of a claim of the register in these answers; None if nothing."""
    lineup = lineup_alone(model)
    how = family.rule(lineup.register.find(claim), lineup)
    assert isinstance(how, Rule), how
    found = {each.topic: each for each in family.watch(Watched(lineup=lineup, seen=answers))}
    return found.get(how.topics[0])


def outcome(family, claim, *answers, model=PLAIN):
    """Its outcome alone."""
    seen = look(family, claim, *answers, model=model)
    return None if seen is None else seen.outcome
