"""Claims about searches that the vendor runs: is one run when its tool is declared, and what does a call cost.

It stands apart from tools, because the same declaration means two things: without parameters, that the vendor runs it.
Every such search costs money, so most of this must be opted into.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.core.cost import cost_of
from harness.core.errors import UnknownRate
from harness.core.verdict import Grade
from harness.probes.chat_bodies import WORDS, Json, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, Watched
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.tries import balks, cap_of, pursue, spoilt, try_each

LIVE = "search.live"
MONEY = ("money",)

_NEWS = "What is the latest news about space telescopes? Answer in two sentences."
_FEE_USD = 0.005
_SEARCHES = 4
"""A forced search may look several times."""

# A fee is told from the tokens beside it to this share of it.
_CLOSE = Decimal("0.02")
_MOST_CALLS = 10


def _topic(kind: str, tool: str, model: str) -> Topic:
    """'run': the vendor runs it; 'declared': it may be declared so; 'forced': it can be forced; 'fee': its cost."""
    return Topic(f"search.{kind}.{tool}", model)


def _managed(tool: str) -> Json:
    return {"type": "function", "function": {"name": tool}}


def traces(seen: Seen) -> str:
    """What in a reply shows that the server searched, in words; '' if nothing."""
    usage = seen.reply.usage
    parts = [f"{len(seen.reply.sources)} sources"] if seen.reply.sources else []
    parts += [f"{usage.sources_used} sources used"] if usage.sources_used else []
    calls = sum(usage.server_calls.values())
    parts += [f"{calls} calls of the server's own"] if calls else []
    return ", ".join(parts)


async def probe_search(tool: str, desk: Desk) -> None:
    """A search declared without parameters, on a question about news: who runs it; and can it be forced.

    source  VERDICTS.md, "Managed search"
    """
    model = desk.model or ""
    run, declared, forced = (_topic(kind, tool, model) for kind in ("run", "declared", "forced"))
    body = chat(model, _NEWS, tools=[_managed(tool)])
    plain = Ask(about="without tools", body=chat(model, say(desk.random.choice(WORDS))))
    offer = Ask(about=f"{tool} without parameters, offered", body=body, role="treatment")
    force = Ask(
        about=f"{tool} without parameters, forced", body={**body, "tool_choice": _managed(tool)}, role="treatment"
    )
    offered = await desk.one(offer)
    if not offered.ok:
        refusal = await pursue(desk, run, offered, plain, "tool")
        for topic in (run, declared, forced):
            desk.observe(replace(refusal, topic=topic))
        return
    desk.observe(_read_declared(declared, offered))
    seen = [offered]
    if forced in desk.wanted or not _shows(offered):
        seen.append(await desk.one(force))
        if seen[1].ok:
            desk.observe(_read_forced(forced, tool, seen[1]))
        elif forced in desk.wanted:
            desk.observe(await pursue(desk, forced, seen[1], offer, "tool_choice"))
    desk.observe(_read_run(run, tool, [each for each in seen if each.ok]))


def _shows(seen: Seen) -> bool:
    return bool(traces(seen) or seen.reply.tool_calls)


def _say(topic: Topic, outcome: Outcome, words: str, *seen: Seen, grade: Grade = "E3") -> Observation:
    evidence = tuple(each.as_evidence() for each in seen)
    return Observation(topic=topic, outcome=outcome, words=words, grade=grade, n=len(seen), evidence=evidence)


def _read_run(topic: Topic, tool: str, seen: Sequence[Seen]) -> Observation:
    """Who runs it, by the first reply that shows it."""
    shown = next((each for each in seen if _shows(each)), None)
    if shown is None:
        words = f"{len(seen)} answers without any trace of a search"
        outcome: Outcome = "no-effect" if len(seen) > 1 else "unknown"
        return _say(topic, outcome, words, *seen)
    if shown.reply.tool_calls:
        words = f"{tool} comes back as a call for the client to run: an ordinary function, and nothing is searched"
        return _say(topic, "broken", words, shown)
    if shown.reply.content:
        return _say(topic, "holds", f"the server searches itself, and answers ({traces(shown)})", shown)
    return _say(topic, "unknown", f"the server searches ({traces(shown)}), and says nothing", shown)


def _read_forced(topic: Topic, tool: str, seen: Seen) -> Observation:
    if any(call.name == tool for call in seen.reply.tool_calls):
        return _say(topic, "holds", f"forced by name, {tool} is called, for the client to run", seen)
    if traces(seen):
        return _say(topic, "holds", f"forced by name, {tool} is run ({traces(seen)})", seen)
    return _say(
        topic, "no-effect", f"forced by name, {tool} is not called, and nothing shows that it ran: {seen.words}", seen
    )


def _read_declared(topic: Topic, seen: Seen) -> Observation:
    what = "and used" if _shows(seen) else "whether it is read does not show"
    return _say(topic, "accepted", f"a declaration by name alone is accepted, {what}", seen)


async def probe_live(paid: bool, cap: Json, desk: Desk) -> None:  # noqa: FBT001 - given once, where the probe is made
    """search_parameters: read, where a mode that does not exist is refused; and with money, does it search.

    paid  whether a search may be paid for
    cap   what bounds an answer
    """
    topic = desk.topic(LIVE)
    body = chat(desk.model or "", _NEWS, **cap)
    asks = [
        Ask(about=f"search_parameters mode {mode}", body={**body, "search_parameters": {"mode": mode}})
        for mode in ("off", "harness-no-such-mode")
    ]
    off, unknown = await try_each(desk, Ask(about="without search_parameters", body=body), asks)
    if cap and balks(off.controls[0]):
        await probe_live(paid, {}, desk)
        return
    evidence = (*off.evidence, *unknown.evidence)
    if off.answer != "accepted":
        outcomes: dict[str, Outcome] = {"rejected": "rejected", "server-error": "server-error"}
        outcome, error = outcomes.get(off.answer, "unknown"), off.answer == "spoilt"
        words = f"search_parameters, even with mode off: {off.words}"
        desk.observe(
            Observation(topic=topic, outcome=outcome, words=words, n=len(off.tries), evidence=evidence, error=error)
        )
        return
    by_name = unknown.answer == "rejected" and any(each.names("mode") for each in unknown.tries)
    if not paid:
        how = "a mode that does not exist is refused" if by_name else "a mode that does not exist is accepted, too"
        words = f"search_parameters mode off is accepted, and {how}; a search would cost money (--allow money)"
        read = Observation(topic=topic, outcome="accepted", words=words, grade="E2" if by_name else "E1", n=2)
        desk.observe(replace(read, evidence=evidence, by_name=by_name, needs=() if by_name else ("money",)))
        return
    on = {"mode": "on", "max_search_results": 2}
    seen = await desk.one(
        Ask(about="search_parameters mode on", body={**body, "search_parameters": on}, role="treatment")
    )
    if not seen.ok:
        desk.observe(spoilt(topic, seen))
        return
    found, idle = traces(seen), not any(traces(each) for each in off.tries)
    outcome = "holds" if found and idle else "unknown" if found else "no-effect"
    words = f"mode on: {found or 'no trace of a search'}; mode off: {'none' if idle else 'a search as well'}"
    desk.observe(replace(_say(topic, outcome, words, *off.tries, seen), grade="E3"))


def _watch(watched: Watched) -> Iterator[Observation]:
    """What a search costs beyond its tokens, by the server's own bills."""
    for model in watched.lineup.models:
        seen = [each for each in watched.of(model) if each.ask.chats and each.ok]
        plain = [each for each in seen if not _searches(each) and not traces(each)]
        for tool in _tools(watched.lineup):
            mine = [each for each in seen if _declares(each, tool) and traces(each)]
            if mine:
                yield _fee(_topic("fee", tool, model), mine, plain, watched.lineup)


