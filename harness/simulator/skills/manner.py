"""How a reply is to be worded, as instructions say it: case, length, beginning and end.

It stands apart because such conditions come with any task, and from the system prompt as well as from the request.
"""

from dataclasses import dataclass, replace

from harness.simulator.skills.figures import NUMBER, whole
from harness.simulator.skills.patterns import find, replaced
from harness.simulator.skills.words import quotations, without_quotations, words

_UPPER = r"(?:upper[ -]?case|all[ -]caps|capital letters|capitals|block letters|caps)"
_CASES = {
    "upper": rf"\b(?:in|use|using|with|all|only)\s+(?:all\s+|only\s+|full(?:y)?\s+|the\s+)?{_UPPER}\b|"
    rf"\bcapitali[sz]e (?:everything|"
    rf"every letter|all)|\bin {_UPPER}|\b(?:reply|answer|respond|write|"
    rf"shout)\w*\s+(?:\w+\s+)?{_UPPER}\b|\bupper-?cased\b",
    "lower": r"\b(?:in|use|using|with|all|only)\s+(?:all\s+|only\s+)?(?:lower[ -]?case|"
    r"small letters)\b|\blower-?cased\b|"
    r"\b(?:no|without(?: any)?|(?:don't|do not|never) use(?: any)?) (?:capital|upper-?case)s?(?: letters?)?\b",
    "title": r"\bin (?:title case|title-case)\b",
}
_KIND = (
    r"(?:number|numeral|digits?|figure|integer|value|result|answer|name|word|code|city|country|date|time|year|colou?r|"
    r"phrase|letters?|label|category|sum|total|password|passphrase|passcode|pin|id|email|"
    r"address|key|token|option|class|"
    r"string|sentiment|sentence|list|title|price|amount|language|day|month|person|place|text)s?"
)
_BRIEF = (
    rf"\b(?:only|just|solely|nothing (?:but|except)|simply)\s+(?:with\s+)?(?:the|a|an|one|its|his|her|that|your)?\s*"
    rf"(?:[\w-]+\s+){{0,2}}?{_KIND}\b|\b{_KIND},? only\b|"
    r"\b(?:no|without(?: any)?|(?:don't|do not) (?:give|add|include|write|provide)(?: any)?) (?:further |other |extra |"
    r"additional |more )?(?:words|text|explanations?|explaining|commentary|comments?|"
    r"prose|reasoning|working|steps|preamble)\b|"
    r"\b(?:answer|reply|respond)\b[^.\n]{0,20}\b(?:yes or no|yes/no|true or false|true/false)\b|"
    r"\bnothing (?:else|more)\b|\b(?:don't|do not) explain\b|\bno more than (?:that|"
    r"this)\b|\bbare (?:number|word|value)\b|"
    r"\b(?:as|in|with|give|use|using) (?:a|one|1|exactly one|just one|"
    r"only one) (?:single )?(?:word|number|digit|token|integer)\b|"
    r"\bone[- ]word (?:answer|reply|response)s?\b|\bsingle (?:word|number|token|"
    r"integer)\b|\bas (?:a )?(?:plain )?digits?\b|"
    r"\b(?:reply|answer|respond|give|return|output|say|write|state|print)\b(?: me| with|"
    r" back)* (?:the|its|his|her|a|an) [\w -]{1,40}? (?:only|alone)\b|"
    r"\b(?:reply|answer|respond|give|return|output|say|write|state|"
    r"print)\b[^.\n]{0,20}\b(?:only|just) (?:with )?(?:the|its|his|her|their|a|an|one)\b|"
    r"\b(?:as|in) (?:a )?(?:few|little) words as\b|\bshort answers? only\b"
)
_REPLY = (
    r"(?:repl(?:y|ies)|answers?|responses?|messages?|sentences?|outputs?|lines?|"
    r"responding|replying|answering|everything)"
)
_UNQUOTED = r"(?P<bare>[^\n.,;!?\"“'‘`]{1,80}[!?]*|[^\s\w]{1,8})"  # noqa: RUF001 - marks that people write
_WHAT = (
    r"(?:the\s+)?(?:(?:exact\s+)?(?:word|words|phrase|text|sentence|line|token|symbol|"
    r"letters?|emoji|string|tag|signature)\s+)?"
)
_ENDS = (
    (
        rf"\b(?:end|finish|close|conclude|terminate|"
        rf"sign off)s?\s+(?:[\w-]+\s+){{0,3}}?(?:{_REPLY}\s+)?(?:off\s+)?(?:with|by (?:saying|"
        rf"writing))\s*:?\s*{_WHAT}"
        rf":?\s*{_UNQUOTED}?"
    ),
    rf"\b(?:append|add|put|write|include)\s+{_WHAT}{_UNQUOTED}?(?:\"\")?\s+(?:to|at)\s+(?:the\s+)?(?:very\s+)?end\b",
)
_BEGINS = (
    (
        rf"\b(?:start|begin|prefix|preface|open|precede)s?\s+(?:(?:each|every|all|your|the|"
        rf"any)\s+)*(?:of\s+your\s+)?{_REPLY}\s+(?:with|by (?:saying|writing))\s*:?\s*"
        rf"{_WHAT}:?\s*{_UNQUOTED}?"
    ),
    rf"\balways (?:start|begin|open) (?:with|by (?:saying|writing))\s*:?\s*{_WHAT}:?\s*{_UNQUOTED}?",
)
_WRAPS = {
    r"\b(?:in|inside|within|with|between) (?:double )?quot(?:es|ation marks)\b": ('"', '"'),
    r"\b(?:in|inside|within|with|between) single quotes\b": ("'", "'"),
    r"\b(?:in|inside|within|with|between) (?:square brackets)\b": ("[", "]"),
    r"\b(?:in|inside|within|with|between) (?:round brackets|parenthes[ei]s|brackets)\b": ("(", ")"),
    r"\b(?:in|inside|within|with|between) (?:curly brackets|curly braces|braces)\b": ("{", "}"),
    r"\b(?:in|inside|within|with|between) (?:asterisks|stars)\b": ("*", "*"),
    r"\bin bold\b": ("**", "**"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to word a reply.

    brief  the bare answer without a sentence around it
    words  at most this many; None for no bound
    """

    case: str = ""
    brief: bool = False
    words: int | None = None
    begins: str = ""
    ends: str = ""
    wrap: tuple[str, str] = ("", "")
    bare_of_punctuation: bool = False

    def over(self, other: "Manner") -> "Manner":
        """This manner, with what it leaves open taken from `other`."""
        return Manner(
            case=self.case or other.case,
            brief=self.brief or other.brief,
            words=self.words if self.words is not None else other.words,
            begins=self.begins or other.begins,
            ends=self.ends or other.ends,
            wrap=self.wrap if any(self.wrap) else other.wrap,
            bare_of_punctuation=self.bare_of_punctuation or other.bare_of_punctuation,
        )

    def verbatim(self) -> "Manner":
        """What of it still applies to words that were given to be said exactly."""
        return replace(self, words=None, bare_of_punctuation=False)


def manner_of(instruction: str) -> Manner:
    """What an instruction says about wording; what stands in quotation marks inside it is no instruction."""
    plain = without_quotations(instruction)
    bound = _word_bound(plain)
    return Manner(
        case=next((case for case, pattern in _CASES.items() if find(pattern, plain)), ""),
        brief=bool(find(_BRIEF, plain)) or (bound is not None and bound <= 3),  # noqa: PLR2004 - no room for a sentence
        words=bound,
        begins=_target(_BEGINS, instruction),
        ends=_target(_ENDS, instruction),
        wrap=next((marks for pattern, marks in _WRAPS.items() if find(pattern, plain)), ("", "")),
        bare_of_punctuation=bool(
            find(r"\b(?:without|no|omit|drop)(?: any| the)?(?: final)? (?:punctuation|full stops?|periods?)\b", plain)
        ),
    )


def worded(text: str, manner: Manner) -> str:
    """The text as the manner has it."""
    if manner.words is not None and len(words(text)) > manner.words:
        text = " ".join(text.split()[: manner.words]).rstrip(",;:")
    if manner.bare_of_punctuation:
        text = replaced(r"(?<!\d)[.,;:!?](?!\d)|[.,;:!?](?=\s|$)", "", text)
    text = _cased(text, manner.case)
    text = manner.wrap[0] + text + manner.wrap[1]
    if manner.begins and not text.startswith(manner.begins):
        text = f"{manner.begins} {text}"
    if manner.ends and not text.endswith(manner.ends):
        text = f"{text}{'' if text.endswith(chr(10)) else ' '}{manner.ends}"
    return text


def _cased(text: str, case: str) -> str:
    if case == "upper":
        return text.upper()
    if case == "lower":
        return text.lower()
    return text.title() if case == "title" else text


def _word_bound(text: str) -> int | None:
    if find(r"\b(?:one|a single|1|single|exactly one|one-)[ -]?word\b(?! (?:per|each|on|a) )", text):
        return 1
    match = find(
        rf"\b(?:(?:at most|no more than|not more than|up to|maximum(?: of)?|max(?: of)?|under|"
        rf"fewer than|less than|within|in|using|exactly|only)\s+)"
        rf"(?P<n>{NUMBER}) words\b(?: or (?:less|fewer))?",
        text,
    )
    return whole(match.group("n")) if match else None


def _target(patterns: tuple[str, ...], instruction: str) -> str:
    """What is to stand at the beginning or end: a quotation that follows the words, or the bare words themselves."""
    quoted = quotations(instruction)
    masked = instruction
    for quotation in reversed(quoted):
        masked = masked[: quotation.start] + '"' * (quotation.end - quotation.start) + masked[quotation.end :]
    for pattern in patterns:
        match = find(pattern, masked)
        if match is None:
            continue
        bare = (match.group("bare") or "").strip()
        near = [quotation for quotation in quoted if match.start() < quotation.start <= match.end() + 1]
        if near:
            return near[0].text
        if bare and not find(r"^(?:a|an|your|my|one|that|this|something|some)\b", bare):
            return bare
    return ""
