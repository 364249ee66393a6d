"""The kill matrix: every broken promise of the simulator against every claim, and whether the right ones turn.

It stands apart from the tests because all of it takes minutes: `make kill-matrix` runs it whole, the tests a sample.
What should turn is said by `kill_rules`, written from the register before any run.
"""

import argparse
import gc
import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kill_miniatures import Miniature, miniatures
from kill_page import write_page
from kill_rules import OPT_INS, choices_of, expected_of

from harness.cli.docket import prepare
from harness.cli.verifying import Verified, verify
from harness.core.verdict import TURNED
from harness.simulator.http.server import running

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_SHOWN = 12
# More requests a minute are sent than most models are documented to allow. Nobody waits here for minutes to pass: the
# server tells its limits as ever and refuses nothing, which the one claim that would notice is not asked about.
_UNHURRIED = "limits-not-enforced"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a miniature turned, beside what it had to and what it might; ids of claims, sorted.

    weak     of those that had to turn: the ones that came to no verdict, or were not tested
    cpu      seconds of this process, server and verification together
    """

    miniature: str
    models: tuple[str, ...]
    turned: tuple[str, ...]
    must: tuple[str, ...]
    may: tuple[str, ...]
    weak: tuple[str, ...]
    requests: int
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def missed(self) -> tuple[str, ...]:
        """Claims that should have turned and did not."""
        return tuple(sorted(set(self.must) - set(self.turned)))

    @property
    def unrelated(self) -> tuple[str, ...]:
        """Claims that turned and should not have."""
        return tuple(sorted(set(self.turned) - set(self.must) - set(self.may)))


def examine(miniature: Miniature, *, broken: bool = True, seed: int = 0, claims: tuple[str, ...] = ()) -> Verified:
    """The verification of a miniature, or of the unbroken simulator in its place.

    claims  globs over ids, or kinds; all by default
    """
    deviations = (miniature.deviation,) if broken else ()
    if not miniature.name.startswith("limits-"):
        deviations = (*deviations, _UNHURRIED)
    with running(deviations=deviations, seed=seed + 1, speed=miniature.speed) as server:
        docket = prepare(choices_of(miniature.models, miniature.allow, server.url, seed=seed, claims=claims))
        return verify(docket, None, started=None)


def run_one(miniature: Miniature, usual: frozenset[str] | None = None) -> Outcome:
    """Verify one miniature.

    usual  what turns without a deviation, if that is known
    """
    usual = baseline(miniature.models) if usual is None else usual
    began, cpu = time.monotonic(), time.process_time()
    verification = examine(miniature).verification
    verdicts = verification.verdicts
    expected = expected_of(miniature.deviation, miniature.models, miniature.allow)
    must = expected.must - usual
    weak = {each.claim for each in verdicts if each.verdict in ("inconclusive", "not-tested")}
    return Outcome(
        miniature=miniature.deviation,
        models=miniature.models,
        turned=tuple(sorted({each.claim for each in verdicts if each.verdict in TURNED} - usual)),
        must=tuple(sorted(must)),
        may=tuple(sorted(expected.may - usual)),
        weak=tuple(sorted(weak & must)),
        requests=verification.requests,
        seconds=round(time.monotonic() - began, 2),
        cpu=round(time.process_time() - cpu, 2),
    )


@cache
def baseline(models: tuple[str, ...]) -> frozenset[str]:
    """Claims that are not kept by the unbroken simulator either: losing sides of contradictions."""
    usual = examine(Miniature(deviation="", models=models, allow=OPT_INS), broken=False).verification
    return frozenset(each.claim for each in usual.verdicts if each.verdict in TURNED)


def read_outcomes(path: Path) -> tuple[Outcome, ...]:
    """Outcomes as they were published: without how long they took."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return tuple(
        Outcome(**{key: tuple(value) if isinstance(value, list) else value for key, value in line.items()})
        for line in lines
    )


def main() -> int:
    """Run all miniatures, or those named, and say what was missed and what turned without cause."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="deviations, with or without @MODEL; all by default")
    parser.add_argument("--out", type=Path, help="folder for a page and the outcomes, a JSON line each")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    every = miniatures()
    unknown = set(chosen.names) - {name for each in every for name in (each.name, each.deviation)}
    if unknown:
        parser.error(f"no miniature is named {', '.join(sorted(unknown))}: see `harness simulate --list`")
    wanted = [each for each in every if not chosen.names or {each.name, each.deviation} & set(chosen.names)]
    began = time.monotonic()
    outcomes = []
    fork = multiprocessing.get_context("fork")
    with fork.Pool(chosen.processes, initializer=_settle_down, initargs=(fork.Value("i", 0),)) as pool:
        lineups = list(dict.fromkeys(each.models for each in wanted))
        usual = dict(zip(lineups, pool.map(baseline, lineups, chunksize=1), strict=True))
        running_now = [pool.apply_async(run_one, (each, usual[each.models])) for each in wanted]
        for each in running_now:
            outcomes.append(each.get())
            _tell(outcomes[-1])
    bad = sum(bool(each.missed or each.unrelated) for each in outcomes)
    print(f"{len(outcomes)} miniatures, {bad} wrong, {time.monotonic() - began:.0f} s")
    if chosen.out is not None:
        write_page(chosen.out, outcomes)
    return int(bad > 0)


def _settle_down(begun: "Synchronized[int]") -> None:
    """Make a process of the pool quick: it lives for minutes, and has a server and a client within it."""
    gc.set_threshold(200_000, 20, 100)
    if hasattr(os, "sched_setaffinity"):
        # Threads that take turns at one interpreter lock only hinder each other on two cores.
        cores = sorted(os.sched_getaffinity(0))
        with begun.get_lock():
            os.sched_setaffinity(0, {cores[begun.value % len(cores)]})
            begun.value += 1


def _tell(outcome: Outcome) -> None:
    mark = "BAD" if outcome.missed or outcome.unrelated else "ok "
    cost = f"{outcome.requests} requests, {outcome.seconds} s, {outcome.cpu} s of CPU"
    print(f"{mark} {outcome.miniature}: {len(outcome.turned)} of {len(outcome.must)} turned; {cost}", flush=True)
    for title, claims in (("missed", outcome.missed), ("unrelated", outcome.unrelated)):
        if claims:
            print(f"      {title}: {', '.join(claims[:_SHOWN])}{' …' if len(claims) > _SHOWN else ''}")


if __name__ == "__main__":
    sys.exit(main())
