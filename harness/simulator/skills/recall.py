"""Answers that were given earlier: in the conversation, in a text above the question, in a long document.

It stands apart from the search for passages because here it is decided what of a passage is the answer.
"""

from dataclasses import dataclass

from harness.simulator.skills.figures import NUMBER
from harness.simulator.skills.haystack import KIN, Passage, passages
from harness.simulator.skills.patterns import find, find_all
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.words import STOP, proper_names, quotations, sentences, stem, stems, words

_QUESTION = (
    r"\b(?:what|who|whom|whose|when|where|which|how (?:many|much|old|long|far|tall|often|"
    r"big|large|high)|why|what's|who's|where's|when's|tell me|remind me|"
    r"do you (?:remember|know|recall)|recall|"
    r"did (?:i|he|she|they|we|it)|can you (?:tell|find|give|repeat)|give me|state|name|"
    r"find|report|quote|provide|return|retrieve|repeat|say|look up|identify|answer|"
    r"reply with|respond with|write|output|extract)\b|\?"
)
_GOOD_ENOUGH = 0.5
"""Share of the question's words that a passage must hold before it counts as speaking of the same thing."""

_DATE = (
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:\d{1,2}(?:st|nd|rd|"
    r"th)? (?:of )?)?(?:january|february|march|april|may|june|july|august|september|"
    r"october|november|december)(?: \d{1,2}(?:st|nd|rd|th)?)?(?:,? \d{4})?|"
    r"\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}:\d\d|(?:on )?(?:mon|tues|wednes|"
    r"thurs|fri|satur|sun)days?|\b[12]\d{3}\b|tomorrow|yesterday|today|noon|midnight)"
)
_BE = (
    r"(?:is|are|was|were|am|will be|has been|should be|=|:|equals|means|reads|'s|"
    r"is called|are called|is named|is now|:=|->|→|became|remains|stands at)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    question: str
    topic: tuple[str, ...]
    asked: frozenset[str]
    context: str


def recalled(request: Request) -> Said | None:
    """The answer as the context gives it, or None where the context does not speak of it."""
    meta = _of_the_conversation(request)
    if meta is not None:
        return meta
    for sought in _questions(request):
        own = _introduced(request, sought)
        if own:
            return Said(full=f"Your name is {own}.", brief=own)
        said = _in_context(sought)
        if said is not None:
            return said
    absent = _if_absent(request)
    return Said(full=absent, exact=True) if absent else None


_ORDER = (
    r"^(?:and |now |please |then |so |kindly )*(?:answer|reply|respond|give|say|tell|"
    r"state|name|output|write|return|quote|only|just|use|using|do not|don't|keep|be|read|"
    r"if|"
    r"find|what|who|when|where|which|how|whose|whom|do you|can you|could you|question)\b"
)


def _questions(request: Request) -> list[_Sought]:
    """Sentences at the foot or the head of the request that ask, each with all that asks nothing as context."""
    earlier = "\n".join(
        turn.text
        for turn in request.conversation.messages
        if turn.text.strip() != request.whole and turn.role != "tool"
    )
    pool = sentences(request.text)
    candidates = [s for s in [*pool[-4:][::-1], *pool[:3]] if find(_QUESTION, s) and len(s) < 600]  # noqa: PLR2004 - a sentence
    # A real question comes before an order, whichever stands last.
    candidates.sort(key=lambda s: (not s.endswith("?"), not find(r"^(?:\w+: )?(?:what|who|when|where|which|how)\b", s)))
    context = request.whole
    for sentence in candidates:
        if sentence.endswith("?") or find(_ORDER, sentence):
            context = context.replace(sentence, "\n")
    found = []
    for question in dict.fromkeys(candidates):
        topic = stems(_topic(question))
        asked = frozenset([*topic, *(kin for word in topic for kin in KIN.get(word, ()))])
        if asked:
            found.append(
                _Sought(
                    question=question,
                    topic=tuple(topic),
                    asked=asked,
                    context=f"{earlier}\n{context.replace(question, chr(10))}",
                )
            )
    return found


def _topic(question: str) -> str:
    """The question without what only says where to look or how to answer."""
    for pattern in (
        (
            r"\b(?:according to|based on|in|from|as per|given|using) (?:the |this |that )?(?:text|"
            r"passage|document|context|article|story|conversation|notes?|message|list|table|"
            r"information|log|paragraph|record|haystack|following)s?(?: (?:above|below|given|"
            r"provided))?\b,?"
        ),
        (
            r"\b(?:that )?I (?:just |have |had )?(?:told|gave|mentioned|said|asked|shared|given|"
            r"asked you to remember)(?: to)?(?: you)?(?: to remember)?(?: earlier| before| above|"
            r" previously)?\b"
        ),
        (
            r"\b(?:please|reply|respond|answer)(?: with)?(?: only| just)?\b|\bonly\b|\bjust\b|"
            r"\bnothing else\b|\bearlier\b|\bremember(?:ed)?\b|\bexactly\b"
        ),
    ):
        for match in reversed(list(find_all(pattern, question))):
            question = f"{question[: match.start()]} {question[match.end() :]}"
    return question


def _in_context(sought: _Sought) -> Said | None:
    found = [p for p in passages(sought.context, sought.topic) if not p.text.endswith("?") and p.share >= _GOOD_ENOUGH]
    for passage in found:
        answer = _answer(passage, sought)
        if answer:
            return Said(full=_sentence(passage.text, answer, sought), brief=answer)
    return None


def _answer(passage: Passage, sought: _Sought) -> str:  # noqa: PLR0911 - one return a kind of question
    """What of the passage is not in the question already, by the kind of thing that is asked."""
    question, text = sought.question.lower(), passage.text
    if not sought.asked & {stem(word) for word in words(text)}:
        return ""
    if not _has_head(question, text):
        return ""
    if find(r"\b(?:what|which) (?:\w+ )?numbers?\b", question):
        return _figure(text, sought)
    if find(r"\bhow (?:many|much|old|long|far|tall|often|big|large|high|heavy|fast)\b", question):
        return _figure(text, sought)
    if find(r"\bwhen\b|\b(?:what|which) (?:date|day|year|time|month)\b", question):
        match = find(_DATE, text)
        return match.group().removeprefix("on ") if match else ""
    complement = _complement(text, sought)
    if find(r"^\W*(?:and |but |so )?(?:who|whom|whose)\b", question):
        return _person(text, sought) or complement
    if find(r"\bwhere\b|\b(?:which|what) (?:city|country|town|place)\b", question):
        return _place(text, sought) or complement
    return complement or _person(text, sought)


def _introduced(request: Request, sought: _Sought) -> str:
    """'What is my name?' asks for how the speaker introduced themselves, last of all."""
    if not find(r"\bmy (?:\w+ )?name\b(?! is\b|\'s\b)|\bwho am i\b|\bwhat am i called\b|\bcall me\?", sought.question):
        return ""
    pattern = (
        r"\b(?:my (?:first |full |last )?name(?: is|'s)|name:|i am called|i'm called|call me|"
        r"i am|i'm|this is)\s+(?:(?:dr|mr|mrs|ms)\.? )?"
        r"(?P<name>(?-i:\p{Lu})[\p{L}'’-]*(?: (?-i:\p{Lu})[\p{L}'’-]*)*)"  # noqa: RUF001 - marks that people write
    )
    spoken = [turn.text[:20_000] for turn in request.conversation.messages if turn.role not in {"assistant", "tool"}]
    names = [match.group("name") for text in spoken for match in find_all(pattern, text)]
    return names[-1] if names else ""


def _has_head(question: str, text: str) -> bool:
    """Whether the passage names the very thing of 'what is the THING of ...', or by another word for it."""
    match = find(
        (
            r"\b(?:what|who|which)(?: is| are| was| were|'s) (?:the |my |your |his |her |its |"
            r"their )?(?:[\w-]+ )*?(?P<head>[\w-]+)(?= (?:of|for|in|at|to|on|from|that|which)\b|"
            r"\s*[?.]|$)"
        ),
        question,
    )
    if match is None:
        return True
    head = stem(match.group("head"))
    if match.group("head") in STOP or head == "name":
        return True
    return bool({stem(word) for word in words(text)} & {head, *KIN.get(head, ())})


def _figure(text: str, sought: _Sought) -> str:
    """The number next to what is counted, with its unit where it has one."""
    best, nearest = "", 10**6
    marks = [m.start() for m in find_all(r"[^\W_]+", text) if stem(m.group()) in sought.asked]
    money = bool(find(r"\bhow much\b", sought.question))
    for match in find_all(
        (
            rf"[$€£]\s?\d[\d,.]*\d|[$€£]\s?\d|(?<![\w-]){NUMBER}(?:\s?(?:%|km|cm|mm|kg|g|m|"
            rf"years? old|years?|days?|hours?|minutes?|metres?|meters?|miles|dollars|euros)\b)?"
        ),
        text,
    ):
        if find(r"^(?:one|a|an)$", match.group()):
            continue
        distance = min((abs(match.start() - mark) for mark in marks), default=0) - (
            10**5 if money and match.group()[0] in "$€£" else 0
        )
        if distance < nearest:
            best, nearest = match.group(), distance
    return best


def _complement(text: str, sought: _Sought) -> str:
    """What stands on the other side of 'is', a colon or an equals sign from what the question names."""
    best, share = "", 0.0
    for match in find_all(rf"\s+{_BE}(?=\s)|(?<=\w)\s*[:=]\s|(?<=\w)['’]s(?= \w)|\t+|\s\|\s", text):  # noqa: RUF001 - marks that people write
        left, right = text[: match.start()], text[match.end() :]
        left = left.rsplit(", and ", 1)[-1]
        held = {stem(word) for word in words(left)} & sought.asked
        here = {stem(word) for word in words(right)} & sought.asked
        if held and len(held) >= len(here) and len(held) > share:
            best, share = _trimmed(right), len(held)
        elif here and not held and share == 0 and 0 < len(stems(left)) <= 8:  # noqa: PLR2004 - a subject, no clause
            best, share = left.strip(" \"'“”*-"), 0.5
    if best:
        return best
    called = _called(text, sought)
    if called:
        return called
    verb = find(
        (
            r"\b(?:likes?|loves?|prefers?|lives? in|works? (?:at|for|as)|has|have|owns?|drives?|"
            r"plays?|speaks?|called|named|costs?|contains?|holds?|remember|wears?|chose|picked|"
            r"won|wrote|invented|discovered|born in|moved to|said|wants?|uses?|set to|"
            r"changed to)\s+(?P<what>[^.;\n]{1,200})"
        ),
        text,
    )
    return _trimmed(verb.group("what")) if verb else _after_topic(text, sought)


def _called(text: str, sought: _Sought) -> str:
    """'a dog named Rex', where it is the dog that is asked for."""
    for match in find_all(
        (
            r"(?P<what>\w+)(?: is| was|,)? (?:named|called|"
            r"by the name of) (?P<name>(?-i:\p{Lu})[\p{L}'’-]*(?: (?-i:\p{Lu})[\p{L}'’-]*)*)"  # noqa: RUF001 - marks that people write
        ),
        text,
    ):
        if stem(match.group("what")) in sought.asked:
            return match.group("name")
    return ""


def _after_topic(text: str, sought: _Sought) -> str:
    """What follows the last word that the question has too."""
    shared = [match.end() for match in find_all(r"[^\W_]+", text) if stem(match.group()) in sought.asked]
    rest = text[shared[-1] :].strip(" .,:;") if shared else ""
    return _trimmed(rest) if stems(rest) else ""


def _trimmed(text: str) -> str:
    """The complement up to where another thought begins."""
    quoted = quotations(text)
    if quoted and quoted[0].start <= 2:  # noqa: PLR2004 - the complement is the quotation
        return quoted[0].text
    text = text.split("\n", maxsplit=1)[0].strip()
    match = find(
        (
            r"[.!?](?:\s|$)|[;,]\s+(?:and|but|which|who|while|so|please|remember|keep|don't|"
            r"because|though|not)\b|\s+(?:and|but) (?:my|the|his|her|its|their|your|i|he|she|it|"
            r"they|we|remember|please|keep)\b|;|\s[|–—]\s| because | - "  # noqa: RUF001 - marks that people write
        ),
        text,
    )
    cut = text[: match.start()] if match else text
    return cut.strip(" \t\"'“”*`,.").removeprefix("that ") or text[:80]


def _person(text: str, sought: _Sought) -> str:
    names = [name for name in proper_names(text) if not ({stem(word) for word in words(name)} <= sought.asked)]
    opening = find(r"^(?:the |a |an )?(?P<name>(?-i:\p{Lu})[\p{L}'’-]+(?: (?-i:\p{Lu})[\p{L}'’-]+)*)", text)  # noqa: RUF001 - marks that people write
    first = opening.group("name") if opening else ""
    if first and first.lower() not in STOP and not ({stem(word) for word in words(first)} & sought.asked):
        names = [first, *(name for name in names if name != first)]
    return names[0] if names else ""


def _place(text: str, sought: _Sought) -> str:
    match = find(
        r"\b(?P<prep>in|at|to|from|near|inside|under|behind|on|into|beside|beneath|outside)\s+"
        r"(?P<where>(?:the |a |an |his |her |my |our |their )?[\p{L}\d'’-]+(?: [\p{L}\d'’-]+){0,4}?)"  # noqa: RUF001 - marks that people write
        r"(?=\s*(?:[.,;!?]|$| and | in | on | since | for | at | when | with | because ))",
        text,
    )
    if match is None or {stem(word) for word in words(match.group("where"))} <= sought.asked:
        return ""
    # 'in Lisbon' is Lisbon; 'under the mat' is not the mat.
    loose = match.group("prep").lower() in {"in", "at", "to", "from", "into"}
    return match.group("where") if loose else f"{match.group('prep')} {match.group('where')}"


def _sentence(passage: str, answer: str, sought: _Sought) -> str:
    """The passage as an answer to its asker: first and second person changed over; if long, the bare answer."""
    text = passage.strip().split("\n")[0]
    if len(text) > 220 or not text or find(r"^[\w \"'-]{1,60}[:=|\t]", text):  # noqa: PLR2004 - a sentence or two
        return (
            answer
            if not find(r"^what (?:is|was|are)", sought.question)
            else f"{_subject(sought.question)} is {answer}."
        )
    if find(r"\b(?:i|i'm|my|mine|me)\b", text):
        own = find(r"\bmy (?P<what>[\w ]{1,40}?)(?: is| was|'s)\b", text)
        return (
            f"Your {own.group('what')} is {answer}."
            if own and own.group("what").split()[0] in sought.question.lower()
            else f"You told me: {answer}."
        )
    return text if text[-1] in ".!" else f"{text}."


def _subject(question: str) -> str:
    match = find(r"(?:what|who|where) (?:is|was|are)\s+(?P<what>[^?.\n,]{1,80})", question)
    if match is None:
        return "It"
    subject = match.group("what").strip()
    subject = f"your{subject[2:]}" if subject.lower().startswith("my ") else subject
    return subject[:1].upper() + subject[1:]


def _if_absent(request: Request) -> str:
    """What the request or the system prompt says to answer where the context does not hold the answer."""
    for text in (request.text, request.system):
        match = find(
            (
                r"\bif (?:the|it|you|there|this|no|its?)[^.\n]{0,80}?\b(?:not|n't|cannot|can't|no|"
                r"unknown|absent|missing|unable|unsure)\b[^.\n]{0,80}?\b(?:say|reply|respond|answer|"
                r"write|return|output)(?:ing)?(?: with)?(?: exactly| only|"
                r" just)?(?: the word)?\s*:?\s*(?P<what>[\"'“‘`][^\"'”’`\n]{1,80}[\"'”’`]|"  # noqa: RUF001 - marks that people write
                r"[^\n.,;]{1,60})"
            ),
            text,
        )
        if match:
            return match.group("what").strip(" \"'“”‘’`")  # noqa: RUF001 - marks that people write
    return ""


def _of_the_conversation(request: Request) -> Said | None:
    """What was said first, last or before, by the asker or by the model."""
    text = request.text
    if len(text) > 300:  # noqa: PLR2004 - such a question is short
        return None
    match = find(
        r"\bwhat (?:was|were|is)(?: the)? (?:my|your|the)? ?(?P<which>first|last|previous|"
        r"second|third|very first|most recent)? ?(?P<what>question|message|answer|reply|"
        r"response|thing (?:i|you) (?:said|asked|told you|wrote))s?\b(?: (?:i|you) \w+)?|"
        r"\bwhat did (?P<who>i|you) (?:just )?(?:say|ask|tell you|write|answer|"
        r"reply)\b(?P<rest>[^?]*)|\brepeat (?P<own>your|my) (?P<which2>last|previous|"
        r"first) (?:answer|message|reply|response|question)\b|\b(?P<again>say that again|"
        r"repeat that|repeat what you (?:just )?said)\b",
        text,
    )
    if match is None or stems(match.groupdict().get("rest") or ""):
        return None
    mine = (
        (match.group("who") or "").lower() == "you"
        or bool(match.group("again"))
        or (match.group("own") or "").lower() == "your"
    )
    mine = mine or bool(find(r"\byour\b|\b(?:thing )?you (?:said|told)\b", match.group()) and not match.group("who"))
    turns = [
        turn.text.strip()
        for turn in request.conversation.messages
        if turn.role == ("assistant" if mine else "user") and turn.text.strip()
    ]
    turns = turns if mine else turns[:-1]
    which = (
        (match.group("which") or match.group("which2") or ("first" if find(r"\bfirst\b", text) else "last"))
        .lower()
        .removeprefix("very ")
    )
    place = {"first": 0, "second": 1, "third": 2}.get(which, -1)
    if not turns or place >= len(turns):
        return None
    return Said(full=turns[place], exact=True)
