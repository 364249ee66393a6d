"""Promises about prices: what replies were billed against what documents say, and what the server lists.

It stands apart from usage, which only counts, and from the arithmetic of bills, which knows no claim.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import quote

from harness.core.claims import Claim
from harness.core.verdict import Grade
from harness.probes.bills import KINDS, LONG_PROMPT, MILLION, Bill, Rates, bills_of, find_rates
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, Watched
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Topic
from harness.probes.reply_fields import base_of, chat_replies, fact_of, unknown, unseen
from harness.wire.untrusted import object_of

_CLAIMED = {"usd_per_1m_input": "input", "usd_per_1m_cached_input": "cached input", "usd_per_1m_output": "output"}
_LISTED = {
    "input": "prompt_text_token_price",
    "cached input": "cached_prompt_text_token_price",
    "output": "completion_text_token_price",
}
_CENTS_PER_100M = 10_000
"""US cents per hundred million tokens in a dollar per million. source: facts on the wire of xAI, section 6"""
_MOST_CENTS = 10**15
FORMULA, EVERY = "price.formula", "price.every-token"
_LISTING, _LONG = "price.listed", "price.long"
_FILLER = "Nothing in this line matters at all, and it is repeated many times over. "
_LINES = (20, 220)
_FEWEST_TOKENS = 7


# --- probes


def _listing_path(model: str) -> str:
    return f"/language-models/{quote(model, safe='')}"


async def probe_prices(desk: Desk) -> None:
    """What the server lists, where it lists prices: a free second source."""
    await desk.one(Ask(about="the prices that are listed", method="GET", path=_listing_path(desk.model or "")))


async def probe_long(threshold: int, desk: Desk) -> None:
    """A prompt just beyond a length; two short ones tell how many tokens a line of it has."""
    few, many = _LINES
    shorter = [chat(desk.model or "", _FILLER * lines, max_tokens=1) for lines in _LINES]
    measured = await desk.ask(*(Ask(about="a short prompt, to measure its tokens", body=body) for body in shorter))
    first, second = (each.reply.usage.prompt or 0 for each in measured)
    a_line = Fraction(second - first, many - few)
    # Less than a token for two words is no count that a length could be reckoned with.
    if not all(each.ok for each in measured) or a_line < _FEWEST_TOKENS:
        return
    lines = int(threshold * Fraction(51, 50) / a_line) + 1
    body = chat(desk.model or "", _FILLER * lines, max_tokens=1)
    await desk.one(Ask(about=f"a prompt of more than {threshold} tokens", body=body))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    priced = {claim.subject.id for claim in lineup.register.claims if _is_price(claim)}
    for model in lineup.models:
        if model in priced:
            topics = frozenset({Topic(_LISTING, model)})
            yield Probe(name="prices", model=model, topics=topics, outlay=Outlay(requests=1), run=probe_prices)
    for claim in lineup.register.claims:
        threshold = _threshold(claim)
        if threshold is not None and claim.subject.id in lineup.models:
            yield Probe(
                name="long-price",
                model=claim.subject.id,
                topics=frozenset({Topic(_LONG, claim.subject.id)}),
                outlay=Outlay(requests=3, input_tokens=threshold + 6_000, output_tokens=3),
                needs=("long-context",),
                run=partial(probe_long, threshold),
            )


# --- rules


def _is_price(claim: Claim) -> bool:
    return claim.kind == "pricing" and claim.observable == "wire" and claim.subject.type == "model"


def _threshold(claim: Claim) -> int | None:
    told = claim.value.get("threshold_tokens")
    is_count = isinstance(told, int) and not isinstance(told, bool) and LONG_PROMPT < told < MILLION
    return told if _is_price(claim) and is_count else None


def _claimed(claim: Claim) -> tuple[str, Fraction] | None:
    """Kind of token and dollars per million, as a claim has them."""
    if not _is_price(claim):
        return None
    for key, kind in _CLAIMED.items():
        rate = claim.value.get(key)
        if isinstance(rate, int | float) and not isinstance(rate, bool):
            return kind, Fraction(str(rate))
    return None


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind == "rule" and claim.observable == "wire":
        if "total_cost" in claim.value:
            return _formula_rule(str(claim.value["total_cost"]), lineup)
        return _on_bills(EVERY, lineup.models) if claim.value.get("billing") == "every token used" else None
    return _price_rule(claim, lineup)


def _price_rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    model, claimed, threshold = claim.subject.id, _claimed(claim), _threshold(claim)
    if claimed is None and threshold is None:
        return None
    if model not in lineup.models:
        return Undecidable(reason="the model is not among those asked")
    if claimed is not None:
        return _on_bills(_price_topic(*claimed), (model,), _LISTING)
    return _on_bills(f"price.beyond {threshold}", (model,), _LISTING, _LONG)


_FORMULA = "input_tokens*input_price + output_tokens*output_price + reasoning_tokens*output_price"


def _formula_rule(formula: str, lineup: Lineup) -> Rule | Undecidable:
    if formula != _FORMULA:
        return Undecidable(reason="no probe reads this formula")
    return _on_bills(FORMULA, lineup.models)


def _price_topic(kind: str, rate: Fraction) -> str:
    return f"price.{kind} {_usd(rate)}"


def _on_bills(name: str, models: Iterable[str], *also: str) -> Rule:
    topics = tuple(Topic(name, model) for model in models)
    rides_on = [base_of(topic.model) for topic in topics]
    return Rule(topics=topics, rides_on=(*rides_on, *(Topic(other, topic.model) for topic in topics for other in also)))


def _usd(rate: Fraction) -> str:
    """Dollars, in as many digits as it takes; four decimals where that would be without end."""
    text = f"{Decimal(round(rate * MILLION)) / MILLION:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- what is seen


def _watch(watched: Watched) -> Iterator[Observation]:
    claims = [claim for claim in watched.lineup.register.claims if _is_price(claim)]
    for model in watched.lineup.models:
        own = [claim for claim in claims if claim.subject.id == model]
        replies = chat_replies(watched, model)
        bills = bills_of(replies)
        rates = find_rates(bills, tuple(_documented(own)))
        listing = _find_listing(watched, model)
        wanted = [
            *(_observe_rate(Topic(_price_topic(*said), model), said, rates, bills, listing) for said in _said(own)),
            _observe_formula(Topic(FORMULA, model), rates, bills),
            _observe_every(Topic(EVERY, model), rates, bills),
        ]
        for each in wanted:
            yield (not replies and each.outcome == "unknown" and unseen(watched, each.topic)) or each
        for threshold in {found for claim in own if (found := _threshold(claim)) is not None}:
            yield _observe_beyond(Topic(f"price.beyond {threshold}", model), threshold, rates, watched)


def _said(claims: Sequence[Claim]) -> Iterator[tuple[str, Fraction]]:
    yield from dict.fromkeys(said for claim in claims if (said := _claimed(claim)) is not None)


def _documented(claims: Sequence[Claim]) -> Iterator[Mapping[str, Fraction]]:
    """Every tariff that the claims of a model allow: reasoning is output, and cached input is input or has its rate."""
    rates = {kind: [rate for each, rate in _said(claims) if each == kind] for kind in KINDS}
    for fresh, output in product(rates["input"], rates["output"]):
        for cached in (*rates["cached input"], fresh):
            yield {"input": fresh, "cached input": cached, "output": output, "reasoning": output}


def _observe_rate(
    topic: Topic, said: tuple[str, Fraction], rates: Rates, bills: Sequence[Bill], listing: Seen | None
) -> Observation:
    """Bills decide; where none has such tokens, or they are too few to tell, what is listed does."""
    kind, rate = said
    billed, listed = rates.known.get(kind), _listed(listing, kind)
    evidence = [bill.seen for bill in bills[:3]]
    if billed is not None:
        words = f"{kind} tokens are billed at ${_usd(billed)} a million: {rates.words}"
        if listed is not None and listed != billed:
            words += f"; ${_usd(listed)} is listed"
        return _seen(topic, words, evidence, holds=billed == rate, n=len(bills), grade="E4")
    why = rates.words if kind in rates.used or not bills else f"no bill has {kind} tokens"
    # Listed at nothing, cached input may as well be what this model does not have.
    vague = kind == "cached input" and not listed
    if listed is None or listing is None or rates.unexplained or vague:
        listing_words = "no price of them is listed" if listed is None else f"${_usd(listed)} is listed"
        return unknown(topic, f"{why}; {listing_words}", evidence, more=3 if bills else 0)
    words = f"{kind} tokens are listed at ${_usd(listed)} a million; {why}"
    return _seen(topic, words, [listing], holds=listed == rate)


def _seen(
    topic: Topic, words: str, shown_by: Sequence[Seen], *, holds: bool, n: int = 1, grade: Grade = "E3"
) -> Observation:
    return replace(fact_of(topic, words, shown_by, n=n, holds=holds), grade=grade)


def _find_listing(watched: Watched, model: str) -> Seen | None:
    path = _listing_path(model)
    return next((each for each in watched.seen if each.ask.path == path and each.ok), None)


def _listed(listing: Seen | None, kind: str) -> Fraction | None:
    if listing is None or kind not in _LISTED:
        return None
    return _dollars(object_of(listing.document).get(_LISTED[kind]))


def _dollars(cents: Any) -> Fraction | None:
    """A listed price in dollars per million tokens; None if it is no number that a price could be."""
    is_price = isinstance(cents, int | float) and not isinstance(cents, bool) and 0 <= cents <= _MOST_CENTS
    return Fraction(str(cents)) / _CENTS_PER_100M if is_price else None


def _observe_formula(topic: Topic, rates: Rates, bills: Sequence[Bill]) -> Observation:
    """Input and output at a rate each, reasoning as output, and no other terms."""
    evidence = [bill.seen for bill in bills[:3]]
    missing = [kind for kind in rates.used if kind not in rates.known]
    if missing or not rates.used:
        return unknown(topic, rates.words, evidence, more=3 if bills else 0)
    known = rates.known
    faults = [
        f"{kind} tokens cost ${_usd(known[kind])} a million, and {like} ${_usd(known[like])}"
        for kind, like in (("cached input", "input"), ("reasoning", "output"))
        if kind in known and like in known and known[kind] != known[like]
    ]
    shown = ", ".join(f"{kind} ${_usd(rate)}" for kind, rate in known.items())
    words = "; ".join(faults) or f"what is billed is the sum of {shown} a million: {rates.words}"
    return _seen(topic, words, evidence, holds=not faults, n=len(bills), grade="E4")


def _observe_every(topic: Topic, rates: Rates, bills: Sequence[Bill]) -> Observation:
    """No kind of token is free."""
    evidence = [bill.seen for bill in bills[:3]]
    free = [kind for kind, rate in rates.known.items() if not rate]
    if not free and (not rates.used or len(rates.known) < len(rates.used)):
        return unknown(topic, rates.words, evidence, more=3 if bills else 0)
    words = f"{', '.join(free)} tokens cost nothing: {rates.words}"
    if not free:
        words = f"{', '.join(rates.used)} tokens are billed: {rates.words}"
    return _seen(topic, words, evidence, holds=not free, n=len(bills), grade="E4")


def _observe_beyond(topic: Topic, threshold: int, rates: Rates, watched: Watched) -> Observation:
    """Whether a prompt beyond the length is billed otherwise than shorter ones; or whether other prices are listed."""
    model = topic.model or ""
    long = [
        each
        for each in chat_replies(watched, model)
        if (each.reply.usage.prompt or 0) > threshold and each.reply.usage.billed_usd is not None
    ]
    flat = rates.known.get("input")
    if long and flat is not None:
        return _compare_long(topic, long[0], rates)
    listing = object_of(getattr(_find_listing(watched, model), "document", None))
    asked = watched.observations.get(Topic(_LONG, model))
    told = sorted(key for key in listing if "long_context" in key)
    found = _find_listing(watched, model)
    if told and found is not None:
        return _seen(topic, f"prices of long prompts are listed: {', '.join(told)[:160]}", [found], holds=True)
    if asked is not None and asked.outcome == "unasked":
        return Observation(topic=topic, outcome="unasked", words=asked.words, needs=asked.needs, error=asked.error)
    return unknown(topic, f"no reply to so long a prompt says what was billed, or none can be compared: {rates.words}")


def _compare_long(topic: Topic, seen: Seen, rates: Rates) -> Observation:
    usage = seen.reply.usage
    prompt, cached, output = usage.prompt or 0, min(usage.cached or 0, usage.prompt or 0), usage.output or 0
    fresh = rates.known["input"]
    flat = (prompt - cached) * fresh + cached * rates.known.get("cached input", fresh) + output * _output_rate(rates)
    billed = Fraction(usage.billed_usd or 0) * MILLION
    # A quarter leaves room for a cached rate that no short reply has shown; tiers that are known double a rate.
    differs = abs(billed - flat) > flat / 4
    words = (
        f"{prompt} prompt tokens cost ${_usd(billed / MILLION)}; at the rates of short prompts ${_usd(flat / MILLION)}"
    )
    return _seen(topic, words, [seen], holds=differs)


def _output_rate(rates: Rates) -> Fraction:
    return rates.known.get("output", Fraction(0))


FAMILY = Family(name="billing", rule=_rule, probes=_probes, watch=_watch)
