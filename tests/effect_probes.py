"""The effect probes on real sampling: a real model directly, and through a proxy that tampers with one parameter.

It stands apart from the tests because it takes some two hours: `make effect-probes` writes the table in
reports/examples/effect-probes. What should be seen is known beforehand, from what the proxy does.
"""

import argparse
import json
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from effect_page import EXPECTED, Run, publish, read_as, table
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


def main() -> int:
    """Run all, writing each run as it ends; 1 if any verdict was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", default="http://127.0.0.1:8080/v1")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run, to share runs out")
    parser.add_argument("--parameter", action="append", choices=list(PARAMETERS))
    parser.add_argument("--tampering", action="append", choices=list(EXPECTED))
    parser.add_argument("--out", type=Path, default=Path("reports/examples/effect-probes"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    asked = [
        (seed, parameter, tampering)
        for seed in range(chosen.first, chosen.first + chosen.runs)
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
    publish(chosen.out, runs)
    tell("\n".join(table(runs)))
    return int(any(read_as(run) == "wrong" for run in runs))


def tell(line: str) -> None:
    """Say it now, to whoever watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
