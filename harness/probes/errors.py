"""Claims about errors: how a client's faults are answered, and that a further try helps where it is said to help.

It stands apart because here a refusal is the answer that is hoped for, and its shape, status and words are what counts.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from harness.core.claims import Claim
from harness.core.verdict import Flag
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable
from harness.probes.lineup import Lineup
from harness.probes.load import MANY, refusal_topic
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES
from harness.probes.routes import NO_MODEL, NOT_NOW, is_turned_away, object_of
from harness.wire.transport import BAD_KEY

FAULTS = "made-faults"
"""What must be opted into where a server makes errors on purpose: a vendor's cannot be provoked."""

_NO_MODEL = "harness-no-such-model"
_NO_ROUTE = "/harness-no-such-route"
_FAULT_TRIES = 12
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)


# --- a client's faults


def _mistakes() -> Mapping[str, Callable[[str], Ask]]:
    def chatting(about: str, **fields: Any) -> Callable[[str], Ask]:
        return lambda model: Ask(about=about, body=chat(model, say("banana")), wrong=True, **fields)

    def sending(about: str, body: Callable[[str], Any], **fields: Any) -> Callable[[str], Ask]:
        return lambda model: Ask(about=about, body=body(model), wrong=True, **fields)

    return {
        "bad-key": chatting("a key that nobody issued", credential="bad"),
        "missing-key": chatting("no key", credential="none"),
        "unknown-model": sending("a model that nobody has", lambda _: chat(_NO_MODEL, say("banana"))),
        "broken-json": sending("JSON that breaks off", lambda model: f'{{"model": "{model}", "messages": ['),
        "wrong-type": sending("a number for messages", lambda model: {"model": model, "messages": 7}),
        "missing-messages": sending("no messages", lambda model: {"model": model}),
        "unknown-route": sending("a route that nobody has", lambda model: {"model": model}, path=_NO_ROUTE),
    }


MISTAKES = _mistakes()
"""Requests that no server can be right to answer, by the id that a claim has for them; each of a model."""

_STEADY = ("unknown-model", "broken-json", "wrong-type")
"""The mistakes by which it is seen that a refusal stays one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a mistake is to be answered.

    statuses  any of these; empty if any 4xx will do
    shape     'openai' for an object `error` with a `message` and a `type`; 'any' for anything
    secret    whether the key that was sent may be repeated
    """

    statuses: tuple[int, ...] = ()
    shape: str = "any"
    secret: bool = False


def promise_of(claim: Claim) -> Promise:
    """What a claim about an error says, of whatever types its fields are."""
    value = claim.value
    statuses = value.get("status", ())
    listed = statuses if isinstance(statuses, list | tuple) else [statuses]
    return Promise(
        statuses=tuple(each for each in listed if isinstance(each, int)),
        shape=str(value.get("shape", "any")),
        secret=value.get("echoes_secret") is not False,
    )


async def probe_mistake(mistake: str, promise: Promise, topic: Topic, desk: Desk) -> None:
    """Make a mistake; again, up to three times, if it is not answered as promised."""
    ask = MISTAKES[mistake](desk.model or "")
    tries = [await desk.one(ask)]
    while len(tries) < TRIES and _wrong(tries[-1], promise):
        tries.append(await desk.one(ask))
    desk.observe(read_mistake(topic, tries, promise))


def read_mistake(topic: Topic, tries: Sequence[Seen], promise: Promise) -> Observation:
    """What the answers to one mistake come to."""
    kinds = [_wrong(each, promise) for each in tries]
    outcome: Outcome = "broken"
    flags: tuple[Flag, ...] = ()
    if any(_is_open(each) for each in tries):
        outcome, words = "unknown", next(each for each in tries if _is_open(each)).words
    elif not kinds[-1] and len(tries) > 1:
        outcome, words, flags = "unknown", f"{_described(tries[0])}; then {_described(tries[-1])}", ("flaky",)
    elif not kinds[-1]:
        outcome, words = "holds", _described(tries[-1])
    else:
        words = f"{_described(tries[-1])} on {len(tries)} of {len(tries)} tries: {', '.join(kinds[-1])}"
        outcome = "partly" if set(kinds[-1]) <= {_WRONG_SHAPE, _NO_TYPE} else "broken"
        flags = ("server-error",) if all(each.crashed for each in tries) else ()
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E1" if outcome == "unknown" else "E3",
        n=len(tries),
        evidence=tuple(each.as_evidence() for each in tries),
        flags=flags,
        more=TRIES if flags == ("flaky",) else 0,
        error=any(_is_open(each) for each in tries),
    )


