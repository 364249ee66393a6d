"""Kills real runs at random points and lets each go on, until it is done; says what was lost, and what was sent twice.

It stands apart so that ten kills are a test of the suite and two hundred are `make crash`, by the same rules.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripted_server import ScriptedServer, completion

CONCURRENCY = 4
CASES = 24
SUITE = """suite: crash
targets: [local/m]
cases:
  - id: once
    dataset: {file: rows.jsonl}
    prompt: "question {{ n }}"
    expect: [{contains: fine}]
  - id: twice
    dataset: {file: rows.jsonl}
    prompt: "weather {{ n }}"
    tools: [{type: function, function: {name: look, parameters: {type: object}}}]
    tool_results: {look: "rain {{ n }}"}
    expect: [{tool_call: {name: look}}, {contains: fine}]
"""
TRIALS = 2 * CASES


@dataclass
class Tally:
    """What a series of kills came to.

    kills       processes killed while they ran
    after_done  killed after their last answer: while the run was closed or its page was written
    resent      requests sent more than once
    worst       the most that one kill caused
    faults      what must not be, in words
    """

    kills: int = 0
    after_done: int = 0
    requests: int = 0
    resent: int = 0
    worst: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """In a line."""
        return (
            f"{self.kills} kills ({self.after_done} after the last answer), {self.requests} requests, "
            f"{self.resent} sent again, at most {self.worst} by one kill of {CONCURRENCY} under way, "
            f"{len(self.faults)} faults"
        )


class CountingServer:
    """Answers slowly enough to be killed in between, and counts every request by its body."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.server = ScriptedServer(self.answer)

    @property
    def total(self) -> int:
        """Requests so far."""
        return sum(self.counts.values())

    def answer(self, body: dict[str, Any]) -> Any:
        """A call of the tool first where there is one, then words."""
        with self._lock:
            self.counts[json.dumps(body["messages"])] += 1
            pause_s = self._rng.uniform(0.0, 0.02)
        time.sleep(pause_s)
        if body.get("tools") and body["messages"][-1]["role"] == "user":
            call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            return completion(None, tool_calls=[call])
        return completion("fine: " + body["messages"][-1]["content"])


def write_suite(folder: Path) -> Path:
    """The suite that is killed: half its trials send one request, half two."""
    rows = "".join(json.dumps({"id": f"r{number}", "n": number}) + "\n" for number in range(CASES))
    (folder / "rows.jsonl").write_text(rows)
    (folder / "suite.yaml").write_text(SUITE)
    return folder / "suite.yaml"


