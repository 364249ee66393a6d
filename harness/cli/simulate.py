"""`harness simulate`: the documented API on loopback, with faults and broken promises on request.

It stands apart from the simulator because options, the terminal, signals and a command run beside it are its business.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from harness.cli.terminal import say
from harness.core.errors import Unanswerable, UsageError

if TYPE_CHECKING:
    from harness.simulator.behaviour import ProfileName
    from harness.simulator.http.server import Running

INTERRUPTED = 130
LARGEST_FACTOR = 1_000.0
LOOPBACK_HELP = "127.0.0.1, ::1 or localhost; nothing else, because the keys are no secret."


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told(BaseException):
    """One of the signals that end serving arrived."""


class Relay:
    """Passes signals on to a command, those too that arrive before it has begun."""

    def __init__(self) -> None:
        """Keep what arrives until there is a command."""
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        if self._child is None:
            self._waiting.append(number)
        elif number != signal.SIGINT or not _in_foreground():
            self._child.send_signal(number)

    def begin(self, child: "subprocess.Popen[bytes]") -> None:
        """Pass on from now, beginning with what has waited."""
        self._child = child
        for number in self._waiting:
            child.send_signal(number)


@click.command("simulate")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="Port; 0 for any that is free."
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help=LOOPBACK_HELP)
@click.option(
    "--profile",
    type=click.Choice(["documented", "observed"]),
    default="documented",
    show_default=True,
    help="Behave as the documents say, or as public evidence does.",
)
@click.option(
    "--deviate", "deviations", multiple=True, metavar="NAME[@MODEL]", help="Break a promise; repeatable. See --list."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:ARG][@MODEL|@/PATH][,WHEN]",
    help="Spoil replies: all that match, or with WHEN the first x3, every=3 or a share p=0.1; repeatable. See --list.",
)
@click.option("--key", default="sim-key", show_default=True, help="The inference key.")
@click.option("--management-key", default="sim-management-key", show_default=True, help="The management key.")
@click.option("--team", default="sim-team", show_default=True, help="The team's id.")
@click.option("--seed", type=int, help="Repeat what is left to chance.")
@click.option(
    "--speed",
    default="1",
    show_default=True,
    metavar="FACTOR",
    help="Multiply all latencies; 0 waits for nothing.",
)
@click.option(
    "--limits",
    default="1",
    show_default=True,
    metavar="off|FACTOR",
    help="Multiply the rate limits, or enforce none.",
)
@click.option("--log", is_flag=True, help="Print a line for every request.")
@click.option("--list", "listing", is_flag=True, help="Print faults and deviations, and exit.")
@click.argument("beside", nargs=-1, metavar="[-- COMMAND...]")
def command(
    *,
    port: int,
    host: str,
    profile: "ProfileName",
    deviations: Sequence[str],
    faults: Sequence[str],
    key: str,
    management_key: str,
    team: str,
    seed: int | None,
    speed: str,
    limits: str,
    log: bool,
    listing: bool,
    beside: Sequence[str],
) -> int:
    """Serve the vendor's API as documented, simulated, until SIGINT or SIGTERM.

    With a COMMAND after `--`, serve for as long as it runs and exit with its code; it finds the server in XAI_SIM_URL,
    XAI_SIM_KEY, XAI_SIM_MANAGEMENT_KEY and XAI_SIM_TEAM. What the simulator answers is never evidence about a model.
    """
    if listing:
        print_listing()
        return 0
    for option, value in (("--key", key), ("--management-key", management_key), ("--team", team)):
        _refuse_unsendable(option, value)
    if key == management_key:
        raise UsageError("--key and --management-key are the same", remedy="give them different values")
    if beside and shutil.which(beside[0]) is None:
        raise _cannot_run(beside[0], "there is no such command")
    from harness.simulator.http.server import running
    from harness.simulator.observed import DATED

    try:
        with (
            _handled_by(_raise_told),
            running(
                profile,
                deviations=deviations,
                faults=faults,
                seed=seed,
                speed=_factor("--speed", speed),
                limits=None if limits == "off" else _factor("--limits", limits, least=0.0001),
                key=key,
                management_key=management_key,
                team=team,
                host=host,
                port=port,
                log=log,
            ) as server,
        ):
            say(f"ready: {server.url} (profile {profile}{f', as of {DATED}' if profile == 'observed' else ''})")
            if beside:
                return run_beside(beside, server)
            server.stopped.wait()
    except Told:
        # Being stopped is how serving ends; with a command, it means that the command never began.
        return INTERRUPTED if beside else 0
    raise Unanswerable("the simulator stopped by itself", remedy="please report it, with the lines above")


def print_listing() -> None:
    """Say which faults and deviations there are, and what each does."""
    from harness.simulator.deviations import DEVIATIONS
    from harness.simulator.faults import GRAMMAR, KINDS

    say(f"Faults: --fault '{GRAMMAR}'\n")
    for name, kind in KINDS.items():
        default = "" if kind.default is None else f", {kind.default:g} if left out"
        argument = f" (ARG: {kind.argument}{default})" if kind.argument else ""
        say(f"  {name:20}{kind.does}{argument}")
    say("\nDeviations: --deviate NAME[@MODEL]\n")
    width = max(map(len, DEVIATIONS))
    for name in sorted(DEVIATIONS):
        say(f"  {name:{width}}  {DEVIATIONS[name].about}")


def run_beside(arguments: Sequence[str], server: "Running") -> int:
    """The exit code of a command that runs while the simulator serves; signals are its own, and it is waited for."""
    environment = {
        **os.environ,
        "XAI_SIM_URL": server.url,
        "XAI_SIM_KEY": server.key,
        "XAI_SIM_MANAGEMENT_KEY": server.management_key,
        "XAI_SIM_TEAM": server.team,
    }
    relay = Relay()
    with _handled_by(relay):
        try:
            child = subprocess.Popen(arguments, env=environment)  # noqa: S603 - the user's own command
        except OSError as error:
            raise _cannot_run(arguments[0], error.strerror or str(error)) from None
        relay.begin(child)
        code = child.wait()
    # Python says -N for a child that signal N ended; a shell says 128 + N.
    return code if code >= 0 else 128 - code


def _cannot_run(name: str, why: str) -> UsageError:
    return UsageError(f"cannot run {name}: {why}", remedy="check the command after --")


def _in_foreground() -> bool:
    """Whether a terminal's Ctrl-C reaches this process, and with it the command, which must not be told twice."""
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _refuse_unsendable(option: str, value: str) -> None:
    if not value or not value.isascii() or not value.isprintable() or any(sign in value for sign in " /?#%"):
        raise UsageError(
            f"{option}: {value!r} cannot be sent in a header or a path",
            remedy="use letters, digits and signs such as - and _",
        )


def _factor(option: str, text: str, *, least: float = 0.0) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    # So written that a NaN, which click's own ranges let through, is refused too.
    if not least <= factor <= LARGEST_FACTOR:
        raise UsageError(
            f"{option} {text}: not a factor", remedy=f"give a number from {least:g} to {LARGEST_FACTOR:g}, such as 0.1"
        )
    return factor


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    # Said outright, because a shell starts what it puts in the background with SIGINT ignored; what nohup has had
    # ignored stays so.
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    before = {each: signal.signal(each, handler) for each in SIGNALS if each is not signal.SIGHUP or not ignored}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _raise_told(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Told
