"""What any test may ask for: a promise of no sockets, and a browser.

It stands at the top because both are asked for by more than one package's tests.
"""

import os
import shutil
import socket

import pytest
from hypothesis import settings

IN_CI = bool(os.environ.get("CI"))

# Without deadlines: they measure the machine. In CI the same examples every time; a developer's runs explore.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if IN_CI else "dev")


@pytest.fixture
def no_sockets(monkeypatch):
    """Every network socket and every name look-up ends the test.

    Unix sockets stay: an event loop wakes itself through a pair of them. `pytest.fail` raises a BaseException, which no
    `except Exception` on the way up can hide.
    """
    create = socket.socket.__init__

    def create_local(self, family=-1, *arguments, **named):
        if family != socket.AF_UNIX:
            pytest.fail("a network socket was opened")
        create(self, family, *arguments, **named)

    def refuse(*_arguments, **_named):
        pytest.fail("the network was asked for")

    monkeypatch.setattr(socket.socket, "__init__", create_local)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium; without one the test is skipped, but never in CI, where `.ci/run` installs it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and IN_CI:
        pytest.fail("no Chromium is installed, and in CI its absence is a failure")
    if found is None:
        pytest.skip("no Chromium is installed")
    return found
