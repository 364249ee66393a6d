"""A reply before it is written out in any dialect: what was said, thought and called, and what it comes to.

It stands apart because the same completion becomes a body, a stream, or either of another dialect, and they must agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.simulator.language.sampling import Draw


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """A tool call of a reply; `arguments` is the text that is sent."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the replies to a request.

    pieces      the text as it is streamed; together they are all of it
    draws       how each token was drawn, for logprobs
    thought     the reasoning as it is shown, in pieces
    stopped_by  the stop sequence that ended the text
    """

    pieces: tuple[str, ...] = ()
    draws: tuple[Draw, ...] = ()
    thought: tuple[str, ...] = ()
    calls: tuple[MadeCall, ...] = ()
    finish_reason: str = "stop"
    stopped_by: str | None = None

    @property
    def text(self) -> str:
        """All of the visible text."""
        return "".join(self.pieces)

    def saying(self, pieces: Sequence[str]) -> "Choice":
        """The choice with other words. They were never drawn, so each is told as certain."""
        draws = tuple(Draw(token=piece, logprob=0.0, top=((piece, 0.0),)) for piece in pieces)
        return replace(self, pieces=tuple(pieces), draws=draws)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Tokens and money of a completion, all choices together.

    cached    part of `prompt`; `images` likewise
    visible   tokens that were said or called; `reasoning` are counted beside them
    searches  calls of each search that the server ran
    ticks     what is billed, in units of 10**-10 US dollars
    """

    prompt: int
    images: int = 0
    cached: int = 0
    visible: int = 0
    reasoning: int = 0
    searches: tuple[tuple[str, int], ...] = ()
    sources: int = 0
    ticks: int = 0

    @property
    def total(self) -> int:
        """All that counts against a limit."""
        return self.prompt + self.visible + self.reasoning


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The whole reply.

    model      the canonical id
    created    Unix seconds
    logprobs   whether they were asked for
    reasons    whether the model is one that reports reasoning tokens, even if there were none
    citations  addresses that a search found
    """

    id: str
    created: int
    model: str
    fingerprint: str
    choices: tuple[Choice, ...]
    figures: Figures
    logprobs: bool = False
    reasons: bool = False
    include_usage: bool = False
    citations: tuple[str, ...] = ()
