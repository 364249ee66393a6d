"""Claims that a model exists, and of when it came out: what the server lists, and whether it answers to the name.

It stands apart because these alone are decided for a model that is absent; every other claim of such a model is not
asked about. Nothing is sent for them: the gate asks for the list, and each model an ordinary question.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from harness.core.claims import Claim
from harness.core.verdict import Grade
from harness.probes.desk import CHAT, Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Watched
from harness.probes.lineup import Lineup, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.routes import first_list, knock, object_of, observe_knocked, whole_number
from harness.wire.presence import read_model_list

IMAGE_LISTING = "/image-generation-models/"


def image_listing(model: str) -> Topic:
    """The topic of what is listed of a model that draws."""
    return Topic("listing.image", model)


async def probe_image_listing(model: str, desk: Desk) -> None:
    """What is listed of a model that draws; absence decides nothing here, for the plain list may have it."""
    topic = image_listing(model)
    knocked = await knock(desk, Ask(about="what is listed of it", method="GET", path=f"{IMAGE_LISTING}{model}"))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked))
        return
    fields = object_of(knocked.last.document)
    outcome: Outcome = "holds" if fields.get("id") == model else "broken"
    words = f"listed as {fields.get('id')!r}"[:120]
    evidence = knocked.evidence
    desk.observe(Observation(topic=topic, outcome=outcome, words=words, grade="E3", n=1, evidence=evidence))


# --- what is known of the models


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a run's replies say of who is there.

    listing  the reply that lists models; None if none does, asked True if it was asked for and something came
    served   name -> id, as it lists them
    created  id -> when it was created, as it lists them
    """

    listing: Seen | None = None
    asked: bool = False
    served: Mapping[str, str] = field(default_factory=dict)
    created: Mapping[str, int] = field(default_factory=dict)


def _known(watched: Watched) -> _Known:
    path = watched.lineup.provider.model_list
    asked = [each for each in watched.seen if (each.ask.method, each.ask.path) == ("GET", path)]
    for seen in asked:
        served = read_model_list(seen.attempt.body) if seen.accepted else None
        if served is not None:
            return _Known(listing=seen, asked=True, served=served, created=_created(seen.document))
    return _Known(asked=any(each.attempt.status is not None for each in asked))


def _created(document: Any) -> dict[str, int]:
    rows = [object_of(row) for row in first_list(document) or ()]
    told = {row["id"]: whole_number(row.get("created")) for row in rows if isinstance(row.get("id"), str)}
    return {name: created for name, created in told.items() if created is not None}


def names_of(lineup: Lineup, model: str) -> frozenset[str]:
    """A model's id and its other names; of one that the catalogue lacks the name alone."""
    found = next((each for each in lineup.provider.models if model in (each.id, *each.aliases)), None)
    return frozenset({model} if found is None else {found.id, *found.aliases})


def answers_as_another(seen: Seen, lineup: Lineup, model: str) -> bool:
    """Whether a reply says that another model than the one that was asked gave it."""
    other = seen.reply.model
    return other is not None and other not in names_of(lineup, model) and not lineup.provider.open_models


def _observe_exists(watched: Watched, known: _Known, model: str) -> Observation | None:
    """Whether it answers to its name, and whether the list has it; None if neither is known."""
    chats = [each for each in watched.of(model) if each.ask.path == CHAT and each.ask.credential == "valid"]
    answered = next((each for each in chats if each.ok), None)
    # A name that is not there is refused every time: an answer to it outweighs what came besides.
    refused = next((each for each in chats if each.attempt.status == HTTPStatus.NOT_FOUND), None)
    own = next((each for each in watched.seen if each.ask.path == f"{IMAGE_LISTING}{model}"), None)
    meant = known.served.get(model)
    listed = meant is not None or (own is not None and own.accepted)
    seen = tuple(each for each in (known.listing, own, answered or refused) if each is not None)

    def observe(outcome: Outcome, words: str, grade: Grade = "E3") -> Observation:
        evidence = tuple(each.as_evidence() for each in seen)
        return Observation(
            topic=Topic("listing.exists", model),
            outcome=outcome,
            words=words,
            grade=grade,
            n=len(seen),
            evidence=evidence,
        )

    if meant is not None and meant not in names_of(watched.lineup, model):
        return observe("broken", f"redirected: {model} is listed as another name of {meant}")
    if answered is not None:
        if answers_as_another(answered, watched.lineup, model):
            return observe("broken", f"redirected: {answered.reply.model} answers")
        outcome, words = _answered(known, listed=listed)
        return observe(outcome, words)
    return _unanswered(known, own, refused, observe, listed=listed)


