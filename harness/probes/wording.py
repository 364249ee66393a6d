"""Claims in words, for tables: what is documented, shortly.

It stands apart because a claim's value is data, and a reader wants a phrase.
"""

from collections.abc import Mapping
from typing import Any

from harness.core.canonical import canonical_json
from harness.core.claims import Claim

_LONGEST = 200


def documented(claim: Claim) -> str:
    """What a claim says, in a phrase."""
    value = claim.value
    if claim.kind == "parameter":
        return f"{value.get('param')}: {value.get('support')}"
    if claim.kind == "capability" and "capability" in value:
        return f"{value['capability']}: {_shown(value.get('value'))}"
    parts = [f"{_spaced(key)}: {_shown(item)}" for key, item in value.items() if key != "model" or len(value) == 1]
    text = "; ".join(parts)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _spaced(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, Mapping | list | tuple):
        return canonical_json(value)
    return str(value)
