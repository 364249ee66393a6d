"""Claims that the documents alone decide: sums, units, restated figures, dates and counts, held against other claims.

It stands apart from every other family because nothing is asked: what is compared are claims of one register.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from harness.catalogue.places import place_of
from harness.core.claims import Claim
from harness.probes.family import Family, Rule, Undecidable, Watched
from harness.probes.figures import Unreadable, agrees, amount, evaluate, exact, seconds, shown
from harness.probes.lineup import Lineup, model_of
from harness.probes.observation import Observation, Outcome, Topic

MILLION = 10**6
_PRICED = ("pricing", "arithmetic", "tool_cost")
_TOKENS = {"prompt": "input", "input": "input", "cached": "cached_input", "output": "output", "reasoning": "reasoning"}
"""Names of token counts in a worked example, and the rate that each is billed at."""
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_POWERS = re.compile(r"pow\((\d{1,3}), *\w+\) *\* *(\d{1,9})")
_COMPARED = re.compile(r"(<=|>=|<|>) (\w+) price")
_MANY = 9
_MOST_DELAYS = 50


class Computed(NamedTuple):
    """What a computation came to, in words that show it."""

    outcome: Outcome
    words: str


def _settled(words: str, *, holds: bool) -> Computed:
    return Computed("holds" if holds else "broken", words)


# --- what other claims say


def _others(claim: Claim, lineup: Lineup) -> Iterator[Claim]:
    """The other claims about the same model; all others, if it is about none."""
    about = model_of(claim)
    for other in lineup.register.claims:
        if other.id != claim.id and (about is None or _named(other) == about):
            yield other


def _named(claim: Claim) -> object:
    return model_of(claim) or claim.value.get("model")


def _stating(claim: Claim, key: str, lineup: Lineup) -> list[tuple[Claim, Fraction]]:
    """What claims say of a figure: those of the same document, or of others if it has none."""
    found = _told(claim, key, lineup)
    return [each for each in found if _same_document(claim, each[0])] or found


def _told(claim: Claim, key: str, lineup: Lineup) -> list[tuple[Claim, Fraction]]:
    """What claims say of a figure in any document; those that only restate are left out."""
    return [
        (other, figure)
        for other in _others(claim, lineup)
        if other.observable != "arithmetic" and (figure := exact(other.value.get(key))) is not None
    ]


def _same_document(claim: Claim, other: Claim) -> bool:
    return claim.provenance.document == other.provenance.document


def _rate(claim: Claim, kind: str, lineup: Lineup) -> Fraction | None:
    """Dollars per million tokens of a kind for the claim's model; reasoning without a rate costs what output does."""
    found = _stating(claim, f"usd_per_1m_{kind}", lineup)
    if not found:
        return _rate(claim, "output", lineup) if kind == "reasoning" else None
    return found[0][1]


def _rates(claim: Claim, lineup: Lineup) -> dict[str, dict[str, Fraction]]:
    """Input and output rates by model, as the claim's document prices them."""
    table: dict[str, dict[str, Fraction]] = {}
    for other in lineup.register.claims:
        if other.kind == "pricing" and _same_document(claim, other) and other.subject.type == "model":
            for kind in ("input", "output"):
                rate = exact(other.value.get(f"usd_per_1m_{kind}"))
                if rate is not None:
                    table.setdefault(other.subject.id, {})[kind] = rate
    return {model: rates for model, rates in table.items() if len(rates) == len(("input", "output"))}


# --- computations, each of claims with certain fields


def _expression(claim: Claim, lineup: Lineup) -> Computed | None:
    """A sum comes to what is stated, and is made of figures that other claims give."""
    text, stated = claim.value.get("expr"), claim.value.get("usd")
    if not isinstance(text, str) or exact(stated) is None:
        return None
    try:
        result, numbers = evaluate(text)
    except Unreadable as problem:
        return Computed("unknown", f"'{text[:80]}' {problem}")
    known = {
        figure
        for other in _others(claim, lineup)
        if other.kind in _PRICED and _same_document(claim, other)
        for figure in map(exact, other.value.values())
        if figure is not None
    }
    strangers = [number for number in numbers if known and number not in known and number != MILLION]
    if strangers:
        return _settled(f"{text} uses {shown(strangers[0])}, which no price and no other figure gives", holds=False)
    words = f"{text} = {shown(result)}"
    if agrees(stated, result):
        return _settled(words, holds=True)
    return _settled(f"{words}, and {stated} is stated", holds=False)


