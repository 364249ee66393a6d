"""Claims about other names of a model: a chat under each, and which model answers.

It stands apart from whether models exist, because an alias may be served and mean another model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from harness.core.claims import Claim
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import UNSELECTED, Family, Outlay, Probe, Rule, Undecidable
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES

_UNKNOWN = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


async def probe_alias(name: str, model_list: str, desk: Desk) -> None:
    """Is the name served, and is it this model that answers.

    model_list  path of the list of models: a model's own page is below it
    """
    under_it = Ask(about=f"a chat with {name}", body=chat(name, say(desk.random.choice(WORDS))), role="treatment")
    page = Ask(about=f"what is listed under {name}", method="GET", path=f"{model_list}/{quote(name, safe='')}")
    seen, listed = await desk.ask(under_it, page)
    tries = [seen]
    while _is_unknown(tries[-1]) and len(tries) < TRIES:
        tries.append(await desk.one(under_it))
    outcome, words = _read(name, desk.model or "", tries, listed)
    meant = Observation(
        topic=desk.topic(f"alias.{name}"),
        outcome=outcome,
        words=words,
        grade="E1" if outcome in ("unknown", "accepted") else "E3",
        n=len(tries) + 1,
        evidence=(*(each.as_evidence() for each in tries), listed.as_evidence()),
        error=outcome == "unknown",
    )
    desk.observe(meant)
    # A name that answers exists, whether or not anything says which model it means.
    exists = "holds" if outcome == "accepted" else outcome
    desk.observe(replace(meant, topic=desk.topic(f"served.{name}"), outcome=exists))


def _is_unknown(seen: Seen) -> bool:
    return seen.refused or (seen.attempt.error is None and seen.attempt.status in _UNKNOWN)


def _read(name: str, model: str, tries: list[Seen], listed: Seen) -> tuple[Outcome, str]:
    last = tries[-1]
    if all(_is_unknown(each) for each in tries):
        return "broken", f"{name} is not known, on {len(tries)} of {len(tries)} tries: {last.words}"
    if not last.accepted:
        return "unknown", last.words
    answered = last.reply.model
    if answered == model:
        return "holds", f"{name} is answered by {model}"
    page = listed.document if listed.ok and isinstance(listed.document, Mapping) else {}
    if answered in (name, None) and page.get("id") == model:
        return "holds", f"{name} answers, and is listed as {model}"
    if answered in (name, None):
        said = "does not say as which model" if answered is None else f"says {name}: nothing tells which model it is"
        return "accepted", f"{name} answers, and the reply {said}"
    return "broken", f"{name} is answered by {answered}, not by {model}"


def _meant(claim: Claim) -> tuple[str, str] | None:
    """The other name, and the model that it is said to mean."""
    value = claim.value
    name, model = value.get("alias", value.get("name")), value.get("of", value.get("pins"))
    return (name, model) if claim.kind == "alias" and isinstance(name, str) and isinstance(model, str) else None


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    meant = _meant(claim)
    if meant is None:
        return None
    name, model = meant
    if model not in lineup.models:
        return UNSELECTED
    kind = "served" if claim.value.get("exists") is True else "alias"
    return Rule(topics=(Topic(f"{kind}.{name}", model),))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    outlay = Outlay(requests=2, at_most=TRIES + 1, input_tokens=20, output_tokens=4)
    for name, model in dict.fromkeys(filter(None, map(_meant, lineup.register.claims))):
        if model in lineup.models:
            topics = frozenset(Topic(f"{kind}.{name}", model) for kind in ("alias", "served"))
            run = partial(probe_alias, name, lineup.provider.model_list or "/models")
            yield Probe(name=f"alias.{name}", model=model, topics=topics, outlay=outlay, run=run)


FAMILY = Family(name="aliases", rule=_rule, probes=_probes)
