"""The value of one property, found in the conversation by the property's name, type and description.

It stands apart from the walk over a schema so that tools, JSON and extraction fill in values by one rule.
"""

from collections.abc import Callable, Mapping
from typing import Any

from harness.simulator.skills.figures import number_of, whole
from harness.simulator.skills.labels import chosen_label, polarity
from harness.simulator.skills.patterns import find, find_all, replaced
from harness.simulator.skills.values import (
    expressions,
    has_shape,
    listed_after,
    lower_places,
    matches,
    people,
    places,
    quoted_values,
    split_name,
    spoken_numbers,
)
from harness.simulator.skills.wordplay import listed
from harness.simulator.skills.words import sentences, stem, stems, words

# Which words in a property's name call for which kind of value; the first that fits decides.
_KINDS: tuple[tuple[str, str], ...] = (
    ("email", "email mail recipient_email"),
    ("url", "url uri link website webpage href"),
    ("phone", "phone telephone mobile fax"),
    ("ip", "ip"),
    ("zip", "zip postcode postal zipcode"),
    ("origin", "origin from source departure depart start_city from_city"),
    ("destination", "destination dest arrival to_city"),
    ("place", (
"city cities location locations place places town country region state venue where "
"area destination_city address locality timezone"
)),
    ("date", "date day due deadline birthday dob when departure_date start_date end_date"),
    ("time", "time hour clock"),
    ("expression", "expression formula equation calculation math expr"),
    ("symbol", "symbol ticker stock currency"),
    ("code", "id identifier code number sku reference ref order_id tracking invoice serial uuid key"),
    ("money", "price cost amount total budget fee salary payment balance sum"),
    ("year", "year"),
    ("sentiment", "sentiment polarity mood tone attitude"),
    ("confidence", "confidence score probability certainty likelihood"),
    ("person", (
"name person people customer author user recipient contact attendee attendees "
"participant participants employee patient sender speaker to assignee guest"
)),
    ("query", "query q search keyword keywords term question prompt topic subject"),
    ("points", (
"points keypoints highlights takeaways ideas features steps reasons insights tags "
"facts items topics themes list complaints findings issues main"
)),
    ("language", "language lang"),
    ("summary", (
"summary description overview abstract reason explanation reasoning rationale answer "
"response reply text content message body note notes title headline comment result "
"output details"
)),
)  # fmt: skip
ADDRESSED = {"to", "recipient", "sender", "recipients"}
MOST_OPTIONS = 500
LONGEST_OPTION = 100
_LANGUAGES = [
    "english",
    "french",
    "german",
    "spanish",
    "italian",
    "portuguese",
    "norwegian",
    "swedish",
    "danish",
    "dutch",
    "finnish",
    "polish",
    "russian",
    "japanese",
    "chinese",
    "korean",
    "arabic",
    "hindi",
    "turkish",
    "greek",
    "latin",
    "hebrew",
    "czech",
]


def kind_of(name: str, schema: Mapping[str, Any]) -> str:
    """What kind of value a property holds, by the words of its name, then of its description."""
    shape = schema.get("format")
    if shape in {"email", "date", "time", "uri", "url", "ipv4"}:
        return {"uri": "url", "ipv4": "ip"}.get(str(shape), str(shape))
    parts = split_name(name)
    described = words(str(schema.get("description", ""))[:300].lower())
    for source in (parts[::-1], described):
        for part in source:
            for kind, names in _KINDS:
                if part in names.split() or (len(part) > 4 and part.rstrip("s") in names.split()):  # noqa: PLR2004 - plurals
                    return kind
    return ""


def found_values(name: str, schema: Mapping[str, Any], text: str) -> list[Any]:
    """Values for the property that the text speaks of, best first and of the schema's type; [] where it is silent."""
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return _among(options, name, text)
    wanted = schema.get("type")
    if wanted == "boolean":
        return _truth(name, text)
    if wanted in {"integer", "number"}:
        return _numeric(name, schema, text, integer=wanted == "integer")
    if wanted not in {"string", None}:
        return []
    written = listed_after(name, text)
    kind = kind_of(name, schema)
    found = _of_kind(kind, name, schema, text)
    if written and kind not in {"place", "origin", "destination", "query", "points"} and len(written) < 120:  # noqa: PLR2004 - a value, no paragraph
        found = [written, *(value for value in found if value != written)]
    return found


def _among(options: list[Any], name: str, text: str) -> list[Any]:
    """Options named in the text, where they stand; for a scale of praise and blame, the one that fits the text."""
    named = []
    for option in options[:MOST_OPTIONS]:
        written = str(option)[:LONGEST_OPTION].replace("_", " ").replace("-", " ").lower()
        at = (
            find(rf"(?<!\w){_plain(written)}(?!\w)", text.lower().replace("_", " ").replace("-", " "))
            if isinstance(option, str) and written.strip()
            else None
        )
        if at:
            named.append((at.start(), option))
    listed_all = len(named) == len(options) and len(options) > 1
    if named and not listed_all:
        return [option for _, option in sorted(named, key=lambda pair: pair[0])]
    labels = [option for option in options if isinstance(option, str)]
    if labels and (kind_of(name, {}) == "sentiment" or {label.lower() for label in labels} & {"positive", "negative"}):
        return [chosen_label(labels, text)]
    return []


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() or c == " " else f"\\{c}" if c.isascii() and not c.isspace() else "." for c in text)