def _worked_example(claim: Claim, lineup: Lineup) -> Computed | None:
    """Token counts at the documented rates come to the dollars that are stated beside them."""
    counts = [(name, count) for name, each in claim.value.items() if (count := exact(each)) is not None]
    if claim.kind != "arithmetic" or not counts or not all(name in _TOKENS for name, _ in counts):
        return None
    terms = []
    for name, count in counts:
        rate = _rate(claim, _TOKENS[name], lineup)
        if rate is None:
            return None
        terms.append((f"{shown(count)} * {shown(rate)}/1M", count * rate / MILLION))
    stated = {
        figure
        for other in _others(claim, lineup)
        if other.kind == "arithmetic" and _same_document(claim, other)
        if (figure := exact(other.value.get("usd"))) is not None
    }
    if not stated:
        return None
    total = sum((value for _, value in terms), Fraction(0))
    words = f"{' + '.join(text for text, _ in terms)} = {shown(total)}"
    for text, value in [*terms, ("the sum", total)]:
        if value not in stated:
            given = ", ".join(shown(each) for each in sorted(stated))
            return _settled(f"{words}; {text} is {shown(value)}, and stated are {given}", holds=False)
    return _settled(f"{words}, each term and the sum as stated", holds=True)


def _difference(claim: Claim, _: Lineup) -> Computed | None:
    limit, remaining, stated = (claim.value.get(key) for key in ("limit", "remaining", "implied_used"))
    above, below = exact(limit), exact(remaining)
    if above is None or below is None or exact(stated) is None:
        return None
    words = f"{shown(above)} - {shown(below)} = {shown(above - below)}"
    holds = agrees(stated, above - below)
    return _settled(words if holds else f"{words}, and {stated} is stated", holds=holds)


def _ratio(claim: Claim, lineup: Lineup) -> Computed | None:
    """One rate over another is what is stated, and both are those of the price table."""
    stated = claim.value.get("derived_ratio")
    parts = [(key, figure) for key, each in claim.value.items() if key in _TOKENS and (figure := exact(each))]
    if exact(stated) is None or len(parts) != len(("above", "below")):
        return None
    for key, figure in parts:
        for other, priced in _stating(claim, f"usd_per_1m_{_TOKENS[key]}", lineup)[:1]:
            if priced != figure:
                words = f"{key} is {shown(figure)} here and {shown(priced)} at {place_of(other)}"
                return _settled(words, holds=False)
    above, below = parts[0][1], parts[1][1]
    words = f"{shown(above)} / {shown(below)} = {shown(above / below)}"
    holds = agrees(stated, above / below)
    return _settled(words if holds else f"{words}, and {stated} is stated", holds=holds)


