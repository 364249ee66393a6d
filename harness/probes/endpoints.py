"""Claims about endpoints of the inference API: is each there, and does it answer as what it is called.

It stands apart from the management API, which has another key, and from images, which cost money. What an endpoint does
is judged by the shape of its reply, with a control where one can be had. source: VERDICTS.md, "endpoints"
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from harness.core.claims import Claim
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import CHAT, Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Stance, Undecidable, Watched
from harness.probes.lineup import Lineup
from harness.probes.listing import answers_as_another, names_of
from harness.probes.observation import Observation, Topic
from harness.probes.routes import (
    NO_MODEL,
    fill_last,
    first_list,
    knock,
    list_of,
    object_of,
    observe,
    observe_knocked,
    path_of,
    routes_of,
    whole_number,
)
from harness.wire.presence import read_model_list

CHAT_ROUTE = f"POST {CHAT}"
DEFERRED_ROUTE = "GET /chat/deferred-completion/{}"
_DEFERRED_SECTION = "deferred chat completions"

_POLLS = 30
_POLL_S = 0.2
_LONGEST_POLL_S = 2.0
# A deferred reply may take this many times as long as the same request that is waited for: then it is never ready.
_PATIENCE = 3.0
_SHORT, _LONG = "The river runs", "The river runs past the old mill and down to the sea"
_WORD = re.compile(r"\w+")

Run = Callable[[str, Desk, Topic], Awaitable[None]]


# --- one endpoint each


async def probe_messages(path: str, desk: Desk, topic: Topic) -> None:
    """A message in Anthropic's shape, there and back."""
    word = desk.random.choice(WORDS)
    turns = [{"role": "user", "content": say(word)}]
    body = {"model": desk.model, "max_tokens": 64, "messages": turns}
    knocked = await knock(desk, Ask(about="a message as Anthropic's API has it", path=path, body=body))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked, refused="rejected"))
        return
    missing = faults_of_message(knocked.last.document)
    if missing:
        words = f"it answers, and not in Anthropic's shape: {', '.join(missing)}"
        observe(desk, topic, "broken", words, knocked.tries)
        return
    said = " ".join(str(object_of(block).get("text")) for block in knocked.last.document["content"])
    heeds = ", and does what it says" if word in said.lower() else ""
    observe(desk, topic, "holds", f"it answers a message in Anthropic's shape{heeds}", knocked.tries)


def faults_of_message(document: Any) -> list[str]:
    """What a reply lacks of Anthropic's shape."""
    message = object_of(document)
    blocks = list_of(message.get("content"))
    usage = object_of(message.get("usage"))
    counts = [whole_number(usage.get(key)) for key in ("input_tokens", "output_tokens")]
    checks = (
        (message.get("type") == "message", "type is not 'message'"),
        (message.get("role") == "assistant", "role is not 'assistant'"),
        (
            bool(blocks) and all(isinstance(object_of(each).get("type"), str) for each in blocks),
            "content has no blocks",
        ),
        (None not in counts, "usage has no input_tokens and output_tokens"),
    )
    return [fault for sound, fault in checks if not sound]


async def probe_models(path: str, desk: Desk, topic: Topic) -> None:
    """The list of models."""
    knocked = await knock(desk, Ask(about="the models that are served", method="GET", path=path))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    served = read_model_list(knocked.last.attempt.body)
    rows = list_of(object_of(knocked.last.document).get("data", object_of(knocked.last.document).get("models")))
    ids = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    if served is None and not ids:
        observe(desk, topic, "broken", "it answers, and with no list of models", knocked.tries)
        return
    among = "among them" if desk.model in (served or ids) else "and not"
    observe(desk, topic, "holds", f"it lists {len(ids)} models, {among} {desk.model}", knocked.tries)


async def probe_api_key(path: str, desk: Desk, topic: Topic) -> None:
    """What the key that asks is."""
    knocked = await knock(desk, Ask(about="the key that asks", method="GET", path=path))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    fields = object_of(knocked.last.document)
    told = [name for name in fields if re.search(r"api_?key|acls?$", name, re.IGNORECASE)]
    if not told:
        observe(desk, topic, "broken", "it answers, and says nothing of a key", knocked.tries)
        return
    observe(desk, topic, "holds", f"it describes the key: {', '.join(told[:5])}", knocked.tries)


async def probe_tokenize(path: str, desk: Desk, topic: Topic) -> None:
    """Two texts as tokens: the longer has more, and they join to the text."""

    def ask(text: str, role: str) -> Ask:
        body = {"model": desk.model, "text": text}
        return Ask(about=f"the tokens of {text!r}", path=path, body=body, role=role)  # type: ignore[arg-type]

    knocked = await knock(desk, ask(_SHORT, "control"))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    longer = await desk.one(ask(_LONG, "treatment"))
    seen = (*knocked.tries, longer)
    if not longer.accepted:
        observe(desk, topic, "unknown", f"a longer text is not answered: {longer.words}", seen)
        return
    few, many = (first_list(each.document) for each in (knocked.last, longer))
    if not few or not many:
        observe(desk, topic, "broken", "it answers, and with no list of tokens", seen)
    elif len(many) <= len(few):
        observe(desk, topic, "broken", f"{len(few)} tokens, and {len(many)} for a text that is longer", seen)
    elif not _joins(many, _LONG):
        observe(desk, topic, "broken", "the tokens do not join to the text", seen)
    else:
        observe(desk, topic, "holds", f"{len(few)} tokens, {len(many)} for a longer text", seen)


