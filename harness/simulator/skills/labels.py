"""Choosing among labels that the request offers: sentiment, categories, options of a question.

It stands apart with the longest word list of the skills: everyday words of praise and blame.
"""

from dataclasses import dataclass

from harness.simulator.skills.comparing import judged
from harness.simulator.skills.patterns import find, replaced
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.wordplay import listed
from harness.simulator.skills.words import quotations, stem, stems, vocabulary, words

_GOOD = frozenset(
    stem(word)
    for word in vocabulary(
        """amazing awesome beautiful best better brilliant calm cheap cheerful clean comfortable delicious
        delight delighted easy enjoy enjoyed excellent excited exciting fabulous fantastic fast favorite
        favourite fine flawless fresh friendly fun generous gentle glad good gorgeous grateful great happy
        helpful impressed impressive incredible joy kind like liked love loved lovely loving nice
        outstanding perfect perfectly pleasant pleased pleasure quick recommend reliable satisfied smooth
        solid splendid stunning success superb sweet terrific thank thanks thrilled useful warm welcome win
        wonderful worth"""
    )
)
_BAD = frozenset(
    stem(word)
    for word in vocabulary(
        """afraid angry annoyed annoying appalling awful bad blurry boring broke broken bug cancel cheated cold
        complain complaint confusing cracked crash crashed crashes cruel damaged dead defective delay
        delayed difficult dirty disappointed disappointing disappointment disaster disgusting dreadful dull
        error expensive fail failed fails failure fake faulty filthy flimsy frustrated frustrating garbage
        greasy hate hated horrible horrid hurt ignored inferior jammed late lost mediocre mess miserable
        missing nasty never noisy overpriced pain painful pathetic poor poorly problem refund regret rude
        ruined sad scam scratched slow smelly stale stopped stuck stupid sucks terrible tired trash ugly
        unacceptable unhappy unhelpful unpleasant unreliable upset useless waste wasted weak worse worst
        worthless wrong"""
    )
)
MOST_LABELS = 40
LIKE = 4
"""Letters at the beginning that two words must share to count as akin."""

_NOT = frozenset({"not", "no", "never", "hardly", "n't", "without", "cannot", "neither", "nor"})
_POSITIVE = vocabulary(
    """positive pos good happy praise favorable favourable satisfied like compliment joy recommend promoter"""
)
_NEGATIVE = vocabulary(
    """negative neg bad unhappy complaint unfavorable unfavourable dissatisfied dislike angry anger sad
    sadness criticism detractor"""
)
_MIDDLE = vocabulary("""neutral mixed other none unknown neither unclear n/a miscellaneous general undecided passive""")
_ASKS = (
    r"\b(?:classif\w+|labell?(?:ed|ing)?|categori[sz]e|sentiment|which (?:category|label|"
    r"class|of these|of the following|one)|"
    r"choose|pick|select|decide|determine|tag|rate|tone|(?:reply|answer|respond)(?: with|"
    r" only| just)*|assign|route|triage|"
    r"(?:is|was|does|do|are|sounds?|seems?)\b[^.\n]{0,200}\bor)\b"
)
_EDGE = r"(?=\W*(?:$|[.:?!,;\n\])}]|only\b|based\b|and nothing|with\b|in one\b|for\b|depending|as appropriate))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Labels on offer, and where their list stands."""

    labels: tuple[str, ...]
    start: int
    end: int


def polarity(text: str) -> int:
    """Words of praise minus words of blame, a negation just before one turning it round."""
    score = 0
    recent: list[str] = []
    for word in words(text.lower()):
        turned = any(other in _NOT or other.endswith("n't") for other in recent[-3:])
        value = (stem(word) in _GOOD) - (stem(word) in _BAD and word not in _NOT)
        score += -value if turned else value
        recent.append(word)
    return score


def classified(request: Request) -> Said | None:
    """One of the labels on offer, as they are spelled there; None where none are offered."""
    for text in (request.text, request.system):
        offer = offered(text) if find(_ASKS, text) else None
        if offer is not None:
            rest = f"{text[: offer.start]} {text[offer.end :]}" if text is request.text else request.text
            return Said(full=chosen_label(list(offer.labels), subject_matter(rest)), exact=True)
    return None


