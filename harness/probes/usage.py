"""What usage counts: whether the figures are counts, and which sum of them holds, with reasoning or without.

It stands apart from the other fields of a reply because these check one another, and because bills are read by them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from harness.core.claims import Claim
from harness.core.reply import Usage
from harness.probes.desk import Seen
from harness.probes.family import Family, Rule, Undecidable, Watched, unselected
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic
from harness.probes.reply_fields import (
    base_of,
    choices,
    fact_of,
    hold_against,
    places,
    unknown,
    unseen,
    whole_replies,
)
from harness.wire.dialects.openai_usage import MAX_TOKENS
from harness.wire.untrusted import list_of, object_of, shown

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
APART = "usage.reasoning-apart"
_SPEC = {"type", "required"}

Reckoning = Literal["apart", "inside", "mixed"]
"""Where reasoning tokens are: beside the completion tokens, among them, or now the one and now the other."""


def reckoning(usages: Iterable[Usage]) -> Reckoning | None:
    """Where a model's reasoning tokens are counted; None if no reply can tell.

    More reasoning than completion tokens cannot be among them; else the total tells, where it is one of the two sums.
    """
    votes = Counter(filter(None, map(_vote, usages)))
    if votes["surely apart"] or set(votes) == {"apart"}:
        return "apart"
    return "inside" if set(votes) == {"inside"} else "mixed" if votes else None


def _vote(usage: Usage) -> str | None:
    if not usage.reasoning or usage.completion is None:
        return None
    if usage.reasoning > usage.completion:
        return "surely apart"
    if usage.total is None or usage.prompt is None:
        return None
    beside = usage.total - usage.prompt - usage.completion
    return "inside" if beside == 0 else "apart" if beside == usage.reasoning else None


# --- rules


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.observable != "wire" or claim.needs:
        return None
    if claim.kind == "rule" and "separately" in str(claim.value.get("reasoning_tokens", "")):
        thinking = [model for model in lineup.models if lineup.reasons(model) is not False]
        if not thinking:
            return unselected("none of the models asked is documented to reason")
        return _on_replies(APART, thinking)
    name = claim.subject.id.removeprefix("usage.")
    is_count = claim.subject.type == "field" and claim.subject.id == f"usage.{name}" and name in COUNTS
    is_promise = claim.kind == "guidance" or (
        claim.kind == "response_schema"
        and set(claim.value) <= _SPEC
        and claim.value.get("type", "number") in ("number", "integer")
    )
    return _on_replies(f"usage.{name}", lineup.models) if is_count and is_promise else None


def _on_replies(name: str, models: Iterable[str]) -> Rule:
    topics = tuple(Topic(name, model) for model in models)
    return Rule(topics=topics, rides_on=tuple(base_of(topic.model) for topic in topics))


# --- what is seen


def _watch(watched: Watched) -> Iterator[Observation]:
    for model in watched.lineup.models:
        replies = whole_replies(watched, model)
        told = reckoning(each.reply.usage for each in replies)
        for name in COUNTS:
            topic = Topic(f"usage.{name}", model)
            check = partial(_fault_of_count, name, told, may_hide=watched.lineup.takes(model, "reasoning"))
            found = hold_against(topic, replies, check, _FACTS[name]) or unseen(watched, topic)
            if found is not None:
                yield found
        topic = Topic(APART, model)
        apart = _observe_reckoning(topic, replies, told) or unseen(watched, topic)
        if apart is not None:
            yield apart


_FACTS = {
    "prompt_tokens": "usage.prompt_tokens is a count, and no smaller than that of cached tokens",
    "completion_tokens": "usage.completion_tokens is a count",
    "total_tokens": "usage.total_tokens is a count, and the sum of the others",
}


def _fault_of_count(name: str, told: Reckoning | None, seen: Seen, *, may_hide: bool) -> str:
    """What is wrong with one figure of a reply; '' if nothing.

    may_hide  the model is documented to reason: then the total may count reasoning that no other figure shows
    """
    ((value, there),) = places(seen.document, f"usage.{name}")
    if not there:
        return f"usage.{name} is missing"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_TOKENS or value % 1:
        return f"usage.{name} is {shown(value)}, which is no count"
    usage = seen.reply.usage
    if name == "prompt_tokens":
        return _fault_of_prompt(usage)
    if name == "completion_tokens":
        nothing = seen.reply.content.strip() and not usage.output and usage.completion is not None
        words = f"usage counts no completion tokens for {len(seen.reply.content)} characters"
        return words if nothing else _fault_of_completion(seen, may_hide=may_hide)
    return _fault_of_sum(usage, told, may_hide=may_hide)


def _fault_of_completion(seen: Seen, *, may_hide: bool) -> str:
    """A count that is not that of the tokens that the reply itself tells one by one."""
    usage = seen.reply.usage
    told = [_told_tokens(each) for each in choices(seen.document)]
    if not told or None in told or usage.completion is None or (may_hide and usage.reasoning is None):
        return ""
    tokens = sum(filter(None, told))
    # Some count the mark at the end of each choice and do not tell it, or tell it and do not count it; and reasoning
    # may be counted beside the rest or among it.
    figures = (usage.completion, usage.completion - (usage.reasoning or 0))
    if any(abs(each - tokens) <= len(told) for each in figures):
        return ""
    return f"usage.completion_tokens is {usage.completion}, and logprobs tell {tokens} tokens that make up the answer"


def _told_tokens(choice: Any) -> int | None:
    """How many tokens stand in the logprobs of a choice; None if they do not join to its whole answer."""
    fields = object_of(choice)
    entries = list_of(object_of(fields.get("logprobs")).get("content"))
    message = object_of(fields.get("message"))
    tokens = [str(object_of(each).get("token")) for each in entries]
    # The last may be the end mark, which no answer shows.
    joined = ("".join(tokens), "".join(tokens[:-1]))
    is_whole = bool(entries) and message.get("content") in joined and not message.get("tool_calls")
    return len(tokens) if is_whole else None


def _fault_of_prompt(usage: Usage) -> str:
    if usage.prompt is not None and (usage.cached or 0) > usage.prompt:
        return f"{usage.cached} cached tokens are more than the {usage.prompt} of the prompt"
    return "usage counts no tokens for the prompt" if usage.prompt == 0 else ""


def _fault_of_sum(usage: Usage, told: Reckoning | None, *, may_hide: bool) -> str:
    prompt, completion, total, reasoning = usage.prompt, usage.completion, usage.total, usage.reasoning
    if prompt is None or completion is None or total is None:
        # The figure that is no count is another claim's fault.
        return ""
    plain, whole = prompt + completion, prompt + completion + (reasoning or 0)
    hidden = reasoning is None and may_hide and total > plain
    allowed = {"apart": {whole}, "inside": {plain}}.get(told or "", {plain, whole})
    if total in allowed or hidden:
        return ""
    thought = f" + {reasoning} reasoning" if reasoning else ""
    return f"usage.total_tokens is {total}, and the parts are {prompt} prompt + {completion} completion{thought}"


def _observe_reckoning(topic: Topic, replies: Sequence[Seen], told: Reckoning | None) -> Observation | None:
    if not replies:
        return None
    shown_by = [each for each in replies if each.reply.usage.reasoning]
    if not shown_by:
        return unknown(topic, f"none of {len(replies)} replies counts reasoning tokens", replies[:1])
    if told is None:
        return unknown(topic, f"no sum shows where {len(shown_by)} replies count reasoning tokens", shown_by[:1])
    words = f"reasoning tokens are counted {_WHERE[told]} completion tokens: {_sum_of(shown_by[0].reply.usage)}"
    return fact_of(topic, words, shown_by[:2], n=len(shown_by), holds=told == "apart")


_WHERE = {"apart": "beside", "inside": "among", "mixed": "now beside, now among"}


def _sum_of(usage: Usage) -> str:
    return (
        f"prompt {usage.prompt}, completion {usage.completion}, reasoning {usage.reasoning}, total {usage.total}"
        " in the first of them"
    )


FAMILY = Family(name="usage", rule=_rule, watch=_watch)
