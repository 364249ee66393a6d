"""Replies in JSON: by a schema, by the keys that the request names, or as a small object where it names none.

It stands apart because such a reply is never reworded: whatever the manner asked for, it must parse.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from harness.simulator.skills.instances import conforming
from harness.simulator.skills.patterns import find, find_all, replaced
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.sequences import enumeration
from harness.simulator.skills.slots import summary_of
from harness.simulator.skills.values import split_name
from harness.simulator.skills.wordplay import listed
from harness.simulator.skills.words import STOP, quotations, sentences, vocabulary, words

MOST_CONTEXT = 12_000
LONGEST_KEY = 60
_ASKS = (
    r"\b(?:return|respond|reply|answer|output|give|produce|generate|write|create|provide|"
    r"print|as|in|with|using|into|format\w*|make|send|convert|only|extract|valid|"
    r"emit)\b[^.\n]{0,60}?\b(?:json|JSON)\b|\bjson (?:object|array|format|only|with|"
    r"response|output|list|document|string|data|structure|schema)\b"
)
_NO_KEY = vocabulary(
    """keys key fields field properties property attributes json object the a an and or following exactly
    named called with values value only format"""
)


Answer = Callable[[Request], Said | None]


def formatted(request: Request, answer: Answer, seen: str = "") -> Said | None:
    """What `response_format` asks for; None where it is absent or plain text.

    answer  answers the request in prose, for an object that names no keys
    seen    what was read from the request's images
    """
    asked = request.conversation.response_format
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    if kind == "json_schema" and asked is not None:
        return _said(conforming(_schema(asked), _matter(request, seen)), request)
    return _said(_object(request, answer, seen), request) if kind == "json_object" else None


def json_in_prose(request: Request, answer: Answer) -> Said | None:
    """JSON where the request or the system prompt asks for it in words."""
    standing = find(rf"{_ASKS}", request.system) and find(
        r"\b(?:always|only|every|all|must|respond|reply|answer|output|return)\b", request.system
    )
    if not (find(_ASKS, request.text) or standing) or find(
        (
            r"\b(?:what is|explain|describe|tell me about|how does) (?:a |an )?json\b|\b(?:no|not|"
            r"without|avoid) (?:in |use |using )?json\b"
        ),
        request.text,
    ):
        return None
    literal = _literal(request.text)
    if literal:
        return Said(full=literal, final=True)
    listing = find(r"\bjson (?:array|list)\b", request.text)
    matter = _matter(request, "")
    keys = _keys(request) if not listing else _named_keys(request.text)
    if listing and not keys:
        counted = enumeration(request)
        if counted is not None:
            items = counted.full.replace("\n", ", ").split(", ")
            return _said([int(item) if item.lstrip("-").isdigit() else item for item in items], request)
        return _said(conforming({"type": "array", "items": {"type": "string"}}, matter), request)
    return _said(_object(request, answer, ""), request)


def _said(value: Any, request: Request) -> Said:
    pretty = find(r"\b(?:indent(?:ed)?|pretty[- ]print(?:ed)?|formatted nicely)\b", request.text)
    return Said(full=json.dumps(value, ensure_ascii=False, indent=2 if pretty else None, default=str), final=True)


def _schema(asked: Mapping[str, Any]) -> Any:
    inner = asked.get("json_schema")
    if isinstance(inner, Mapping):
        return (
            inner["schema"]
            if isinstance(inner.get("schema"), Mapping)
            else inner
            if "type" in inner or "properties" in inner
            else {"type": "object"}
        )
    return asked.get("schema") if isinstance(asked.get("schema"), Mapping) else {"type": "object"}


def _literal(text: str) -> str:
    """JSON that the request wants said as it stands."""
    match = find(
        r"\b(?:exactly|only|this|literal(?:ly)?|following|verbatim)\b[^{\[\n]{0,60}(?P<json>[{\[][^\n]{1,4000}[}\]])",
        text,
    )
    if match is None:
        return ""
    written = match.group("json")
    try:
        held = json.loads(written)
    except (ValueError, RecursionError):
        return ""
    return "" if isinstance(held, dict) and _template(held) else written


def _template(held: Mapping[str, Any]) -> bool:
    """Whether an object shows a shape to fill in rather than values to say."""
    return any(
        isinstance(value, str)
        and find(r"^(?:<.*>|\.\.\.|string|number|integer|boolean|str|int|float|bool|your .*|the .*|)$", value)
        for value in held.values()
    )


def _matter(request: Request, seen: str) -> str:
    """The text that values are taken from: the request, what its images show, and what was said before."""
    earlier = [
        turn.text[:4000] if turn.role not in {"system", "developer"} else _told(turn.text[:4000])
        for turn in request.conversation.messages[-12:]
        if turn.text.strip() != request.whole and turn.role != "assistant"
    ]
    return "\n".join([request.whole[:MOST_CONTEXT], seen, *(text for text in earlier if text)])[: 2 * MOST_CONTEXT]


_ORDER = (
    r"^(?:please |always |you (?:will |must |should |can )?)*(?:analy[sz]e|assess|classify|decide|detect|determine|"
    r"evaluate|examine|extract|find|identify|judge|list|rate|read|summari[sz]e|write|are an?)\b|"
    r"^your (?:task|job|role)\b"
)


def _told(system: str) -> str:
    """What a system prompt says of the matter, without its orders: they hold nothing to fill an object with."""
    return "\n".join(part for part in sentences(system) if not find(_ORDER, part))


def _object(request: Request, answer: Answer, seen: str) -> Any:
    keys = _keys(request)
    matter = _material(request, seen, keys)
    if keys:
        shape = _shape(request, keys)
        return conforming({"type": "object", "properties": shape, "required": list(shape)}, matter)
    kept = [word for word in words(request.text[:400]) if word.lower() not in {*_NO_KEY, *STOP, "valid"}]
    topic = " ".join(kept)[:80]
    said = answer(request)
    told = None if said is None else said.brief or said.full
    return {"topic": topic or "general", "answer": told or seen or summary_of(matter) or "none"}


def _material(request: Request, seen: str, keys: list[str]) -> str:
    """The request's material, without the instruction that names the keys where the two can be told apart."""
    text = replaced(r"\{[^{}]{3,2000}\}", " ", _matter(request, seen))
    kept = [part for part in sentences(text) if not _about_form(part, keys)]
    quoted = [q.text for q in quotations(request.text) if q.text not in keys and len(q.text) > 20]  # noqa: PLR2004 - a sentence
    if quoted:
        return "\n".join(quoted) + (f"\n{seen}" if seen else "")
    match = find(
        (
            r"\bjson\b[^:]{0,200}:\s*(?P<rest>[^\n{]{12,})$|\b(?:text|review|from|message|"
            r"following|this)[^:\n]{0,30}:\s*(?P<text>[^\n]{12,})"
        ),
        text,
    )
    held = (match.group("rest") or match.group("text")) if match else ""
    if held and _mentioned(keys, held) < max(2, len(keys)):
        return held
    return replaced(_LABEL, "", "\n".join(kept)) or text


