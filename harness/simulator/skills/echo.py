"""Saying exactly what one is told to say, now or on a condition that was set earlier.

It stands apart from repeating because nothing is counted here, and the words must come through untouched.
"""

from dataclasses import dataclass
from itertools import pairwise

from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.words import quotations, sentences, without_quotations

_VERB = (
    r"\b(?:reply|respond|answer|say|output|print|return|type|send|write|produce|emit|echo|repeat|state|utter|give me|"
    r"give back|tell me|respond back|reply back|write back|message me|(?:your|"
    r"the)(?: entire| whole| only| full| complete| next)* (?:response|reply|answer|output|"
    r"message) (?:must|should|shall|will|has to|is to|can)(?: only| just)? (?:be|say|read|"
    r"consist of|contain))\b"
)
_ONLY = (
    r"(?:exactly|only|just|precisely|simply|literally|solely|verbatim|nothing but|back|"
    r"to me|me|with|by saying|by writing|using|in full|once)"
)
_WORD_NOUN = (
    r"(?:word|words|phrase|text|string|sentence|line|message|token|letter|letters|"
    r"character|characters|symbol|emoji|number|"
    r"digit|name|reply|answer|response|output|content|code|acronym|expression|greeting)"
)
_ADJECTIVE = (
    r"(?:exact|single|one|following|same|literal|simple|lone|precise|two|three|four|five|lower-?case|upper-?case)"
)
_LEAD = rf"{_VERB}(?:\s*,?\s+{_ONLY})*+(?:\s+this)?(?:\s+(?:the|a|one|this|these|that))?(?:\s+{_ADJECTIVE})*+"
_STOPS = (
    r"(?=\s*(?:$|\n|[,;]?\s*(?:and|but|with|without|then|in) (?:nothing|do not|don't|no |"
    r"any |add|say nothing|not|(?:all )?upper|lower|"
    r"(?:all )?cap|stop)|[,;:.!?]?\s*(?:nothing (?:else|more)|instead\b|no (?:other|more|"
    r"extra|punctuation|quotes)|without|verbatim|please|exactly|"
    r"only\b|to (?:this|me|confirm|acknowledge|show)|if (?:you|this)|when you|so (?:I|"
    r"that)|as your|for (?:me|this))|[.!?](?:\s|$)))"
)
_NO_TARGET = (
    r"^(?:the|a|an|one|two|three|your|my|its|his|her|their|some|something|anything|"
    r"nothing|valid|json|yaml|xml|html|markdown|python|"
    r"whether|what|which|who|how|why|where|when|if|yes or|true or|only|just|exactly|with|"
    r"to|about|it|that|this|me|us|in|as|"
    r"whatever|more|less|back|all|every|each|again|as|at|for|from|code|text|by|briefly|concisely|politely|honestly|"
    r"english|french|german|spanish|numbers?|digits?|words?|letters?|bullets?|is|are|be|"
    r"using|no more|up|out|down|of|so)\b"
)
_ALTERNATIVE = r"\b(?:or|either)\b|/"
_ALWAYS = (
    r"\b(?:always|every|each|all|any|anything|whatever|no matter|regardless|everything|"
    r"only ever|never say anything (?:else|but)|"
    r"from now on|must|only|exactly|nothing but|nothing else)\b"
)


