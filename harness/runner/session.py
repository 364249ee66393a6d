"""What executing a plan needs, kept together: the transport, the sources, the checks, the dialects in use.

It stands apart from execution so that a forecast can key requests in the same way and send none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.catalogue import Catalogues
from harness.core.catalogue import Limits, Provider
from harness.core.check import CheckKind
from harness.core.clock import Clock, SystemClock
from harness.runner.admission import Doorkeeper
from harness.runner.sources import Sources
from harness.wire import Redactor, Transport
from harness.wire.dialects import Dialect, load_dialect


@dataclass(kw_only=True)
class Session:
    """One run's means.

    transport  live, or behind cassettes
    redactor   masks keys: a request's key is that of its masked form
    profile    the price profile
    door       lets requests out, within limits and budgets
    remembers  whether the transport keeps answers for a run that is resumed
    dialects   those in use, loaded once
    """

    transport: Transport
    sources: Sources
    redactor: Redactor
    kinds: Mapping[str, CheckKind]
    profile: str = "documented"
    clock: Clock = field(default_factory=SystemClock)
    remembers: bool = False
    dialects: dict[str, Dialect] = field(default_factory=dict)
    _limits: dict[tuple[str, str], Limits] = field(default_factory=dict)
    door: Doorkeeper = field(default_factory=Doorkeeper)

    @property
    def catalogues(self) -> Catalogues:
        """The providers that are known."""
        return self.sources.catalogues

    def limits_of(self, provider: Provider, model: str) -> Limits:
        """What the catalogue says that a provider allows a model; looked up once."""
        place = (provider.name, model)
        found = self._limits.get(place)
        if found is None:
            listed = provider.find_model(model)
            found = self._limits[place] = listed.limits if listed is not None else Limits()
        return found

    def dialect(self, name: str) -> Dialect:
        """The dialect of that name."""
        if name not in self.dialects:
            self.dialects[name] = load_dialect(name)
        return self.dialects[name]
