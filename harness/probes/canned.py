"""Servers whose replies do not depend on what is asked, and which observations are worth nothing there.

It stands apart from the gate, which lets a model in, because what is canned is asked about but not believed.
source  VERDICTS.md, "How sure"
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from harness.probes.chat_bodies import chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation

CANARY = "harness_canary_field"
"""A request field that no server knows."""

Kind = Literal["one-reply", "by-body", "echo"]
"""How replies come about: one for all prompts; another for each body, whatever is in it; what was said, said again."""

_OTHER_PROMPTS = (
    "What is the capital of France? Answer with its name alone.",
    "Write the word for the number after six.",
)
_TWO = 2
# Facts of a reply's form or length, which a server may heed whose words are canned.
_FORMS = frozenset(
    f"parameter.{name}" for name in ("n", "logprobs", "top_logprobs", "max_tokens", "max_completion_tokens")
)
# Shown by words of the prompt that come back in the answer.
_ECHOED = ("messages.", "tools.result", "tools.final")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """How the replies of a server were shown not to depend on what is asked; `words` tell what was seen."""

    kind: Kind
    words: str


async def find_canned(desk: Desk, model: str, words: list[str], first: Seen, canary: Seen) -> Canned | None:
    """Whether replies depend on the prompt; None if they do, or if it cannot be told.

    words          two that no answer holds by chance; `first` and `canary` were asked to say the first of them
    first, canary  the answers to an ordinary request, and to the same with an unknown field
    """
    if first.ok and _prompt_of(first) in first.reply.content:
        return await _find_echo(desk, model, words[1], first)
    if any(words[0] in seen.reply.content.lower() for seen in (first, canary) if seen.ok):
        return None
    others = await desk.ask(
        Ask(about="the same request again", body=chat(model, say(words[0])), role="control"),
        Ask(about="another word", body=chat(model, say(words[1]))),
        *(Ask(about="another question", body=chat(model, prompt)) for prompt in _OTHER_PROMPTS),
    )
    again, other, *questions = others
    if words[1] in other.reply.content.lower():
        return None
    answers = [each.reply.content for each in (first, other, *questions)]
    if not all(each.ok for each in (first, *others)) or not all(answers):
        return None
    if len(set(answers)) == 1:
        return Canned(kind="one-reply", words="four different prompts draw the same reply")
    moved = again.reply.content == first.reply.content and canary.ok and canary.reply.content != first.reply.content
    return await _find_hash(desk, model, words[0], first, canary) if moved else None


async def _find_hash(desk: Desk, model: str, word: str, first: Seen, canary: Seen) -> Canned | None:
    """Whether another value of an irrelevant field, which changed a steady reply once, changes it again."""
    again, other = await desk.ask(
        Ask(about="the same request a third time", body=chat(model, say(word)), role="control"),
        Ask(about="another value of an unknown field", body=chat(model, say(word), **{CANARY: 2})),
    )
    replies = {canary.reply.content, other.reply.content, first.reply.content}
    if again.reply.content != first.reply.content or len(replies) <= _TWO:
        return None
    words = "equal requests draw equal replies, and an irrelevant field changes them"
    return Canned(kind="by-body", words=words)


async def _find_echo(desk: Desk, model: str, word: str, first: Seen) -> Canned | None:
    """Whether replies hold their prompts, each its own, and nothing else that differs."""
    asks = [Ask(about="another prompt", body=chat(model, prompt)) for prompt in (say(word), *_OTHER_PROMPTS)]
    rest = {_without_prompt(each) for each in (first, *await desk.ask(*asks))}
    # One that goes on in words of its own, after the prompt, does more than repeat it.
    return Canned(kind="echo", words="every reply repeats its prompt") if len(rest) == 1 and None not in rest else None


def _prompt_of(seen: Seen) -> str:
    return str(seen.ask.body["messages"][0]["content"])


def _without_prompt(seen: Seen) -> str | None:
    prompt = _prompt_of(seen)
    return seen.reply.content.replace(prompt, "", 1) if seen.ok and prompt in seen.reply.content else None


def discount(observation: Observation, canned: Canned | None, seen: Iterable[Seen]) -> Observation:
    """What is left of an observation where replies are canned.

    seen  the answers that it rests on may be among these
    """
    if canned is None:
        return observation
    name = observation.topic.name
    if observation.outcome == "effect":
        return _of_an_effect(observation, canned, name)
    asked = {each.exchange for each in observation.evidence}
    answered = all(each.accepted for each in seen if each.id in asked)
    weak = observation.outcome == "unknown" and not observation.error and answered
    if not weak or canned.kind == "echo" or name in _FORMS:
        return observation
    return _as_nothing(observation, canned)


def _of_an_effect(observation: Observation, canned: Canned, name: str) -> Observation:
    """A difference from a control is one, unless it is of words, and words differ for any reason or none."""
    if canned.kind == "by-body" and name.startswith("parameter.") and name not in _FORMS:
        return _as_nothing(observation, canned)
    if canned.kind == "echo" and name.startswith(_ECHOED):
        words = f"{observation.words}; but {canned.words}, so this shows nothing"
        return replace(observation, outcome="unknown", words=words)
    return observation


def _as_nothing(observation: Observation, canned: Canned) -> Observation:
    words = f"the replies are canned: {canned.words}; so {observation.words} is no effect"
    return replace(observation, outcome="no-effect", words=words)
