import contextlib

import pytest
from simulator_client import Client

from harness.simulator.http.server import running


@pytest.fixture
def serve():
    """Start a simulator with these options, and give a client of it."""
    with contextlib.ExitStack() as stack:

        def start(profile="documented", **options):
            server = stack.enter_context(running(profile, **{"seed": 1, **options}))
            return stack.enter_context(Client(server))

        yield start


@pytest.fixture(scope="package")
def shared():
    """One simulator without limits, for tests that leave nothing behind."""
    with running(seed=1, limits=None) as server, Client(server) as client:
        yield client
