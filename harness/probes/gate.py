"""Before any cell of a model: is it there, under its own name; is the server canned; are unknown fields refused.

It stands apart because every other probe of a model is worth nothing without it, and because it decides what acceptance
may mean on this server.
"""

from dataclasses import dataclass
from http import HTTPStatus

from harness.core.catalogue import Provider
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation

CANARY = "harness_canary_field"
"""A request field that no server knows."""

_TWO = 2
_OTHER_PROMPTS = (
    "What is the capital of France? Answer with its name alone.",
    "Write the word for the number after six.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is known of a model's server before its claims are asked about.

    why_not         why none of its claims can be decided, or None; fault True if that is an error, not its absence
    canary_refused  an unknown field is refused: acceptance means something here
    canned          in words, how its replies were shown not to depend on what is asked; '' if they were not
    """

    model: str
    why_not: str | None = None
    fault: bool = False
    canary_refused: bool = False
    canned: str = ""


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
    canned = await _find_echo(desk, model, words[1], first) or await _find_canned(desk, model, words, first, canary)
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
    return Gate(model=model, canary_refused=refused, canned=canned)


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
        listed = " and is not listed" if absent else ""
        return Gate(model=model, why_not=f"model absent{listed} ({first.words})")
    if first.attempt.error == "missing-recording":
        # The message ends with what would record it; the place, which differs for each model, is in the exchange.
        remedy = first.attempt.message.rpartition("\n")[2]
        return Gate(model=model, why_not=f"nothing is recorded of it; {remedy}", fault=True)
    if not first.ok:
        return Gate(model=model, why_not=f"an ordinary request fails: {first.words}", fault=True)
    answered = first.reply.model
    if answered is not None and known and answered not in known:
        return Gate(model=model, why_not=f"redirected to {answered}")
    return None


async def _is_refused(desk: Desk, canary: Seen, model: str, word: str) -> bool:
    if not canary.refused:
        return False
    again = await desk.one(Ask(about="a field that nobody knows", body=chat(model, say(word), **{CANARY: 1})))
    return again.refused


async def _find_canned(desk: Desk, model: str, words: list[str], first: Seen, canary: Seen) -> str:
    """How replies were shown not to depend on the prompt; '' if they were not.

    source  VERDICTS.md, "How sure": equal replies to different prompts, or replies that change with an irrelevant field
    """
    texts = [(first, words[0]), (canary, words[0])]
    if any(word in seen.reply.content.lower() for seen, word in texts if seen.ok):
        return ""
    others = await desk.ask(
        Ask(about="the same request again", body=chat(model, say(words[0])), role="control"),
        Ask(about="another word", body=chat(model, say(words[1]))),
        *(Ask(about="another question", body=chat(model, prompt)) for prompt in _OTHER_PROMPTS),
    )
    again, other, *questions = others
    if words[1] in other.reply.content.lower():
        return ""
    answers = [each.reply.content for each in (first, other, *questions)]
    if not all(each.ok for each in (first, *others)) or not all(answers):
        return ""
    if len(set(answers)) == 1:
        return "four different prompts draw the same reply"
    steady = again.reply.content == first.reply.content
    if steady and canary.ok and canary.reply.content != first.reply.content:
        twice = await desk.ask(
            Ask(about="the same request a third time", body=chat(model, say(words[0])), role="control"),
            Ask(about="another value of an unknown field", body=chat(model, say(words[0]), **{CANARY: 2})),
        )
        three = {canary.reply.content, twice[1].reply.content, first.reply.content}
        moved = len(three) > _TWO
        if twice[0].reply.content == first.reply.content and moved:
            return "equal requests draw equal replies, and an irrelevant field changes them"
    return ""


async def _find_echo(desk: Desk, model: str, word: str, first: Seen) -> str:
    if not _repeats(first):
        return ""
    asks = [Ask(about="another prompt", body=chat(model, prompt)) for prompt in (say(word), *_OTHER_PROMPTS)]
    return "every reply repeats its prompt" if all(map(_repeats, await desk.ask(*asks))) else ""


def _repeats(seen: Seen) -> bool:
    """Whether an answer holds all of its prompt, as that of an echoing server does."""
    return seen.ok and str(seen.ask.body["messages"][0]["content"]) in seen.reply.content
