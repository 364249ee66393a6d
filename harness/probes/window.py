"""How long a context window is said to be: figures in a listing, in a refusal's words, and as documents write them.

It stands apart from the requests because it is pure reading of texts that servers and documents wrote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

_LISTED = (
    "context_length",
    "context_window",
    "max_context_length",
    "max_context_window",
    "max_model_len",
    "max_prompt_length",
    "max_input_tokens",
    "input_token_limit",
    "context_tokens",
    "n_ctx",
)
"""Fields of a listing that have been seen to hold a window, the most telling first."""
_LEAST, _LARGEST = 256, 10**9
_MOST_READ = 2_000
_FIGURE = r"(?<![\w.,])(\d{1,3}(?:[,_' ]\d{3})+|\d{3,10})(?![\d.]*\d)(?!\s*(?:char|byte|kb\b|mb\b|images?\b|per\b))"
_LIMIT = r"(?:maximum|max\b|limit|context|window|at most|up to)"
_AFTER = re.compile(rf"{_LIMIT}[^\d]{{0,60}}?{_FIGURE}", re.IGNORECASE)
_BEFORE = re.compile(rf"{_FIGURE}\s*(?:tokens?\s+)?{_LIMIT}", re.IGNORECASE)
_COMPARED = re.compile(rf">=?\s*{_FIGURE}", re.IGNORECASE)
_WRITTEN = re.compile(r"\s*(\d{1,4}(?:\.\d{1,3})?)\s*([KkMm])\s*")
_POWERS = {"k": 1, "m": 2}
# From three digits on a written figure is exact enough for what rounds to it to be meant: 131K for 131,072.
_EXACT_FROM = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A window as a document has it: in tokens, and as it is written there, such as '131K', or ''."""

    tokens: int
    as_written: str = ""

    @property
    def name(self) -> str:
        """As it is written, for words and topics."""
        return self.as_written or str(self.tokens)

    @property
    def most(self) -> int:
        """The most that the figure can be read as."""
        return max(self.tokens, *(tokens for tokens, _ in self._readings()), 0)

    def agrees(self, tokens: int) -> str | None:
        """How the document's figure is to be read for it to be this one; None if it cannot be."""
        if tokens == self.tokens:
            return "exactly" if not self.as_written else f"{self.as_written}, read in thousands"
        found = next((how for reading, how in self._readings() if reading == tokens), None)
        if found is not None:
            return f"{self.as_written}, {found}"
        written = _WRITTEN.fullmatch(self.as_written)
        if written and written[2] in "Kk" and float(written[1]) >= _EXACT_FROM:
            return f"{self.as_written}, rounded" if round(tokens / 1_000) == float(written[1]) else None
        return None

    def _readings(self) -> Iterator[tuple[int, str]]:
        written = _WRITTEN.fullmatch(self.as_written)
        if written:
            power = _POWERS[written[2].lower()]
            yield round(float(written[1]) * 1000**power), "read in thousands"
            yield round(float(written[1]) * 1024**power), f"{written[2].upper()} read as {1024**power:,}"


def listed_window(document: Any) -> tuple[str, int] | None:
    """The field and the figure of a listing that tells a model's window; None if none does."""
    places = [document] if isinstance(document, Mapping) else []
    places += [each for place in places for each in islice(place.values(), 100) if isinstance(each, Mapping)]
    for field in _LISTED:
        for place in places:
            figure = place.get(field)
            if isinstance(figure, int) and not isinstance(figure, bool) and _LEAST <= figure <= _LARGEST:
                return field, figure
    return None


def stated_window(text: str, sent: int) -> int | None:
    """The most tokens that a refusal says are allowed; None if it does not say.

    sent  how many tokens at least were sent: what is allowed is fewer
    """
    text = text[:_MOST_READ]
    for pattern in (_AFTER, _BEFORE, _COMPARED):
        found = next((figure for figure in _figures(pattern, text) if figure < sent), None)
        if found is not None:
            return found
    return None


def _figures(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    for found in pattern.finditer(text):
        figure = int(re.sub(r"\D", "", found[1]))
        if _LEAST <= figure <= _LARGEST:
            yield figure