_WRONG_SHAPE = "its body is not {error: {message, type}}"
_NO_TYPE = "its error has a message and no type"


def _is_open(seen: Seen) -> bool:
    """Whether an answer says nothing of the mistake: none came, too many were asked, or it is somewhere else."""
    status, error = seen.attempt.status, seen.reply.error
    if seen.attempt.error is not None or status is None or status in NOT_NOW:
        return True
    passing = error is not None and error.kind in ("rate-limit", "server", "timeout", "credit")
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or (passing and status < HTTPStatus.OK + 100)


def _wrong(seen: Seen, promise: Promise) -> tuple[str, ...]:
    """In what an answer is not as promised."""
    status = seen.attempt.status or 0
    faults = []
    if is_turned_away(seen) or seen.crashed:
        expected = status in promise.statuses if promise.statuses else _is_client_error(status)
        if not expected:
            wanted = " or ".join(map(str, promise.statuses)) or "a 4xx"
            faults.append(f"the status is not {wanted}")
        if promise.shape == "openai":
            faults += _faults_of_shape(seen)
    elif not _is_open(seen):
        faults.append("it is answered as if nothing were wrong")
    if not promise.secret and BAD_KEY.encode() in seen.attempt.body:
        faults.append("the key that was sent stands in the error")
    return tuple(faults)


