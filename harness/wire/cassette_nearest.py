"""Of many recordings the one whose request is most like another: what a miss is explained by.

It stands apart from look-up, which is exact: here words are counted, and an edited system prompt misses thousands of
recordings at once, so that a miss must not look at each of them.
"""

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from harness.core.keys import RequestKey
from harness.wire.cassette_recording import Recording

_MAX_RECORDINGS = 20_000
_MAX_COMPARED = 20_000
# What sets one question apart from others of its suite are its rare words; the common ones are of the system prompt.
_RARE_WORDS = 24
_MAX_LOOKED_AT = 500
_FINALISTS = 12
_WORD = re.compile(r"\w+")


class NearestRecordings:
    """Recordings by their words; made when the first miss asks, of the first 20,000."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        """Only sorts them by method and path; words are counted when a path is first asked for."""
        self._by_target: dict[tuple[str, str], list[Recording]] = {}
        self._all: list[Recording] = []
        for recording in recordings:
            self._all.append(recording)
            self._by_target.setdefault((recording.method, recording.target), []).append(recording)
            if len(self._all) == _MAX_RECORDINGS:
                break
        self._words: dict[tuple[str, str] | None, _Words] = {}

    def find(self, key: RequestKey, body: bytes) -> Recording | None:
        """Of the same method and path first, then of the most words in common, then of the same repeat and exchange."""
        target = (key.method, key.path)
        same = self._by_target.get(target)
        place = target if same else None
        if place not in self._words:
            self._words[place] = _Words(same or self._all)
        words = _words(body)

        def likeness(recording: Recording) -> tuple[float, bool]:
            others = _words(recording.body)
            return len(words & others) / max(1, len(words | others)), _is_same_turn(recording, key)

        return max(self._words[place].finalists(words, key), key=likeness, default=None)


class _Words:
    """Which recordings have which of their rare words."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._recordings = recordings
        self._frequency: Counter[str] = Counter()
        for recording in recordings:
            self._frequency.update(_words(recording.body))
        self._places: dict[str, list[int]] = {}
        for place, recording in enumerate(recordings):
            for word in self._rarest(_words(recording.body)):
                self._places.setdefault(word, []).append(place)

    def finalists(self, words: frozenset[str], key: RequestKey) -> list[Recording]:
        """The few that share the most of the rare words, and some that share none, for want of any."""
        shared: Counter[int] = Counter()
        left = _MAX_LOOKED_AT
        # The rarest first: a word that few have says more than one that many have, and takes less time.
        for word in self._rarest(words & self._frequency.keys()):
            places = self._places.get(word, ())[:left]
            for place in places:
                shared[place] += 1_000_000 // self._frequency[word]
            left -= len(places)

        def rank(place: int) -> tuple[int, bool, int]:
            return -shared[place], not _is_same_turn(self._recordings[place], key), place

        best = heapq.nsmallest(_FINALISTS, shared, key=rank)
        return [self._recordings[place] for place in dict.fromkeys([*best, *range(_FINALISTS)]) if place < self._count]

    @property
    def _count(self) -> int:
        return len(self._recordings)

    def _rarest(self, words: Iterable[str]) -> list[str]:
        return sorted(words, key=lambda word: (self._frequency[word], word))[:_RARE_WORDS]


def _is_same_turn(recording: Recording, key: RequestKey) -> bool:
    origin = recording.origin
    return origin is not None and (origin.index, origin.exchange) == (key.index, key.exchange)


# As many as there are finalists of a few misses, for the words of a long body are many.
@lru_cache(maxsize=64)
def _words(body: bytes) -> frozenset[str]:
    return frozenset(_WORD.findall(body[:_MAX_COMPARED].decode("utf-8", "replace")))
