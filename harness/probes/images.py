"""Claims about images that are drawn: the endpoint, its request and its reply, and what an image costs.

It stands apart because each request costs real money: five decide all of it.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import UNSELECTED, Family, Outlay, Probe, Rule, Stance, Undecidable, Watched, unselected
from harness.probes.lineup import Lineup, model_of
from harness.probes.listing import IMAGE_LISTING, image_listing
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.routes import (
    is_turned_away,
    knock,
    list_of,
    object_of,
    observe,
    observe_knocked,
    path_of,
    routes_of,
    spell_route,
    whole_number,
)

ROUTE = "POST /images/generations"
MONEY = "money"
_PROMPT = "A plain red circle on a white background"
_PLAUSIBLE_S = range(1_500_000_000, 4_000_000_000)
_URL = re.compile(r"https?://\S+")
_MANY = 2
_CENTS = 100


def _topics(model: str) -> dict[str, Topic]:
    names = ("endpoint", "model", "prompt", "n", "size", "created", "url", "billed")
    return {name: Topic(f"images.{name}", model) for name in names}


# --- reading a reply


def images_of(document: Any) -> list[dict[str, Any]]:
    """The items of a reply that hold an image, by its address or by its content."""
    items = [object_of(item) for item in list_of(object_of(document).get("data"))]
    return [item for item in items if any(isinstance(item.get(key), str) for key in ("url", "b64_json"))]


def picture_size(encoded: object) -> tuple[int, int] | None:
    """Width and height of a PNG or a JPEG in base64; None for anything else."""
    if not isinstance(encoded, str):
        return None
    try:
        content = base64.b64decode(encoded, validate=False)
        if content.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", content[16:24])
            return width, height
        return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None
    except (binascii.Error, struct.error, ValueError, IndexError):
        return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the frame header: C0 to CF but for those that hold tables."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004 - the mark of a marker
        marker = content[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # noqa: PLR2004 - as the standard numbers them
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


# --- the requests


async def probe_images(path: str, model: str, size: str, usd: Decimal | None, desk: Desk) -> None:
    """One image, two at once, one of a size; and two requests that cannot be right.

    size  such as '1024x1024', as documented; usd what an image is said to cost, None if nothing is said
    """
    topics = _topics(model)
    body = {"model": model, "prompt": _PROMPT}
    plain = await knock(desk, Ask(about="one image", path=path, body=body, role="control"))
    if plain.answer != "answered":
        seen = observe_knocked(topics["endpoint"], plain, refused="rejected")
        desk.observe(seen)
        for name in topics.keys() - {"endpoint"}:
            words = f"no image is to be had: {seen.words}"
            unasked = Observation(topic=topics[name], outcome="unasked", words=words, grade="E0", error=seen.error)
            desk.observe(unasked)
        return
    drawn = images_of(plain.last.document)
    words = "it draws an image" if drawn else "it answers, and with no image"
    observe(desk, topics["endpoint"], "holds" if drawn else "broken", words, plain.tries)
    _observe_created(desk, topics["created"], plain.last)
    several = await _several(desk, topics, Ask(about="two at once", path=path, body={**body, "n": _MANY}))
    await _size(desk, topics["size"], Ask(about=f"of size {size}", path=path, body={**body, "size": size}), size)
    for name, broken in (("model", {**body, "model": "harness-no-such-model"}), ("prompt", {"model": model})):
        await _mistake(desk, topics[name], name, Ask(about=f"a {name} that cannot be right", path=path, body=broken))
    if usd is not None:
        _observe_billed(desk, topics["billed"], [plain.last, *several], usd)


async def _several(desk: Desk, topics: dict[str, Topic], ask: Ask) -> tuple[Seen, ...]:
    """Two images at once: how many come, and whether each has an address."""
    knocked = await knock(desk, _treating(ask))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topics["n"], knocked, refused="rejected"))
        words = f"two images cannot be asked for: {knocked.words}"
        observe(desk, topics["url"], "unknown", words, knocked.tries)
        return ()
    drawn = images_of(knocked.last.document)
    outcome: Outcome = "effect" if len(drawn) == _MANY else "no-effect" if len(drawn) == 1 else "broken"
    observe(desk, topics["n"], outcome, f"{len(drawn)} images where n is {_MANY}", knocked.tries, grade="E4")
    addresses = [item for item in drawn if isinstance(item.get("url"), str) and _URL.fullmatch(item["url"])]
    good = len(addresses) == len(drawn) == _MANY
    words = f"{len(addresses)} addresses where n is {_MANY}"
    observe(desk, topics["url"], "holds" if good else "broken", words, knocked.tries)
    return knocked.tries[-1:]


async def _size(desk: Desk, topic: Topic, ask: Ask, size: str) -> None:
    """An image of a size: its content is asked for, since only that shows how large it is."""
    with_content = Ask(about=ask.about, path=ask.path, body={**ask.body, "response_format": "b64_json"})
    knocked = await knock(desk, _treating(with_content))
    if knocked.answer == "refused" and knocked.last.names("response_format"):
        knocked = await knock(desk, _treating(ask))
    if knocked.answer != "answered":
        desk.observe(observe_knocked(topic, knocked, refused="rejected"))
        return
    sizes = [picture_size(item.get("b64_json")) for item in images_of(knocked.last.document)]
    shown = next((f"{each[0]}x{each[1]}" for each in sizes if each is not None), None)
    if shown is None:
        observe(desk, topic, "accepted", f"size {size} is accepted, and the image cannot be looked at", knocked.tries)
    else:
        outcome: Outcome = "effect" if shown == size else "no-effect"
        observe(desk, topic, outcome, f"an image of {shown} where {size} was asked for", knocked.tries)


def _treating(ask: Ask) -> Ask:
    return replace(ask, role="treatment")


async def _mistake(desk: Desk, topic: Topic, name: str, ask: Ask) -> None:
    """A field that is wrong or missing: refused, it is read; answered, it may not be."""
    seen = await desk.one(_treating(ask))
    if is_turned_away(seen):
        observe(
            desk, topic, "effect", f"taken, and refused where it cannot be right: {seen.words}", (seen,), grade="E2"
        )
    elif seen.accepted:
        observe(desk, topic, "accepted", f"taken, and answered where the {name} cannot be right", (seen,))
    else:
        observe(desk, topic, "unknown", seen.words, (seen,))


def _observe_created(desk: Desk, topic: Topic, seen: Seen) -> None:
    created = object_of(seen.document).get("created")
    number = whole_number(created)
    good = number is not None and number in _PLAUSIBLE_S
    words = f"created is {created!r}"[:80] if created is not None else "there is no created"
    observe(desk, topic, "holds" if good else "broken", words, (seen,))


def _observe_billed(desk: Desk, topic: Topic, seen: Sequence[Seen], usd: Decimal) -> None:
    billed = [(each.reply.usage.billed_usd, len(images_of(each.document))) for each in seen]
    known = [(cost, count) for cost, count in billed if cost is not None and count]
    if not known:
        observe(desk, topic, "unknown", "no reply says what it cost", seen)
        return
    shown = ", ".join(f"${cost.normalize():f} for {count}" for cost, count in known)
    good = all(cost == usd * count for cost, count in known)
    observe(desk, topic, "holds" if good else "broken", f"billed {shown}", seen)


# --- the family


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "pricing" and "usd_per_image" in claim.value:
        return _price_rule(claim, lineup)
    name = _topic_name(claim)
    if name is None:
        return None
    model = _drawing(claim, lineup)
    if model is None:
        return unselected("no model that draws was selected")
    unavailable = claim.kind == "endpoint" and claim.value.get("available") is False
    stance: Stance = "fact" if name in ("created", "url") else "unsupported" if unavailable else "supported"
    return Rule(topics=(_topics(model)[name],), stance=stance)


def _topic_name(claim: Claim) -> str | None:
    """What a claim says of images; None if it is about something else."""
    if claim.kind == "endpoint":
        return "endpoint" if ROUTE in routes_of(claim) else None
    if claim.kind == "request_schema" and ROUTE in routes_of_field(claim):
        field = claim.value.get("field")
        return field if field in ("model", "prompt", "n", "size") else None
    # A reply's field says nothing of its endpoint, but of the chats, whose replies are like it, none costs extra.
    if claim.kind == "response_schema" and MONEY in claim.needs:
        return {"created": "created", "data[].url": "url"}.get(claim.subject.id)
    return None


def routes_of_field(claim: Claim) -> tuple[str, ...]:
    """The routes whose request a field belongs to, where the claim says so."""
    method, _, path = str(claim.value.get("endpoint")).partition(" ")
    return (spell_route(method, path),)


def _drawing(claim: Claim, lineup: Lineup) -> str | None:
    named = claim.value.get("model")
    return named if named in lineup.images else next(iter(lineup.images), None)


def _price_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable:
    model = model_of(claim)
    if model not in lineup.images:
        return UNSELECTED
    listed = Topic("images.listed", model)
    billed = (_topics(model)["billed"],) if MONEY in lineup.allowed else ()
    return Rule(topics=(*billed, listed), rides_on=(image_listing(model),))


def _claimed_usd(lineup: Lineup, model: str) -> Decimal | None:
    claims = [each for each in lineup.register.claims if each.kind == "pricing" and model_of(each) == model]
    said = next((each.value["usd_per_image"] for each in claims if "usd_per_image" in each.value), None)
    return None if said is None else Decimal(str(said))


def _claimed_size(lineup: Lineup) -> str:
    sizes = (each.value.get("example") for each in lineup.register.claims if _topic_name(each) == "size")
    return next((size for size in sizes if isinstance(size, str)), "1024x1024")


def _probes(lineup: Lineup) -> Iterator[Probe]:
    for model in lineup.images:
        usd = _claimed_usd(lineup, model)
        yield Probe(
            name="images",
            model=model,
            topics=frozenset(_topics(model).values()),
            outlay=Outlay(requests=5, at_most=12, usd=4 * float(usd or 0)),
            needs=(MONEY,),
            run=partial(probe_images, path_of(lineup, ROUTE), model, _claimed_size(lineup), usd),
        )


def _watch(watched: Watched) -> Iterable[Observation]:
    """What an image is listed to cost, in cents."""
    for model in watched.lineup.images:
        seen = next((each for each in watched.seen if each.ask.path == f"{IMAGE_LISTING}{model}"), None)
        usd = _claimed_usd(watched.lineup, model)
        if seen is None or usd is None or seen.attempt.status is None:
            continue
        cents = whole_number(object_of(seen.document).get("image_price"))
        outcome: Outcome = "unknown" if cents is None else "holds" if cents == usd * _CENTS else "broken"
        yield Observation(
            topic=Topic("images.listed", model),
            outcome=outcome,
            words=f"listed at {cents} cents" if cents is not None else f"no list says its price: {seen.words}"[:200],
            grade="E1" if cents is None else "E3",
            n=1,
            evidence=(seen.as_evidence(),),
        )


FAMILY = Family(name="images", rule=_rule, probes=_probes, watch=_watch)