def _truth(name: str, text: str) -> list[bool]:
    written = listed_after(name, text).lower()
    if written[:5].rstrip(" ,.") in {"true", "yes", "on", "false", "no", "off"}:
        return [written[:2] in {"tr", "ye", "on"}]
    about = [
        stem(part)
        for part in split_name(name)
        if part not in {"is", "has", "include", "should", "use", "with", "enable", "enabled", "can", "was"}
    ]
    if {"positive", "recommended", "satisfied", "happy"} & set(split_name(name)):
        return [polarity(text) > 0]
    for sentence in sentences(text):
        held = [stem(word) for word in words(sentence)]
        for part in about:
            if part in held:
                at = held.index(part)
                before = held[max(0, at - 4) : at]
                return [
                    not any(
                        word in {"no", "not", "without", "never", "don't", "isn't", "wasn't", "aren't"}
                        for word in before
                    )
                ]
    return []


# What counts a property, by the words of its name that say so.
_UNITS = {
    name: unit
    for names, unit in {
        "age": r"years?(?: |-)old|aged?\b|\byears\b",
        "people": r"people|persons?|guests?|adults?|seats?|diners|attendees",
        "party": r"people|persons?|guests?",
        "guests": r"people|persons?|guests?|adults?",
        "passengers": r"passengers?|people|adults?|tickets?",
        "days": r"days?",
        "duration": r"minutes?|hours?|days?|seconds?|nights?",
        "minutes": r"minutes?|min\b",
        "hours": r"hours?|h\b",
        "seconds": r"seconds?|s\b",
        "temperature": r"degrees?|°|celsius|fahrenheit",
        "celsius": r"degrees?|°|celsius",
        "percent percentage": r"%|percent",
        "rating": r"stars?|out of|/",
        "stars": r"stars?",
        "nights": r"nights?",
        "distance": r"km|kilomet|miles?|m\b",
        "weight": r"kg|kilo|grams?|pounds?|lbs?",
        "height": r"cm|met|feet|m\b",
        "quantity count": r"\w+",
        "pages": r"pages?",
        "limit": r"results?|items?|\w+",
    }.items()
    for name in names.split()
}


def _numeric(name: str, schema: Mapping[str, Any], text: str, *, integer: bool) -> list[Any]:
    parts = split_name(name)
    if kind_of(name, schema) == "confidence" and not integer and not spoken_numbers(listed_after(name, text)):
        return []
    written = spoken_numbers(listed_after(name, text))
    picked = [written[0][0]] if written else _beside(parts, text)
    if not picked and {"price", "cost", "amount", "total", "budget", "fee", "balance", "salary"} & set(parts):
        picked = [replaced(r"[^\d.]", "", money).strip(".") for money in matches("money", text)]
    if not picked and "year" in parts:
        picked = matches("year", text)
    if not picked:
        picked = [number for number, _, _ in spoken_numbers(text)]
        place = _place_among(name, parts)
        picked = picked[place : place + 1]
    values = [value for number in picked if (value := _number(number, integer=integer)) is not None]
    return values[:1] if not find(r"s$", name) else values


def _place_among(name: str, parts: list[str]) -> int:
    """Which of several numbers is meant, by the property's name: 'b', 'num2' and 'second' are the second."""
    if len(name) == 1 and name.lower() in "abcdefgh":
        return "abcdefgh".index(name.lower())
    digit = find(r"(?<!\d)[1-9]$", name)
    if digit:
        return int(digit.group()) - 1
    return 1 if {"second", "y", "other", "exponent", "divisor", "subtrahend"} & set(parts) else 0


def _number(written: str, *, integer: bool) -> int | float | None:
    sign = -1 if written.strip().startswith("-") else 1
    value = number_of(written.strip().lstrip("-"))
    if value is None or abs(value) > 10**15:
        return None
    value *= sign
    if value.denominator == 1:
        return int(value)
    return round(value) if integer else float(value)


def _beside(parts: list[str], text: str) -> list[str]:
    """Numbers that stand next to the property's own word or the unit it is counted in."""
    for part in parts[::-1]:
        unit = _UNITS.get(part) or (_plain(part.rstrip("s")) + r"\w*" if len(part) > 2 else "")  # noqa: PLR2004 - too short to tell
        if not unit:
            continue
        for number, start, end in spoken_numbers(text):
            after = text[end : end + 40]
            before = text[max(0, start - 24) : start]
            if find(rf"^[\s-]*(?:\w+ )?(?:{unit})", after) or (
                unit != r"\w+" and find(rf"(?:{unit})\W*(?:of |is |to |at |: )?\W*$", before)
            ):
                return [number]
    return []


