"""Claims about a prompt cache: a long beginning sent again and again, beside one that was never sent before.

It stands apart because a cache is the one thing that depends on what was asked earlier: these requests go one by one.
source  VERDICTS.md, "Effects": prompt cache
"""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.claims import Claim
from harness.core.verdict import Evidence, Role
from harness.probes.chat_bodies import WORDS, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Undecidable, unselected
from harness.probes.lineup import Lineup, model_of
from harness.probes.observation import Observation, Outcome, Topic
from harness.wire import NONCE

TOPIC = "cache"
MISSES = 7
"""As often must the beginning be sent again in vain before it is said that there is no cache."""

PREFIX_WORDS = 1_500
"""A word is a token at least, and vendors cache from 1,024 tokens on."""

_MOST = 0.5
_MARK_DIGITS = 32
"""As many hexadecimal digits as a nonce has: both beginnings are equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """Tokens of one reply: of its prompt, and those that came from a cache."""

    prompt: int
    cached: int


async def probe_cache(desk: Desk) -> None:
    """Send a beginning, one that is new, then the first again until most of it is cached, or seven times."""
    mark = f"{desk.random.getrandbits(4 * _MARK_DIGITS):0{_MARK_DIGITS}x}"
    prefix = " ".join(desk.random.choices(WORDS, k=PREFIX_WORDS))
    first = await desk.one(_ask(desk, mark, prefix, "a long beginning", "treatment"))
    fresh = await desk.one(_ask(desk, NONCE, prefix, "the same after a mark that was never sent", "control"))
    seen = [first, fresh]
    base = _figures(fresh)
    failed = next((each for each in seen if not each.ok), None)
    if failed is not None or base is None:
        words = failed.words if failed is not None else "the replies do not say how many tokens were cached"
        desk.observe(_told(desk, "unknown", words, seen, error=failed is not None))
        return
    if base.cached > _MOST * base.prompt:
        words = f"of {base.prompt} tokens that were never sent before, {base.cached} are said to be cached"
        desk.observe(_told(desk, "partly", words, seen))
        return
    await _repeat(desk, mark, prefix, seen, base)


async def _repeat(desk: Desk, mark: str, prefix: str, seen: list[Seen], base: _Figures) -> None:
    misses = 0
    while misses < MISSES:
        again = await desk.one(_ask(desk, mark, prefix, f"the long beginning again ({misses + 1})", "treatment"))
        seen.append(again)
        figures = _figures(again)
        if figures is None:
            words = again.words if not again.ok else "the replies do not always say how many tokens were cached"
            desk.observe(_told(desk, "unknown", words, seen, error=not again.ok))
            return
        # What every prompt of the vendor's begins with is cached for all, and is not ours.
        if figures.cached - base.cached > _MOST * (figures.prompt - base.cached):
            words = (
                f"{figures.cached} of {figures.prompt} tokens are cached where the beginning was sent before, "
                f"{base.cached} of {base.prompt} where it is new"
            )
            misses_said = f", after {misses} misses" if misses else ""
            desk.observe(_told(desk, "holds", words + misses_said, seen))
            return
        misses += 1
    words = f"a beginning of {base.prompt} tokens, sent again {MISSES} times, is never cached for the most part"
    desk.observe(_told(desk, "broken", words, seen))


def _ask(desk: Desk, mark: str, prefix: str, about: str, role: Role) -> Ask:
    # Another word each time: a server that keeps whole replies is no prompt cache.
    text = f"{mark}\n{prefix}\n\n{say(desk.random.choice(WORDS))}"
    return Ask(about=about, body=chat(desk.model or "", text), role=role)


def _figures(seen: Seen) -> _Figures | None:
    usage = seen.reply.usage
    if not seen.ok or usage.cached is None or usage.prompt is None:
        return None
    return _Figures(prompt=usage.prompt, cached=usage.cached)


def _told(desk: Desk, outcome: Outcome, words: str, seen: list[Seen], *, error: bool = False) -> Observation:
    evidence: tuple[Evidence, ...] = tuple(each.as_evidence() for each in seen)
    return Observation(
        topic=desk.topic(TOPIC),
        outcome=outcome,
        words=words,
        grade="E1" if outcome == "unknown" else "E4" if outcome == "broken" else "E3",
        n=len(seen),
        evidence=evidence,
        error=error,
    )


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    value = claim.value
    if claim.kind != "capability":
        return None
    if value.get("capability") == "prompt_cache":
        stance = "supported" if value.get("value") is True else "unsupported"
        return Rule(topics=(Topic(TOPIC, model_of(claim)),), stance=stance)  # type: ignore[arg-type]
    excluded = value.get("excludes")
    if "prompt_cache_only" not in value or not isinstance(excluded, list | tuple):
        return None
    asked = tuple(Topic(TOPIC, model) for model in lineup.models if model in excluded)
    if not asked:
        return unselected("none of the models that it leaves out was selected")
    return Rule(topics=asked, stance="unsupported")


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        requests = 3 if lineup.takes(model, "prompt_cache") else MISSES + 2
        outlay = Outlay(
            requests=requests,
            at_most=MISSES + 2,
            input_tokens=requests * (PREFIX_WORDS + _MARK_DIGITS),
            output_tokens=4 * requests,
        )
        yield Probe(name=TOPIC, model=model, topics=frozenset({Topic(TOPIC, model)}), outlay=outlay, run=probe_cache)


FAMILY = Family(name="cache", rule=_rule, probes=_probes)
