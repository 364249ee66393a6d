"""What every route needs: the profile and its service, the keys, the limits, the pictures, the clock and the threads.

It stands apart from the routes so that they can be split by subject and still share one state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import HTTPConnection

from harness.core.clock import Clock
from harness.simulator.accounts import Accounts
from harness.simulator.http.deferred import DeferredStore
from harness.simulator.http.workers import Workers
from harness.simulator.limits import RateLimiter
from harness.simulator.pictures import Gallery
from harness.simulator.profile import Profile

if TYPE_CHECKING:
    from harness.simulator.chat.service import ChatService

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One server's state.

    speed  latencies are multiplied by it; 0 waits for nothing
    """

    profile: Profile
    service: "ChatService"
    accounts: Accounts
    limiter: RateLimiter
    clock: Clock
    workers: Workers
    speed: float = 1.0
    deferred: DeferredStore = field(default_factory=DeferredStore)
    gallery: Gallery = field(default_factory=Gallery)

    async def work(self, function: Callable[[], Result]) -> Result:
        """What the function returns, computed off the event loop so that streams go on."""
        return await self.workers.run(function)

    def deviations(self, request: HTTPConnection) -> frozenset[str]:
        """The deviations in force for a request: those of its model too, once its body has been read."""
        return self.profile.deviations_for(getattr(request.state, "model", None))


def site_of(request: HTTPConnection) -> Site:
    """The state of the server that a request came to."""
    site: Site = request.app.state.site
    return site
