"""Pulling things of a kind out of a given text: addresses, dates, numbers, names, the gist.

It stands apart from recall because what is wanted is named by its kind, not by what the text says of it.
"""

from harness.simulator.skills.figures import numbers_in, shown
from harness.simulator.skills.patterns import find
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.sequences import separator
from harness.simulator.skills.slots import summary_of
from harness.simulator.skills.values import matches, people, places
from harness.simulator.skills.words import proper_names, quotations, sentences

_ASKS = (
    r"\b(?:extract|find|list|pull out|identify|give me|what(?:'s| is| are)|which|get|return|"
    r"show|pick out|name|spot|collect|output)\b"
)
_KINDS = (
    (r"(?:e-?mail(?: address(?:es)?)?s?)", "email"),
    (r"(?:urls?|links?|web ?addresses|websites?)", "url"),
    (r"(?:phone numbers?|telephone numbers?)", "phone"),
    (r"(?:dates?)", "date"),
    (r"(?:times? of day|times)", "time"),
    (r"(?:prices?|amounts?(?: of money)?|sums? of money|dollar amounts?)", "money"),
    (r"(?:percentages?)", "percent"),
    (r"(?:hashtags?)", "hashtag"),
    (r"(?:years?)", "year"),
    (r"(?:ip addresses|ip address)", "ip"),
    (
        (
            r"(?:order (?:numbers?|ids?)|invoice (?:numbers?|ids?)|(?:product|tracking|reference|"
            r"booking|ticket) (?:codes?|numbers?|ids?)|codes?|ids?)"
        ),
        "code",
    ),
    (r"(?:cit(?:y|ies)|places?|locations?|countr(?:y|ies)|towns?)", "place"),
    (
        (
            r"(?:people|persons?|names? of (?:the |all )?(?:people|persons?)|(?:person|"
            r"people)'s names?|customer(?:'s)? names?|full names?|names?)"
        ),
        "person",
    ),
    (r"(?:numbers?|numerals|integers|figures)", "number"),
    (r"(?:capitali[sz]ed words|proper nouns?)", "proper"),
)


def extracted(request: Request) -> Said | None:
    """Everything of the kind that is asked for, or None where nothing of a known kind is."""
    text = request.text
    matter = _matter(text)
    if not matter:
        return None
    outside = text.replace(matter, " ", 1)
    for noun, kind in _KINDS:
        if not find(
            (
                rf"{_ASKS}[^.\n]{{0,40}}?\b{noun}\b(?! of (?:days|letters|"
                rf"words))[^.\n]{{0,40}}?\b(?:from|in|of|mentioned|contained|that|below|here)\b|"
                rf"{_ASKS}(?: only| just| all| the| every| any| each)*\s+{noun}\b\s*:"
            ),
            outside,
        ):
            continue
        found = _of_kind(kind, matter)
        if found:
            single = find(
                (
                    r"\bthe (?:first )?(?:\w+ )?(?:name|date|city|number|year|price|email|address|code|"
                    r"place|person|country|amount|url|link|id)\b"
                ),
                outside,
            )
            chosen = (
                found[:1]
                if single and len(found) > 1 and not find(r"\ball\b|\bevery\b|s\b (?:from|in)", outside)
                else found
            )
            return Said(full=separator(outside, ", ").join(chosen), exact=True, outside=outside)
    return None


def summarised(request: Request) -> Said | None:
    """The sentence of a given text that says most, where a summary is asked for."""
    if not find(
        r"\b(?:summari[sz]e|summary|tl;?dr|main (?:point|idea)|gist|key (?:point|takeaway)s?|in a nutshell|sum up)\b",
        request.text,
    ):
        return None
    matter = (
        _matter(request.text)
        or "\n".join(turn.text for turn in request.conversation.messages if turn.role != "system")[:6000]
    )
    many = 3 if find(r"\b(?:three|3)\b", request.text) else 1
    gist = summary_of(matter)
    if not gist or len(gist.split()) < 4:  # noqa: PLR2004 - nothing to sum up
        return None
    if many > 1:
        return Said(full="\n".join(f"- {sentence}" for sentence in sentences(matter)[:many]))
    return Said(full=gist if gist[-1] in ".!?" else f"{gist}.")


def _matter(text: str) -> str:
    """The given text: what is quoted, or follows a colon or a blank line."""
    quoted = [quotation.text for quotation in quotations(text) if len(quotation.text.split()) > 3]  # noqa: PLR2004 - a text
    if quoted:
        return max(quoted, key=len)
    held = text.replace("\n", "\x00")
    match = find(r":\s*\x00*\s*(?P<what>[^:].{10,})$|\x00\s*\x00(?P<para>.{20,})$", held)
    if match is None:
        return ""
    return (match.group("what") or match.group("para")).replace("\x00", "\n").strip()


def _of_kind(kind: str, matter: str) -> list[str]:
    if kind == "place":
        return places(matter)
    if kind == "person":
        return [name for name in people(matter) if not find(r"\d", name)]
    if kind == "number":
        return [shown(value) for value in numbers_in(matter)]
    if kind == "proper":
        return proper_names(matter)
    return matches(kind, matter)