# A line's opening that says what follows it, and is no part of that.
_LABEL = r"(?:^|(?<=\n))(?:text|review|message|letter|e-?mail|comment|feedback|passage|article|input|ticket|post):\s+"
_FORM = (
    r"\b(?:keys?|fields?|json|properties)\b|"
    r"^(?:please |now |and )*(?:respond|reply|answer|return|output|give|produce|use|format|find|extract|identify|"
    r"determine|detect|assess|classify|list|include)\b[^:]*:?$"
)


def _mentioned(keys: list[str], text: str) -> int:
    """How many of the keys the text names, with or without the strokes between their words."""
    told = text.lower()
    return sum(key.lower() in told or key.lower().replace("_", " ") in told for key in keys)


def _about_form(sentence: str, keys: list[str]) -> bool:
    """Whether a sentence says how to write the object, and nothing that could stand in it."""
    named = _mentioned(keys, sentence)
    return bool(find(_FORM, sentence)) and (named >= max(2, len(keys)) or sentence.endswith(":"))


def _keys(request: Request) -> list[str]:
    """Names of the keys that the request, or else the system prompt, wants in the object."""
    for text in (request.text, request.system):
        keys = _named_keys(text)
        if keys:
            return keys
    return _wanted_things(request.text)


def _wanted_things(text: str) -> list[str]:
    """Keys for 'extract the city and the number of guests as JSON'."""
    match = find(
        (
            r"\b(?:extract|return|give(?: me)?|provide|output|get|find|list|state|pull out|"
            r"identify)\s+(?P<list>(?:(?:the|a|an|its|their|his|her|all)\s[^.:\n\"]{3,120}?|"
            r"[^.:\n\"]{3,60}\s(?:and|&)\s[^.:\n\"]{3,60}?))\s*(?:from\b[^.:\n]{0,60})?\s*,?\s*(?:as|in|into|"
            r"and (?:return|output|answer|reply|respond)[^.:\n]{0,30})\s+(?:a |an |valid |one |"
            r"single )*json"
        ),
        text,
    )
    if match is None:
        return []
    written = match.group("list")
    items = listed(written) if find(rf",|{_AND}\s", written) else [written]
    things = [
        words(replaced(r"^(?:and |or )?(?:the|a|an|its|their|his|her|all)\b(?: the)?", "", item.strip()))
        for item in items
    ]
    return ["_".join(thing).lower() for thing in things if 0 < len(thing) <= 4]  # noqa: PLR2004 - a name, no clause


