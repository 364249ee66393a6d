"""Which skill answers: an ordered list, the first that has something to say.

It stands apart as the only module that knows all the skills, and the only one that words what they say.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from harness.simulator.skills.arithmetic import arithmetic, sum_asked
from harness.simulator.skills.comparing import compared
from harness.simulator.skills.conversation import Call, Conversation, Intent, Turn
from harness.simulator.skills.echo import exact_words, standing_order
from harness.simulator.skills.extraction import extracted, summarised
from harness.simulator.skills.labels import classified
from harness.simulator.skills.manner import manner_of, worded
from harness.simulator.skills.patterns import late, within
from harness.simulator.skills.recall import recalled
from harness.simulator.skills.repeating import repetition
from harness.simulator.skills.request import Request, Said, request_of
from harness.simulator.skills.sequences import enumeration
from harness.simulator.skills.small_talk import small_talk
from harness.simulator.skills.structured import formatted, json_in_prose
from harness.simulator.skills.thought import thought_about
from harness.simulator.skills.tool_answers import answer_with_results
from harness.simulator.skills.tool_use import wanted_calls
from harness.simulator.skills.word_problems import word_problem
from harness.simulator.skills.wordplay import wordplay

_REMEMBERED = 2_000
"""Characters of a conversation up to which what is said in it is remembered."""

LONGEST_SECONDS = 1.5
"""An ordinary request takes a few milliseconds; this bounds one that was written to take long."""

Skill = Callable[[Request], Said | None]

# What is narrowest comes first: a skill further down also fits many requests that one above fits better.
_PLAIN: tuple[Skill, ...] = (
    repetition,
    enumeration,
    exact_words,
    wordplay,
    compared,
    classified,
    extracted,
    sum_asked,
    word_problem,
    arithmetic,
    small_talk,
    summarised,
    recalled,
)


def intend(conversation: Conversation, random: np.random.Generator) -> Intent:
    """What to say or call next. Only the thought varies with `random`: the same conversation draws the same draft."""
    request = request_of(_clean(conversation))
    if conversation.sees_images and any(turn.images for turn in conversation.messages):
        # Pillow and the letterforms are loaded only where there is something to look at, and not on the request's time.
        from harness.simulator.skills.glyphs import learned

        learned()
    with within(LONGEST_SECONDS):
        return _intent(request, random)


def _intent(request: Request, random: np.random.Generator) -> Intent:
    calls = wanted_calls(request)
    if calls:
        thought = thought_about(request, None, [call.name for call in calls], random)
        return Intent(draft=None, calls=_clean(calls), thought=_clean(thought))
    draft = _draft(request)
    return Intent(draft=_clean(draft), thought=_clean(thought_about(request, draft, [], random)))


def _draft(request: Request) -> str | None:
    """What to say; for short words alone remembered, because the same few prompts are asked again and again."""
    asked = request.conversation
    turns = tuple((turn.role, turn.text) for turn in asked.messages)
    alone = asked == Conversation(messages=tuple(Turn(role=role, text=text) for role, text in turns))
    if not alone or sum(len(text) for _, text in turns) > _REMEMBERED:
        return _drafted(request)
    try:
        return draft_of_words(turns)
    except _OutOfTime as late_one:
        return late_one.draft


def _drafted(request: Request) -> str | None:
    said = _said(request)
    return None if said is None else _worded(said, request)


class _OutOfTime(Exception):
    """What was drafted when the time for searches was spent: another time it may be another."""

    def __init__(self, draft: str | None) -> None:
        self.draft = draft


@lru_cache(maxsize=8192)
def draft_of_words(turns: tuple[tuple[str, str], ...]) -> str | None:
    """What to say in a conversation of nothing but words.

    turns  role and text of each message
    """
    words = Conversation(messages=tuple(Turn(role=role, text=text) for role, text in turns))
    draft = _drafted(request_of(words))
    if late():
        raise _OutOfTime(draft)
    return draft


def _said(request: Request) -> Said | None:
    json_wanted = request.conversation.response_format is not None
    if json_wanted:
        from harness.simulator.skills.sight import read_for_json

        said = formatted(request, plain_answer, read_for_json(request))
        if said is not None:
            return said
    with_results = answer_with_results(request)
    if with_results is not None:
        return with_results
    if any(turn.images for turn in request.conversation.messages) and request.conversation.sees_images:
        from harness.simulator.skills.sight import seen

        said = seen(request)
        if said is not None:
            return said
    return standing_order(request) or json_in_prose(request, plain_answer) or plain_answer(request)


def plain_answer(request: Request) -> Said | None:
    """What the first skill that fits says, unworded; None for open text."""
    for skill in _PLAIN:
        said = skill(request)
        if said is not None:
            return said
    return None


def _worded(said: Said, request: Request) -> str:
    if said.final:
        return said.full
    if said.exact:
        # The words to say are no instruction about how to say them, so only what stands around them counts.
        asked = manner_of(said.outside) if said.outside else replace(request.manner, brief=False)
        return worded(said.full, asked.over(request.standing_manner).verbatim())
    manner = request.manner
    return worded(said.brief if manner.brief and said.brief is not None else said.full, manner)


def _clean(value: Any) -> Any:
    """The value without lone surrogates, which no encoder of the reply could write."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, tuple | list):
        return type(value)(_clean(item) for item in value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, Call):
        return replace(value, name=_clean(value.name), arguments=_clean(dict(value.arguments)))
    if isinstance(value, Conversation):
        return replace(value, messages=tuple(replace(turn, text=_clean(turn.text)) for turn in value.messages))
    return value
