"""Claims about keys and hosts: is a key needed, which one, and does each address serve what it is said to.

It stands apart from endpoints because here the same request goes out with other keys and to other addresses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from harness.core.chat import Credential
from harness.core.claims import Claim
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import CHAT, Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, Watched
from harness.probes.lineup import Lineup, model_of
from harness.probes.management import VALIDATION_ROUTE
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES, try_it
from harness.probes.routes import GONE, NO_MODEL, ONE_ADDRESS, host_of, is_turned_away, path_of
from harness.probes.tool_calls import tool_models
from harness.probes.tool_use import USE

_CHATS = ("model inference", "chat completions", "chat", "inference")
_TOOLS = ("tool calling", "function calling", "tools")
_REGIONAL_SECTION = "regional endpoints"


# --- keys


_STRANGERS: Mapping[Credential, str] = {"none": "without a key", "bad": "with a key that nobody issued"}


async def probe_required(required: Topic, way: Topic, desk: Desk) -> None:
    """The same request with the key, without one, and with one that nobody issued.

    required  whether strangers are turned away
    way       whether the key goes where it is sent here: shown by one stranger that is, whoever else is let in
    """
    ask = Ask(about="with the key", body=chat(desk.model or "", say(desk.random.choice(WORDS))), role="control")
    control = await desk.one(ask)
    seen, taken, crashed = [control], [], []
    for credential, shown in _STRANGERS.items():
        tries = await _with_key(desk, ask, credential, shown)
        seen += tries
        if all(each.accepted for each in tries):
            taken.append(f"{shown} it is answered all the same")
        elif all(each.crashed for each in tries):
            crashed.append(f"{shown} it draws {tries[-1].words}")
        elif not is_turned_away(tries[-1]):
            for topic in (required, way):
                desk.observe(_open_question(topic, f"{shown}: {tries[-1].words}", seen))
            return
    for topic in (required, way):
        if control.accepted:
            strict = topic is required
            desk.observe(_observe_strangers(topic, taken, crashed, seen, strict=strict))
        else:
            desk.observe(_open_question(topic, f"with the key it fails, too: {control.words}", seen))


def _observe_strangers(
    topic: Topic, taken: Sequence[str], crashed: Sequence[str], seen: Sequence[Seen], *, strict: bool
) -> Observation:
    """What it means that some strangers are let in, and some draw a crash, which neither lets in nor turns away.

    strict  that one is let in is a broken promise
    """
    refused = " and ".join(each.words.partition(":")[0] for each in seen[1:] if is_turned_away(each))
    words = "; ".join((*taken, *crashed)) or f"answered with the key; {refused} without it and with another"
    outcome: Outcome = "broken" if taken and strict else "unknown" if crashed else "holds"
    if taken and not crashed and not strict:
        outcome = "holds" if refused else "unknown"
        words += f"; else {refused}, so the header is read" if refused else ", so none shows whether the header is read"
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E1" if outcome == "unknown" else "E4",
        n=len(seen),
        evidence=tuple(each.as_evidence() for each in seen),
        flags=("server-error",) if crashed else (),
    )


async def _with_key(desk: Desk, ask: Ask, credential: Credential, shown: str) -> list[Seen]:
    """One try if it is turned away; three if not, with the control passing in between."""
    changed = replace(ask, about=shown, credential=credential, role="treatment", wrong=True)
    tries = [await desk.one(changed)]
    while len(tries) < TRIES and (tries[-1].accepted or tries[-1].crashed):
        if not (await desk.one(ask)).accepted:
            break
        tries.append(await desk.one(changed))
    return tries


async def probe_separate(path: str, topic: Topic, desk: Desk) -> None:
    """Each API with its own key and with the other's."""
    own = Ask(about="the management API with its key", method="GET", path=path, domain="management", role="control")
    others = replace(own, about="the management API with the inference key", credential="other", role="treatment")
    chats = Ask(about="the inference API with its key", body=chat(desk.model or "", say("banana")), role="control")
    crossed = replace(chats, about="the inference API with the management key", credential="other", role="treatment")
    seen = [await desk.one(each) for each in (own, others, chats, crossed)]
    unsent = next((each for each in seen if each.attempt.error == "no-key"), None)
    if unsent is not None:
        words = unsent.reply.error.message if unsent.reply.error is not None else unsent.words
        desk.observe(Observation(topic=topic, outcome="unasked", words=words, grade="E0", error=True))
        return
    failed = next((each for each in (seen[0], seen[2]) if not each.accepted), None)
    crossing = [(seen[1], "the inference key opens the management API")]
    crossing.append((seen[3], "the management key opens the inference API"))
    odd = next((each for each, _ in crossing if not each.accepted and not is_turned_away(each)), None)
    if failed is not None or odd is not None:
        desk.observe(_open_question(topic, (failed or odd or seen[0]).words, seen))
        return
    faults = [words for each, words in crossing if each.accepted]
    desk.observe(
        Observation(
            topic=topic,
            outcome="broken" if faults else "holds",
            words="; ".join(faults) or "each API takes its own key and refuses the other's",
            grade="E4",
            n=len(seen),
            evidence=tuple(each.as_evidence() for each in seen),
        )
    )


