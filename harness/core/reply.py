"""The dialect-neutral reading of an exchange: what the model said, what it cost, how long it took.

It stands apart so that checks, statistics and pages never see HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from harness.core.chat import ToolCall

ErrorKind = Literal[
    "auth",
    "credit",
    "rate-limit",
    "refused",
    "not-found",
    "server",
    "timeout",
    "network",
    "malformed",
    "missing-recording",
    "absent",
    "redirected",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and whatever else the server billed; None where it does not say.

    prompt        all input tokens, cached ones among them
    completion    output tokens as the server counts them: with or without reasoning, see `output`
    billed_usd    the server's own price for the reply, where it sends one
    server_calls  how often each tool that the server runs itself was called, by its name; '' where only a sum came
    sources_used  how many search results went into the reply
    images        generated images in the reply
    """

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    billed_usd: Decimal | None = None
    # Not hashed: a mapping has no hash, and equality still sees it.
    server_calls: Mapping[str, int] = field(default_factory=dict, hash=False)
    sources_used: int | None = None
    images: int | None = None

    @property
    def reasoning_is_apart(self) -> bool:
        """True if `completion` leaves reasoning out, by the sum that holds: total = prompt + completion + reasoning."""
        if not self.reasoning or self.completion is None:
            return False
        if self.total is not None and self.prompt is not None:
            return self.total == self.prompt + self.completion + self.reasoning
        return self.reasoning > self.completion

    @property
    def output(self) -> int | None:
        """All output tokens, reasoning among them."""
        if self.completion is None:
            return None
        return self.completion + (self.reasoning or 0) if self.reasoning_is_apart else self.completion


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """An error that the server or the network gave instead of a reply.

    kind     what it means for a trial; 'refused' is the server's considered answer to the request
    code     the server's own code or type, if it sent one
    message  in words, secrets masked
    """

    kind: ErrorKind
    message: str
    code: str | None = None

    @property
    def is_answer(self) -> bool:
        """True if it says something about the API; False if it is ours or the network's."""
        return self.kind in ("refused", "not-found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a reply took, in milliseconds.

    ttft_ms   to the first token of a streamed reply, reasoning counted; None if not streamed or not known
    total_ms  to the last byte; None where a recording does not tell
    recorded  True if a cassette told: never mixed with live figures
    """

    ttft_ms: float | None = None
    total_ms: float | None = None
    recorded: bool = False


StreamRule = Literal[
    "content-type",
    "one-id",
    "one-model",
    "role-first",
    "index",
    "object",
    "finish-once",
    "usage",
    "done-last",
    "json",
    "complete",
]
"""Rules of a stream's grammar, in the order in which violations are listed; wire's `stream_rules` explains them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """What a stream looked like, beside its content.

    events           number of data events, `[DONE]` not counted
    violations       broken grammar rules, each 'rule: what was seen', the rule being a StreamRule
    reasoning_first  True if reasoning came and all of it before the answer's text; None if none came
    """

    events: int = 0
    violations: tuple[str, ...] = ()
    reasoning_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, read.

    status         HTTP status, or None if no reply arrived
    content        the answer's text, of the first choice; empty if there was none
    reasoning      reasoning text, where the server shows it
    alternatives   the text of the further choices
    finish_reason  the reason in OpenAI's words where the dialect has others; an unknown one as the server spelled it
    fingerprint    which build of the model answered, as the server names it
    sources        where the server says it looked: URLs, or what it calls them, in order
    deferred_id    the id to poll with, where the reply is to be fetched later
    pending        True if a deferred reply was asked for and is not ready yet
    headers        those that speak of rate limits, waiting and content, names in lower case; no others are kept
    anomalies      oddities that did not stop the reading, such as a negative token count
    """

    status: int | None = None
    id: str | None = None
    model: str | None = None
    content: str = ""
    reasoning: str | None = None
    alternatives: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish_reason: str | None = None
    fingerprint: str | None = None
    sources: tuple[str, ...] = ()
    deferred_id: str | None = None
    pending: bool = False
    usage: Usage = Usage()
    error: ApiError | None = None
    timing: Timing = Timing()
    stream: StreamFacts | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    anomalies: tuple[str, ...] = ()

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens a second: after the first token when streamed, else over the whole time; None if unknown."""
        tokens, total_ms, ttft_ms = self.usage.output, self.timing.total_ms, self.timing.ttft_ms
        if tokens is None or total_ms is None:
            return None
        # Thoughts that are counted and never shown came before the first token that was seen.
        shown = tokens if self.reasoning else tokens - (self.usage.reasoning or 0)
        span_ms, count = (total_ms, tokens) if ttft_ms is None else (total_ms - ttft_ms, shown - 1)
        return count * 1000 / span_ms if span_ms > 0 and count > 0 else None
