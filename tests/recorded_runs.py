"""Runs against a scripted server, for the tests of `harness run`.

It stands apart because two files of tests begin the same way.
"""

from pathlib import Path

from scripted_server import ScriptedServer, completion

from harness.core.record import TrialRecord
from harness.store import read_run_folder

CASE = "  - {id: a, prompt: Say ok., expect: [{contains: ok}]}"


def answer_with(*contents):
    remaining = list(contents)
    return lambda _: completion(remaining.pop(0) if len(remaining) > 1 else remaining[0])


def record(harness, path, answer=lambda _: completion("ok"), *more):
    with ScriptedServer(answer) as server:
        result = harness("run", path, "--mode", "record", "--base-url", server.base_url, "--out", "first", *more)
    return result, server.requests


def records_of(folder) -> tuple[TrialRecord, ...]:
    return read_run_folder(Path(folder)).records


JUDGED = "  - {id: a, prompt: Say ok., expect: [{judge: {model: local/judge, rubric: RUBRIC}}]}"


def judge(body):
    return completion('{"score": 0.9, "reason": "fine"}') if body["model"] == "judge" else completion("ok")
