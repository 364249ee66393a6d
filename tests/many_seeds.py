"""The whole verification of the unbroken simulator, over many seeds: what must be confirmed is, and nothing is refuted.

It stands apart from the tests because twenty seeds take minutes: `make many-seeds` runs them, the tests one small one.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from harness.catalogue import load_catalogues, load_register
from harness.cli.docket import VerifyChoices, prepare
from harness.cli.verifying import verify
from harness.core.verdict import TURNED, Verification
from harness.simulator.http.server import KEY, running

REGISTER = load_register(load_catalogues().provider("xai"))


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the claims that must be confirmed: on the wire, contradicted by nobody, not to be opted into.

    asked     how many of them the lineup asks about
    lost      claims that no contradiction excuses, and that were found not to be kept
    """

    asked: int
    confirmed: int
    lost: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of those that must be confirmed."""
        return self.confirmed / self.asked


def verify_unbroken(seed: int, models: tuple[str, ...] = (), concurrency: int = 32) -> Verification:
    """Every claim about these models, or all, asked of a simulator that keeps every promise."""
    with running(seed=seed) as server:
        chosen = VerifyChoices(
            targets=models,
            rename="xai-sim",
            base_url=server.url,
            environment={**os.environ, "XAI_SIM_KEY": KEY},
            seed=seed,
            pacing=False,
            concurrency=concurrency,
        )
        return verify(prepare(chosen), None, started=None).verification


def tally(found: Verification) -> Tally:
    """The verdicts, counted."""
    wire = {claim.id for claim in REGISTER.claims if claim.observable == "wire" and not claim.needs}
    due = [each for each in found.verdicts if each.claim in wire and not each.conflicts]
    return Tally(
        asked=len(due),
        confirmed=sum(each.verdict == "confirmed" for each in due),
        lost=tuple(each.claim for each in found.verdicts if each.verdict in TURNED and not each.conflicts),
        open=tuple(f"{each.claim}: {each.observed[:90]}" for each in due if each.verdict != "confirmed"),
    )


def main() -> int:
    """Run the seeds; 1 if one of them confirms too little, or refutes what nobody contradicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed, to share seeds out")
    chosen = parser.parse_args()
    bad = 0
    tallies: list[Tally] = []
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        began = time.monotonic()
        found = verify_unbroken(seed)
        tallies.append(tally(found))
        last = tallies[-1]
        bad += bool(last.lost) or last.share < 0.95
        tell(
            f"seed {seed}: {last.confirmed} of {last.asked} confirmed ({last.share:.1%}), {len(last.lost)} not kept, "
            f"{found.requests} requests, ${found.cost_usd:.2f}, {time.monotonic() - began:.0f} s"
        )
    for line in dict.fromkeys(line for each in tallies for line in (*each.lost, *each.open)):
        tell(f"  {line}")
    return int(bad > 0)


def tell(*lines: Iterable[str]) -> None:
    """Say it now, to whoever watches."""
    sys.stdout.write("\n".join(map(str, lines)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
