"""An interpolated Kneser-Ney n-gram model over our own corpus, with a mild leaning towards what the prompt is about.

It stands apart because it only says how likely each next token is; what is made of that is the sampler's.
"""

import math
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from harness.simulator.language.tokens import tokenize

Floats = NDArray[np.float64]
"""One number for each token of the vocabulary."""

END_OF_TEXT = "<|end|>"
"""Ends a text; no text of a user holds this token, because `tokenize` would cut it into five."""

_ORDER = 4
# Taken from each count and given to shorter contexts. With less the corpus is copied, and penalties change little.
_DISCOUNT = 0.65
# Probabilities are raised to this power. At 1, texts change the subject at every word; from 1.2 on, the numbers of
# words under presence penalties of 2 and -2 begin to overlap in samples of 60 tokens.
_SHARPNESS = 1.15
_UNIFORM_SHARE = 0.02
# Beyond these characters at its end a prompt says nothing new about its topic, and would cost time.
_TOPIC_CHARACTERS = 20_000
_TOPIC_DOCUMENTS = 4
_TOPIC_STRENGTH = 12.0
_PROMPT_WORD_WEIGHT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topic:
    """How much likelier than usual a prompt makes each token: 1 for most of them. Equal to itself alone.

    openings  as the first of a text
    words     anywhere else
    """

    openings: Floats
    words: Floats


class LanguageModel:
    """Next-token probabilities from counts of up to four tokens in a row, smoothed by shorter contexts.

    documents   texts to learn from, each ended by END_OF_TEXT
    vocabulary  every token of them, sorted, after END_OF_TEXT at index 0
    index       where a token stands in the vocabulary
    source      R. Kneser and H. Ney, "Improved backing-off for m-gram language modeling", 1995 (interpolated form)

    It does not change once made, so threads may share it.
    """

    def __init__(self, documents: Iterable[str]) -> None:
        texts = [tokenize(document) for document in documents]
        self.vocabulary: tuple[str, ...] = (END_OF_TEXT, *sorted({token for text in texts for token in text}))
        self.index: dict[str, int] = {token: number for number, token in enumerate(self.vocabulary)}
        numbered = [np.array([self.index[token] for token in text], dtype=np.int64) for text in texts]
        self._base, self._levels = _count(numbered, len(self.vocabulary))
        # A prompt is asked many times over where somebody measures; what it calls to mind takes some 34 kB.
        self._topic_of = lru_cache(maxsize=512)(_Topics(texts, numbered, self.index).find)
        self._logits_of = lru_cache(maxsize=2048)(self._compute)

    def logits(self, context: Sequence[str], topic: Topic | None = None) -> Floats:
        """For each token of the vocabulary, how likely it is to come next; exponentiated they sum to at most one.

        context  the tokens so far; only the last three count, and an empty one is the beginning of a text
        topic    from the method `topic`, or None for a model that was not prompted
        """
        numbers = [0] * (_ORDER - 1) + [self.index.get(token, -1) for token in context[-(_ORDER - 1) :]]
        # A copy: what comes of it is the caller's, to change as it likes.
        return self._logits_of(tuple(numbers[-(_ORDER - 1) :]), bool(context), topic).copy()

    def _compute(self, numbers: tuple[int, ...], begun: bool, topic: Topic | None) -> Floats:  # noqa: FBT001 - a key
        weights = self._base.copy()
        key, place = 0, 1
        for number, level in zip(reversed(numbers), self._levels, strict=True):
            key += number * place
            place *= len(self.vocabulary)
            if not level.add_to(weights, key):
                break  # an unseen context has no longer one that was seen; an unknown token makes a negative key
        if topic is not None:
            weights *= topic.words if begun else topic.openings
            weights /= weights.sum()
        np.log(weights, out=weights)
        weights *= _SHARPNESS
        return weights

    def topic(self, prompt: str) -> Topic:
        """What `prompt` makes likelier: its words, and those of the documents that share the rarest of them."""
        return self._topic_of(prompt[-_TOPIC_CHARACTERS:])