_CAPITALISED = r"(?-i:\p{Lu})[\p{L}.'’-]*(?: (?-i:\p{Lu})[\p{L}.'’-]*)*"  # noqa: RUF001 - marks that people write


def _of_kind(kind: str, name: str, schema: Mapping[str, Any], text: str) -> list[str]:
    finders: dict[str, Callable[[str], list[str]]] = {
        "place": lambda t: _places(t, name, schema),
        "origin": lambda t: [m.group("x") for m in find_all(rf"\bfrom\s+(?P<x>{_CAPITALISED})", t)],
        "destination": lambda t: [m.group("x") for m in find_all(rf"\b(?:to|into|for)\s+(?P<x>{_CAPITALISED})", t)],
        "person": lambda t: (matches("email", t) if ADDRESSED & set(split_name(name)) else []) or people(t),
        "expression": expressions,
        "query": _query,
        "summary": lambda t: quoted_values(t) if split_name(name)[-1:] not in (["summary"], ["title"]) else [],
        "language": lambda t: [word for word in words(t) if word.lower() in _LANGUAGES][::-1],
        "sentiment": lambda t: [chosen_label(["positive", "negative", "neutral"], t)],
        "points": _points,
    }  # fmt: skip
    if kind in finders:
        found = finders[kind](text)
        return found or (places(text) if kind == "destination" else [])
    if kind == "code":
        return matches("code", text) or [number for number, _, _ in spoken_numbers(text) if whole(number)]
    if has_shape(kind):
        return matches(kind, text)
    return quoted_values(text)


def _places(text: str, name: str, schema: Mapping[str, Any]) -> list[str]:
    wide = "city" not in split_name(name) and not find(
        r"\bcity name\b|\bname of the city\b", str(schema.get("description", ""))[:300]
    )
    return (
        places(text, with_region=wide)
        or lower_places(text)
        or [place for place in people(text) if not find(r"^(?:json|i)$", place)]
    )


def _query(text: str) -> list[str]:
    """What is to be searched for: a quotation, else the request without its order to search."""
    quoted = quoted_values(text)
    if quoted:
        return quoted
    match = find(
        (
            r"\b(?:search(?: the (?:web|internet|database|docs|documentation|"
            r"catalog(?:ue)?))?(?: for| about)?|look up|look for|"
            r"find(?: me)?(?: information)?(?: about| on)?|google|query|browse for|research|"
            r"information (?:about|on))\s+(?P<q>[^\n.?!]{2,200})"
        ),
        text,
    )
    return [match.group("q").strip()] if match else [text.strip().rstrip("?.!")[:200]] if text.strip() else []


def _points(text: str) -> list[str]:
    quoted = [value for value in quoted_values(text) if len(value) > 12]  # noqa: PLR2004 - a phrase
    matter = max(quoted, key=len) if quoted else text
    colon = find(r":\s*(?P<rest>[^\n:]{3,})$", matter)
    chosen = colon.group("rest") if colon else matter
    clauses = [
        part.strip(" .!?")
        for part in replaced(r",?\s+(?:but|and|although|though|while|however)\s+|[;,]\s+", "\n", chosen)
        .replace(". ", "\n")
        .splitlines()
    ]
    kept = [part for part in clauses if stems(part)]
    return kept[:5] or listed(chosen)[:5]


def plausible(name: str, schema: Mapping[str, Any], text: str) -> Any:
    """A value of the right type where the text gives none: from the words of the request, or a plain default."""
    wanted = schema.get("type")
    if wanted in {"integer", "number"}:
        return 1 if wanted == "integer" or kind_of(name, schema) != "confidence" else 0.9
    if wanted == "boolean":
        return False
    kind = kind_of(name, schema)
    made = {
        "date": "2025-01-15",
        "time": "12:00",
        "email": "someone@example.com",
        "url": "https://example.com/",
        "phone": "+1 555 0100",
        "language": "English",
        "ip": "192.0.2.1",
        "zip": "00000",
    }
    if kind in made:
        return made[kind]
    if kind in {"summary", "query", "points", ""}:
        gist = summary_of(text)
        return gist or "none"
    return "unknown"


def summary_of(text: str) -> str:
    """The sentence that carries most of the text's words, without the order that came with it."""
    quoted = [value for value in quoted_values(text) if len(value.split()) > 3]  # noqa: PLR2004 - a sentence
    pool = sentences(quoted[0] if quoted else text)
    pool = [s for s in pool if len(s) < 300]  # noqa: PLR2004 - a sentence
    about = find(r"\b(?:about|describing|on the subject of|concerning)\s+(?P<topic>[^.?!\n]{3,80})", text)
    if about and len(pool) <= 1 and not quoted:
        return about.group("topic")
    colon = find(r":\s*(?P<rest>\S[^\n]{8,300})$", pool[0]) if len(pool) == 1 else None
    if colon:
        return colon.group("rest").strip()
    return max(pool, key=lambda s: len(set(stems(s))), default="")[:200]
