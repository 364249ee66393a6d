"""Why replies end: whether each says it in the documented words, and whether each word is ever said where it must be.

It stands apart from other fields because a word that must be possible needs a reply that surely ended in that way.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from harness.probes.chat_bodies import chat
from harness.probes.desk import Seen
from harness.probes.observation import Observation, Topic
from harness.probes.reply_fields import choices, fact_of, finish_reasons, hold_against, unknown
from harness.wire.untrusted import object_of, shown

CAP = 8
COUNT = "Write the numbers from 1 to 60, separated by spaces."
"""With `CAP` tokens, an answer to this is cut."""
_LAST = "60"


def look_at_ends(allowed: tuple[Any, ...], topic: Topic, replies: tuple[Seen, ...]) -> Observation | None:
    """Whether every reply gives one of these reasons."""
    return hold_against(topic, replies, partial(_fault_of_end, allowed), f"finish_reason is one of {_listed(allowed)}")


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(map(str, words))


def _fault_of_end(allowed: tuple[Any, ...], seen: Seen) -> str | None:
    ends = finish_reasons(seen)
    if not ends:
        return None
    return next(
        (f"finish_reason is {shown(end)}, none of {_listed(allowed)}" for end in ends if end not in allowed), ""
    )


def look_for_end(wanted: str, topic: Topic, replies: tuple[Seen, ...]) -> Observation | None:
    """Whether a reason is possible: said at least once; if it never is, whether a reply should have said it."""
    if not replies:
        return None
    said = [each for each in replies if wanted in finish_reasons(each)]
    if said:
        return fact_of(topic, f"{len(said)} of {len(replies)} replies say '{wanted}'", said[:2], n=len(said))
    witness = _WITNESSES.get(wanted)
    due = [each for each in replies if witness is not None and witness(each)]
    if due:
        counted = Counter(shown(end) for each in due for end in finish_reasons(each))
        others = _listed(f"{end} {count} times" for end, count in counted.most_common(3))
        words = f"no reply says '{wanted}', where {len(due)} should: they say {others}"
        return fact_of(topic, words, due[:2], n=len(due), holds=False)
    return unknown(topic, f"no reply of {len(replies)} could have ended with '{wanted}'", replies[:1])


def _ended_by_itself(seen: Seen) -> bool:
    """Nothing could cut it, and it does not say that something did."""
    body = seen.ask.body
    bounded = {"max_tokens", "max_completion_tokens", "stop", "tools", "functions"} & set(body)
    cut = {"length", "content_filter", "tool_calls"} & {end for end in finish_reasons(seen) if isinstance(end, str)}
    return not bounded and not cut and bool(finish_reasons(seen))


def _was_cut(seen: Seen) -> bool:
    """The long answer that is not whole, though it has exactly as many tokens as were allowed."""
    body, usage = seen.ask.body, seen.reply.usage
    visible = (usage.output or 0) - (usage.reasoning or 0)
    is_bounded = body.get("max_tokens") == CAP and body.get("messages") == chat("", COUNT)["messages"]
    return is_bounded and _LAST not in seen.reply.content and CAP in (usage.completion, visible)


def _called(seen: Seen) -> bool:
    """The model chose to call a tool. One that is forced by name ends with 'stop' on some vendors' own servers."""
    forced = isinstance(seen.ask.body.get("tool_choice"), Mapping)
    messages = [object_of(object_of(choice).get("message")) for choice in choices(seen.document)]
    return not forced and any(message.get("tool_calls") for message in messages)


_WITNESSES: Mapping[str, Callable[[Seen], bool]] = {
    "stop": _ended_by_itself,
    "length": _was_cut,
    "tool_calls": _called,
}