def _answered(known: _Known, *, listed: bool) -> tuple[Outcome, str]:
    if known.listing is None:
        return "holds", "it answers to its name; there is no list of models"
    if listed:
        return "holds", "it is listed, and answers to its name"
    return "partly", "it answers to its name, and no list has it"


def _unanswered(
    known: _Known, own: Seen | None, refused: Seen | None, observe: Callable[..., Observation], *, listed: bool
) -> Observation | None:
    if refused is not None:
        words = "it is listed, and" if listed else "it is not listed, and" if known.listing is not None else "asked,"
        return observe("partly" if listed else "broken", f"{words} draws {refused.words}")
    if listed:
        return observe("holds", "it is listed")
    if own is not None and known.listing is not None and own.attempt.status == HTTPStatus.NOT_FOUND:
        return observe("broken", f"no list has it: {own.words}")
    return None


def _observe_released(known: _Known, model: str, said: str) -> Observation:
    topic = _released(model, said)
    evidence = (known.listing.as_evidence(),) if known.listing is not None else ()
    created = known.created.get(known.served.get(model, model))

    def observe(outcome: Outcome, words: str) -> Observation:
        grade: Grade = "E3" if outcome != "unknown" else "E1"
        return Observation(topic=topic, outcome=outcome, words=words, grade=grade, n=1, evidence=evidence)

    day = _day(created)
    if known.listing is None or day is None:
        return observe("unknown", "no list says when it was created")
    if len(known.created) > 1 and len(set(known.created.values())) == 1:
        return observe("unknown", f"the list has {day} for every model")
    if day.startswith(said):
        return observe("holds", f"listed as created {day}")
    return observe("broken", f"listed as created {day}, which need not be when it came out")


def _day(created: int | None) -> str | None:
    try:
        return None if created is None or created <= 0 else f"{datetime.fromtimestamp(created, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        return None


def _released(model: str, said: str) -> Topic:
    return Topic(f"listing.released.{said}", model)


# --- the family


def _rule(claim: Claim, lineup: Lineup) -> Rule | None:
    model = model_of(claim)
    if claim.kind != "catalogue" or model is None:
        return None
    if claim.value.get("exists") is True:
        rides_on = (image_listing(model),) if model in lineup.images else ()
        return Rule(topics=(Topic("listing.exists", model),), rides_on=rides_on)
    said = claim.value.get("released")
    return Rule(topics=(_released(model, said),)) if isinstance(said, str) else None


def _probes(lineup: Lineup) -> Iterator[Probe]:
    for model in lineup.images:
        topic = image_listing(model)
        run = partial(probe_image_listing, model)
        outlay = Outlay(requests=1, at_most=3)
        yield Probe(name=topic.name, model=model, topics=frozenset({topic}), outlay=outlay, run=run)


def _watch(watched: Watched) -> Iterable[Observation]:
    known = _known(watched)
    for claim in watched.lineup.register.claims:
        model = model_of(claim)
        if claim.kind != "catalogue" or model not in (*watched.lineup.models, *watched.lineup.images):
            continue
        found = _observe_exists(watched, known, model)
        if claim.value.get("exists") is True and found is not None:
            yield found
        said = claim.value.get("released")
        # Of a model that is not there, or is another, nothing is said.
        is_there = found is None or found.outcome != "broken"
        if isinstance(said, str) and known.asked and is_there:
            yield _observe_released(known, model, said)


FAMILY = Family(name="listing", rule=_rule, probes=_probes, watch=_watch)

__all__ = ["FAMILY", "IMAGE_LISTING", "answers_as_another", "image_listing", "names_of"]
