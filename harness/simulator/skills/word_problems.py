"""Short stories with numbers: who had, bought, gave away, and how many are left.

It stands apart from arithmetic because it reads verbs, not operators: what each does to a quantity.
"""

from fractions import Fraction

from harness.simulator.skills.figures import NUMBER, number_of, shown
from harness.simulator.skills.patterns import find, find_all, replaced
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.values import spoken_numbers
from harness.simulator.skills.words import sentences

LONGEST = 1500
"""Characters beyond which a text is no puzzle."""

_QUESTION = (
    r"\b(?:how (?:many|much|far|long|old|fast)|what is the (?:total|final|new|sale|"
    r"discounted) (?:\w+ )?(?:price|cost|number|amount|distance|bill)?|what (?:was|"
    r"is) (?:her|his|the|its|their|your) "
    r"(?:average )?(?:total|change|price|cost|distance|speed|final price|new price|profit|"
    r"area|perimeter|score)|what (?:does|do|did|will|would) \w+(?: \w+)? (?:pay|cost|earn|"
    r"have|spend|weigh))\b"
)
_GAIN = (
    r"\b(?:buys?|bought|gets?|got|gains?|gained|finds?|found|receives?|received|earns?|"
    r"earned|adds?|added|wins?|won|picks?(?! up the)|picked|collects?|"
    r"collected|more|joins?|joined|arrives?|arrived|comes?|came|bakes?|baked|makes?|made|"
    r"borrows?|borrowed|another|plus|board(?:s|ed)?|get on|gets on|"
    r"extra|returns?|grows?|grew|deposits?|deposited|save[sd]?|enters?|entered|hires?|"
    r"hired|(?:gives?|gave|given) (?:him|her|me|them|you|us))\b"
)
_LOSS = (
    r"\b(?:gives?|gave|given|giving|loses?|lost|eats?|ate|eaten|eating|sells?|sold|"
    r"selling|spends?|spent|uses?|used|throws?|threw|drops?|dropped|breaks?|broke|broken|"
    r"leaves?|left|"
    r"takes? (?:away|out|off)|took|taken|gets? off|got off|donates?|donated|pays?|paid|"
    r"removes?|removed|fl(?:y|ies|ew) away|dies?|died|withdraws?|"
    r"withdrew|lends?|lent|fewer|less|burns?|melts?|drinks?|drank|go(?:es)? (?:away|home)|"
    r"went (?:away|home)|escape[sd]?|resigns?|spilled|rotten|stolen|quit)\b"
)
_EACH = r"\b(?:each|every|per|apiece|a piece)\b"
_SHARE = (
    r"\b(?:share[sd]?|split|divide[sd]?|distribute[sd]?|shar(?:es|ing)|put into|"
    r"packed into|arrange[sd]? in(?:to)?)\b[^.?!]*?\b(?:equally|evenly|among|amongst|"
    r"between|by|into|with)\b"
)
_UNIT_PRICE = (
    rf"(?P<n>{NUMBER})(?: dollars?| euros?| pounds?| cents?)?(?: each| apiece| per \w+|"
    rf"(?: for)? (?:a|an|one|every) \w+)"
)


def word_problem(request: Request) -> Said | None:
    """The quantity at the end of the story, or None where the text is no story with numbers."""
    text = replaced(r"\bhalf a dozen\b", "6", request.text)
    if (
        not find(_QUESTION, text)
        or len(text) > LONGEST
        or find(r"\b(?:passage|context|according to|document|article)\b", text)
    ):
        return None
    value = _percent(text)
    if value is None:
        value = _rate(text)
    if value is None:
        value = _figure_of(text)
    if value is None:
        value = _story(text)
    if value is None:
        return None
    brief = shown(value)
    return Said(full=f"The answer is {brief}.", brief=brief)


def _numbers(text: str) -> list[tuple[int, int, Fraction]]:
    """Numbers with their places; those in dates, times and codes, ordinals, and 'one' as a pronoun do not count."""
    found = []
    for written, start, end in spoken_numbers(text):
        value = number_of(written)
        if value is not None and not find(r"^(?:st|nd|rd|th)\b", text[end:]):
            found.append((start, end, value))
    return found


def _percent(text: str) -> Fraction | None:
    percent = find(rf"(?P<p>{NUMBER}) ?(?:%|per ?cent)", text)
    amounts = [value for start, end, value in _numbers(text) if not find(r"^ ?(?:%|per ?cent)", text[end:])]
    rate = number_of(percent.group("p")) if percent else None
    if rate is None or len(amounts) != 1:
        return None
    part = amounts[0] * rate / 100
    if find(
        (
            r"\b(?:discount(?:ed)?|off|reduc\w+|decreas\w+|cheaper|less|drops?|fell|falls?|sale|"
            r"left|remain\w*|marked down|loses?)\b"
        ),
        text,
    ):
        return (
            part
            if find(r"\bhow much (?:is|was) (?:the discount|saved)|how much (?:do|does|did|will) \w+ save\b", text)
            else amounts[0] - part
        )
    if find(
        r"\b(?:increas\w+|rais\w+|rises?|rose|grows?|grew|including|in total|total|tax|interest|altogether|new)\b", text
    ) and not find(r"\bhow much (?:is the )?(?:tip|tax|interest)\b", text):
        return amounts[0] + part
    return part


