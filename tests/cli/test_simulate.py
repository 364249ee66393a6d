import contextlib
import re
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from simulator_client import CHAT, Client, ask

from harness.cli import simulate as simulate_command
from harness.simulator.deviations import DEVIATIONS
from harness.simulator.faults import KINDS


@contextlib.contextmanager
def simulate(*options):
    """The command as a user starts it, once it says that it is ready; ended if the test has not done so."""
    command = [sys.executable, "-m", "harness", "simulate", "--port", "0", *options]
    # In a session of its own: a terminal that the tests run in is not its terminal.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, start_new_session=True) as started:
        try:
            yield started, started.stdout.readline().strip()
        finally:
            started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_ready_and_stops_when_told_though_a_stream_is_open(number):
    with simulate("--speed", "1000") as (started, ready), contextlib.ExitStack() as clients:
        url = ready.removeprefix("ready: ").removesuffix(" (profile documented)")
        client = clients.enter_context(Client(SimpleNamespace(origin=url.removesuffix("/v1"), key="sim-key")))
        clients.enter_context(client.stream("POST", CHAT, json=ask(stream=True)))

        started.send_signal(number)

        assert started.wait(5) == 0
        assert started.stderr.read() == ""


def test_what_is_observed_is_dated(harness):
    result = harness("simulate", "--port", 0, "--profile", "observed", "--", sys.executable, "-c", "pass")

    assert re.search(r"\(profile observed, as of \d{4}-\d\d-\d\d\)$", result.out.strip())


def beside(harness, code, *options):
    """Run Python code beside the simulator; the result of `harness simulate`."""
    return harness("simulate", "--port", 0, "--speed", 0, *options, "--", sys.executable, "-c", code)


def test_a_command_beside_it_finds_it_in_its_environment_and_its_code_is_the_result(harness, tmp_path):
    code = """
import os, pathlib, urllib.request
seen = {name: os.environ["XAI_SIM_" + name] for name in ("URL", "KEY", "MANAGEMENT_KEY", "TEAM")}
request = urllib.request.Request(seen["URL"] + "/api-key", headers={"Authorization": "Bearer " + seen["KEY"]})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
pathlib.Path("seen.txt").write_text(opener.open(request).read().decode() + seen["MANAGEMENT_KEY"] + seen["TEAM"])
raise SystemExit(7)
"""

    result = beside(harness, code, "--key", "my-key", "--management-key", "my-manager", "--team", "my-team")

    seen = (tmp_path / "seen.txt").read_text()
    assert result.code == 7
    assert '"team_id":"my-team"' in seen
    assert seen.endswith("my-managermy-team")


def test_a_command_that_a_signal_ends_gives_the_code_that_a_shell_gives(harness):
    assert beside(harness, "import os; os.kill(os.getpid(), 9)").code == 128 + 9


def test_a_command_that_cannot_be_run_is_wrong_input(harness):
    result = harness("simulate", "--port", 0, "--", "no-such-command-anywhere")

    assert result.code == 2
    assert "cannot run no-such-command-anywhere" in result.err
    assert "ready" not in result.out


TELLS = """
import signal, sys
def tell(number, _frame):
    print("told", number, flush=True)
    sys.exit(5)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, tell)
print("waiting", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on_to_the_command_whose_code_is_the_result(number):
    with simulate("--", sys.executable, "-c", TELLS) as (started, _ready):
        assert started.stdout.readline() == "waiting\n"

        started.send_signal(number)

        assert started.wait(5) == 5
        assert started.stdout.read() == f"told {int(number)}\n"


def test_a_signal_that_comes_before_the_command_has_begun_reaches_it():
    told, relay = [], simulate_command.Relay()

    relay(signal.SIGTERM, None)
    relay.begin(SimpleNamespace(send_signal=told.append))

    assert told == [signal.SIGTERM]


@pytest.mark.parametrize(("in_foreground", "passed_on"), [(True, []), (False, [signal.SIGINT])])
def test_a_ctrl_c_that_the_terminal_has_told_the_command_is_not_told_it_again(monkeypatch, in_foreground, passed_on):
    monkeypatch.setattr(simulate_command, "_in_foreground", lambda: in_foreground)
    told, relay = [], simulate_command.Relay()
    relay.begin(SimpleNamespace(send_signal=told.append))

    relay(signal.SIGINT, None)

    assert told == passed_on


def test_every_fault_and_deviation_is_listed_with_what_it_does(harness):
    result = harness("simulate", "--list")

    lines = result.out.splitlines()
    assert result.code == 0
    for name in [*KINDS, *DEVIATIONS]:
        assert any(line.split()[:1] == [name] and len(line.split()) > 2 for line in lines), name


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--host", "0.0.0.0"], "loopback only"),
        (["--fault", "429:soon"], "429:soon\n          ^^^^"),
        (["--fault", "tuncated"], "did you mean 'truncated'?"),
        (["--deviate", "stop-ignord"], "'stop-ignord'"),
        (["--deviate", "errors-nested@grok-9"], "grok-9"),
        (["--profile", "imagined"], "observed"),
        (["--speed", "-1"], "--speed"),
        (["--speed", "nan"], "--speed"),
        (["--limits", "many"], "--limits many: not a factor"),
        (["--limits", "0"], "--limits 0: not a factor"),
        (["--key", "a b"], "--key"),
        (["--key", ""], "--key"),
        (["--key", "k", "--management-key", "k"], "the same"),
        (["--team", "a/b"], "--team"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_served(harness, options, says):
    result = harness("simulate", "--port", 0, *options, "--", sys.executable, "-c", "")

    assert result.code == 2
    assert says in result.err
    assert "ready" not in result.out


def test_a_port_that_is_taken_is_told_with_a_remedy(harness):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = harness("simulate", "--port", taken.getsockname()[1])

    assert result.code == 3
    assert "--port 0" in result.err
