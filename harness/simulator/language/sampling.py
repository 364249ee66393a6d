"""Tokens drawn from logits: temperature, nucleus, penalties, seed, stop strings, and a draft followed or strayed from.

It stands apart because each setting here is a promise that is measured over the wire, so each is really carried out.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.simulator.language.model import END_OF_TEXT, Floats, LanguageModel, Topic
from harness.simulator.language.tokens import tokenize

DRAFT_LOGIT = 10.5
"""The logit of a draft's next token before penalties, where all others together weigh exp(0) at most.

At temperature 1 a step strays with probability e**-10.5 = 2.8e-5 at most, so a draft of 200 tokens comes out whole with
probability (1 + e**-10.5)**-201 = 0.9945 at least; at temperature 2 about one step in fourteen strays.
"""

TOKEN_CAP = 4096
"""Tokens drawn at most, beyond those of the draft: negative penalties can make a text that never ends of itself."""

# An open text grows to about this many tokens: end-of-text is held back before, and pressed for after.
_OPEN_TEXT_TOKENS = 140
_OPEN_TEXT_SLOPE = 0.1
_OPEN_TEXT_HOLD = -12.0
# Larger ones would overflow when multiplied by a count; an API's own range is far narrower.
_LARGEST_PENALTY = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to draw; the defaults change nothing. Ranges are the API's to check: only what has no meaning is refused.

    temperature        the logits, penalties already taken off, are divided by it; 0 takes the likeliest token, and of
                       equals the first in the vocabulary
    top_p              draws are from the smallest set of likeliest tokens that is this probable or more; never empty
    frequency_penalty  taken off a token's logit once for each time it was drawn before
    presence_penalty   taken off a token's logit if it was drawn before
    stop               none may be empty; the text ends before the one that is completed first
    max_tokens         None: no limit but TOKEN_CAP
    top_logprobs       how many of the likeliest tokens each draw reports
    raises             ValueError for NaN, infinities, negatives where they mean nothing, and an empty stop string
    """

    temperature: float = 1.0
    top_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    top_logprobs: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        for name in ("temperature", "top_p"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} must be a finite number, 0 or more: {getattr(self, name)!r}")
        for name in ("frequency_penalty", "presence_penalty"):
            if not abs(getattr(self, name)) <= _LARGEST_PENALTY:
                raise ValueError(f"{name} must be a finite number: {getattr(self, name)!r}")
        if (self.max_tokens or 0) < 0 or self.top_logprobs < 0:
            raise ValueError("max_tokens and top_logprobs must be 0 or more")
        if "" in self.stop:
            raise ValueError("a stop string must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One token as it was drawn.

    logprob  natural logarithm, under the distribution after penalties and temperature and before top_p's cut;
             at temperature 0, which has no distribution, that of temperature 1
    top      the likeliest tokens under the same distribution, best first; END_OF_TEXT may be among them
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A text and how it came about.

    text           what is shown: without the stop string and what was drawn after it
    draws          every token drawn, those of the stop string too, but not END_OF_TEXT: what usage counts
    finish_reason  'length' if max_tokens or TOKEN_CAP ended it, else 'stop'
    stopped_by     the stop string that ended it
    """

    text: str
    draws: tuple[Draw, ...]
    finish_reason: Literal["stop", "length"]
    stopped_by: str | None = None

    @property
    def pieces(self) -> tuple[str, ...]:
        """What each draw shows of the text, in order, to be streamed: its token, or less within a stop string."""
        ends = np.cumsum([len(draw.token) for draw in self.draws], dtype=int).tolist()
        return tuple(self.text[end - len(draw.token) : end] for draw, end in zip(self.draws, ends, strict=True))


def generate(
    model: LanguageModel,
    *,
    prompt: str,
    draft: str | None,
    sampling: Sampling,
    random: np.random.Generator,
    forbid: Collection[str] = (),
    faithful: bool = False,
) -> Generated:
    """Say something: see `draws` for the drawing, and Sampling for stop strings and limits."""
    limit = math.inf if sampling.max_tokens is None else sampling.max_tokens
    drawn: list[Draw] = []
    text = ""
    steps = draws(model, prompt=prompt, draft=draft, sampling=sampling, random=random, forbid=forbid, faithful=faithful)
    while len(drawn) < limit:
        draw = next(steps, None)
        if draw is None:
            return Generated(text=text, draws=tuple(drawn), finish_reason="length")
        if draw.token == END_OF_TEXT:
            return Generated(text=text, draws=tuple(drawn), finish_reason="stop")
        drawn.append(draw)
        text += draw.token
        if found := _find_stop(text, len(draw.token), sampling.stop):
            start, stop = found
            return Generated(text=text[:start], draws=tuple(drawn), finish_reason="stop", stopped_by=stop)
    return Generated(text=text, draws=tuple(drawn), finish_reason="length")


def _find_stop(text: str, added: int, stops: Sequence[str]) -> tuple[int, str] | None:
    """Where the stop string begins that is completed first within the last `added` characters, and which it is.

    First completed, not first begun: that alone does not depend on where the tokens are cut.
    """
    places = [(text.find(stop, max(0, len(text) - added - len(stop) + 1)), stop) for stop in stops]
    found = [(start + len(stop), start, stop) for start, stop in places if start >= 0]
    return min(found)[1:] if found else None


def draws(
    model: LanguageModel,
    *,
    prompt: str,
    draft: str | None,
    sampling: Sampling,
    random: np.random.Generator,
    forbid: Collection[str] = (),
    faithful: bool = False,
) -> Iterator[Draw]:
    """Draw token after token, END_OF_TEXT last, heeding neither stop strings nor max_tokens; at most TOKEN_CAP + draft.

    draft     what to say: its next token has DRAFT_LOGIT. A token drawn instead does not use it up, unless penalties
              outweigh it: then the stray has taken its place. At its end END_OF_TEXT has that logit. None: open text
    random    consumed once a token; not at temperature 0
    forbid    tokens that are never drawn; left out of the draft too. END_OF_TEXT cannot be forbidden
    faithful  every token but the draft's next is masked, as a grammar does: no setting matters, all logprobs are 0
    raises    ValueError for `faithful` without a draft or with `forbid`
    """
    if faithful:
        if draft is None or forbid:
            raise ValueError("faithful needs a draft and forbids nothing else")
        yield from (_certain(token, sampling) for token in (*tokenize(draft), END_OF_TEXT))
        return
    banned = set(forbid) - {END_OF_TEXT}
    script = None if draft is None else [*(token for token in tokenize(draft) if token not in banned), END_OF_TEXT]
    speaker = _Speaker(model, model.topic(prompt), script, sampling, banned)
    for _ in range(TOKEN_CAP + len(script or ())):
        draw = speaker.draw(random)
        yield draw
        if draw.token == END_OF_TEXT:
            return


def _certain(token: str, sampling: Sampling) -> Draw:
    return Draw(token=token, logprob=0.0, top=((token, 0.0),) if sampling.top_logprobs else ())


class _Speaker:
    """One text in the making: what was said, what the draft wants next, and what the penalties have come to."""

    def __init__(
        self,
        model: LanguageModel,
        topic: Topic,
        script: Sequence[str] | None,
        sampling: Sampling,
        banned: Collection[str],
    ) -> None:
        self._model, self._topic, self._script, self._sampling = model, topic, script, sampling
        self._banned = [model.index[token] for token in banned if token in model.index]
        self._next = 0
        self._said: list[str] = []
        self._counts: Counter[str] = Counter()
        self._penalties = np.zeros(len(model.vocabulary))
        self._penalised = bool(sampling.frequency_penalty or sampling.presence_penalty)

    def draw(self, random: np.random.Generator) -> Draw:
        """The next token, remembered."""
        wanted = None if self._script is None else self._script[self._next]
        logits = self._logits(wanted)
        chosen, logprobs = choose(logits, self._sampling, random)
        token = self._name(chosen, wanted)
        self._remember(token, wanted)
        likeliest = _likeliest(logprobs, self._sampling.top_logprobs)
        top = tuple((self._name(each, wanted), float(logprobs[each])) for each in likeliest)
        return Draw(token=token, logprob=float(logprobs[chosen]), top=top)

    def _logits(self, wanted: str | None) -> Floats:
        """Logits after penalties; one more than the vocabulary's if the wanted token is not in it."""
        logits = self._model.logits(self._said[-8:], self._topic)
        if wanted is None:
            end = (len(self._said) - _OPEN_TEXT_TOKENS) * _OPEN_TEXT_SLOPE
            logits[self._model.index[END_OF_TEXT]] += max(end, _OPEN_TEXT_HOLD)
        elif wanted in self._model.index:
            logits[self._model.index[wanted]] = DRAFT_LOGIT
        if self._penalised:
            logits -= self._penalties
        if self._banned:
            logits[self._banned] = -math.inf
        if wanted is not None and wanted not in self._model.index:
            logits = np.append(logits, DRAFT_LOGIT - self._penalty(wanted))
        return logits

    def _name(self, number: int, wanted: str | None) -> str:
        if number < len(self._model.vocabulary):
            return self._model.vocabulary[number]
        return wanted or ""

    def _penalty(self, token: str) -> float:
        return penalty(self._counts[token], self._sampling)

    def _remember(self, token: str, wanted: str | None) -> None:
        outweighed = wanted is not None and wanted != END_OF_TEXT and self._penalty(wanted) >= DRAFT_LOGIT
        self._next += token == wanted or outweighed
        self._said.append(token)
        self._counts[token] += 1
        if self._penalised and token in self._model.index:
            self._penalties[self._model.index[token]] = self._penalty(token)


def penalty(count: int, sampling: Sampling) -> float:
    """What a token drawn `count` times loses: count x frequency + (count > 0) x presence, as in OpenAI's API."""
    return count * sampling.frequency_penalty + (count > 0) * sampling.presence_penalty


def choose(logits: Floats, sampling: Sampling, random: np.random.Generator) -> tuple[int, Floats]:
    """A token's index, drawn as `sampling` says, and the logprobs of all (as Draw has them)."""
    shifted = logits - logits.max()
    if sampling.temperature not in (0, 1):
        # A temperature near 0 makes minus infinity of what is not the maximum, which is right.
        with np.errstate(over="ignore"):
            shifted /= sampling.temperature
    weights = np.exp(shifted)
    logprobs = shifted - math.log(weights.sum())
    if sampling.temperature == 0:
        return int(logits.argmax()), logprobs
    cumulative = np.cumsum(nucleus(weights, sampling.top_p))
    # The product is always below the total, because 1 - random() is 2**-53 at least: no weight of 0 is ever drawn.
    return int(cumulative.searchsorted(random.random() * cumulative[-1], side="right")), logprobs


def nucleus(weights: Floats, top_p: float) -> Floats:
    """The weights, 0 outside the fewest of the largest with a share of `top_p` or more; of equals the first stay."""
    if top_p >= 1:
        return weights
    order = np.array([weights.argmax()])
    if weights[order[0]] < top_p * weights.sum():  # sorting is what costs, and a draft seldom needs it
        order = np.argsort(-weights, kind="stable")
        shares = np.cumsum(weights[order]) / weights.sum()
        order = order[: int(shares.searchsorted(top_p)) + 1]
    kept = np.zeros_like(weights)
    kept[order] = weights[order]
    return kept


def _likeliest(logprobs: Floats, count: int) -> list[int]:
    """The indices of the `count` greatest, best first, without the impossible."""
    if count == 0:
        return []
    order = np.argsort(-logprobs, kind="stable")[:count]
    return [int(each) for each in order if logprobs[each] > -math.inf]