def _rate(text: str) -> Fraction | None:
    """Something per hour, for some hours; or so much each, for so many."""
    speed = find(
        (
            rf"(?P<n>{NUMBER}) ?(?:\w+(?: \w+)? )?(?:per|an|a|every|each|/) ?(?P<unit>hour|h\b|"
            rf"minute|day|week|second|month|year|km/h|kmh|mph)|(?P<m>{NUMBER}) ?(?P<u2>km/h|kmh|"
            rf"kph|mph)"
        ),
        text,
    )
    if speed is None:
        return None
    rate = number_of(speed.group("n") or speed.group("m"))
    unit = (speed.group("unit") or "hour")[:4]
    outside = text[: speed.start()] + "#" * (speed.end() - speed.start()) + text[speed.end() :]
    spans = [number_of(m.group("n")) for m in find_all(rf"(?P<n>{NUMBER})(?:-| ){unit}\w*", outside)]
    if rate is not None and len(spans) == 1 and spans[0] is not None:
        return rate * spans[0]
    whole = [value for _, _, value in _numbers(outside)]
    if rate and len(whole) == 1 and find(r"\bhow (?:long|many (?:hours|minutes|days|weeks))\b", text):
        return whole[0] / rate
    return None


def _figure_of(text: str) -> Fraction | None:
    """Area or perimeter of a rectangle or square whose sides are given."""
    sides = [value for _, _, value in _numbers(text)]
    asked = find(r"\b(?P<what>area|perimeter)\b", text)
    if (
        asked is None
        or not find(r"\b(?:rectang\w+|square|room|garden|field|side|wide|width|long)\b", text)
        or not 1 <= len(sides) <= 2  # noqa: PLR2004 - length and width
    ):
        return None
    a, b = sides[0], sides[-1]
    return a * b if asked.group("what").lower() == "area" else 2 * (a + b)


def _story(text: str) -> Fraction | None:
    parts = [clause for sentence in sentences(text) for clause in _clauses(sentence)]
    joint = bool(find(r"\b(?:total|altogether|in all|together|combined|sum|both|all)\b", text))
    total: Fraction | None = None
    touched = 0
    added = Fraction(0)
    for clause in parts:
        values = [value for _, _, value in _numbers(clause)]
        factor = _factor(clause)
        if not values and factor is None:
            continue
        if (
            len(values) == 1
            and added
            and total is not None
            and find(r"\b(?:each|every)\b", clause)
            and not find(_LOSS, clause)
        ):
            # 'He buys 2 more cans. Each can has 3 balls': what was added last is what is counted in eaches.
            total, moved = total - added + added * values[0], 1
        else:
            before = total
            total, moved = _told(clause, values, factor, total, joint=joint)
            added = total - before if total is not None and before is not None and total > before else Fraction(0)
        touched += moved
    return total if touched > 1 else None


def _clauses(sentence: str) -> list[str]:
    """The clauses of a sentence, cut where another number with a verb of its own begins."""
    own_verb = rf"(?=[^,]*?(?:{_GAIN}|{_LOSS}|\b(?:then|has|have|had|twice|double[sd]?|half)\b))"
    cuts = [
        m.start()
        for m in find_all(rf",\s+(?:and\s+|then\s+|but\s+)*|\s+(?:and|then|but|after|if)\s+{own_verb}|;\s*", sentence)
    ]
    pieces = [sentence[a:b] for a, b in zip([0, *cuts], [*cuts, len(sentence)], strict=True)]
    merged: list[str] = []
    for piece in pieces:
        if merged and not (_counts(merged[-1]) and _counts(piece)):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _counts(clause: str) -> bool:
    return bool(_numbers(clause)) or _factor(clause) is not None


def _factor(clause: str) -> Fraction | None:
    if find(r"\b(?:twice|double[sd]?)\b", clause):
        return Fraction(2)
    if find(r"\b(?:triple[sd]?|thrice)\b", clause):
        return Fraction(3)
    return Fraction(1, 2) if find(r"\bhalf\b|\bhalve[sd]?\b", clause) else None


def _told(  # noqa: PLR0911 - one return a kind of clause
    clause: str, values: list[Fraction], factor: Fraction | None, total: Fraction | None, *, joint: bool
) -> tuple[Fraction | None, int]:
    """The quantity after this clause, and how many of its figures counted."""
    if factor is not None and not values:
        if total is None:
            return None, 0
        loses = factor < 1 and find(_LOSS, clause)
        return (total - total * factor if loses else total * factor), 1
    if find(_SHARE, clause) and total is not None and values[-1]:
        return total / values[-1], 1
    if find(_SHARE, clause) and len(values) > 1 and values[-1]:
        return values[0] / values[-1], 2
    times = find(r"\btimes as (?:many|much|old|long|far)\b", clause)
    if times and total is not None:
        return total * values[-1], 1
    if find(_EACH, clause) or find(_UNIT_PRICE, clause):
        return _each(clause, values, total)
    amount = sum(values, Fraction(0))
    if total is None:
        return (amount, len(values)) if len(values) > 1 and find(r"\band\b|,", clause) else (values[0], 1)
    if find(_LOSS, clause) and not find(r"\b(?:more|another|(?:gives?|gave) (?:him|her|me|them|you|us))\b", clause):
        return total - amount, len(values)
    return (total + amount, len(values)) if find(_GAIN, clause) or joint else (total, 0)


def _each(clause: str, values: list[Fraction], total: Fraction | None) -> tuple[Fraction | None, int]:
    if len(values) > 1:
        product = values[0] * values[1]
        if total is None:
            return product, 2
        return (total - product if find(_LOSS, clause) else total + product), 2
    return (values[0] if total is None else total * values[0]), 1