def begin(suite: Path, out: Path, url: str, *more: str) -> "subprocess.Popen[bytes]":
    """A run, as a process of its own."""
    command = [sys.executable, "-m", "harness", "run", str(suite), "--base-url", url, "--out", str(out)]
    command += ["--concurrency", str(CONCURRENCY), "--no-pacing", *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def done_in(out: Path) -> set[str]:
    """The requests whose answers the folder holds, as the server names them, by its journal or its records."""
    held: set[str] = set()
    files = [path for path in (out / "journal.jsonl", out / "records.jsonl") if path.exists()]
    for line in files[0].read_bytes().splitlines(keepends=True) if files else []:
        if line.startswith(b'{"trial":') and line.endswith(b"}\n"):
            held |= _requests_of(json.loads(line)["trial"])
        elif line.startswith(b'{"answer":') and line.endswith(b"}\n"):
            held.add(json.dumps(json.loads(json.loads(line)["answer"]["request"][2])["messages"]))
    return held


def _requests_of(trial: dict[str, Any]) -> set[str]:
    asked = {"role": "user", "content": trial["said"][0][0]["text"]}
    if trial["case"] == "once":
        return {json.dumps([asked])}
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    told = {"role": "tool", "content": f"rain {trial['row'].removeprefix('r')}", "tool_call_id": "c1"}
    return {json.dumps([asked]), json.dumps([asked, said, told])}


def kill_until_done(folder: Path, seed: int, most: int, tally: Tally) -> None:
    """One run, killed at most so many times before it may finish."""
    rng = random.Random(seed)  # noqa: S311 - where to kill, not a secret
    suite, out, found = write_suite(folder), folder / "out", CountingServer(rng)
    with found.server as server:
        for kill in range(most + 1):
            held, before = done_in(out), found.counts.copy()
            go_on = ("--resume",) if (out / "journal.jsonl").exists() or (out / "records.jsonl").exists() else ()
            process = begin(suite, out, server.base_url, *go_on)
            if kill == most:
                process.wait(120)
                _note(tally, held, before, found)
                break
            _kill(process, found, rng, tally)
            _note(tally, held, before, found)
            if process.returncode == 0:
                break
    tally.requests += found.total
    _compare(out, tally, seed)


def _kill(process: "subprocess.Popen[bytes]", found: CountingServer, rng: random.Random, tally: Tally) -> None:
    """Kill it after some more requests, or, when nothing more comes, a moment later."""
    until, quiet_since = found.total + rng.choice([1, 2, 5, 10, 20, 1000]), time.monotonic()
    seen = found.total
    while found.total < until and process.poll() is None:
        if found.total != seen:
            seen, quiet_since = found.total, time.monotonic()
        elif seen and time.monotonic() - quiet_since > rng.uniform(0.1, 3.0):
            break
        time.sleep(0.002)
    time.sleep(rng.uniform(0.0, 0.02))
    if process.poll() is None:
        tally.after_done += len(found.counts) >= 3 * CASES
        tally.kills += 1
        process.kill()
    process.wait(60)


def _note(tally: Tally, held: set[str], before: "Counter[str]", found: CountingServer) -> None:
    """Hold what was sent since against what was done before."""
    since = found.counts - before
    tally.faults += [f"sent again though it was done: {name}" for name in since if name in held]
    tally.faults += [f"sent {count} times by one process: {name}" for name, count in since.items() if count > 1]
    again = sum(name in before for name in since)
    tally.resent += again
    tally.worst = max(tally.worst, again)
    if again > CONCURRENCY:
        tally.faults.append(f"one kill caused {again} requests to be sent again")


def _compare(out: Path, tally: Tally, seed: int) -> None:
    """Hold what the run came to against what an uninterrupted one comes to, but for its times."""
    lines = (out / "records.jsonl").read_text().splitlines() if (out / "records.jsonl").exists() else []
    records = [json.loads(line)["trial"] for line in lines if line.startswith('{"trial":')]
    expected = [("once", f"r{n}") for n in range(CASES)] + [("twice", f"r{n}") for n in range(CASES)]
    if [(record["case"], record["row"]) for record in records] != expected:
        tally.faults.append(f"seed {seed}: the records are not those of the plan, each once, in its order")
    for record in records:
        wanted = 1 if record["case"] == "once" else 2
        if record["outcome"] != "pass" or len(record["exchanges"]) != wanted:
            tally.faults.append(f"seed {seed}: {record['case']} {record['row']}: {record['outcome']}")
    if (out / "journal.jsonl").exists() or not (out / "report.html").exists():
        tally.faults.append(f"seed {seed}: the run is not closed")


def crash(kills: int, seed: int, folder: Path) -> Tally:
    """Kill runs until so many kills have been made."""
    tally = Tally()
    while tally.kills < kills:
        place = folder / f"run-{seed}"
        place.mkdir(parents=True)
        kill_until_done(place, seed, most=min(10, kills - tally.kills), tally=tally)
        seed += 1
    return tally


def main() -> int:
    """`make crash`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = crash(chosen.kills, chosen.seed, Path(folder))
    print(f"{tally}, {time.monotonic() - began_s:.0f} s")
    for fault in tally.faults[:20]:
        print(f"  {fault}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