def _is_client_error(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _faults_of_shape(seen: Seen) -> tuple[str, ...]:
    """In what an error is not of OpenAI's shape."""
    error = object_of(object_of(seen.document).get("error"))
    message, kind = (isinstance(error.get(name), str) and bool(error[name]) for name in ("message", "type"))
    return (() if kind else (_NO_TYPE,)) if message else (_WRONG_SHAPE,)


def _described(seen: Seen) -> str:
    """Status and kind of body, in words."""
    body = seen.attempt.body
    if isinstance(seen.document, dict | list):
        faults = _faults_of_shape(seen)
        named = {(): "OpenAI's shape", (_NO_TYPE,): "OpenAI's shape but for the type"}
        kind = named.get(faults, "JSON of another shape")
    elif _HTML.match(body):
        kind = "an HTML page"
    else:
        kind = "plain text" if body.strip() else "no body"
    return f"HTTP {seen.attempt.status}, {kind}"


async def probe_steady(topic: Topic, desk: Desk) -> None:
    """Mistakes, each made twice: a refusal that stays one is not worth a retry, and a 4xx tells a client so."""
    seen: list[Seen] = []
    wrong: list[str] = []
    flags: tuple[Flag, ...] = ()
    refused = 0
    for mistake in _STEADY:
        ask = MISTAKES[mistake](desk.model or "")
        tries = [await desk.one(ask), await desk.one(ask)]
        if all(each.crashed for each in tries):
            tries.append(await desk.one(ask))
        seen += tries
        if all(each.crashed for each in tries):
            wrong.append(f"{ask.about} draws HTTP {tries[-1].attempt.status} on {len(tries)} of {len(tries)} tries")
            flags = ("server-error",)
        elif all(is_turned_away(each) and not _is_client_error(each.attempt.status or 0) for each in tries):
            wrong.append(f"{ask.about} is refused inside HTTP {tries[-1].attempt.status}")
        elif all(is_turned_away(each) for each in tries):
            refused += 1
    outcome: Outcome = "broken" if wrong else "holds" if refused else "unknown"
    words = "; ".join(wrong) or f"{refused} of {len(_STEADY)} mistakes draw a 4xx, and the same again when repeated"
    desk.observe(
        Observation(
            topic=topic,
            outcome=outcome,
            words=words if wrong or refused else f"no mistake draws a 4xx twice: {seen[-1].words}",
            grade="E1" if outcome == "unknown" else "E3",
            n=len(seen),
            evidence=tuple(each.as_evidence() for each in seen),
            flags=flags,
            error=outcome == "unknown" and any(_is_open(each) for each in seen),
        )
    )


# --- errors that pass


async def probe_faults(too_many: Topic, failed: Topic, desk: Desk) -> None:
    """Ordinary requests of a server that makes faults on purpose: what is refused now is answered when asked again."""
    seen: list[Seen] = []
    while len(seen) < _FAULT_TRIES and not all(topic in desk.observations for topic in (too_many, failed)):
        ask = Ask(about="an ordinary request", body=chat(desk.model or "", say(desk.random.choice(WORDS))))
        answers = [await desk.one(ask)]
        if not answers[0].accepted:
            answers.append(await desk.one(ask))
        seen += answers
        for topic, is_fault in ((too_many, _is_too_many), (failed, _is_server_error)):
            _observe_fault(desk, topic, answers, is_fault)
    for topic in (too_many, failed):
        if topic not in desk.observations:
            words = f"no such error came in {len(seen)} requests; a simulator makes them with --fault"
            evidence = tuple(each.as_evidence() for each in seen[:2])
            desk.observe(Observation(topic=topic, outcome="unknown", words=words, n=len(seen), evidence=evidence))


def _is_too_many(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS


def _is_server_error(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _observe_fault(desk: Desk, topic: Topic, answers: Sequence[Seen], is_fault: Callable[[int], bool]) -> None:
    statuses = [attempt.status or 0 for each in answers for attempt in each.exchange.attempts]
    met = next((status for status in statuses if is_fault(status)), None)
    if met is None or topic in desk.observations:
        return
    helped = answers[-1].accepted
    tail = "and the same request is answered at a further try" if helped else "and a further try fails, too"
    desk.observe(
        Observation(
            topic=topic,
            outcome="holds" if helped else "unknown",
            words=f"HTTP {met}, {tail}",
            grade="E3" if helped else "E1",
            n=len(statuses),
            evidence=tuple(each.as_evidence() for each in answers),
            more=0 if helped else TRIES,
        )
    )


# --- the family


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind != "error" or claim.subject.type not in ("error", "status"):
        return None
    topic = _topic(claim, lineup)
    if topic is None:
        return None
    return NO_MODEL if lineup.plain is None else Rule(topics=(topic,))


def _topic(claim: Claim, lineup: Lineup) -> Topic | None:
    if claim.subject.type == "error":
        return Topic(f"error.{claim.subject.id}", lineup.plain) if claim.subject.id in MISTAKES else None
    status = str(claim.value.get("status"))
    if claim.value.get("retry") is False:
        return Topic("error.steady", lineup.plain)
    if status == "429":
        many = refusal_topic(lineup) if FAULTS not in lineup.allowed and MANY in lineup.allowed else None
        return many or Topic("fault.429", lineup.plain)
    return Topic("fault.5xx", lineup.plain) if re.search("5(?:xx|00)", status) else None


def _probes(lineup: Lineup) -> Iterator[Probe]:
    model = lineup.plain
    if model is None:
        return
    for claim in lineup.register.claims:
        if claim.kind == "error" and claim.subject.type == "error" and claim.subject.id in MISTAKES:
            topic = Topic(f"error.{claim.subject.id}", model)
            run = partial(probe_mistake, claim.subject.id, promise_of(claim), topic)
            yield _probe((topic,), run, Outlay(requests=1, at_most=TRIES))
    steady = Topic("error.steady", model)
    outlay = Outlay(requests=2 * len(_STEADY), at_most=TRIES * len(_STEADY))
    yield _probe((steady,), partial(probe_steady, steady), outlay)
    faults = (Topic("fault.429", model), Topic("fault.5xx", model))
    short = Outlay(requests=4, at_most=2 * _FAULT_TRIES, input_tokens=60, output_tokens=20)
    yield _probe(faults, partial(probe_faults, *faults), short, needs=(FAULTS,))


def _probe(topics: Sequence[Topic], run: partial[Any], outlay: Outlay, needs: tuple[str, ...] = ()) -> Probe:
    name = topics[0].name if len(topics) == 1 else topics[0].name.partition(".")[0]
    return Probe(name=name, model=topics[0].model, topics=frozenset(topics), outlay=outlay, needs=needs, run=run)


FAMILY = Family(name="errors", rule=_rule, probes=_probes)
