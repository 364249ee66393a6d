"""Claims about the context window: what listings say of it for nothing, else what the refusal of a longer prompt says.

It stands apart because the request that decides is huge, and dear if it is not refused: it may have to be opted into.
source  VERDICTS.md, "Effects": context window
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from urllib.parse import quote

from harness.core.claims import Claim
from harness.core.cost import MILLION
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import UNSELECTED, Family, Outlay, Probe, Rule, Undecidable
from harness.probes.lineup import Lineup, model_of
from harness.probes.needle import NEAR, find_needle
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.window import Documented, listed_window, stated_window

NEED = "long-context"
AFFORDABLE_USD = Decimal("0.15")
"""What the too long request may cost if it is answered after all, unless more is opted into."""

_BEYOND = 1.05
"""How much longer than documented it is: longer, too, than K read as 1,024 or M as its square would make it."""
# A letter and the space before it are one token, or two, to every tokenizer; equal ones in a row might be merged.
_LETTERS = "bcdfghkmnpqrstvwxz"
_BLOCK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """What is asked of one model.

    windows   as documented
    tokens    how many tokens the request has at least that must be refused
    usd       what it costs if it is not; None where the price is not known
    listings  paths that may tell for nothing, in order
    allowed   whether it may be sent
    recalled  whether what fits may be sent, too, to see whether its beginning is heeded
    """

    windows: tuple[Documented, ...]
    tokens: int
    usd: Decimal | None
    listings: tuple[str, ...]
    allowed: bool
    recalled: bool = False


async def probe_window(length: Length, desk: Desk) -> None:
    """Look it up; where nothing is listed, send more than fits. If the figure is right: is all of it heeded."""
    await _measure(length, desk)
    topics = [desk.topic(_name(window)) for window in length.windows]
    if not length.recalled or any(desk.observations[topic].outcome != "holds" for topic in topics):
        return
    needle = await find_needle(desk, min(window.tokens for window in length.windows), partial(_letters, desk))
    for topic in topics:
        stated = desk.observations[topic]
        evidence = (*stated.evidence, *(each.as_evidence() for each in needle.seen))
        outcome: Outcome = "broken" if needle.outcome == "broken" else "holds"
        words = f"{stated.words}; {needle.words}"
        desk.observe(replace(stated, outcome=outcome, words=words, evidence=evidence, n=stated.n + len(needle.seen)))


async def _measure(length: Length, desk: Desk) -> None:
    seen: list[Seen] = []
    for path in length.listings:
        seen.append(await desk.one(Ask(about="what is listed of the model", method="GET", path=path)))
        listed = listed_window(seen[-1].document) if seen[-1].ok else None
        if listed is not None:
            field, figure = listed
            _compare(desk, length, figure, f"{path} says {field} {figure:,}", seen[-1:])
            return
    if not length.allowed:
        cost = "an unknown sum" if length.usd is None else f"${length.usd:.2f}"
        why = f"must be opted into: --allow {NEED} (a prompt of {length.tokens:,} tokens: {cost} if it is answered)"
        _observe(desk, length, "unasked", f"{why}; no listing tells", [])
        return
    letters = _letters(desk, length.tokens)
    ask = Ask(
        about=f"{length.tokens:,} letters, more than are said to fit",
        body=chat(desk.model or "", f"{letters}\n\nReply with exactly this word and nothing else: ok"),
        role="treatment",
    )
    _read(desk, length, await desk.one(ask))


def _letters(desk: Desk, count: int) -> str:
    """So many letters, parted by spaces."""
    # One block again and again: to draw each of two million letters takes longer than to send them.
    block = " ".join(desk.random.choices(_LETTERS, k=_BLOCK))
    return " ".join([block] * (count // _BLOCK + 1))[: 2 * count - 1]


def _read(desk: Desk, length: Length, seen: Seen) -> None:
    error = seen.reply.error
    if seen.accepted:
        _read_answer(desk, length, seen)
    elif not seen.refused or error is None:
        _observe(desk, length, "unknown", seen.words, [seen], error=True)
    else:
        stated = stated_window(error.message, length.tokens)
        if stated is None:
            words = f"a prompt of {length.tokens:,} tokens is refused, and not said how many may be sent: {seen.words}"
            _observe(desk, length, "unknown", words, [seen])
        else:
            _compare(desk, length, stated, f"the refusal of a longer prompt says {stated:,}", [seen])


def _read_answer(desk: Desk, length: Length, seen: Seen) -> None:
    counted = seen.reply.usage.prompt
    if counted is not None and counted > max(window.most for window in length.windows):
        _observe(desk, length, "broken", f"a prompt of {counted:,} tokens is answered: more than documented", [seen])
        return
    figure = "and does not say how many it counted" if counted is None else f"and counted {counted:,}"
    words = f"a prompt of {length.tokens:,} tokens is answered, {figure}: it may have been cut"
    _observe(desk, length, "unknown", words, [seen])


def _compare(desk: Desk, length: Length, figure: int, words: str, seen: Sequence[Seen]) -> None:
    for window in length.windows:
        how = window.agrees(figure)
        shown = f"{words}: {how}" if how else f"{words}, not {window.name}"
        _observe(desk, length, "holds" if how else "broken", shown, seen, only=window)


def _observe(
    desk: Desk,
    length: Length,
    outcome: Outcome,
    words: str,
    seen: Sequence[Seen],
    *,
    only: Documented | None = None,
    error: bool = False,
) -> None:
    for window in length.windows if only is None else (only,):
        desk.observe(
            Observation(
                topic=desk.topic(_name(window)),
                outcome=outcome,
                words=words,
                grade="E3" if outcome in ("holds", "broken") else "E0" if outcome == "unasked" else "E1",
                n=len(seen),
                evidence=tuple(each.as_evidence() for each in seen),
                needs=(NEED,) if outcome == "unasked" else (),
                error=error,
            )
        )


def _name(window: Documented) -> str:
    return f"context.{window.name}"


def _documented(claim: Claim) -> Documented | None:
    """The window that a claim states, if it states one."""
    tokens = claim.value.get("context_tokens")
    if claim.kind != "catalogue" or isinstance(tokens, bool) or not isinstance(tokens, int):
        return None
    return Documented(tokens=tokens, as_written=str(claim.value.get("as_written", "")))


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    window, model = _documented(claim), model_of(claim)
    if window is None or model is None:
        return None
    if model not in lineup.models:
        return UNSELECTED
    return Rule(topics=(Topic(_name(window), model),))


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for model in lineup.models:
        stated = (_documented(claim) for claim in lineup.register.claims if model_of(claim) == model)
        windows = tuple(dict.fromkeys(window for window in stated if window is not None))
        if not windows:
            continue
        length = _length(lineup, model, windows)
        requests = len(length.listings) + length.allowed + 2 * length.recalled
        tokens = int(NEAR * min(window.tokens for window in windows)) if length.recalled else 0
        yield Probe(
            name="context",
            model=model,
            topics=frozenset(Topic(_name(window), model) for window in windows),
            # Of the longest prompt nothing is reckoned: where the documents are true, it is refused.
            outlay=Outlay(requests=requests, at_most=requests + 2, input_tokens=tokens, output_tokens=0),
            run=partial(probe_window, length),
        )


def _length(lineup: Lineup, model: str, windows: tuple[Documented, ...]) -> Length:
    tokens = int(max(window.tokens for window in windows) * _BEYOND)
    tariff = lineup.provider.find_tariff(model, "documented")
    usd = None if tariff is None or tariff.input is None else tariff.input * tokens / MILLION
    page = quote(model, safe="")
    return Length(
        windows=windows,
        tokens=tokens,
        usd=usd,
        listings=(f"{lineup.provider.model_list or '/models'}/{page}", f"/language-models/{page}"),
        allowed=NEED in lineup.allowed or (usd is not None and usd <= AFFORDABLE_USD),
        recalled=NEED in lineup.allowed,
    )


FAMILY = Family(name="context", rule=_rule, probes=_probes)
