"""Claims about reasoning: always, never, or where it is asked for; and that it comes before the answer.

It stands apart because most of it needs no request of its own: every reply of a model says whether it reasoned.
"""

from collections.abc import Iterable, Sequence

from harness.core.claims import Claim
from harness.core.verdict import Evidence
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, Watched, unselected
from harness.probes.lineup import Lineup, denies, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import observe_refusal, try_it
from harness.stats import share_at_least

ALWAYS, NEVER, OPTIONAL, BEFORE = "reasoning", "reasoning.absent", "reasoning.optional", "reasoning.before"
_ALWAYS_WORDS = (True, "always_on", "code_optimized")
_PUZZLE = (
    "A tank holds 840 litres. One pipe fills it in 6 hours, another empties it in 8. Both are open from the start. "
    "After how many hours is it full? Answer with the number alone."
)
_OTHER_PUZZLES = (
    "A father is now five times as old as his son, and in six years three times. How old is the son? Number alone.",
    "How many numbers from 1 to 300 can be divided by 4 or by 6, and not by both? Answer with the number alone.",
)
_CITED = 6


def reasoned(seen: Seen) -> bool | None:
    """Whether a reply was reasoned, by what is counted or shown of it; None if nothing is said of reasoning."""
    reply = seen.reply
    if reply.usage.reasoning or reply.reasoning or reply.content.lstrip().startswith("<think>"):
        return True
    return None if reply.usage.reasoning is None else False


async def probe_optional(desk: Desk) -> None:
    """Does it reason where reasoning is asked for at high effort."""
    topic = desk.topic(OPTIONAL)
    body = chat(desk.model or "", _PUZZLE)
    tried = await try_it(
        desk,
        Ask(about="a puzzle at reasoning_effort high", body={**body, "reasoning_effort": "high"}),
        Ask(about="the puzzle alone", body=body),
    )
    if tried.answer != "accepted":
        desk.observe(observe_refusal(topic, tried, "reasoning_effort"))
        return
    seen = [tried.tries[0]]
    if reasoned(seen[0]) is False:
        asks = [
            Ask(
                about="another puzzle at reasoning_effort high",
                body=chat(desk.model or "", text, reasoning_effort="high"),
                role="treatment",
            )
            for text in _OTHER_PUZZLES
        ]
        seen += await desk.ask(*asks)
    evidence = (tried.controls[0].as_evidence(), *(each.as_evidence() for each in seen))
    desk.observe(_read_optional(topic, seen, tried.controls[0], evidence))


def _read_optional(topic: Topic, seen: Sequence[Seen], control: Seen, evidence: tuple[Evidence, ...]) -> Observation:
    signs = [reasoned(each) for each in seen]
    failed = next((each for each in seen if not each.ok), None)
    outcome: Outcome
    if True in signs:
        outcome = "holds"
        words = f"{_shown(seen[signs.index(True)])} at high effort, {_shown(control)} without the field"
    elif failed is not None:
        outcome, words = "unknown", failed.words
    elif None in signs:
        outcome, words = "unknown", "accepted; the replies do not say whether they were reasoned"
    else:
        outcome, words = "broken", f"no reasoning in any of {len(signs)} replies at high effort"
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E3" if outcome in ("holds", "broken") else "E1",
        n=len(seen) + 1,
        evidence=evidence,
        error=failed is not None and outcome == "unknown",
    )


def _shown(seen: Seen) -> str:
    tokens = seen.reply.usage.reasoning
    if tokens is None:
        return "reasoning that is shown" if seen.reply.reasoning else "no word of reasoning"
    return f"{tokens} reasoning tokens" + (", and it is shown" if seen.reply.reasoning and not tokens else "")


def _watch(watched: Watched) -> Iterable[Observation]:
    for model in watched.lineup.models:
        replies = [each for each in watched.of(model) if _is_plain_chat(each)]
        if not replies:
            continue
        yield _always(Topic(ALWAYS, model), replies)
        yield _never(Topic(NEVER, model), replies)
        ordered = [each for each in replies if each.reply.stream and each.reply.stream.reasoning_first is not None]
        if ordered:
            yield _before(Topic(BEFORE, model), ordered)


