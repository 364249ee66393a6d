"""What a drawn request comes to: accepted, refused well or badly, a 5xx on every try, or nothing that can be told.

It stands apart from the drawing because here are the network, the budget, and what is nobody's failure.
"""

import re
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Literal

from harness.core.canonical import canonical_json
from harness.core.verdict import Role
from harness.probes.bench import keeps_evidence
from harness.probes.desk import CHAT, Ask, Desk, Seen, Sender, Unasked, Unrecorded
from harness.probes.drafts import Draft, spell
from harness.wire.api_errors import find_error_body

PROBE = "fuzz"
TRIES = 3
WELL_FORMED = (400, 404, 410, 413, 415, 422)
"""Statuses that say that the request itself is at fault; 401 and 403 blame the key."""

_MADE_ERRORS = ("auth", "not-found", "refused")
# What the harness masks in a body is a secret that the server repeated; masks of a server's own leave some of it.
_MASKED = re.compile(r"(?<![\w*.-])\*{6,}(?![\w*.-])")

Came = Literal["accepted", "refused", "crashed", "lost"]


class Over(BaseException):
    """The fuzz has ended; no Exception, so that nothing that shrinks failures takes it for one.

    stuck  True if it ended before its time: for want of a recording, a key or a server
    """

    def __init__(self, words: str, *, stuck: bool = False) -> None:
        """Keep the words for a note."""
        super().__init__(words)
        self.words = words
        self.stuck = stuck


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request came to.

    seen       the reply that decided it
    complaint  what is wrong with a refusal; '' if it is well formed
    """

    came: Came
    seen: Seen
    complaint: str = ""

    @property
    def form(self) -> tuple[str, str]:
        """What makes two answers alike."""
        return self.came, self.complaint


def read_answer(seen: Seen) -> Came:
    """What one reply is: what 408, 429, timeouts and a spent credit come to is no answer."""
    error = seen.reply.error
    if seen.accepted:
        return "accepted"
    if seen.crashed:
        return "crashed"
    if seen.attempt.error is not None or seen.attempt.status is None or error is None:
        return "lost"
    return "refused" if error.kind in _MADE_ERRORS and not _redirects(seen.attempt.status) else "lost"


def _redirects(status: int) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def complain(seen: Seen) -> str:
    """What is wrong with a refusal as an error that a client could read; '' if nothing is."""
    attempt = seen.attempt
    if attempt.status not in WELL_FORMED:
        return f"the refusal has status {attempt.status}"
    kind = (attempt.header("content-type") or "").partition(";")[0].strip()
    if "json" not in kind.lower():
        return f"the error has content type {kind[:60] or '(none)'}"
    found = find_error_body(seen.document)
    if found is None or not found.message.strip():
        return "the error body has no known shape with a message"
    return "the error holds a secret" if _MASKED.search(attempt.body.decode("utf-8", "replace")) else ""


class Asker:
    """Asks what was drawn, within a budget; the same request is sent again only to be sure.

    requests       sent so far
    discarded      draws that came to nothing, twice; lost_in_a_row how many of them came last
    """

    def __init__(self, sender: Sender, budget: int) -> None:
        """Nothing is sent yet."""
        self._sender = sender
        self._budget = budget
        self._desks: dict[str, Desk] = {}
        self._known: dict[str, Answer] = {}
        self._answered: Counter[str] = Counter()
        self.lost_in_a_row = 0
        self.requests = 0
        self.discarded = 0

    @property
    def seen(self) -> list[Seen]:
        """Every reply, model by model."""
        return [seen for desk in self._desks.values() for seen in desk.seen]

    async def ask(self, draft: Draft, *, role: Role = "plain", again: bool = False) -> Answer:
        """What the request came to; from memory, if it was asked before and need not be asked `again`.

        raises  Over
        """
        name = canonical_json([draft.model, spell(draft)])
        if name in self._known and not again:
            return self._known[name]
        answer = await self._insist(draft, name, role)
        if answer.came != "lost":
            self._known[name] = answer
            self.lost_in_a_row = 0
            return answer
        self.discarded += 1
        self.lost_in_a_row += 1
        return answer

    async def _insist(self, draft: Draft, name: str, role: Role) -> Answer:
        """What is lost is asked once more; a 5xx only counts if it comes on every one of three tries."""
        lost = 0
        for number in range(1, TRIES + 1):
            seen = await self._send(draft, name, role)
            came = read_answer(seen)
            if came == "lost":
                lost += 1
                if lost > 1:
                    break
            elif came != "crashed" or (number == TRIES and not lost):
                return Answer(came=came, seen=seen, complaint=complain(seen) if came == "refused" else "")
        return Answer(came="lost", seen=seen)

    async def _send(self, draft: Draft, name: str, role: Role) -> Seen:
        if self.requests >= self._budget:
            raise Over(f"the budget of {self._budget} requests is spent")
        self.requests += 1
        ask = Ask(about=draft.words, body=spell(draft), path=CHAT, role=role)
        desk = self._desks.setdefault(draft.model, _desk(draft.model, self._sender))
        try:
            (seen,) = await self._sender.send(desk, (ask,), (self._answered[name],))
        except Unrecorded as unrecorded:
            why = "no recording answers what was drawn: it was recorded with another --fuzz, --seed or --target, or by"
            raise Over(f"{why} another version of Hypothesis, or not at all\n{unrecorded}", stuck=True) from unrecorded
        except Unasked as unasked:
            raise Over(str(unasked), stuck=True) from unasked
        desk.seen.append(seen)
        if seen.attempt.error in ("connect", "no-key"):
            raise Over(seen.attempt.message or "the server cannot be reached", stuck=True)
        # Only what a cassette keeps has a place in the count of repeats: a replay must count alike.
        self._answered[name] += keeps_evidence(seen.attempt, ask.credential)
        return seen


def _desk(model: str, sender: Sender) -> Desk:
    random = Random(0)  # noqa: S311 - nothing here is drawn from it
    return Desk(probe=PROBE, model=model, sender=sender, wanted=frozenset(), family=1, random=random)