def _open_question(topic: Topic, words: str, seen: Sequence[Seen]) -> Observation:
    evidence = tuple(each.as_evidence() for each in seen)
    return Observation(topic=topic, outcome="unknown", words=words, n=len(seen), evidence=evidence, error=True)


# --- hosts

# Beside a control that passes with the same key: the model is not served there, or not to this key.
_AWAY = GONE | {403}


async def probe_region(region: str, topic: Topic, scope: Topic | None, desk: Desk) -> None:
    """A chat through a regional address, with the same at the general one.

    scope  the topic to observe instead where the model is one that the region is said not to serve
    """
    ask = Ask(about="at the general address", body=chat(desk.model or "", say(desk.random.choice(WORDS))))
    tried = await try_it(desk, replace(ask, about=f"through {region}", region=region), ask)
    gone = all(each.attempt.status in _AWAY for each in tried.tries) and all(each.accepted for each in tried.controls)
    refused = tried.answer == "rejected" or gone
    outcomes = {"accepted": "holds", "server-error": "server-error"}
    outcome = "rejected" if refused else outcomes.get(tried.answer, "unknown")
    if scope is not None and outcome in ("holds", "rejected"):
        outcome = "broken" if outcome == "holds" else "holds"
    words = f"{desk.model} is {'not ' if refused else ''}served through {region}"
    desk.observe(
        Observation(
            topic=scope or topic,
            outcome=outcome,  # type: ignore[arg-type]
            words=tried.words if outcome in ("unknown", "server-error") else words,
            grade="E4",
            n=len(tried.tries),
            evidence=tried.evidence,
            error=outcome == "unknown",
        )
    )


# --- the family


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "auth":
        return _key_rule(claim, lineup)
    if claim.kind == "doc_section":
        regional = str(claim.value.get("title")).lower() == _REGIONAL_SECTION
        return _section_rule(lineup) if regional else None
    if claim.kind != "host":
        return None
    region = claim.value.get("region")
    if isinstance(region, str):
        return _region_rule(region, lineup, model=model_of(claim))
    return _address_rule(claim, lineup)


def _key_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if lineup.plain is None:
        return NO_MODEL
    if claim.value.get("separate_key") is True:
        return Rule(topics=(Topic("auth.separate", lineup.plain),))
    header, scheme = claim.value.get("header"), claim.value.get("scheme", "")
    if not isinstance(header, str):
        return None
    ours = (lineup.provider.auth_header.lower(), lineup.provider.auth_prefix.strip().lower())
    if (header.lower(), str(scheme).lower()) != ours:
        return Undecidable(reason=f"keys are sent as '{' '.join(ours).strip()}' here")
    # Where the register says by itself how strangers are answered, this claim is about the way of the key alone.
    name = "auth.way" if _tells_of_strangers(lineup) else "auth.required"
    return Rule(topics=(Topic(name, lineup.plain),))


def _tells_of_strangers(lineup: Lineup) -> bool:
    told = {claim.subject.id for claim in lineup.register.claims if claim.kind == "error"}
    return told.issuperset(("bad-key", "missing-key"))


def _section_rule(lineup: Lineup) -> Rule | Undecidable:
    rules = [_region_rule(region, lineup) for region in lineup.provider.regions]
    topics = [rule.topics[0] for rule in rules if isinstance(rule, Rule)]
    return Rule(topics=tuple(topics)) if topics else ONE_ADDRESS