def _is_plain_chat(seen: Seen) -> bool:
    """Whether a reply shows what the model does by itself: no effort was asked for."""
    return seen.ok and seen.ask.chats and "reasoning_effort" not in seen.ask.body


def _always(topic: Topic, replies: Sequence[Seen]) -> Observation:
    known = [each for each in replies if reasoned(each) is not None]
    with_it = [each for each in known if reasoned(each)]
    if not known:
        return _seen_in(topic, "unknown", "no reply says whether it was reasoned", replies)
    if len(with_it) == len(known):
        floor = share_at_least(len(known), len(known))
        words = f"all of {len(known)} replies are reasoned, {_range(with_it)}: at least {floor:.0%} of all would be"
        return _seen_in(topic, "holds", words, known)
    without = [each for each in known if not reasoned(each)]
    if not with_it:
        return _seen_in(topic, "broken", f"none of {len(known)} replies is reasoned", known)
    words = f"{len(with_it)} of {len(known)} replies are reasoned, {_range(with_it)}; the others are not"
    return _seen_in(topic, "partly", words, [*without[: _CITED // 2], *with_it])


def _never(topic: Topic, replies: Sequence[Seen]) -> Observation:
    with_it = [each for each in replies if reasoned(each)]
    if with_it:
        words = f"{len(with_it)} of {len(replies)} replies are reasoned, {_range(with_it)}"
        return _seen_in(topic, "broken", words, with_it)
    counted = sum(reasoned(each) is False for each in replies)
    words = f"no reasoning in any of {len(replies)} replies, {counted} of which count it"
    return _seen_in(topic, "holds", words, replies)


def _before(topic: Topic, streams: Sequence[Seen]) -> Observation:
    late = [each for each in streams if each.reply.stream and not each.reply.stream.reasoning_first]
    if late:
        words = f"in {len(late)} of {len(streams)} streams reasoning comes after words of the answer"
        return _seen_in(topic, "broken", words, late)
    return _seen_in(topic, "holds", f"reasoning comes before the answer in all of {len(streams)} streams", streams)


def _range(replies: Sequence[Seen]) -> str:
    tokens = [each.reply.usage.reasoning for each in replies if each.reply.usage.reasoning]
    if not tokens:
        return "as what they show says"
    return f"{min(tokens)} to {max(tokens)} tokens" if min(tokens) < max(tokens) else f"{tokens[0]} tokens"


def _seen_in(topic: Topic, outcome: Outcome, words: str, replies: Sequence[Seen]) -> Observation:
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E1" if outcome == "unknown" else "E3",
        n=len(replies),
        evidence=tuple(each.as_evidence() for each in replies[:_CITED]),
    )


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    value, model = claim.value, model_of(claim)
    if claim.kind == "doc_section" and "chat with reasoning" in str(value.get("title")).lower():
        asked = lineup.first(lambda each: lineup.reasons(each) is True)
        if asked is None:
            return unselected("none of the models asked is documented to reason on every request")
        return Rule(topics=(Topic(ALWAYS, asked),))
    if claim.kind != "capability" or value.get("capability") != "reasoning":
        return None
    said = value.get("value")
    if said in _ALWAYS_WORDS:
        before = (Topic(BEFORE, model),) if "before" in str(value.get("when", "")) else ()
        return Rule(topics=(Topic(ALWAYS, model), *before))
    if denies(said):
        return Rule(topics=(Topic(NEVER, model),))
    return Rule(topics=(Topic(OPTIONAL, model),))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    outlay = Outlay(requests=2, at_most=6, input_tokens=120, output_tokens=10)
    for model in lineup.models:
        topics = frozenset({Topic(OPTIONAL, model)})
        yield Probe(name=OPTIONAL, model=model, topics=topics, outlay=outlay, run=probe_optional)


FAMILY = Family(name="reasoning", rule=_rule, probes=_probes, watch=_watch)
