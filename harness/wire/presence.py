"""Is the model there? A transport that asks what a server serves before it sends a model anything.

It stands apart from the live transport because the question is about a vendor's promise, not about HTTP: names are
retired, and old ones come to mean other models, whose answers must not be filed under the name that was asked.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.wire.transport import Call, Endpoint, Lease, Transport

_SHOWN = 5
_NEXT = ("next", "next_page", "next_cursor", "next_page_token", "nextPageToken")


class PresenceTransport:
    """Passes on what another transport answers, save for models that the server does not list.

    A server that does not answer the question, or answers it in a way that cannot be read, is not held to it.
    """

    def __init__(self, live: Transport) -> None:
        """Nothing is asked before the first call."""
        self._live = live
        self._lists: dict[tuple[str, str], asyncio.Task[Mapping[str, str] | None]] = {}

    async def send(self, call: Call) -> Exchange:
        """The live exchange, or one that failed because the model is absent or another answers to its name."""
        served = await self._served(call) if call.names and call.endpoint.model_list else None
        why = None if served is None else _why_not(call, served)
        if why is None:
            return await self._live.send(call)
        return Exchange(key=call.key.digest, request=call.request, attempts=(Attempt(error="absent", message=why),))

    async def aclose(self) -> None:
        """Close the transport behind."""
        await self._live.aclose()

    async def _served(self, call: Call) -> Mapping[str, str] | None:
        endpoint = call.endpoint
        if endpoint.key_variable is not None and not endpoint.api_key:
            # The call itself will say that the key is missing.
            return None
        place = (endpoint.source, endpoint.base_url)
        if place not in self._lists:
            self._lists[place] = asyncio.create_task(self._ask(call, endpoint))
        asked = self._lists[place]
        # Shielded: the trial that asked first may be cancelled, and the others wait for the same answer.
        return asked.result() if asked.done() else await asyncio.shield(asked)

    async def _ask(self, call: Call, endpoint: Endpoint) -> Mapping[str, str] | None:
        request = HttpRequest(method="GET", path=endpoint.model_list or "")
        # No model is asked: this is paid from no budget, and held up by no model's limits.
        key = replace(call.key, method="GET", path=request.path, model="-", body="", credential="valid")
        exchange = await self._live.send(replace(call, key=key, request=request, lease=Lease(), memo=None))
        if exchange.last.status != HTTPStatus.OK or exchange.last.error is not None:
            return None
        return read_model_list(exchange.last.body)


def read_model_list(body: bytes) -> Mapping[str, str] | None:
    """Name -> id of every model that a listing names, aliases among them; None if it is no such listing, or a part."""
    try:
        listing = json.loads(body)
    except (ValueError, RecursionError):
        return None
    rows = listing.get("data", listing.get("models")) if isinstance(listing, dict) else None
    if not isinstance(rows, list) or _goes_on(listing):
        return None
    served: dict[str, str] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            return None
        served.update((alias, row["id"]) for alias in _aliases(row))
    # A model's own id outweighs an alias of the same name.
    return served | {row["id"]: row["id"] for row in rows}


def _goes_on(listing: Mapping[str, Any]) -> bool:
    """Whether it is the first page of several: who is not on it may be on another."""
    return listing.get("has_more") is True or any(isinstance(listing.get(key), str) and listing[key] for key in _NEXT)


def _aliases(row: Mapping[str, Any]) -> list[str]:
    aliases = row.get("aliases")
    return [alias for alias in aliases if isinstance(alias, str)] if isinstance(aliases, list) else []


def _why_not(call: Call, served: Mapping[str, str]) -> str | None:
    names, who, model = call.names or frozenset(), call.endpoint.source, call.key.model
    meant = served.get(model)
    # Another of its names vouches for the model only where the server does not say what this one means.
    if meant in names or (meant is None and any(each in names for each in served.values())):
        return None
    elsewhere = [meant] if meant else sorted({served[name] for name in names if name in served})
    if elsewhere:
        return f"redirected: {who} lists '{model}' as another name of '{elsewhere[0]}'"
    ids = sorted(set(served.values()))
    shown = ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")
    return f"{who} lists no model '{model}' now; it lists {shown or 'none'}"
