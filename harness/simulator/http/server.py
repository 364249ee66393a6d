"""A running simulator: a profile, its service and its state, assembled and served.

It stands apart from the app so that the command line, tests and self-checks start it the same way.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp

from harness.core.clock import Clock, SystemClock
from harness.simulator.accounts import Accounts
from harness.simulator.behaviour import ProfileName, load_profile
from harness.simulator.chat.service import ChatService
from harness.simulator.faults import FaultPlan, parse_fault
from harness.simulator.http.app import build_app
from harness.simulator.http.faulty import FaultyApp
from harness.simulator.http.loopback import serving
from harness.simulator.http.site import Site
from harness.simulator.http.workers import Workers
from harness.simulator.language import load_language_model
from harness.simulator.limits import RateLimiter

KEY: Final = "sim-key"
MANAGEMENT_KEY: Final = "sim-management-key"
TEAM: Final = "sim-team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A simulator that serves.

    origin   such as http://127.0.0.1:8765: the management API's base URL
    stopped  is set when it serves no longer
    """

    origin: str
    profile: str
    key: str
    management_key: str
    team: str
    stopped: threading.Event = field(repr=False)

    @property
    def url(self) -> str:
        """The inference API's base URL."""
        return f"{self.origin}/v1"


@contextlib.contextmanager
def running(
    profile: ProfileName = "documented",
    *,
    deviations: Sequence[str] = (),
    faults: Sequence[str] = (),
    clock: Clock | None = None,
    seed: int | None = None,
    speed: float = 0.0,
    limits: float | None = 1.0,
    key: str = KEY,
    management_key: str = MANAGEMENT_KEY,
    team: str = TEAM,
    host: str = "127.0.0.1",
    port: int = 0,
    log: bool = False,
) -> Iterator[Running]:
    """Serve for as long as the block runs.

    deviations  'name' or 'name@model'; faults likewise as `--fault` has them
    speed       latencies are multiplied by it; 0 waits for nothing
    limits      rate limits are multiplied by it; None enforces none and sends no headers
    port        0 for any that is free
    log         whether a line for every request goes to standard error
    raises      UsageError for a fault, a deviation or a host that is none; Unanswerable if the port is taken
    """
    clock = clock or SystemClock()
    loaded = load_profile(profile, deviations)
    plan = FaultPlan(faults=[parse_fault(spec, loaded) for spec in faults], seed=seed or 0)
    # Now rather than with the first request, whose latency would tell of it.
    load_language_model()
    workers = Workers()
    site = Site(
        profile=loaded,
        service=ChatService(loaded, seed=seed),
        accounts=Accounts(clock=clock, team=team, key=key, management_key=management_key),
        limiter=RateLimiter(clock, scale=limits),
        clock=clock,
        workers=workers,
        speed=speed,
    )
    app: ASGIApp = FaultyApp(build_app(site), plan, site) if plan.faults else build_app(site)
    try:
        with serving(app, host=host, port=port, log=log) as served:
            yield Running(
                origin=served.origin,
                profile=profile,
                key=key,
                management_key=management_key,
                team=team,
                stopped=served.stopped,
            )
    finally:
        workers.close()
