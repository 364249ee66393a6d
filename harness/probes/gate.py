"""Before any cell of a model: is it there, under its own name; is the server canned; are unknown fields refused.

It stands apart because every other probe of a model is worth nothing without it, and because it decides what acceptance
may mean on this server.
"""

from dataclasses import dataclass
from http import HTTPStatus

from harness.core.catalogue import Provider
from harness.probes.canned import CANARY, Canned, find_canned
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation

_SHOWN = 5
"""Names of a server's list that are told where a model is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is known of a model's server before its claims are asked about.

    why_not         why none of its claims can be decided, or None; fault True if that is an error, not its absence
    canary_refused  an unknown field is refused: acceptance means something here
    answered        what its replies call the model; None if they do not say
    canned          how its replies were shown not to depend on what is asked; None if they were not
    """

    model: str
    why_not: str | None = None
    fault: bool = False
    canary_refused: bool = False
    canned: Canned | None = None
    answered: str | None = None


async def open_gate(desk: Desk, provider: Provider, model: str, served: dict[str, str] | None) -> Gate:
    """Ask what must be known first.

    served  name -> id of what the server lists; None if it does not say
    """
    known = _names(provider, model)
    if served is not None and model in served and served[model] not in known:
        return Gate(model=model, why_not=f"redirected to {served[model]}, by the server's own list")
    words = desk.random.sample(WORDS, 2)
    first = await desk.one(Ask(about="an ordinary request", body=chat(model, say(words[0])), role="control"))
    if first.crashed:
        first = await desk.one(Ask(about="an ordinary request, again", body=chat(model, say(words[0])), role="control"))
    closed = _closed(first, model, frozenset() if provider.open_models else known, served)
    if closed is not None:
        return closed
    canary = await desk.one(Ask(about="a field that nobody knows", body=chat(model, say(words[0]), **{CANARY: 1})))
    refused = await _is_refused(desk, canary, model, words[0])
    canned = await find_canned(desk, model, words, first, canary)
    if refused or canary.accepted:
        how = "refused" if refused else "accepted"
        desk.observe(
            Observation(
                topic=desk.topic("canary"),
                outcome="rejected" if refused else "accepted",
                words=f"an unknown field is {how}",
                n=1,
                evidence=(first.as_evidence(), canary.as_evidence()),
            )
        )
    return Gate(model=model, canary_refused=refused, canned=canned, answered=first.reply.model)


def _names(provider: Provider, model: str) -> frozenset[str]:
    found = next((each for each in provider.models if model in (each.id, *each.aliases)), None)
    return frozenset({model} if found is None else {found.id, *found.aliases})


def _closed(first: Seen, model: str, known: frozenset[str], served: dict[str, str] | None) -> Gate | None:
    """The gate, if it is shut: the model is absent, or another, or cannot be asked.

    known  names that the model may answer under; empty if any will do
    """
    status = first.attempt.status
    absent = served is not None and model not in served
    if status == HTTPStatus.NOT_FOUND or (first.refused and absent):
        listed = "" if served is not None else ", or its path"
        listed = f", not among what the server lists: {_shown(served or {})}" if absent else listed
        return Gate(model=model, why_not=f"model absent{listed} ({first.words})")
    if not first.ok:
        return Gate(model=model, why_not=f"an ordinary request fails: {first.words}", fault=True)
    answered = first.reply.model
    if answered is not None and known and answered not in known:
        return Gate(model=model, why_not=f"redirected to {answered}")
    return None


def _shown(served: dict[str, str]) -> str:
    names = list(served)
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "") or "nothing"


async def _is_refused(desk: Desk, canary: Seen, model: str, word: str) -> bool:
    if not canary.refused:
        return False
    again = await desk.one(Ask(about="a field that nobody knows", body=chat(model, say(word), **{CANARY: 1})))
    return again.refused
