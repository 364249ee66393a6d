"""A request that is no chat: a method, a path and a body, as a suite writes them.

It stands apart from chat requests because no dialect spells it: what an endpoint documents is sent as it is written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from harness.core.chat import Credential

Domain = Literal["inference", "management"]

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A place in a path or a body: `{model}` is the target's model, `{team}` the team's id, any other a saved value."""

MAX_PATH = 8_000
_INDEX = re.compile(r"[0-9]{1,9}")
_CLIMBS = re.compile(r"/(?:\.|%2e){1,2}(?=/|\Z)", re.IGNORECASE)
_UNSENDABLE = re.compile(r"[\s#\x00-\x1f\x7f\ud800-\udfff]")

TEAM = "team"
"""Filled when a request is sent and never before: the id belongs into no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRequest:
    """One request of that kind.

    path    below the domain's base URL, beginning with '/', places unfilled
    body    a JSON value; a text is sent as it is, so that it may be broken; None sends none
    domain  which of the provider's APIs it goes to: each has its host and its key
    """

    method: str
    path: str
    body: Any = None
    domain: Domain = "inference"
    credential: Credential = "valid"

    @property
    def asks_model(self) -> bool:
        """Whether a model has to do anything for the answer: a listing, or a key that is made, is nobody's tokens."""
        return self.domain == "inference" and self.method == "POST"

    def fill(self, values: Mapping[str, str]) -> "PlainRequest":
        """The request with its places filled; one that has no value is left as it stands."""

        def spell(place: re.Match[str]) -> str:
            value = values.get(place[1])
            return place[0] if value is None else quote(value, safe="", errors="surrogatepass")

        return replace(self, path=PLACE.sub(spell, self.path), body=_filled(self.body, values))


def fault_of_path(path: str) -> str | None:
    """Why a path cannot be sent as it is written, in words; None if it can.

    '.' and '..' are steps that clients and servers take before they look: what is asked would be another resource.
    """
    if not path.startswith("/") or _UNSENDABLE.search(path):
        return "it must begin with '/' and hold no space, no '#' and no control character"
    if _CLIMBS.search(path.partition("?")[0]):
        return "'.' or '..' in it would lead elsewhere"
    return f"it has more than {MAX_PATH:,} characters" if len(path) > MAX_PATH else None


def places_of(request: PlainRequest) -> frozenset[str]:
    """The names of the places in a request's path; those in a body are only filled where they have a value."""
    return frozenset(PLACE.findall(request.path))


def unfit_places(request: PlainRequest, values: Mapping[str, str]) -> frozenset[str]:
    """The places of a path whose values cannot stand there: nothing, or half of a character.

    A path with a hole in it names another resource, and a DELETE of that would be a disaster.
    """
    named = {name: values[name] for name in places_of(request) & values.keys()}
    return frozenset(name for name, value in named.items() if not value or re.search("[\ud800-\udfff]", value))


def find_field(document: Any, path: str) -> str | None:
    """The text or number at a dotted path such as `data.0.id`; None if there is none."""
    for step in path.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and _INDEX.fullmatch(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    if isinstance(document, bool) or not isinstance(document, str | int):
        return None
    return str(document)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACE.sub(lambda place: values.get(place[1], place[0]), value)
    if isinstance(value, Mapping):
        return {key: _filled(part, values) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(part, values) for part in value]
    return value