class _Level:
    """The counts of one length of context: what followed each, discounted, and the share left to shorter contexts."""

    def __init__(self, keys: NDArray[np.int64], counts: NDArray[np.int64], vocabulary_size: int) -> None:
        contexts, starts = np.unique(keys // vocabulary_size, return_index=True)
        totals = np.add.reduceat(counts, starts)
        ends = np.append(starts[1:], len(keys))
        self._tokens = keys % vocabulary_size
        self._gains = (counts - _DISCOUNT) / np.repeat(totals, ends - starts)
        left_over = _DISCOUNT * (ends - starts) / totals
        self._rows = dict(
            zip(contexts.tolist(), zip(starts.tolist(), ends.tolist(), left_over.tolist(), strict=True), strict=True)
        )

    def add_to(self, weights: Floats, context: int) -> bool:
        """Mix what is known of this context into `weights`, in place; False if nothing is."""
        row = self._rows.get(context)
        if row is None:
            return False
        start, end, left_over = row
        weights *= left_over
        weights[self._tokens[start:end]] += self._gains[start:end]
        return True


def _count(documents: Sequence[NDArray[np.int64]], size: int) -> tuple[Floats, list[_Level]]:
    """Single-token probabilities, and the levels for contexts of one token and more.

    An n-gram is one number in base `size`, its last token the lowest digit. All but the longest count in how many
    different contexts a token was seen, not how often: what makes them Kneser-Ney's.
    """
    edge = np.zeros(_ORDER - 1, dtype=np.int64)
    stream = np.concatenate([edge, *(part for document in documents for part in (document, edge))])
    windows = np.lib.stride_tricks.sliding_window_view(stream, _ORDER)
    inside = windows[(windows[:, -1] != 0) | (windows[:, -2] != 0)]  # the padding after an end is no text
    keys, counts = np.unique(inside @ (size ** np.arange(_ORDER)[::-1]), return_counts=True)
    levels = [_Level(keys, counts, size)]
    for length in range(_ORDER - 1, 0, -1):
        keys, counts = np.unique(keys % size**length, return_counts=True)
        if length > 1:
            levels.insert(0, _Level(keys, counts, size))
    base = np.full(size, _UNIFORM_SHARE / size)
    base[keys] += (1 - _UNIFORM_SHARE) * counts / counts.sum()
    return base, levels


class _Topics:
    """Which documents of the corpus a prompt calls to mind, by the words they share."""

    def __init__(
        self, texts: Sequence[Sequence[str]], numbered: Sequence[NDArray[np.int64]], index: dict[str, int]
    ) -> None:
        found: defaultdict[str, set[int]] = defaultdict(set)
        self._spellings: defaultdict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            for token in set(text):
                found[_word(token)].add(place)
        for token, number in index.items():
            self._spellings[_word(token)].append(number)
        self._documents = {word: sorted(places) for word, places in found.items()}
        self._first = [document[0] for document in numbered]
        self._tokens = [np.unique(document) for document in numbered]
        self._rarity = np.array([self._rareness(_word(token)) for token in index])

    def _rareness(self, word: str) -> float:
        """From 0 for a word of every document to 1 for a word of one."""
        return 1 - math.log(len(self._documents.get(word, "1"))) / math.log(len(self._tokens) + 1)

    def find(self, prompt: str) -> Topic:
        openings, weights = np.ones(len(self._rarity)), np.ones(len(self._rarity))
        scores = np.zeros(len(self._tokens))
        # Sorted, because a sum of floats depends on its order and a set's order on the run.
        words = sorted({_word(token) for token in tokenize(prompt)} - {""})
        for word in words:
            # An unknown word calls up one document, arbitrary but always the same: no two prompts mean nothing alike.
            places = self._documents.get(word) or [zlib.crc32(word.encode("utf-8", "replace")) % len(scores)]
            scores[places] += self._rareness(word) ** 2
        for place in np.argsort(-scores, kind="stable")[:_TOPIC_DOCUMENTS]:
            share = scores[place] / max(scores.max(), 1)
            tokens = self._tokens[place]
            openings[self._first[place]] += _TOPIC_STRENGTH * share
            weights[tokens] += _TOPIC_STRENGTH * share * self._rarity[tokens] ** 2
        for word in words:
            weights[self._spellings.get(word, [])] *= 1 + _PROMPT_WORD_WEIGHT * self._rareness(word) ** 2
        return Topic(openings=openings, words=weights)


def _word(token: str) -> str:
    return token.strip().lower()


@cache
def load_language_model() -> LanguageModel:
    """The model over the package's own corpus; made once, in a few hundredths of a second."""
    folder = resources.files(__package__) / "corpus"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".txt")), key=lambda file: file.name)
    texts = (file.read_text(encoding="utf-8") for file in files)
    return LanguageModel([document.strip() for text in texts for document in text.split("\n\n") if document.strip()])