def _region_rule(region: str, lineup: Lineup, model: str | None = None, scope: object = None) -> Rule | Undecidable:
    if lineup.lone:
        return ONE_ADDRESS
    if region not in lineup.provider.regions:
        return Undecidable(reason=f"the catalogue names no address for {region}")
    asked = model or lineup.first(lambda each: lineup.takes(each, "vision")) or lineup.plain
    if asked is None:
        return NO_MODEL
    topics = [Topic(f"host.region.{region}", asked)]
    excluded = _blind(lineup) if isinstance(scope, str) and "vision" in scope else None
    if excluded is not None and excluded != asked:
        topics.append(Topic(f"host.region.{region}.scope", excluded))
    return Rule(topics=tuple(topics))


def _blind(lineup: Lineup) -> str | None:
    return lineup.first(lambda each: not lineup.takes(each, "vision"))


def _address_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    host = host_of(claim, lineup)
    if host == "management":
        return None
    if host is None:
        return Undecidable(reason="the catalogue names no such address")
    if host in lineup.provider.regions:
        return _region_rule(host, lineup, scope=claim.value.get("scope"))
    if lineup.lone and "serves" not in claim.value:
        # An address alone is what is claimed, and another one is asked.
        return ONE_ADDRESS
    return _served_rule(claim.value.get("serves"), lineup)


def _served_rule(serves: object, lineup: Lineup) -> Rule | Undecidable:
    if lineup.plain is None:
        return NO_MODEL
    base = Topic("host.inference", lineup.plain)
    if not isinstance(serves, list | tuple):
        return Rule(topics=(base,))
    said = [str(each).lower() for each in serves]
    strange = next((each for each in said if each not in (*_CHATS, *_TOOLS)), None)
    if strange is not None:
        return Undecidable(reason=f"the documents name no endpoint that shows '{strange}'")
    if not any(each in _TOOLS for each in said):
        return Rule(topics=(base,))
    using = tool_models(lineup)
    asked = lineup.plain if lineup.plain in using else next(iter(using), None)
    return NO_MODEL if asked is None else Rule(topics=(base, Topic(USE, asked)))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    model = lineup.plain
    if model is not None:
        required, way, separate = (Topic(f"auth.{name}", model) for name in ("required", "way", "separate"))
        short = Outlay(requests=3, at_most=9, input_tokens=30, output_tokens=10)
        yield _probe(required, partial(probe_required, required, way), short, also=(way,))
        path = path_of(lineup, VALIDATION_ROUTE)
        outlay = Outlay(requests=4, input_tokens=30, output_tokens=10)
        yield _probe(separate, partial(probe_separate, path, separate), outlay, needs=("management-key",))
    yield from _regional(lineup)


def _regional(lineup: Lineup) -> Iterator[Probe]:
    claims = [claim for claim in lineup.register.claims if claim.kind in ("host", "doc_section")]
    rules = [_rule(claim, lineup) for claim in claims]
    for topic in {topic: None for rule in rules if isinstance(rule, Rule) for topic in rule.topics}:
        name, is_scope = topic.name.removesuffix(".scope"), topic.name.endswith(".scope")
        if name.startswith("host.region."):
            region = name.removeprefix("host.region.")
            outlay = Outlay(requests=2, at_most=6, input_tokens=60, output_tokens=20)
            yield _probe(topic, partial(probe_region, region, topic, topic if is_scope else None), outlay)


def _probe(
    topic: Topic, run: partial[Any], outlay: Outlay, needs: tuple[str, ...] = (), also: tuple[Topic, ...] = ()
) -> Probe:
    return Probe(
        name=topic.name,
        model=topic.model,
        topics=frozenset({topic, *also}),
        outlay=outlay,
        needs=needs,
        run=run,
    )


def _watch(watched: Watched) -> Iterable[Observation]:
    """That the inference API's address answers: any chat of the model that stands for all."""
    model = watched.lineup.plain
    if model is None:
        return
    chats = [each for each in watched.of(model) if each.ask.path == CHAT and each.ask.region is None]
    answered = next((each for each in chats if each.accepted and each.ask.credential == "valid"), None)
    if answered is not None:
        yield Observation(
            topic=Topic("host.inference", model),
            outcome="holds",
            words=f"chats are answered below {watched.lineup.provider.base_url}"
            if not watched.lineup.lone
            else "chats are answered below the base URL that was given",
            grade="E3",
            n=1,
            evidence=(answered.as_evidence(),),
        )


FAMILY = Family(name="auth", rule=_rule, probes=_probes, watch=_watch)
