"""The effect probes on real sampling: a real model directly, and through a proxy that tampers with one parameter.

It stands apart from the tests because it takes the better part of an hour: `make effect-probes` writes the table in
reports/examples/effect-probes. What should be seen is known beforehand, from what the proxy does.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parameter_proxy import ParameterProxy, Tampering, tampering_with

from harness.cli.docket import VerifyChoices, prepare
from harness.cli.verifying import verify

MODEL = "smollm2-135m-instruct"
# What a gateway that pins a parameter would set it to: its default, or a common choice.
PARAMETERS: dict[str, Any] = {
    "max_tokens": 64,
    "temperature": 0.7,
    "top_p": 0.95,
    "stop": ["\n\n\n"],
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "seed": 7,
}
EXPECTED: dict[Tampering, str] = {"none": "confirmed", "strip": "ignored", "pin": "ignored", "reject": "refuted"}
# A pinned seed makes every reply the same, whatever is asked for: that is to ignore it, too.


@dataclass(frozen=True, kw_only=True)
class Run:
    """One verification of one parameter."""

    parameter: str
    tampering: Tampering
    seed: int
    verdict: str
    observed: str
    p: float | None
    requests: int
    seconds: float


def run_one(upstream: str, parameter: str, tampering: Tampering, seed: int) -> Run:
    """Verify the parameter's claim, through the proxy."""
    began = time.monotonic()
    proxy = ParameterProxy(upstream=upstream, parameter=parameter, tampering=tampering, value=PARAMETERS.get(parameter))
    with tampering_with(proxy) if tampering != "none" else nullcontext() as served:
        docket = prepare(
            VerifyChoices(
                catalogue="openai-chat",
                targets=(MODEL,),
                claims=(f"*.parameter.{parameter}",),
                base_url=f"{served.origin}/v1" if served is not None else upstream,
                pacing=False,
                concurrency=4,
                seed=seed,
                timeout_s=600,
            )
        )
        (verdict,) = verify(docket, None, started=None).verification.verdicts
    return Run(
        parameter=parameter,
        tampering=tampering,
        seed=seed,
        verdict=verdict.verdict,
        observed=verdict.observed,
        p=verdict.p,
        requests=verdict.requests,
        seconds=round(time.monotonic() - began, 1),
    )


def read_as(run: Run) -> str:
    """'right', 'missed' where the evidence did not suffice, 'wrong' where the verdict says what is not so."""
    if run.verdict == EXPECTED[run.tampering]:
        return "right"
    return "missed" if run.verdict in ("inconclusive", "not-tested") else "wrong"


def table(runs: list[Run]) -> Iterator[str]:
    """Markdown: a row for each parameter and kind of tampering."""
    words = {"none": "directly", "strip": "stripped", "pin": "pinned", "reject": "rejected"}
    yield "| parameter | the proxy | should be | found | missed | false alarms | requests a run | seconds a run |"
    yield "|---|---|---|---|---|---|---|---|"
    groups: dict[tuple[str, Tampering], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.parameter, run.tampering), []).append(run)
    for (parameter, tampering), group in groups.items():
        counted = Counter(map(read_as, group))
        mean = sum(run.requests for run in group) / len(group)
        seconds = sum(run.seconds for run in group) / len(group)
        yield (
            f"| {parameter} | {words[tampering]} | {EXPECTED[tampering]} | {counted['right']} of {len(group)} | "
            f"{counted['missed']} | {counted['wrong']} | {mean:.0f} | {seconds:.0f} |"
        )


def main() -> int:
    """Run all, writing each run as it ends; 1 if any verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", default="http://127.0.0.1:8080/v1")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--parameter", action="append", choices=list(PARAMETERS))
    parser.add_argument("--tampering", action="append", choices=list(EXPECTED))
    parser.add_argument("--out", type=Path, default=Path("reports/examples/effect-probes"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    asked = [
        (seed, parameter, tampering)
        for seed in range(chosen.runs)
        for parameter in chosen.parameter or PARAMETERS
        for tampering in chosen.tampering or EXPECTED
    ]
    runs: list[Run] = []
    with (chosen.out / "runs.jsonl").open("w") as out:
        for seed, parameter, tampering in asked:
            run = run_one(chosen.upstream, parameter, tampering, seed)
            runs.append(run)
            out.write(json.dumps(asdict(run)) + "\n")
            out.flush()
            tell(
                f"{parameter} {tampering} #{seed}: {read_as(run)}, {run.verdict}, {run.seconds} s: {run.observed[:110]}"
            )
    tell("\n".join(table(runs)))
    (chosen.out / "table.md").write_text("\n".join(table(runs)) + "\n")
    return int(any(read_as(run) == "wrong" for run in runs))


def tell(line: str) -> None:
    """Say it now, to whoever watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
