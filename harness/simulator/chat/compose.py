"""From a request to a completion: what to say, said token by token, thoughts counted, searches run, all of it billed.

It stands apart from reading and rendering because here alone something is decided at random; every draw comes from the
`Dice` of the request, so that a seed fixes a reply.
"""

import hashlib
import json
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from harness.simulator.chat.billing import ticks
from harness.simulator.chat.completion import Choice, Completion, Figures, MadeCall
from harness.simulator.chat.request import ChatRequest
from harness.simulator.chat.searching import run_searches
from harness.simulator.language import Generated, Sampling, count_tokens, generate, load_language_model, tokenize
from harness.simulator.profile import ModelBehaviour
from harness.simulator.skills import Call, Conversation, Intent, intend

_TOPIC_CHARACTERS: Final = 4_000
_THOUGHT: Final = Sampling(temperature=0.8, max_tokens=48)
_ID_DIGITS: Final = 10**8
_MODES: Final = frozenset({"json_object", "json_schema"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dice:
    """Where a reply's randomness comes from.

    fresh  never the same twice, whatever the request says: ids and how long thinking takes
    seeds  what a choice is drawn from: the request's seed, or fresh where it has none
    fixed  the same for equal conversations: what is meant at temperature 0
    """

    fresh: np.random.Generator
    seeds: tuple[int, ...]
    fixed: tuple[int, ...]

    def meaning(self, sampling: Sampling, choice: int) -> np.random.Generator:
        """For what is to be said: at temperature 0 there is one thing to say."""
        return np.random.default_rng([1, *self.fixed] if sampling.temperature == 0 else [2, choice, *self.seeds])

    def wording(self, choice: int) -> np.random.Generator:
        """For the tokens of a choice."""
        return np.random.default_rng([3, choice, *self.seeds])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    choice: Choice
    visible: int
    reasoning: int
    searches: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def compose(request: ChatRequest, dice: Dice, *, cached: int, created: int, id_prefix: str) -> Completion:
    """The completion of a request.

    cached   tokens of the prompt that the cache holds
    created  Unix seconds
    """
    behaviour = request.behaviour
    spoken = [_speak(request, dice, number) for number in range(request.choices)]
    visible = sum(each.visible for each in spoken)
    reasoning = sum(each.reasoning for each in spoken)
    searches = tuple(sorted(Counter(tool for each in spoken for tool in each.searches).items()))
    addresses = tuple(dict.fromkeys(address for each in spoken for address in each.addresses))
    figures = Figures(
        prompt=request.prompt_tokens,
        images=request.image_tokens,
        cached=cached,
        visible=visible,
        reasoning=reasoning,
        searches=searches,
        sources=len(addresses),
    )
    return Completion(
        id=id_prefix + _uuid(dice.fresh),
        created=created,
        model=behaviour.id,
        fingerprint=fingerprint(behaviour.id),
        choices=tuple(each.choice for each in spoken),
        figures=bill(figures, behaviour),
        logprobs=request.logprobs is not None,
        reasons=behaviour.reasoning != "none",
        include_usage=request.include_usage,
        citations=addresses,
    )


def bill(figures: Figures, behaviour: ModelBehaviour) -> Figures:
    """The figures with what they cost."""
    cost = ticks(
        behaviour.tariff,
        prompt=figures.prompt,
        cached=figures.cached,
        visible=figures.visible,
        reasoning=figures.reasoning,
        searches=figures.searches,
    )
    return replace(figures, ticks=cost)


def fingerprint(model: str) -> str:
    """The `system_fingerprint` of a model; it changes when the simulator's replies would."""
    return "fp_" + hashlib.sha256(f"1 {model}".encode()).hexdigest()[:10]


def _speak(request: ChatRequest, dice: Dice, number: int) -> _Spoken:
    meaning = dice.meaning(request.sampling, number)
    searched = run_searches(request, intend(request.conversation, meaning), meaning)
    intent = searched.intent
    reasoning = _reasoning_tokens(request, dice.fresh)
    shown = reasoning > 0 and request.behaviour.shows_reasoning
    thought = _thought(request, intent, dice.wording(number)) if shown else ()
    if intent.calls:
        choice, visible = _call(request, intent.calls, dice.wording(number))
    else:
        choice, visible = _say(request, intent.draft, dice.wording(number))
    return _Spoken(
        choice=replace(choice, thought=thought),
        visible=visible,
        reasoning=max(reasoning, len(thought)),
        searches=searched.tools,
        addresses=searched.addresses,
    )


def _reasoning_tokens(request: ChatRequest, random: np.random.Generator) -> int:
    """How long the model thinks: a random number within the model's range, a fraction of it at lower efforts."""
    behaviour = request.behaviour
    least, most = behaviour.reasoning_tokens
    if behaviour.reasoning == "none" or most == 0:
        return 0
    lowest = next(iter(behaviour.efforts), None)
    # K24: where no effort is named the lowest applies, as public replies of grok-3-mini have thoughts unasked.
    effort = request.effort or (lowest if behaviour.reasoning == "optional" else None)
    if effort is not None and effort == lowest:
        least, most = least // 6, least * 2 // 3
    return int(random.integers(least, most + 1))


def _thought(request: ChatRequest, intent: Intent, random: np.random.Generator) -> tuple[str, ...]:
    text = intent.thought or _generate(request, None, _THOUGHT, random).text
    return tuple(tokenize(text))


def _say(request: ChatRequest, draft: str | None, random: np.random.Generator) -> tuple[Choice, int]:
    wanted = request.conversation.response_format
    # Where a format is promised, tokens that would break it are masked, as a grammar does.
    faithful = draft is not None and wanted is not None and wanted.get("type") in _MODES
    generated = _generate(request, draft, request.sampling, random, faithful=faithful)
    choice = Choice(
        pieces=generated.pieces,
        draws=generated.draws,
        finish_reason=generated.finish_reason,
        stopped_by=generated.stopped_by,
    )
    return choice, len(generated.draws)


def _generate(
    request: ChatRequest, draft: str | None, sampling: Sampling, random: np.random.Generator, *, faithful: bool = False
) -> Generated:
    room = max(request.behaviour.window_tokens - request.prompt_tokens, 1)
    bounded = replace(sampling, max_tokens=min(sampling.max_tokens or room, room))
    return generate(
        load_language_model(),
        prompt=_topic(request.conversation),
        draft=draft,
        sampling=bounded,
        random=random,
        faithful=faithful,
    )


def _topic(conversation: Conversation) -> str:
    texts = [turn.text[-_TOPIC_CHARACTERS:] for turn in conversation.messages[-4:]]
    return "\n".join(texts)[-_TOPIC_CHARACTERS:]


def _call(request: ChatRequest, calls: tuple[Call, ...], random: np.random.Generator) -> tuple[Choice, int]:
    # One call a turn is all that limited tool use is taken to allow, and all that a client may ask for.
    kept = calls if request.conversation.parallel else calls[:1]
    made = tuple(
        MadeCall(id=f"call_{int(random.integers(_ID_DIGITS)):08d}{number}", name=call.name, arguments=_written(call))
        for number, call in enumerate(kept)
    )
    visible = sum(count_tokens(call.name) + count_tokens(call.arguments) for call in made)
    limit = request.sampling.max_tokens or visible
    if visible > limit:
        # A call that was cut off cannot be made; nothing of it is shown.
        return Choice(finish_reason="length"), limit
    return Choice(calls=made, finish_reason="tool_calls"), visible


def _written(call: Call) -> str:
    return json.dumps(dict(call.arguments), ensure_ascii=False, separators=(",", ":"))


def _uuid(random: np.random.Generator) -> str:
    return str(uuid.UUID(bytes=random.bytes(16), version=4))
