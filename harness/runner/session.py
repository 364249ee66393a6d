"""What executing a plan needs, kept together: the transport, the sources, the checks, the dialects in use.

It stands apart from execution so that a forecast can key requests in the same way and send none.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from harness.catalogue import Catalogues
from harness.core.catalogue import Provider
from harness.core.check import CheckKind
from harness.core.clock import Clock, SystemClock
from harness.runner.sources import Sources
from harness.wire import Redactor, Transport
from harness.wire.dialects import Dialect, load_dialect


@dataclass(kw_only=True)
class Session:
    """One run's means.

    transport  live, or behind cassettes
    redactor   masks keys: a request's key is that of its masked form
    profile    the price profile
    slots      by provider and model, where the catalogue limits how many requests may be under way
    dialects   those in use, loaded once
    """

    transport: Transport
    sources: Sources
    redactor: Redactor
    kinds: Mapping[str, CheckKind]
    profile: str = "documented"
    clock: Clock = field(default_factory=SystemClock)
    dialects: dict[str, Dialect] = field(default_factory=dict)
    slots: dict[tuple[str, str], asyncio.Semaphore] = field(default_factory=dict)

    def slot_of(self, provider: Provider, model: str) -> AbstractAsyncContextManager[None]:
        """A place among the requests that the catalogue lets a model have under way; waiting in it is in no figure."""
        found = provider.find_model(model)
        limit = found.limits.concurrent_requests if found is not None else None
        if limit is None:
            return nullcontext()
        return self.slots.setdefault((provider.name, model), asyncio.Semaphore(limit))

    @property
    def catalogues(self) -> Catalogues:
        """The providers that are known."""
        return self.sources.catalogues

    def dialect(self, name: str) -> Dialect:
        """The dialect of that name."""
        if name not in self.dialects:
            self.dialects[name] = load_dialect(name)
        return self.dialects[name]