_AND = r"\b(?:and|or|&)"
_KEY = r"[\"'“`*]{0,2}(?!(?:nothing|no|but|not|where|which|with|without|please)\b)[\p{L}_][\w-]*[\"'”`*]{0,2}"
_PART = (
    r"(?!(?:and|or|as|for|of|from|in|on|to|about|by|at|that|which|where|when|if|with|without|using|only|please|"
    r"is|are|must|should|can|may|not|no|nothing|the|a|an|this|these|it|you|your|its|their|his|her|json|based|given|"
    r"each|set)\b)[\p{L}_][\w-]*"
)
# A name of two or three words, such as 'main points': only where the list or the sentence goes on right after it.
_PHRASE = (
    rf"(?:(?:number|date|place|country|year|type|kind|level) of {_PART}|{_PART}(?: {_PART}){{1,2}})"
    rf"(?=\s*(?:[.,:;!?()\n]|$)|\s+{_AND}\s)"
)
# 'Key' before one of these says how important they are, and names no key.
_KEY_THINGS = (
    r"(?:points|facts|findings|takeaways|ideas|insights|themes|phrases|topics|features|details|events|figures|people|"
    r"terms|words|results|messages|issues|aspects|arguments|dates|numbers|players|decisions|risks)"
)


def _named_keys(text: str) -> list[str]:
    template = find(r"\{(?P<body>[^{}]{3,2000})\}", text)
    if template:
        keys = [m.group("k") for m in find_all(r"[\"'“](?P<k>[\w -]{1,60})[\"'”]\s*:", template.group("body"))] or [
            m.group("k") for m in find_all(r"(?:^|,)\s*(?P<k>[\w-]{1,60})\s*(?=[:,]|$)", template.group("body"))
        ]
        if keys:
            return keys
    one = rf"(?:{_PHRASE}|{_KEY})(?: ?\([^()\n]{{1,100}}\))?"
    intro = (
        r"\b(?:(?:top-level |exactly |following |these |required |two |three |four |five |"
        r"\d+ )*(?:keys|fields|properties|attributes|field|property|members|columns|"
        rf"(?<!(?:{_AND}|,)\s*)key(?! {_KEY_THINGS}\b))(?![\w-])(?: named| called| are| is|:| should be| must be|"
        r"\s)*(?: only)?(?:\s*[:(\n-])?|json(?: object| document| response| format|"
        r" output)? (?:with|containing|that has|having|of|including|which has)(?: the|"
        r" exactly| only| an?\b| these| your| its| their)*|(?:object|it) (?:with|containing|must have|"
        r"should have|having|has|contains|should contain|must contain|including)(?: the|"
        r" exactly| an?\b)*)\s*"
    )
    lists = (
        rf"(?P<list>{one}(?:(?:\s*,\s*(?:and\s+|a\s+|an\s+)?|\s+(?:and|&|/)\s+(?:a\s+|an\s+)?|\n\s*[-*•]\s*){one})*)"
    )
    for match in find_all(
        rf"{intro}(?:[-*•]\s*)?(?!(?:\w+ )?(?:keys?|fields?|properties|attributes|members)\b){lists}", text
    ):
        names = [
            "_".join(m.group("phrase").split()) if m.group("phrase") else m.group("word").strip("\"'“”`*")
            for m in find_all(
                rf"(?:(?P<phrase>{_PHRASE})|(?P<word>{_KEY}))(?: ?\([^()\n]{{1,100}}\))?", match.group("list")
            )
        ]
        kept = [name for name in names if name.lower() not in _NO_KEY]
        if kept and not (
            len(kept) == 1
            and find(
                r"^(?:for|of|from|in|that|which|to|about|like|describing|representing|these|this|is|are|object|data)$",
                kept[0],
            )
        ):
            return [
                name
                for name in kept
                if not find(r"^(?:for|of|from|in|that|which|to|about|where|is|are|based|given)$", name)
            ]
    return []