def _searches(seen: Seen) -> bool:
    body = seen.ask.body
    return isinstance(body, Mapping) and ("search_parameters" in body or "tools" in body)


def _declares(seen: Seen, tool: str) -> bool:
    tools = seen.ask.body.get("tools") if isinstance(seen.ask.body, Mapping) else None
    return isinstance(tools, list) and tools == [_managed(tool)]


def _fee(topic: Topic, searches: Sequence[Seen], plain: Sequence[Seen], lineup: Lineup) -> Observation:
    """The fee of one call: what is billed, less the tokens at the rate at which plain replies are billed."""
    wanted = _documented_fee(topic.name.rpartition(".")[2], lineup)
    model = topic.model or ""
    fees: list[Decimal] = []
    ratios = [ratio for each in plain if (ratio := _ratio(each, lineup, model)) is not None]
    ratio = sorted(ratios)[len(ratios) // 2] if ratios else None
    for each in searches:
        tokens, billed = _tokens_usd(each, lineup, model), each.reply.usage.billed_usd
        if None not in (tokens, billed, ratio):
            calls = sum(each.reply.usage.server_calls.values())
            beyond = billed - tokens * ratio  # type: ignore[operator]  # none of them is None here
            fees.append(beyond / calls if calls else _of_one_call(beyond, wanted))
    if not fees or wanted is None:
        words = "the replies do not say what they cost, or their tokens have no price"
        return _say(topic, "unknown", words, *searches, grade="E1")
    wrong = [fee for fee in fees if abs(fee - wanted) > wanted * _CLOSE]
    shown = ", ".join(dict.fromkeys(f"${fee:.5f}" for fee in fees))
    words = f"beyond its tokens a call is billed {shown}; documented is ${wanted}"
    return _say(topic, "broken" if wrong else "holds", words, *searches)


def _of_one_call(beyond: Decimal, wanted: Decimal | None) -> Decimal:
    """What one call costs where the server does not count them: as many as fit the documented fee best."""
    if not wanted:
        return beyond
    return beyond / max(1, min(_MOST_CALLS, round(beyond / wanted)))


def _tokens_usd(seen: Seen, lineup: Lineup, model: str) -> Decimal | None:
    bare = replace(seen.reply.usage, billed_usd=None, server_calls={})
    try:
        return cost_of(bare, lineup.provider.find_tariff(model, "documented")).usd
    except UnknownRate:
        return None


def _ratio(seen: Seen, lineup: Lineup, model: str) -> Decimal | None:
    """What a plain reply is billed, in its documented price."""
    tokens, billed = _tokens_usd(seen, lineup, model), seen.reply.usage.billed_usd
    return billed / tokens if tokens and billed is not None else None


def _documented_fee(tool: str, lineup: Lineup) -> Decimal | None:
    for claim in lineup.register.claims:
        if claim.kind == "tool_cost" and claim.subject.id == tool and "usd_per_call" in claim.value:
            return Decimal(str(claim.value["usd_per_call"]))
    return None


def _tools(lineup: Lineup) -> tuple[str, ...]:
    """The tools that the register says the vendor runs."""
    claims = [claim for claim in lineup.register.claims if claim.kind == "builtin_tool"]
    names = [claim.value.get("tool") or claim.subject.id for claim in claims if claim.observable == "wire"]
    return tuple(dict.fromkeys(str(name) for name in names))


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    model = model_of(claim)
    value = claim.value
    if claim.kind == "capability" and value.get("capability") == "web_search" and model is not None:
        denied = denies(value.get("value"))
        topic = _topic("run", "web_search", model)
        return Rule(topics=(topic,), stance="unsupported" if denied else "supported")
    if claim.kind == "doc_section" and str(value.get("title")).lower() == "live search":
        return None if lineup.plain is None else Rule(topics=(Topic(LIVE, lineup.plain),), stance="supported")
    if claim.kind == "builtin_tool":
        return _tool_rule(claim, lineup)
    if claim.kind == "tool_cost" and "usd_per_call" in value and lineup.plain is not None:
        if MONEY[0] not in lineup.allowed:
            return Undecidable(reason="must be opted into: --allow money", needs=MONEY)
        tool = claim.subject.id
        topic, run = _topic("fee", tool, lineup.plain), _topic("run", tool, lineup.plain)
        return Rule(topics=(topic,), rides_on=(run,))
    return None


def _tool_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    model = model_of(claim) if claim.subject.type == "model" else lineup.plain
    tool = str(claim.value.get("tool") or claim.subject.id)
    if model is None:
        return None
    if "available" in claim.value:
        stance = "supported" if claim.value["available"] else "unsupported"
        return Rule(topics=(_topic("run", tool, model),), stance=stance)  # type: ignore[arg-type]
    if "declared_as" in claim.value:
        return Rule(topics=(_topic("declared", tool, model),), stance="accepted")
    if "tool_choice" in claim.value:
        return Rule(topics=(_topic("forced", tool, model),), stance="supported")
    return Rule(topics=(_topic("run", tool, model),), stance="supported") if "function" in claim.value else None


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        for tool in _tools(lineup):
            topics = frozenset(_topic(kind, tool, model) for kind in ("run", "declared", "forced"))
            usd = 2 * _FEE_USD
            outlay = Outlay(requests=1, at_most=9, input_tokens=80, output_tokens=250, usd=usd)
            run = partial(probe_search, tool)
            yield Probe(name=f"search.{tool}", model=model, topics=topics, outlay=outlay, needs=MONEY, run=run)
    if lineup.plain is not None:
        yield _live_probe(lineup.plain, lineup)


def _live_probe(model: str, lineup: Lineup) -> Probe:
    paid = MONEY[0] in lineup.allowed
    usd = _SEARCHES * _FEE_USD if paid else 0.0
    outlay = Outlay(requests=7 + paid, input_tokens=180, output_tokens=800, usd=usd)
    run: Any = partial(probe_live, paid, cap_of(lineup, model))
    return Probe(name="search.live", model=model, topics=frozenset({Topic(LIVE, model)}), outlay=outlay, run=run)


FAMILY = Family(name="search", rule=_rule, probes=_probes, watch=_watch)
