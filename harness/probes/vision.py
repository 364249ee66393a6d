"""Claims about what a model takes in beside text: pictures and sound, and the forms in which a picture may come.

It stands apart from how pictures are made and from the forms themselves: here are the two senses, and the rules.
source  VERDICTS.md, "Effects": vision
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from harness.core.claims import Claim
from harness.core.verdict import Evidence
from harness.probes.chat_bodies import chat, talk
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.effect import said
from harness.probes.family import UNSELECTED, Family, Outlay, Probe, Rule, Stance, Undecidable, unselected
from harness.probes.image_forms import DETAILS, QUESTION, picture_ask, probe_forms
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.picture import ADDRESS, ADDRESS_WORD, digits_in_place, draw_digits, reads
from harness.probes.refusal import TRIES, Tried, observe_refusal
from harness.probes.sound import COUNTS, as_part, beeps_wav, counts
from harness.probes.together import try_together

SENSES = ("vision", "audio")
_ENOUGH_READ = 2
_CLOSE = 4
"""Digits in their place, of nine, from which a model is bad at reading and not blind: by luck, once in sixty times."""
_BEEPS = "How many beeps are in this recording? Answer with the number alone."
_FEW_TOKENS = 8
"""By how much a prompt may grow without a recording having been counted."""


async def probe_senses(desk: Desk) -> None:
    """Is a picture, is a recording taken; if so, do answers show that it was seen or heard."""
    wanted = [name for name in SENSES if desk.wants(name)]
    shown = [draw_digits(desk.random) for _ in range(TRIES)]
    played = desk.random.sample(COUNTS, TRIES)
    asks: dict[str, Callable[[int], Ask]] = {
        "vision": lambda number: _look(desk, shown, number),
        "audio": lambda number: _listen(desk, played, number),
    }
    question = Ask(about="the question alone", body=chat(desk.model or "", QUESTION))
    tried = await try_together(desk, {name: asks[name] for name in wanted}, question)
    if "vision" in tried:
        desk.observe(await _see(desk, tried["vision"], shown))
    if "audio" in tried:
        desk.observe(await _hear(desk, tried["audio"], played))


def _look(desk: Desk, shown: Sequence[str], number: int) -> Ask:
    # The last try is by address: what refuses pictures by their content only is not blind.
    return _address_ask(desk) if number == TRIES - 1 else picture_ask(desk.model or "", shown[number])


def _address_ask(desk: Desk) -> Ask:
    parts = [
        {"type": "image_url", "image_url": {"url": ADDRESS}},
        {"type": "text", "text": "Which word is written in this picture?"},
    ]
    return Ask(about="a picture by its address", body=talk(desk.model or "", [{"role": "user", "content": parts}]))


def _listen(desk: Desk, played: Sequence[int], number: int) -> Ask:
    parts = [{"type": "text", "text": _BEEPS}, as_part(beeps_wav(played[number]))]
    return Ask(
        about=f"a recording of {played[number]} beeps",
        body=talk(desk.model or "", [{"role": "user", "content": parts}]),
    )


async def _see(desk: Desk, tried: Tried, shown: Sequence[str]) -> Observation:
    topic = desk.topic("vision")
    if tried.answer == "mixed" and tried.tries[-1].accepted and all(each.refused for each in tried.tries[:-1]):
        return _by_address(topic, tried)
    if tried.answer != "accepted":
        return observe_refusal(topic, tried, "image")
    model = desk.model or ""
    more = await desk.ask(*(picture_ask(model, digits, role="treatment") for digits in shown[1:]))
    answers = [(each, digits) for each, digits in zip((tried.tries[0], *more), shown, strict=True) if _speaks(each)]
    evidence = (*tried.evidence, *(each.as_evidence() for each in more))
    told = partial(_told, topic, evidence, len(answers))
    if len(answers) < _ENOUGH_READ:
        words = f"accepted, and {len(answers)} of {len(shown)} requests are answered in words"
        return told("unknown", words, error=not all(each.ok for each in more))
    right = sum(reads(said(each), digits) for each, digits in answers)
    words = f"the digits are read in {right} of {len(answers)} pictures"
    if right >= _ENOUGH_READ:
        return told("effect", words)
    close = sum(digits_in_place(said(each), digits) for each, digits in answers)
    if right or close >= _CLOSE:
        return told("unknown", f"{words}, {close} digits in their place", more=TRIES)
    each, digits = answers[0]
    return told("no-effect", f"{words}: of {digits} it says {said(each)[:60]!r}")


def _by_address(topic: Topic, tried: Tried) -> Observation:
    answer = tried.tries[-1]
    if ADDRESS_WORD in said(answer).lower():
        return _told(topic, tried.evidence, 1, "effect", "a picture is read by its address, and refused by its content")
    words = f"a picture is taken by its address only, and not read there: {answer.words}"
    return _told(topic, tried.evidence, len(tried.tries), "unknown", words)


async def _hear(desk: Desk, tried: Tried, played: Sequence[int]) -> Observation:
    topic = desk.topic("audio")
    if tried.answer != "accepted":
        return observe_refusal(topic, tried, "audio")
    asks = [_listen(desk, played, number) for number in range(1, len(played))]
    more = await desk.ask(*asks)
    answers = [(each, count) for each, count in zip((tried.tries[0], *more), played, strict=True) if _speaks(each)]
    told = partial(_told, topic, (*tried.evidence, *(each.as_evidence() for each in more)), len(answers))
    right = sum(counts(said(each), count) for each, count in answers)
    words = f"accepted; the beeps are counted right in {right} of {len(answers)} recordings"
    if answers and right == len(played):
        return told("effect", words)
    growth = _growth([each for each, _ in answers], tried.controls[0])
    if len(answers) < len(played) or growth is None:
        return told("accepted", words)
    if growth <= _FEW_TOKENS and right <= 1:
        return told("no-effect", f"{words}, and no tokens are counted for them")
    return told("accepted", f"{words}; about {growth} tokens are counted for each")


def _growth(answers: Sequence[Seen], control: Seen) -> int | None:
    """By how many tokens the prompt grows at most, the two questions being as long; None if it is not said."""
    base = control.reply.usage.prompt
    sizes = [each.reply.usage.prompt for each in answers]
    known = [size for size in sizes if size is not None]
    return None if base is None or not known or len(known) < len(sizes) else max(known) - base


def _speaks(seen: Seen) -> bool:
    return seen.ok and bool(said(seen))


def _told(
    topic: Topic,
    evidence: tuple[Evidence, ...],
    n: int,
    outcome: Outcome,
    words: str,
    *,
    more: int = 0,
    error: bool = False,
) -> Observation:
    grade = "E4" if outcome in ("effect", "no-effect") else "E1"
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade=grade,  # type: ignore[arg-type]
        n=n,
        evidence=evidence,
        more=more,
        error=error,
    )


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    value = claim.value
    if claim.kind == "capability" and value.get("capability") in SENSES:
        stance: Stance = "unsupported" if value.get("value") is None or denies(value["value"]) else "supported"
        return Rule(topics=(Topic(str(value["capability"]), model_of(claim)),), stance=stance)
    if claim.kind == "example" and _shows_picture(claim):
        return Rule(topics=(Topic("image.example", model_of(claim)),), stance="accepted")
    if claim.kind == "endpoint" and value.get("same_endpoint") is True:
        return _about(value.get("model"), "image.part", "supported", lineup)
    if claim.kind == "doc_section" and "image understanding" in str(value.get("title")).lower():
        return _about(_seeing(lineup), "vision", "supported", lineup)
    form = _form(claim)
    return None if form is None else _about(_seeing(lineup), form, "supported", lineup)


def _about(model: object, name: str, stance: Stance, lineup: Lineup) -> Rule | Undecidable:
    if model is None:
        return unselected("none of the models asked is documented to take images")
    if model not in lineup.models:
        return UNSELECTED
    return Rule(topics=(Topic(name, str(model)),), stance=stance)


def _seeing(lineup: Lineup) -> str | None:
    return lineup.first(lambda model: lineup.takes(model, "vision"))


def _shows_picture(claim: Claim) -> bool:
    order = claim.value.get("parts_order")
    return claim.value.get("example") == "vision" or (isinstance(order, list | tuple) and "image_url" in order)


def _form(claim: Claim) -> str | None:
    """Which form of a picture a field is about."""
    if claim.kind != "request_schema" or claim.subject.type != "field":
        return None
    url, detail = str(claim.value.get("url", "")).lower(), claim.value.get("detail")
    if claim.value.get("type") == "image_url":
        return "image.part"
    if detail in DETAILS:
        return f"image.detail.{detail}"
    if not url:
        return None
    return "image.content" if "base64" in url else "image.address" if "http" in url else None


def _probes(lineup: Lineup) -> Iterable[Probe]:
    senses = Outlay(requests=9, at_most=11, input_tokens=900, output_tokens=60)
    forms = Outlay(requests=10, at_most=20, input_tokens=4_500, output_tokens=700)
    for model in lineup.models:
        topics = frozenset(Topic(name, model) for name in SENSES)
        yield Probe(name="senses", model=model, topics=topics, outlay=senses, run=probe_senses)
        if lineup.takes(model, "vision"):
            names = ("part", "content", "address", "example", *(f"detail.{detail}" for detail in DETAILS))
            topics = frozenset(Topic(f"image.{name}", model) for name in names)
            yield Probe(name="images", model=model, topics=topics, outlay=forms, run=probe_forms)


FAMILY = Family(name="vision", rule=_rule, probes=_probes)