LONGEST_RULE = 6000
"""Characters beyond which an earlier message is material and not a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    words: str
    start: int
    end: int


def standing_order(request: Request) -> Said | None:
    """What the system prompt says to answer to everything, or to this in particular."""
    said = _conditional(request)
    if said is not None:
        return said
    for sentence in sentences(without_system_material(request.system)):
        if find(_ALWAYS, without_quotations(sentence)) and not find(_STYLE, sentence):
            target = _target(sentence)
            if target is not None:
                return Said(full=target.words, exact=True, outside=_outside(sentence, target))
    return None


_STYLE = r"\b(?:end|start|begin|finish|prefix|include|append|add)\w*\b|\bif\b|\bwhen(?:ever)?\b|\bunless\b|\bor\b"


def without_system_material(system: str) -> str:
    """The system prompt, or nothing where it is long enough to be material rather than an order."""
    return system if len(system) < 3000 else ""  # noqa: PLR2004 - about a page


def exact_words(request: Request) -> Said | None:
    """The words that the request wants said, or None if it names none."""
    target = _target(request.text)
    if target is None:
        return None
    return Said(full=target.words, exact=True, outside=_outside(request.text, target))


def _outside(text: str, target: _Target) -> str:
    return f'{text[: target.start]} "" {text[target.end :]}'


def _target(text: str) -> _Target | None:
    several = _in_order(text)
    if several is not None:
        return several
    return (
        _on_the_next_line(text)
        or _quoted(text)
        or _after_colon(text)
        or _after_noun(text)
        or _bare(text)
        or _after_me(text)
    )


def _on_the_next_line(text: str) -> _Target | None:
    """'Reply with the word that follows.', and the word on a line of its own, as a second text part gives it."""
    head, broken, rest = text.partition("\n")
    lead = rf"{_LEAD}\s+{_WORD_NOUN}\s+(?:(?:that|which) follows?|below|(?:on|in) the next line)\s*[.:]?\s*$"
    if not broken or not rest.strip() or find(lead, head) is None or _hedged(head, len(head)):
        return None
    return _Target(words=rest.strip(), start=len(head) + 1, end=len(text))


def _in_order(text: str) -> _Target | None:
    """Several quotations to be said one after the other."""
    quoted = quotations(text)
    if len(quoted) < 2:  # noqa: PLR2004 - one after another takes two
        return None
    gaps = [text[a.end : b.start] for a, b in pairwise(quoted)]
    if not find(rf"{_VERB}[^.\n\"]{{0,60}}$", text[: quoted[0].start]) and not find(r"\bfirst line\b", text):
        return None
    if not all(
        find(r"\b(?:then|followed by|after that|and|on the (?:second|third|next|fourth|last))\b", gap) for gap in gaps
    ):
        return None
    if find(_ALTERNATIVE, " ".join(gaps)) or find(
        r"\b(?:if|when|separated by|between|instead of)\b", text[: quoted[0].start] + " ".join(gaps)
    ):
        return None
    lines = find(r"\bline\b", text[: quoted[-1].end] + text[quoted[-1].end :])
    return _Target(
        words=("\n" if lines else " ").join(q.text for q in quoted), start=quoted[0].start, end=quoted[-1].end
    )


def _quoted(text: str) -> _Target | None:
    for quotation in quotations(text):
        before = text[max(0, quotation.start - 90) : quotation.start]
        if find(
            rf"{_LEAD}(?:\s+{_WORD_NOUN})?(?:\s+(?:which|that) (?:is|follows))?\s*[:,]?\s*$", before
        ) and not _hedged(text, quotation.start):
            after = text[quotation.end : quotation.end + 40]
            if find(
                r"^\s*,?\s*(?:or\b|/|if\b|when\b|means\b|in (?:french|german|spanish|italian|japanese|latin))", after
            ):
                continue
            return _Target(words=quotation.text, start=quotation.start, end=quotation.end)
    return None


def _hedged(text: str, at: int) -> bool:
    """Whether the order is given under a condition, or not to be followed."""
    clause = text[max(0, at - 120) : at]
    return bool(find(r"(?:\bif\b|\bwhen(?:ever)?\b|\bunless\b|\bdo not\b|\bdon't\b|\bnever\b)[^.!?\n]*$", clause))


def _after_colon(text: str) -> _Target | None:
    lead = (
        rf"{_LEAD}(?:\s+(?:{_WORD_NOUN}|{_ONLY}|this|text|after me|it|as it is|as is|below|exactly|word for word|to me|"
        r"for me|please|character for character|without changes?|(?:and )?nothing (?:else|"
        r"more|less)|no more|no less)|,)*\s*:\s*"
    )
    for match in find_all(lead, text):
        if _hedged(text, match.end() - 1):
            continue
        rest = text[match.end() :]
        stop = find(r"\n\s*\n", rest)
        words = (rest[: stop.start()] if stop and find(r"\bword|line|sentence\b", match.group()) else rest).strip()
        if words and not find(r"^(?:[A-Z][).:]|1[.)])\s", words):
            return _Target(words=words, start=match.end(), end=match.end() + len(rest))
    return None


def _after_noun(text: str) -> _Target | None:
    pattern = rf"{_LEAD}\s+(?P<noun>{_WORD_NOUN})\s+(?P<what>[^\n,;:\"]{{1,120}}?){_STOPS}"
    for match in find_all(pattern, text):
        what = match.group("what").strip()
        refers = find(
            (
                rf"^(?:of|that|which|for|you|in|is|to|with|from|as|or|and|only|by|count|on|about|"
                rf"describing|regarding|I|we|he|she|"
                rf"it|they|{_WORD_NOUN})\b"
            ),
            what,
        )
        # 'the code word' and 'the name please' speak of a thing; 'the code X-1' gives it.
        vague = find(r"^(?:code|name|answer|reply|response|output|content|greeting|number|digit)$", match.group("noun"))
        named = find(r"(?-i:\p{Lu})|\d", what)
        if _hedged(text, match.start("what")) or find(_ALTERNATIVE, what) or refers or (vague and not named):
            continue
        return _Target(words=what, start=match.start("what"), end=match.end("what"))
    return None


def _bare(text: str) -> _Target | None:
    """Words without marks: after 'only', 'exactly', 'just', or a word or two that end the sentence."""
    firm = (
        rf"{_VERB}(?:\s+(?:back|to me|me|with|simply|this))*\s+(?:exactly|only|just|precisely|"
        rf"simply|literally|nothing but)(?:\s+with)?\s+(?P<what>[^\n,;:\"]{{1,80}}?){_STOPS}"
    )
    loose = (
        rf"(?:^|[.!?:,\n]\s*|\b(?:please|just|simply|only|then|now|and|you to|can you|"
        rf"could you|would you|must)\s+){_VERB}(?:\s+(?:back|to me|me|with|"
        rf"by saying))*\s+(?P<what>\d+(?:[ ,-]+\d+)+|[^\s,;:\"]+(?: [^\s,;:\".!?]+)??){_STOPS}"
    )
    for pattern, longest in ((firm, 8), (loose, 2)):
        for match in find_all(pattern, text):
            what = match.group("what").strip()
            fits = (
                (0 < len(what.split()) <= longest or what[-1:].isdigit())
                and not find(_NO_TARGET, what)
                and not find(_ALTERNATIVE, what)
            )
            if fits and not _hedged(text, match.start("what")):
                what = what.rstrip(".!?") if len(what.rstrip(".!?")) else what
                return _Target(words=what, start=match.start("what"), end=match.end("what"))
    return None


def _after_me(text: str) -> _Target | None:
    match = find(
        r"\b(?:repeat(?: back)?(?: after me| this| the following| what I say| these words)?|"
        r"echo(?: back)?(?: this| the following)?|copy(?: out)?(?: this|"
        r" the following)?(?: text| sentence| line| exactly)*|"
        r"(?:say|write|type) (?:this|the following) (?:back|out|exactly|verbatim))(?: (?:text|"
        r"sentence|word|words|phrase|line|message|string|exactly|verbatim|word for word|"
        r"without changes))*\s*[:,\n-]\s*(?P<what>\S.*)$",
        text.replace("\n", "\x00"),
    )
    if match is None or _hedged(text, match.start("what")):
        return None
    what = match.group("what").replace("\x00", "\n").strip()
    return _Target(words=what, start=match.start("what"), end=match.end("what"))


def _conditional(request: Request) -> Said | None:
    """'When I say X, answer Y', set earlier in the conversation, where X has now been said."""
    asked = request.whole[:2000].strip()
    bare = asked.strip(" \"'.!?").lower()
    others = [turn.text for turn in request.conversation.messages if turn.text != request.whole]
    rules = [text for text in others if len(text) < LONGEST_RULE]
    pattern = (
        r"\b(?:if|when|whenever|every time|each time|once)\b[^.\n\"]{0,40}?\b(?:say|says|said|"
        r"write|writes|ask|asks|type|types|mention|mentions|sends?|is|contains|includes|"
        r"asked about)\s+"
        r"(?:the word |about |exactly )?(?P<x>\"\"\d+|"
        r"[\w ]{1,40}?)\s*,?\s*(?:then )?(?:you )?(?:must |should |always |will |only |just )*"
        r"(?:reply|respond|answer|say|write|output)(?:ing)?\s+(?:only |exactly |"
        r"just )*(?:with )?(?:only |exactly |just )*(?:the word |the phrase )?(?P<y>\"\"\d+|"
        r"[^\n.,;\"]{1,60})"
    )
    for rule in rules:
        quoted = quotations(rule)
        masked = rule
        for n, quotation in reversed(list(enumerate(quoted))):
            masked = f'{masked[: quotation.start]}""{n}{masked[quotation.end :]}'
        for match in find_all(pattern, masked):
            x, y = (quoted[int(v[2:])].text if v.startswith('""') else v.strip() for v in match.group("x", "y"))
            contains = find(r"\b(?:contain|includ|mention|about)\w*", match.group())
            hit = x.lower() in asked.lower() if contains else x.lower().strip(" .!?") == bare
            if hit:
                return Said(full=y, exact=True)
    return None
