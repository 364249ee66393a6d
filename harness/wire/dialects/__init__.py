"""What a dialect is, and where dialects are found: the entry-point group `harness.dialects`.

It stands apart from the dialects so that a third party's enters by the same door as ours.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast, runtime_checkable

from harness.core.chat import ChatRequest
from harness.core.errors import UsageError
from harness.core.exchange import Exchange, HttpRequest
from harness.core.reply import Reply

GROUP = "harness.dialects"


class Dialect(Protocol):
    """How a kind of API spells a chat request, and how its answers are read.

    name  as providers name it
    """

    name: str

    def encode(self, request: ChatRequest) -> HttpRequest:
        """The request as this API spells it: no host, no key; a canonical JSON body."""
        ...

    def decode(self, exchange: Exchange) -> Reply:
        """The reading of an exchange; pure, and it never raises, whatever the bytes."""
        ...


@runtime_checkable
class Deferring(Protocol):
    """A dialect whose API can promise a reply and deliver it later; `isinstance` tells, and a dialect need not be one.

    Such a dialect spells `ChatRequest.deferred`; its `decode` gives `Reply.deferred_id` for the promise, and
    `Reply.pending` for as long as what it polled for is not ready.
    """

    def poll(self, request_id: str) -> HttpRequest:
        """The request that asks for the promised reply.

        request_id  as the server gave it, which is untrusted
        """
        ...


@cache
def load_dialect(name: str) -> Dialect:
    """The dialect of that name.

    raises  UsageError for a name that no installed package registers, that two register, or that cannot be imported
    """
    registered = entry_points(group=GROUP)
    # One package installed twice over (say, editable and built) registers the same object twice: that is no conflict.
    found = {entry.value: entry for entry in registered if entry.name == name}
    if len(found) > 1:
        message = f"dialect '{name}' is registered more than once: {', '.join(sorted(found))}"
        raise UsageError(message, remedy="uninstall all but one of the packages that register it")
    for entry in found.values():
        return _load(entry)
    known = ", ".join(sorted({entry.name for entry in registered})) or "none"
    raise UsageError(
        f"unknown dialect '{name}'",
        remedy=f"known dialects: {known}; another enters through the entry-point group '{GROUP}'",
    )


def _load(entry: EntryPoint) -> Dialect:
    try:
        return cast("Dialect", entry.load())
    except (ImportError, AttributeError) as error:
        message = f"dialect '{entry.name}' ({entry.value}) cannot be loaded: {error}"
        raise UsageError(message, remedy="reinstall or repair the package that registers it") from error
