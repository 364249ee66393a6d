"""The chat service: every endpoint that a model answers, as plain calls on parsed bodies.

It stands apart because it holds the only state there is, a prompt cache and a counter, and is what the HTTP part calls.
"""

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from harness.simulator.chat.anthropic_reply import render_events, render_message
from harness.simulator.chat.anthropic_request import as_chat_body
from harness.simulator.chat.completion import Completion
from harness.simulator.chat.compose import Dice, compose
from harness.simulator.chat.counting import count_prompt, tokenize_text
from harness.simulator.chat.drawing import draw_pictures
from harness.simulator.chat.listings import Listings
from harness.simulator.chat.prompt_cache import PromptCache
from harness.simulator.chat.render import render_body, render_chunks
from harness.simulator.chat.request import ChatRequest, read_request
from harness.simulator.deviations import deviations_of
from harness.simulator.profile import Profile

MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply, whole and in chunks.

    body               as it is sent unstreamed
    chunks             as they are streamed: dicts, and the text '[DONE]'; of a message, pairs of event and payload;
                       empty where the request did not ask for a stream
    billed_tokens      all that counts against a limit of tokens
    ttft_s             seconds until the first token that shows, hidden thoughts included
    seconds_per_token  after it
    model              canonical id
    """

    body: dict[str, Any]
    chunks: tuple[Any, ...]
    prompt_tokens: int
    billed_tokens: int
    ttft_s: float
    seconds_per_token: float
    model: str


class ChatService:
    """Answers requests under a profile. Threads may share it; every call is CPU-bound and returns when it is done."""

    def __init__(self, profile: Profile, *, seed: int | None = None) -> None:
        """Start with an empty cache.

        seed  makes everything that a request leaves to chance the same in every run that asks the same things
        """
        self._profile = profile
        self._seeded = seed is not None
        self._base = abs(seed) if seed is not None else secrets.randbits(64)
        self._cache = PromptCache()
        self._asked: OrderedDict[int, int] = OrderedDict()
        self._lock = threading.Lock()

    def complete(self, body: Any, *, caller: str, now: float) -> Answer:
        """Answer a chat completion.

        caller  who asks, for the prompt cache; now: Unix seconds
        raises  Refusal
        """
        request, completion = self._compose(body, caller, now)
        broken = deviations_of(self._profile, request.behaviour.id)
        wire = self._profile.wire
        reply = render_body(completion, wire)
        stream = render_chunks(completion, wire) if request.stream else []
        for deviation in broken:
            reply = deviation.body(reply) if deviation.body else reply
            stream = deviation.chunks(stream) if deviation.chunks and stream else stream
        return _answer(request, completion, reply, tuple(stream))

    def message(self, body: Any, *, caller: str, now: float) -> Answer:
        """Answer a message of Anthropic's API; chunks are pairs of event and payload. Raises Refusal."""
        chat = as_chat_body(body, self._profile)
        request, completion = self._compose(chat, caller, now)
        completion = replace(completion, id=f"msg_{completion.id.removeprefix(self._profile.wire.id_prefix)}")
        events = tuple(render_events(completion)) if request.stream else ()
        return _answer(request, completion, render_message(completion), events)

    def count_prompt(self, body: Any, *, message: bool = False) -> int:
        """The prompt tokens of a chat completion, or of a message of Anthropic's API; 0 for what is refused."""
        return count_prompt(body, self._profile, message=message)

    def tokenize(self, body: Any) -> dict[str, Any]:
        """Answer POST /v1/tokenize-text. Raises Refusal."""
        return tokenize_text(body, self._profile)

    def images(self, body: Any, *, now: float) -> dict[str, Any]:
        """Answer POST /v1/images/generations, every picture in `b64_json`. Raises Refusal."""
        return draw_pictures(body, self._profile, now=now)

    def models(self) -> Listings:
        """The bodies of the lists of models."""
        return Listings(self._profile)

    def _compose(self, body: Any, caller: str, now: float) -> tuple[ChatRequest, Completion]:
        request = read_request(body, self._profile)
        model = request.behaviour.id
        broken = deviations_of(self._profile, model)
        for deviation in broken:
            request = deviation.ask(request) if deviation.ask else request
        cached = (
            self._cache.look_up(request.prompt, caller=caller, model=model, now=now)
            if request.behaviour.prompt_cache
            else 0
        )
        completion = compose(
            request,
            self._dice(request),
            cached=min(cached, request.prompt_tokens),
            created=int(now),
            id_prefix=self._profile.wire.id_prefix,
        )
        for deviation in broken:
            completion = deviation.say(completion, request, body) if deviation.say else completion
        return request, completion

    def _dice(self, request: ChatRequest) -> Dice:
        """Chance for one request: by what it means and not by how it is written."""
        meaning = _digest(_meaning(request))
        fresh = (self._base, meaning, self._count(_digest((meaning, *_manner(request)))))
        seeds = fresh if request.seed is None else (request.seed % 2**64,)
        return Dice(fresh=np.random.default_rng([0, *fresh]), seeds=seeds, fixed=(meaning,))

    def _count(self, asked: int) -> int:
        """A number that differs each time the same is asked; the same in every run of a service with a seed."""
        if not self._seeded:
            return secrets.randbits(64)
        with self._lock:
            nth = self._asked.pop(asked, 0)
            self._asked[asked] = nth + 1
            if len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)
        return (asked + nth) % 2**64


def _meaning(request: ChatRequest) -> tuple[Any, ...]:
    conversation = request.conversation
    said = (request.behaviour.id, request.prompt, conversation.tool_choice, conversation.parallel)
    return (*said, conversation.response_format)


def _manner(request: ChatRequest) -> tuple[Any, ...]:
    """How the answer is to be drawn; that it is to be streamed changes nothing."""
    return (*asdict(request.sampling).values(), request.choices, request.seed, request.effort)


def _digest(value: tuple[Any, ...]) -> int:
    return int.from_bytes(hashlib.sha256(json.dumps(value).encode()).digest()[:8], "big")


def _answer(request: ChatRequest, completion: Completion, body: dict[str, Any], chunks: tuple[Any, ...]) -> Answer:
    behaviour = request.behaviour
    figures = completion.figures
    shown = sum(len(choice.thought) for choice in completion.choices)
    hidden = max(figures.reasoning - shown, 0)
    return Answer(
        body=body,
        chunks=chunks,
        prompt_tokens=figures.prompt,
        billed_tokens=figures.total,
        ttft_s=behaviour.ttft_s + hidden * behaviour.seconds_per_token,
        seconds_per_token=behaviour.seconds_per_token,
        model=behaviour.id,
    )
