import json
from pathlib import Path

import pytest

from harness.simulator.faults import KINDS
from harness.simulator.http.server import running

SUITE = """suite: s
targets: [xai-sim/grok-3]
cases:
  - {id: a, prompt: "Say ok.", params: {max_tokens: 20}, stream: STREAM, expect: [{length: {min_characters: 1}}]}
"""
PASSES, LOST, LATE = ("pass", None), ("error", "network"), ("error", "timeout")

# Fault -> what a whole reply comes to, what a stream comes to, and how often the model is asked.
OUTCOMES = {
    "429": (PASSES, PASSES, 2),
    "500": (PASSES, PASSES, 2),
    "502": (PASSES, PASSES, 2),
    "503": (PASSES, PASSES, 2),
    "504": (PASSES, PASSES, 2),
    "529": (PASSES, PASSES, 2),
    "reset": (LOST, LOST, 1),
    "truncated": (("error", "malformed"), LOST, 1),
    # One event that is no JSON breaks the stream's rules, which the check `stream` sees; the words around it stand.
    "malformed": (("error", "malformed"), PASSES, 1),
    "stall": (LATE, LATE, 1),
    "slow": (PASSES, PASSES, 1),
    "error-in-200": (("error", "server"), ("error", "server"), 1),
    "empty-body": (("error", "malformed"), ("error", "malformed"), 1),
    "wrong-content-type": (PASSES, PASSES, 1),
}


def test_every_fault_of_the_simulator_has_an_outcome_here():
    assert OUTCOMES.keys() == KINDS.keys()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_met_once_is_mended_if_it_can_be_and_else_an_error_that_says_which(harness, monkeypatch, kind, stream):
    monkeypatch.setenv("XAI_SIM_KEY", "sim-key")
    Path("s.yaml").write_text(SUITE.replace("STREAM", json.dumps(stream)))
    argument = {"slow": ":20000", "429": ":0", "stall": ":3"}.get(kind, "")

    with running(faults=[f"{kind}{argument},x1"], limits=None) as server:
        patience_s = 1.5 if kind == "stall" else 30
        options = ("--base-url", server.url, "--provider", "xai-sim", "--out", "o", "--timeout", patience_s)
        ended = harness("run", "s.yaml", *options)

    assert Path("o/records.jsonl").exists(), ended.err
    record = json.loads(Path("o/records.jsonl").read_text().splitlines()[1])["trial"]
    (exchange,) = record["exchanges"]
    error = exchange["reply"].get("error", {}).get("kind")
    asked = len(exchange.get("attempts", [1]))
    assert (record["outcome"], error) == OUTCOMES[kind][stream]
    assert asked == OUTCOMES[kind][2]
