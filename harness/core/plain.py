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

    def fill(self, values: Mapping[str, str]) -> "PlainRequest":
        """The request with its places filled; one that has no value is left as it stands."""
        path = PLACE.sub(lambda place: quote(values[place[1]], safe="") if place[1] in values else place[0], self.path)
        return replace(self, path=path, body=_filled(self.body, values))


def places_of(request: PlainRequest) -> frozenset[str]:
    """The names of the places in a request's path; those in a body are only filled where they have a value."""
    return frozenset(PLACE.findall(request.path))


def find_field(document: Any, path: str) -> str | None:
    """The text or number at a dotted path such as `data.0.id`; None if there is none."""
    for step in path.split("."):
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
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
