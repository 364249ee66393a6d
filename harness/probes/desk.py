"""Where a probe asks: one request or several at once, and what came back, read and kept.

It stands apart from the bench behind it, which knows keys, budgets and pacing, so that a probe reads as its protocol.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from http import HTTPStatus
from random import Random
from typing import Any, Protocol

from harness.core.canonical import canonical_json
from harness.core.chat import Credential
from harness.core.exchange import Attempt, Exchange
from harness.core.plain import Domain
from harness.core.reply import Reply
from harness.core.verdict import Evidence, Role
from harness.probes.observation import Observation, Topic

REJECTING = frozenset({400, 410, 413, 415, 422})
"""Statuses that refuse a request for what is in it. source: VERDICTS.md, "Rejected"."""

CHAT = "/chat/completions"

# Far beyond any count, and below what Python converts without complaint.
_MAX_DIGITS = 300
_BEGINNING = 1_000
"""Bytes within which a stream shows its first event; comments may come before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request of a probe.

    about         what it is for, in a few words: evidence shows it
    body          a JSON value as it is sent; a text goes out as it is, so that it may be broken; None sends none
    path          below the base URL of its domain
    role          'treatment' holds what is probed, 'control' is the same without it
    content_type  what the body is called
    together      sent at once with its fellows, whoever else is waiting for a turn: for what only shows then
    after_s       seconds to wait first, where the desk's last answer came from a server: a recording is ready at once
    wrong         wrong on purpose, so that nobody should answer it: what comes says nothing of ordinary replies
    """

    about: str
    body: Any = None
    method: str = "POST"
    path: str = CHAT
    role: Role = "plain"
    credential: Credential = "valid"
    domain: Domain = "inference"
    region: str | None = None
    content_type: str = "application/json"
    together: bool = False
    after_s: float = 0.0
    wrong: bool = False

    @property
    def streams(self) -> bool:
        """Whether it asks for a stream."""
        return isinstance(self.body, Mapping) and self.body.get("stream") is True

    @property
    def chats(self) -> bool:
        """Whether it is an ordinary request for chat, so that what comes shows how the model answers."""
        means_chat = self.method == "POST" and self.path == CHAT and self.domain == "inference"
        return means_chat and self.credential == "valid" and isinstance(self.body, Mapping) and not self.wrong


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One answered request.

    id     of its exchange in the run
    reply  as its dialect reads it; of a request that is no chat, status and error are what counts
    """

    id: str
    ask: Ask
    exchange: Exchange
    reply: Reply
    cost_usd: Decimal | None = None

    @property
    def attempt(self) -> Attempt:
        """The attempt that counts."""
        return self.exchange.last

    @property
    def ok(self) -> bool:
        """A 2xx whose body is no error and could be read."""
        return self.attempt.error is None and self.reply.error is None and _is_success(self.attempt.status)

    @property
    def accepted(self) -> bool:
        """A 2xx whose body is no error; a chat's is JSON or a stream, whether or not it could be read as a reply."""
        error = self.reply.error
        # A page, or an error in plain words, sent as 200: such a server has not said that it took anything.
        sound = error is None or (error.kind == "malformed" and self._is_json_or_stream)
        return self.attempt.error is None and sound and _is_success(self.attempt.status)

    @property
    def _is_json_or_stream(self) -> bool:
        said_to_stream = "event-stream" in (self.attempt.header("content-type") or "")
        return said_to_stream or self.document is not None or b"data:" in self.attempt.body[:_BEGINNING]

    @property
    def refused(self) -> bool:
        """Refused for what is in it: by status, or by an error body inside a 200."""
        status, error = self.attempt.status, self.reply.error
        if status is None or error is None or self.attempt.error is not None:
            return False
        if _is_success(status):
            return error.kind == "refused"
        return status in REJECTING and error.kind not in ("auth", "credit", "rate-limit")

    @property
    def crashed(self) -> bool:
        """A 5xx."""
        return self.attempt.error is None and (self.attempt.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR

    @cached_property
    def document(self) -> Any:
        """The body as JSON; None if it is none. Bytes that are no UTF-8 are replaced, as the reply's reader does."""
        try:
            return json.loads(self.attempt.body.decode("utf-8-sig", "replace"), parse_int=_integer)
        except (ValueError, RecursionError):
            return None

    @property
    def words(self) -> str:
        """What came, in a few words: a status and what an error says, or the beginning of the answer."""
        error = self.reply.error
        status = self.attempt.status
        shown = f"HTTP {status}" if status is not None else "no reply"
        if error is not None:
            return f"{shown}: {error.message[:160]}"
        return f"{shown}: {self.reply.content[:80]!r}" if self.reply.content else shown

    def names(self, parameter: str) -> bool:
        """Whether an error names a parameter, in either spelling."""
        error = self.reply.error
        if error is None:
            return False
        squeezed = parameter.replace("_", "").lower()
        return squeezed in error.message.replace("_", "").lower()

    def as_evidence(self) -> Evidence:
        """The exchange as a verdict cites it."""
        return Evidence(exchange=self.id, role=self.ask.role, about=self.ask.about)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _is_success(status: int | None) -> bool:
    return status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


class Unasked(Exception):
    """A request was not sent; the message says why, as a reason for `not-tested`."""


class Unrecorded(Unasked):
    """In a replay, nothing is recorded of a request; the message names what would record it."""


class Sender(Protocol):
    """What answers an ask: a live bench, a replay, or what an old run kept."""

    async def send(self, desk: "Desk", asks: tuple[Ask, ...], numbers: tuple[int, ...]) -> tuple[Seen, ...]:
        """Every answer, in the order of the asks.

        numbers  how often each same request was asked before by this probe
        raises   Unasked if one is not to be sent
        """
        ...


@dataclass(kw_only=True)
class Desk:
    """One probe's place: it asks here, and says here what it observed.

    probe   the probe's name; model the one it asks, or None
    wanted  topics that somebody needs; a probe may leave out what no one asks for
    family  how many statistical cells the catalogue has, of all models: levels are divided by it
    random  seeded by the run's seed and the probe's name
    """

    probe: str
    model: str | None
    sender: Sender
    wanted: frozenset[Topic]
    family: int
    random: Random
    seen: list[Seen] = field(default_factory=list)
    observations: dict[Topic, Observation] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)

    async def ask(self, *asks: Ask) -> tuple[Seen, ...]:
        """Send these, together, and wait for all.

        raises  Unasked if one is not to be sent, for want of budget, key or permission
        """
        numbers = []
        for each in asks:
            # The same request asked again is another trial: its recording must not answer for the first.
            said = canonical_json([each.method, each.path, each.body, each.credential, each.domain, each.region])
            numbers.append(self._asked[said])
            self._asked[said] += 1
        answered = await self.sender.send(self, asks, tuple(numbers))
        self.seen += answered
        return answered

    async def one(self, ask: Ask) -> Seen:
        """Send one."""
        return (await self.ask(ask))[0]

    def wants(self, *names: str) -> bool:
        """Whether any of these topics, of this desk's model, is needed."""
        return any(Topic(name, self.model) in self.wanted for name in names)

    def observe(self, observation: Observation) -> None:
        """Say what was seen; what is said stands even if the probe cannot go on."""
        self.observations[observation.topic] = observation

    def drop_first_looks(self) -> None:
        """Forget what was only accepted so far: nobody came to look for its effect."""
        self.observations = {topic: each for topic, each in self.observations.items() if each.outcome != "accepted"}

    def topic(self, name: str) -> Topic:
        """The topic of that name and this desk's model."""
        return Topic(name, self.model)