def offered(text: str) -> Offer | None:
    """The labels listed in an instruction, or None."""
    word = r"[\"'“‘`*]{0,2}[\p{L}\d][\p{L}\d_&-]*+(?: [\p{L}\d_&-]++){0,2}?[\"'”’`*]{0,2}"  # noqa: RUF001 - marks that people write
    one = r"[\"'“‘`*]{0,2}[\p{L}\d][\p{L}\d_&-]*+[\"'”’`*]{0,2}"  # noqa: RUF001 - marks that people write
    marks = rf"{word}(?:\s*[,/|;]\s*(?:or |and )?{word})+(?:,?\s+(?:or|and)\s+{word})?"
    ors = rf"{word}(?:\s*,\s*{word})*\s*,?\s+or\s+{word}"
    ands = rf"{word}(?:\s*,\s*{word})*\s*,?\s+(?:or|and)\s+{word}"
    for pattern in (
        (
            rf"\b(?:labels?|categor(?:y|ies)|class(?:es)?|options?|choices?|one of|following|"
            rf"sentiment|as|into|with)\b[^:\n(\[.?]{{0,40}}[:(\[]\s*(?P<list>{marks}|{ors}){_EDGE}"
        ),
        rf"[(\[](?P<list>{marks}|{ors})[)\]]",
        (
            r"\b(?:labels?|categor(?:y|ies)|class(?:es)?|options?|choices?|"
            r"following)\b[^:\n]{0,40}:\s*\n(?P<list>(?:\s*[-*•\d.)]+\s*[^\n]{1,60}\n?)+)"
        ),
        (
            rf"\b(?:is|was|are|does|sounds?)\s+(?:this|that|it|these|"
            rf"the)\b[^.?!\n]{{0,60}}?\s(?:an? |about )?(?P<list>{one}(?:, {one})*,? or (?:an? "
            rf")?{one}){_EDGE}"
        ),
        (
            rf"\b(?:as|into|either|between|among|one of|with|whether (?:it|this|that) is|"
            rf"be)\s+(?:exactly one of |either |being |about |a |an |one of |the |these |"
            rf"following |categories:? |labels:? |classes:? |options:? )*+(?P<list>{ors}){_EDGE}"
        ),
        (
            rf"\b(?:into|between|among|one of|categories|labels|options)\s+(?:the |these |"
            rf"following |categories:? |labels:? |classes:? |options:? )*+(?P<list>{ands}){_EDGE}"
        ),
        rf"(?<![\w-])(?P<list>{one}(?:, {one})*,? or {one}){_EDGE}",
        r"(?<![\w/])(?P<list>[\p{L}_-]+(?:/[\p{L}_-]+)+)(?![\w/])",
    ):
        match = find(pattern, text)
        labels = _apart(match.group("list")) if match else []
        if match and 1 < len(labels) <= MOST_LABELS:
            return Offer(labels=tuple(labels), start=match.start("list"), end=match.end("list"))
    return None


def _apart(written: str) -> list[str]:
    marks = " \"'`“”‘’*\t"  # noqa: RUF001 - marks that people write
    mark = next((mark for mark in "/|;" if mark in written), "")
    items = written.split(mark) if mark else listed(written)
    found = [
        replaced(r"^(?:[-*•]|\d+[.)])\s*|^(?:either|being|or|and|an?) ", "", item.strip(marks)).strip(marks)
        for item in items
    ]
    return list(dict.fromkeys(label for label in found if label))


def subject_matter(text: str) -> str:
    """What is to be labelled: the longest quotation, what follows a colon or a blank line, else all.

    text  a request without its list of labels
    """
    quoted = [quotation.text for quotation in quotations(text) if len(quotation.text) > 8]  # noqa: PLR2004 - a phrase
    if quoted:
        return max(quoted, key=len)
    match = find(r"(?:\x00\s*\x00|[^:\x00]:\s*)(?P<what>[^:].{7,})$", text.replace("\n", "\x00"))
    return match.group("what").replace("\x00", "\n") if match else text


def chosen_label(offered: list[str], matter: str) -> str:
    """The label that fits best; with nothing to go by, the one that says so, else the first."""
    kinds = {label.lower(): label for label in offered}
    good = next((kinds[key] for key in kinds if key in _POSITIVE), None)
    bad = next((kinds[key] for key in kinds if key in _NEGATIVE), None)
    middle = next((kinds[key] for key in kinds if key in _MIDDLE), None)
    if good or bad:
        score = polarity(matter)
        by_score = good if score > 0 else bad if score < 0 else middle
        return by_score or middle or good or bad or offered[0]
    yes_no = {"yes": True, "true": True, "no": False, "false": False}
    if any(key in yes_no for key in kinds):
        held = judged(matter)
        return next((label for label in offered if yes_no.get(label.lower()) is held), offered[0])
    held_stems = stems(matter)
    scored = [
        (sum(held_stems.count(part) for part in stems(label)) + _likeness(label, held_stems), label)
        for label in offered
    ]
    best = max(scored, key=lambda pair: pair[0])
    return best[1] if best[0] > 0 else middle or offered[0]


def _likeness(label: str, held: list[str]) -> float:
    """A little for words that begin as the label does, such as 'bill' and 'billing'."""
    return sum(
        0.5
        for part in stems(label)
        for word in held
        if len(word) >= LIKE and len(part) >= LIKE and word[:LIKE] == part[:LIKE] and word != part
    )
