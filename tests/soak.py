"""A hundred thousand live trials in one run, its memory watched: `make soak` fails if it grows.

It stands apart from the benchmarks because it has an answer: what a run holds must not depend on how long it is.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import harness, serving, write_suite

MOST_GROWTH_MB = 5.0
MOST_MB = 80.0


def memory_mb(process: int) -> float:
    """What a process holds in memory now."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def lines_of(journal: Path, seen: int, place: int) -> tuple[int, int]:
    """How many lines the journal has, given how many it had before a place."""
    if not journal.exists():
        return seen, place
    with journal.open("rb") as file:
        file.seek(place)
        while piece := file.read(1 << 20):
            seen, place = seen + piece.count(b"\n"), place + len(piece)
    return seen, place


def watch(process: "subprocess.Popen[bytes]", journal: Path, tenth: int) -> list[tuple[int, float]]:
    """(trials done, megabytes) whenever another tenth is done, and the most that was seen."""
    found: list[tuple[int, float]] = []
    done, place, most = 0, 0, 0.0
    while process.poll() is None:
        done, place = lines_of(journal, done, place)
        try:
            now = memory_mb(process.pid)
        except OSError:
            break
        most = max(most, now)
        if done >= tenth * (len(found) + 1):
            found.append((done, now))
            print(f"{done:>8} trials {now:>7.1f} MB", flush=True)
        time.sleep(0.1)
    return [*found, (done, most)]


def main() -> int:
    """Run it, and say how much memory grew from the first tenth to the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100_000)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as name, serving() as url:
        folder = Path(name)
        suite, out = write_suite(folder, trials), folder / "out"
        began = time.monotonic()
        process = subprocess.Popen(
            harness("run", suite, "--base-url", url, "--concurrency", 32, "--out", out), stdout=subprocess.DEVNULL
        )
        found = watch(process, out / "journal.jsonl", trials // 10)
        code = process.wait()
        records = (out / "records.jsonl").read_bytes().count(b"\n") - 2
    first, most = found[0][1], found[-1][1]
    print(
        f"{records} records, exit {code}, {time.monotonic() - began:.0f} s; {first:.1f} MB after a tenth, at most "
        f"{most:.1f} MB, page and all: {most - first:.1f} MB more"
    )
    return 0 if records == trials and code == 0 and most - first <= MOST_GROWTH_MB and most <= MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