def _comparison(claim: Claim, lineup: Lineup) -> Computed | None:
    """`cached_price: < input price`."""
    for key, text in claim.value.items():
        match = _COMPARED.fullmatch(text) if isinstance(text, str) and key.endswith("_price") else None
        if match is None:
            continue
        kinds = [key.removesuffix("_price"), match.group(2)]
        rates = [_rate(claim, _TOKENS.get(kind, kind), lineup) for kind in kinds]
        if rates[0] is None or rates[1] is None:
            return None
        left, right, sign = rates[0], rates[1], match.group(1)
        holds = {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[sign]
        words = f"{kinds[0]} {shown(left)}, {kinds[1]} {shown(right)} a million"
        return _settled(f"{words}: {'' if holds else 'not '}{sign}", holds=holds)
    return None


def _flat_rates(claim: Claim, lineup: Lineup) -> Computed | None:
    """Rates that are used for any model are those of the price table, for each model that it prices."""
    rates = {kind: exact(claim.value.get(f"{kind}_usd_per_1m")) for kind in ("input", "output", "reasoning")}
    used = {kind: rate for kind, rate in rates.items() if rate is not None}
    table = _rates(claim, lineup)
    about = model_of(claim)
    table = {model: priced for model, priced in table.items() if about in (None, model)}
    if not used or not table:
        return None
    wrong = [model for model, priced in table.items() if any(_billed(priced, kind) != used[kind] for kind in used)]
    said = ", ".join(f"{kind} {shown(rate)}" for kind, rate in used.items())
    right = len(table) - len(wrong)
    words = f"{said} a million are the price table's for {right} of {len(table)} models"
    if wrong:
        priced = (f"{each} {shown(table[each]['input'])} and {shown(table[each]['output'])}" for each in wrong[:_MANY])
        words += f"; it has other input and output for {', '.join(priced)}"
    return Computed("partly", words) if wrong and right else _settled(words, holds=not wrong)


def _billed(priced: Mapping[str, Fraction], kind: str) -> Fraction:
    return priced["output" if kind == "reasoning" else kind]


def _recommended(claim: Claim, lineup: Lineup) -> Computed | None:
    """A model that is named for a use is in the catalogue, and the price table does not speak against it."""
    use, model = claim.value.get("use_case"), claim.value.get("model")
    if not isinstance(use, str) or not isinstance(model, str):
        return None
    listing = [
        other
        for other in lineup.register.claims
        if other.kind == "catalogue" and other.value.get("exists") is True and other.value.get("model") == model
    ]
    known = any(model in (each.id, *each.aliases) for each in lineup.provider.models)
    if not listing and not known:
        return _settled(f"{model} is in no row of the catalogue", holds=False)
    where = f"{model} is in the catalogue" + (f", {place_of(listing[0])}" if listing else "")
    if lineup.capability(model, use) is False:
        return _settled(f"{where}, which denies it {use}", holds=False)
    cheaper = _cheaper(claim, model, lineup) if "budget" in use.split("-") else None
    if cheaper is not None:
        return _settled(f"{where}, and is not the cheap choice: {cheaper}", holds=False)
    return _settled(where, holds=True)


def _cheaper(claim: Claim, model: str, lineup: Lineup) -> str | None:
    """A model that costs less for one kind of token and no more for the other, in words."""
    table = _rates(claim, lineup)
    own = table.get(model)
    if own is None:
        return None
    for other, rates in table.items():
        if own != rates and all(rates[kind] <= own[kind] for kind in own):
            pairs = ((other, rates), (model, own))
            figures = (f"{name} costs {shown(each['input'])} and {shown(each['output'])}" for name, each in pairs)
            return f"{', '.join(figures)} a million tokens of input and output"
    return None


def _span(claim: Claim, _: Lineup) -> Computed | None:
    """`ttl_seconds: 3600` beside `ttl_words: 1 hour`."""
    for key, value in claim.value.items():
        words = claim.value.get(f"{key.removesuffix('_seconds')}_words")
        stated, spoken = exact(value), seconds(words)
        if key.endswith("_seconds") and stated is not None and spoken is not None:
            return _settled(f"{words} is {shown(spoken)} s, and {shown(stated)} s are set", holds=stated == spoken)
    return None


def _delays(claim: Claim, _: Lineup) -> Computed | None:
    """Delays that grow by a factor: as many as there are attempts, and as the quoted formula gives them."""
    delays, attempts = claim.value.get("delays_ms"), exact(claim.value.get("attempts"))
    stated = [exact(each) for each in delays] if isinstance(delays, list) else []
    figures = [each for each in stated if each is not None]
    if attempts is None or not 0 < len(figures) <= _MOST_DELAYS or len(figures) < len(stated) or figures[0] == 0:
        return None
    formula = _POWERS.search(claim.provenance.quote)
    first = Fraction(int(formula.group(2))) if formula else figures[0]
    factor = Fraction(int(formula.group(1))) if formula else figures[min(1, len(figures) - 1)] / first
    computed = [first * factor**number for number in range(len(figures))]
    words = f"{shown(first)} * {shown(factor)}^i for i = 0..{len(figures) - 1}: {_listed(computed)}"
    if len(figures) != attempts:
        return _settled(f"{words}; {len(figures)} delays for {shown(attempts)} attempts", holds=False)
    holds = computed == figures
    return _settled(words if holds else f"{words}, and {_listed(figures)} are stated", holds=holds)


def _listed(figures: Iterable[Fraction]) -> str:
    return ", ".join(map(shown, figures))


def _count(claim: Claim, lineup: Lineup) -> Computed | None:
    """How many models are covered: the numbered rows of the document's catalogue."""
    stated = exact(claim.value.get("models_covered"))
    listed = [
        other
        for other in lineup.register.claims
        if other.kind == "catalogue" and other.value.get("exists") is True and _same_document(claim, other)
    ]
    rows = [each for each in listed if exact(each.value.get("number")) is not None]
    if stated is None or not listed:
        return None
    apart = [each.subject.id for each in listed if each not in rows] if rows else []
    words = f"the catalogue has {len(rows or listed)} rows, and {shown(stated)} are announced"
    words += f"; {', '.join(apart)} stands apart from them" if apart else ""
    return _settled(words, holds=len(rows or listed) == stated)


def _dates(claim: Claim, lineup: Lineup) -> Computed | None:
    """A document cannot tell of what came after it."""
    updated = claim.value.get("last_updated")
    if not isinstance(updated, str) or not _DATE.fullmatch(updated):
        return None
    told = [
        (str(other.value["released"]), other)
        for other in lineup.register.claims
        if _same_document(claim, other) and _DATE.fullmatch(str(other.value.get("released")))
    ]
    later = sorted(((date, other.subject.id) for date, other in told if date[:7] > updated[:7]), reverse=True)
    if not told:
        return None
    if not later:
        return _settled(f"last updated {updated}, and its {len(told)} releases are no later", holds=True)
    named = ", ".join(f"{model} of {date}" for date, model in later[:_MANY])
    return _settled(f"last updated {updated}, and it tells of {len(later)} later releases: {named}", holds=False)


def _window(claim: Claim, lineup: Lineup) -> Computed | None:
    """A window that is written again, as `2M`, is that of the catalogue's row."""
    is_window = claim.value.get("capability") == "context"
    written = claim.value.get("value") if is_window else claim.value.get("context")
    tokens = amount(written)
    if tokens is None:
        return None
    found = [(place_of(other), figure) for other, figure in _stating(claim, "context_tokens", lineup)]
    model = lineup.provider.find_model(model_of(claim) or "")
    if not found and model is not None and model.window_tokens is not None:
        found = [(f"the catalogue of {lineup.provider.name}", Fraction(model.window_tokens))]
    if not found:
        return None
    rows = ", ".join(f"{shown(figure)} at {place}" for place, figure in found)
    return _settled(f"{written} is {shown(tokens)}; {rows}", holds=all(figure == tokens for _, figure in found))


def _restated(claim: Claim, lineup: Lineup) -> Computed | None:
    """A figure that is given again is what it was where it stands first."""
    words, wrong = [], False
    for key, value in claim.value.items():
        figure = exact(value)
        stating = _stating(claim, key, lineup) if figure is not None else []
        if figure is None or not stating:
            continue
        wrong = wrong or any(other != figure for _, other in stating)
        places = ", ".join(f"{shown(other)} at {place_of(each)}" for each, other in stating[:_MANY])
        rivals = [(each, other) for each, other in _told(claim, key, lineup) if other != figure]
        apart = [f"{shown(other)} at {place_of(each)}" for each, other in rivals if (each, other) not in stating]
        besides = f" ({', '.join(apart[:_MANY])}, another document)" if apart else ""
        words.append(f"{key} {shown(figure)} here, {places}{besides}")
    return _settled("; ".join(words), holds=not wrong) if words else None


COMPUTATIONS: tuple[Callable[[Claim, Lineup], Computed | None], ...] = (
    _expression,
    _ratio,
    _worked_example,
    _difference,
    _comparison,
    _flat_rates,
    _recommended,
    _span,
    _delays,
    _count,
    _dates,
    _window,
    _restated,
)
"""Asked in this order: the first that knows the claim's fields computes it."""


def compute(claim: Claim, lineup: Lineup) -> Computed | None:
    """What the documents' own figures say of a claim; None if they give nothing to hold it against."""
    return next((found for each in COMPUTATIONS if (found := each(claim, lineup)) is not None), None)


def _topic(claim: Claim) -> Topic:
    return Topic(f"computed.{claim.id}")


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.observable != "arithmetic":
        return None
    if compute(claim, lineup) is None:
        return Undecidable(reason="the documents give no other figure to hold it against")
    return Rule(topics=(_topic(claim),))


def _watch(watched: Watched) -> Iterator[Observation]:
    for claim in watched.lineup.register.claims:
        computed = compute(claim, watched.lineup) if claim.observable == "arithmetic" else None
        if computed is not None:
            yield Observation(topic=_topic(claim), outcome=computed.outcome, words=computed.words, grade="E0")


FAMILY = Family(name="arithmetic", rule=_rule, watch=_watch)