def _shape(request: Request, keys: list[str]) -> dict[str, Any]:
    """A type for each key: what the request says in brackets or by an example, else what the key's name suggests."""
    return {key: _typed(key, f"{request.text}\n{request.system}") for key in dict.fromkeys(keys)}


_TYPE_WORDS = {
    r"\b(?:array|list)\b|\[": "array",
    r"\b(?:boolean|bool|true|false)\b": "boolean",
    r"\b(?:integer|int|whole number)\b": "integer",
    r"\b(?:number|float|decimal|numeric|between 0|0-1|0 to 1|percentage)\b|^\s*-?\d": "number",
    r"\b(?:string|text|str)\b|^\s*[\"'“]": "string",
}


def _typed(key: str, text: str) -> dict[str, Any]:
    if len(key) > LONGEST_KEY:
        return {"type": "string"}
    key_pattern = "".join(c if c.isalnum() else "[_ ]" if c == "_" else f"\\{c}" for c in key)
    match = find(
        (
            rf"(?<!\w){key_pattern}[\"'”`*]{{0,2}}(?:\s*\((?P<note>[^()\n]{{1,100}})\)|"
            rf"(?<=[\"'”])\s*:\s*(?P<shown>[^,}}\n]{{1,100}})|(?P<as>\s+(?:as |is |"
            rf"being )?an? (?:array|list|boolean|integer|number|string|float)\b))"
        ),
        text,
    )
    note = next((group for group in match.groups() if group), "") if match else ""
    if note:
        options = [
            part.strip(" \"'<>")
            for part in note.replace(" or ", "|").replace("/", "|").replace(", ", "|").split("|")
            if part.strip(" \"'<>")
        ]
        if (
            len(options) > 1
            and not find(r"\b(?:array|list|integer|number|between)\b|\d", note)
            and not any(find(r"\S \S+ \S", part) for part in options)
        ):
            return {"type": "boolean"} if {"true", "false"} >= set(options) else {"type": "string", "enum": options}
        for pattern, kind in _TYPE_WORDS.items():
            if find(pattern, note):
                return _listed(kind)
    return _suggested(key)


_LISTS = vocabulary(
    """points tags keywords items list topics names steps reasons features entities themes colors colours cities
    examples ingredients highlights skills emails dates hobbies"""
)
_BOUNDED = vocabulary("confidence certainty probability likelihood score")
_WHOLE = vocabulary(
    """count age year quantity people guests population rank pages minutes hours days weeks months years nights seats
    tickets rooms bedrooms copies persons adults children passengers attendees members players floors visitors"""
)
_DECIMAL = vocabulary("price amount total cost temperature result sum number weight height rating percentage")


def _suggested(key: str) -> dict[str, Any]:
    parts = split_name(key)
    last = parts[-1] if parts else ""
    if last == "numbers":
        return {"type": "array", "items": {"type": "number"}}
    if last in _LISTS or ({"key", "main"} & set(parts[:1]) and last.endswith("s")):
        return _listed("array")
    if {"is", "has", "should", "can", "was"} & set(parts[:1]) or last in {"valid", "success", "recommended", "urgent"}:
        return {"type": "boolean"}
    if last in _BOUNDED:
        return {"type": "number", "minimum": 0, "maximum": 1}
    return {"type": "integer" if last in _WHOLE else "number" if last in _DECIMAL else "string"}


def _listed(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind}