def _joins(tokens: Sequence[Any], text: str) -> bool:
    """Whether tokens join to the text, spaces however they are written; True where their strings are not told."""
    fields = {name for token in tokens for name, value in object_of(token).items() if isinstance(value, str)}
    told = [[object_of(token).get(name) for token in tokens] for name in sorted(fields)]
    if all(isinstance(token, str) for token in tokens):
        told.append(list(tokens))
    joined = ["".join(map(str, strings)) for strings in told]
    return not joined or any(_letters(each) == _letters(text) for each in joined)


def _letters(text: str) -> str:
    # Tokenizers write a space as '▁' or 'Ġ'; the latter is a letter.
    return "".join(_WORD.findall(text.replace("Ġ", " "))).replace("_", "")


async def probe_embeddings(path: str, desk: Desk, topic: Topic) -> None:
    """A vector of a text."""
    body = {"model": desk.model, "input": "a harbour at dusk"}
    knocked = await knock(desk, Ask(about="a vector of a text", path=path, body=body))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked, refused="rejected"))
        return
    rows = list_of(object_of(knocked.last.document).get("data"))
    if any(list_of(object_of(row).get("embedding")) or object_of(row).get("embedding") for row in rows):
        observe(desk, topic, "holds", "it answers with a vector", knocked.tries)
        return
    observe(desk, topic, "no-effect", f"it answers, and with no vector ({knocked.last.words})", knocked.tries)


async def probe_deferred(path: str, desk: Desk, topic: Topic) -> None:
    """A reply that is asked for now and fetched later; the same request, waited for, tells how long that may take."""
    word = desk.random.choice(WORDS)
    body = chat(desk.model or "", say(word))
    control = await desk.one(Ask(about="the same, waited for", body=body, role="control"))
    knocked = await knock(
        desk, Ask(about="asked for, to be fetched later", body={**body, "deferred": True}, role="treatment")
    )
    seen = (control, *knocked.tries)
    if not control.accepted:
        observe(desk, topic, "unknown", f"an ordinary request fails: {control.words}", seen)
        return
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked, refused="rejected"))
        return
    request = knocked.last.reply.deferred_id
    if request is None:
        words = (
            "it is answered at once, as if it were not deferred" if knocked.last.ok else "no id to fetch it by comes"
        )
        observe(desk, topic, "broken", words, seen)
        return
    polls, waited_s = await _poll(desk, fill_last(path, request), control)
    seen = (*seen, *polls[:1], *polls[1:][-1:])
    last = polls[-1]
    if last.ok and last.attempt.status == HTTPStatus.OK:
        what = "the reply" if word in last.reply.content.lower() else "a reply"
        observe(desk, topic, "holds", f"an id comes at once, and {what} at poll {len(polls)}", seen)
    elif last.attempt.status == HTTPStatus.ACCEPTED:
        took_s = (control.attempt.total_ms or 0) / 1000
        words = (
            f"not ready after {len(polls)} polls in {waited_s:.0f} s; the same request, waited for, took {took_s:.1f} s"
        )
        observe(desk, topic, "broken" if waited_s > took_s else "unknown", words, seen)
    elif last.attempt.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
        observe(desk, topic, "broken", f"an id comes, and there is nothing to fetch by it: {last.words}", seen)
    else:
        observe(desk, topic, "unknown", f"an id comes, and fetching fails: {last.words}", seen)


async def _poll(desk: Desk, path: str, control: Seen) -> tuple[list[Seen], float]:
    """Every poll until something else than 'not yet', and the seconds that were waited, or would have been."""
    expected_s = (control.attempt.total_ms or 0) / 1000 * _PATIENCE
    pause_s = min(_LONGEST_POLL_S, max(_POLL_S, expected_s / _POLLS))
    polls: list[Seen] = []
    while len(polls) < _POLLS and (not polls or polls[-1].attempt.status == HTTPStatus.ACCEPTED):
        after_s = pause_s if polls else 0.0
        polls.append(await desk.one(Ask(about="is it ready", method="GET", path=path, after_s=after_s)))
    return polls, (len(polls) - 1) * pause_s


# --- the family


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    name: str
    run: Run
    outlay: Outlay


