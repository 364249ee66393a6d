"""Saying one thing many times.

It stands apart because forced repetition is what repetition penalties are tried with.
"""

from harness.simulator.skills.figures import NUMBER, TIMES_WORDS, whole
from harness.simulator.skills.patterns import find
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.sequences import separator
from harness.simulator.skills.words import quotations

MOST = 5000
ENDLESS = 300
"""How often something is said that is to be said without end."""

_SAY = (
    r"\b(?:say|repeat|write|print|output|type|echo|chant|sing|shout|tell me|give me|"
    r"return|reply with|respond with|answer with|send|produce|generate|display|put|list|"
    r"mention|use)\b"
)
_TIMES = (
    rf"(?:\b(?:exactly |precisely |at least |about )?(?P<n>{NUMBER})(?: more)?(?: times\b(?!\s*(?:{NUMBER}|\(|as\b))|"
    r" ?x\b(?!\s*[-+*/=^\d]))|\b(?P<word>once|twice|thrice)\b)"
)
_ENDLESS = (
    r"\b(?:over and over(?: again)?|forever|endlessly|again and again|without (?:end|stopping)|continuously|repeatedly|"
    r"as (?:many times|often|long|much) as (?:you can|possible|you like)|many times|"
    r"non-?stop|until (?:you|I) (?:run out|stop|are stopped)\w*)\b"
)
_COPIES = rf"\b(?P<n>{NUMBER}) (?:copies|repetitions|instances|occurrences|iterations|repeats) of\b"
_NOUN = (
    r"(?:the )?(?:exact |single |same |following )*(?:word|words|phrase|sentence|text|"
    r"letter|character|number|digit|string|line|name|token|symbol|emoji|syllable|sound|"
    r"message)\b"
)


def repetition(request: Request) -> Said | None:
    """The thing said as many times as asked, or None if nothing is to be repeated."""
    text = request.text
    times = _times(text)
    if times is None or not find(_SAY, text):
        return None
    what = _what(text)
    if not what:
        return None
    joint = separator(text.replace(what, "", 1), "\n" if len(what) > 60 or "\n" in what else " ")  # noqa: PLR2004 - a whole sentence
    if find(r"\b(?:hyphens?|dash(?:es)?) between\b", text):
        joint = "-"
    return Said(full=joint.join([what] * times), exact=True, outside=text.replace(what, "", 1))


def _times(text: str) -> int | None:
    match = find(_TIMES, text)
    if match and match.group("word"):
        return TIMES_WORDS[match.group("word").lower()]
    if match is None:
        match = find(_COPIES, text)
    if match and (n := whole(match.group("n"))) is not None:
        return max(0, min(n, MOST))
    return ENDLESS if find(_ENDLESS, text) else None


def _what(text: str) -> str:
    """The words to repeat: quoted, after a colon, after a noun for them, or between the verb and the count."""
    for quotation in quotations(text):
        if not find(
            r"\b(?:separat\w+|delimit\w+|join\w*|between)\b[^.\n]{0,25}$",
            text[max(0, quotation.start - 40) : quotation.start],
        ):
            return quotation.text
    how_often = rf"(?:{_TIMES}|{_ENDLESS})".replace("(?P<n>", "(?:").replace("(?P<word>", "(?:")
    ends = (
        rf"(?=\s*[,.;:!?]?\s*(?:$|\n|{how_often}|exactly\b|in a row|separated\b|with (?:a |"
        rf"an )?(?:comma|space|hyphen)|on (?:separate|one)|each |one per|and nothing|without|"
        rf"in (?:upper|lower)|, ))"
    )
    for pattern in (
        rf"{_TIMES}[^:\n]{{0,60}}:\s*(?P<what>[^\n]{{1,500}}?)\s*$",
        rf":\s*(?P<what>[^\n:]{{1,500}}?)\s*[.,]?\s*{_TIMES}",
        rf"{_NOUN}\s*:?\s*(?P<what>[^\s,.;:!?\"]+?){ends}",
        rf"{_NOUN}\s*:?\s*(?P<what>[^\n,.;:!?]{{1,80}}?){ends}",
        rf"{_NOUN}\s*:?\s*(?P<what>[^\s,.;:!?\"]+)",
        rf"{_SAY}\s+(?P<what>[^\n,.;:!?\"]{{1,80}}?)(?:\s+exactly|\s+precisely|\s+at least)?{ends}",
        rf"{_TIMES}\s*,?\s*(?:say|write|print|type|repeat|output)?\s*(?P<what>[^\n,.;:!?]{{1,60}}?)\s*[.!?]?\s*$",
        r"\bof\s+(?P<what>[^\n,.;:!?]{1,60}?)\s*[.!?]?\s*$",
    ):
        match = find(pattern, text)
        what = match.group("what").strip(" \t'\"") if match else ""
        if what and not find(
            (
                r"^(?:about|it|this|that|me|them|again|yourself|after me|back|the following|following|the|"
                r"with|to me|for me)$|^(?:about|on|only|just|and|nothing)\b|^(?:the|a|"
                r"an) (?:following|list|number|word)"
            ),
            what,
        ):
            return what
    return ""