_ENDPOINTS: dict[str, _Endpoint] = {
    "POST /messages": _Endpoint(
        name="messages",
        run=probe_messages,
        outlay=Outlay(requests=1, at_most=3, input_tokens=30, output_tokens=10),
    ),
    "GET /models": _Endpoint(name="models", run=probe_models, outlay=Outlay(requests=1, at_most=3)),
    "GET /api-key": _Endpoint(name="api-key", run=probe_api_key, outlay=Outlay(requests=1, at_most=3)),
    "POST /tokenize-text": _Endpoint(name="tokenize", run=probe_tokenize, outlay=Outlay(requests=2, at_most=4)),
    "POST /embeddings": _Endpoint(name="embeddings", run=probe_embeddings, outlay=Outlay(requests=3)),
    DEFERRED_ROUTE: _Endpoint(
        name="deferred",
        run=probe_deferred,
        outlay=Outlay(requests=4, at_most=4 + _POLLS, input_tokens=60, output_tokens=20),
    ),
}


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "doc_section":
        title = str(claim.value.get("title")).lower()
        return _asked_of(lineup, "deferred", "supported") if title == _DEFERRED_SECTION else None
    if claim.kind != "endpoint" or "same_endpoint" in claim.value:
        return None
    routes = routes_of(claim)
    # A claim that names two routes is about the second: the first is how to come there.
    known = next((_ENDPOINTS[route].name for route in reversed(routes) if route in _ENDPOINTS), None)
    stance: Stance = "unsupported" if claim.value.get("available") is False else "supported"
    if known is not None:
        asked = _asked_of(lineup, known, stance)
        # Only where it is promised that the list has those that are served is one that it lacks a broken promise.
        if isinstance(asked, Rule) and known == "models" and claim.value.get("lists") == "served":
            asked = replace(asked, topics=(_served(lineup.plain),), rides_on=asked.topics)
        return asked
    if CHAT_ROUTE not in routes:
        return None
    if "single_endpoint_for" in claim.value:
        return Rule(topics=tuple(Topic("endpoint.chat", model) for model in lineup.models), stance=stance)
    return _asked_of(lineup, "chat", stance)


def _asked_of(lineup: Lineup, name: str, stance: Stance) -> Rule | Undecidable:
    if lineup.plain is None:
        return NO_MODEL
    return Rule(topics=(Topic(f"endpoint.{name}", lineup.plain),), stance=stance)


def _probes(lineup: Lineup) -> Iterable[Probe]:
    if lineup.plain is None:
        return
    for route, endpoint in _ENDPOINTS.items():
        topic = Topic(f"endpoint.{endpoint.name}", lineup.plain)
        yield Probe(
            name=topic.name,
            model=lineup.plain,
            topics=frozenset({topic}),
            outlay=endpoint.outlay,
            run=_bound(endpoint.run, path_of(lineup, route), topic),
        )


def _bound(run: Run, path: str, topic: Topic) -> Callable[[Desk], Awaitable[None]]:
    return lambda desk: run(path, desk, topic)


def _served(model: str | None) -> Topic:
    """Whether the list has those that are served; that there is one at all is `endpoint.models`."""
    return Topic("endpoint.models.served", model)


def _watch(watched: Watched) -> Iterable[Observation]:
    """Chat completions, of every model that was asked anything: the gate asks each; and whether the list has these."""
    answers = {}
    for model in watched.lineup.models:
        answered = _answered(watched, model)
        if answered is not None:
            answers[model] = answered
            yield Observation(
                topic=Topic("endpoint.chat", model),
                outcome="holds",
                words=f"it answers at {CHAT}, below the base URL",
                grade="E3",
                n=1,
                evidence=(answered.as_evidence(),),
            )
    plain = watched.lineup.plain
    listed = watched.observations.get(Topic("endpoint.models", plain))
    if listed is not None:
        yield replace(_hold_list_against(watched, listed, answers), topic=_served(plain))


def _answered(watched: Watched, model: str) -> Seen | None:
    """A chat that a model answered, as itself."""
    lineup = watched.lineup
    chats = [each for each in watched.of(model) if f"{each.ask.method} {each.ask.path}" == CHAT_ROUTE]
    return next((each for each in chats if each.accepted and not answers_as_another(each, lineup, model)), None)


def _hold_list_against(watched: Watched, listed: Observation, answers: Mapping[str, Seen]) -> Observation:
    """Whether the list has every model that answers, by any of its names or the one that it answered by.

    listed  what was seen of the list itself: where that is not sound, nothing more is asked of it
    """
    shown = {each.exchange for each in listed.evidence}
    seen = next((each for each in reversed(watched.seen) if each.id in shown), None)
    if listed.outcome != "holds" or seen is None:
        return listed
    served = read_model_list(seen.attempt.body)
    if served is None:
        return replace(listed, outcome="unknown", words=f"{listed.words}, and whether that is all cannot be told")
    missing = [model for model, each in answers.items() if not _names_in(watched.lineup, model, each) & set(served)]
    if not answers:
        return replace(listed, outcome="unknown", words=f"{listed.words}; none was seen to answer")
    if not missing:
        return listed
    evidence = (*listed.evidence, *(answers[model].as_evidence() for model in missing))
    words = f"it lists {len(set(served.values()))} models, and not {', '.join(missing)}, which answers by that name"
    return replace(listed, outcome="broken", words=words, evidence=evidence)


def _names_in(lineup: Lineup, model: str, answered: Seen) -> set[str]:
    told = answered.reply.model
    return {*names_of(lineup, model), *(() if told is None else (told,))}


FAMILY = Family(name="endpoints", rule=_rule, probes=_probes, watch=_watch)
