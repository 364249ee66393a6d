"""What a case costs, beside what could not be had for less: `make bench`, tables and no assertions.

It stands apart from the tests because timings are noisy: every figure is the median of interleaved runs, each held
against a limit that was measured between them.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SUITE = """suite: bench
targets: [local/m]
defaults: {{params: {{max_tokens: 64}}, stream: {stream}}}
cases:
  - id: q
    dataset: {{file: rows.jsonl}}
    prompt: "Question {{{{ n }}}}: what is the answer?"
    expect:
      - contains: "42"
"""
BARE = HERE / "bench_bare.py"


@dataclass(frozen=True)
class Ended:
    """A process that has ended: seconds of wall and CPU, and the most memory it held, in MB."""

    wall_s: float
    cpu_s: float
    rss_mb: float
    code: int


def run(command: Sequence[str | Path], cwd: Path | None = None) -> Ended:
    """Run a command to its end, its output thrown away."""
    began = time.perf_counter()
    # Modules are compiled once, as they are for whoever installs the package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([str(part) for part in command], cwd=cwd, env=environment, **quiet)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu_s = used.ru_utime + used.ru_stime
    return Ended(time.perf_counter() - began, cpu_s, used.ru_maxrss / 1024, process.returncode)


@contextmanager
def serving(**options: float) -> Iterator[str]:
    """The fixed server in a process of its own; yields its base URL."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = subprocess.Popen([sys.executable, HERE / "bench_server.py", *flags], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.kill()
        process.wait()


def write_suite(folder: Path, cases: int, *, stream: bool = False) -> Path:
    """A suite of so many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.yaml").write_text(SUITE.format(stream=json.dumps(stream)))
    with (folder / "rows.jsonl").open("w") as file:
        file.writelines(json.dumps({"id": f"r{number}", "n": number}) + "\n" for number in range(cases))
    return folder / "suite.yaml"


def harness(*arguments: object) -> list[str]:
    """A command line of the harness."""
    return [sys.executable, "-m", "harness", *map(str, arguments)]


def live(suite: Path, url: str, concurrency: int, out: Path) -> Ended:
    """One live run, into a folder of its own that is removed."""
    ended = run(harness("run", suite, "--base-url", url, "--concurrency", concurrency, "--out", out, "--overwrite"))
    shutil.rmtree(out, ignore_errors=True)
    return ended


def median(values: Sequence[float]) -> float:
    """The median, as every figure here."""
    return statistics.median(values)


def interleaved(times: int, *measures: Callable[[], Ended]) -> list[list[Ended]]:
    """Each measured so often, in turn, so that what slows the machine slows all of them."""
    found: list[list[Ended]] = [[] for _ in measures]
    for _ in range(times):
        for place, measure in enumerate(measures):
            found[place].append(measure())
    return found


def marginal(few: Sequence[Ended], many: Sequence[Ended], cases: int) -> tuple[float, float]:
    """Milliseconds of CPU, and of wall, that each further case took."""
    cpu = median([each.cpu_s for each in many]) - median([each.cpu_s for each in few])
    wall = median([each.wall_s for each in many]) - median([each.wall_s for each in few])
    return 1000 * cpu / cases, 1000 * wall / cases


def row(name: str, *figures: str) -> None:
    """A line of the table."""
    print(f"{name:<44}" + "".join(f"{figure:>24}" for figure in figures), flush=True)


def bench_live(folder: Path, times: int) -> None:
    """A 0 ms server at concurrency 32, beside a bare loop over the same transport, and aiohttp alone."""
    few, many = 1000, 6000
    suites = [write_suite(folder / str(cases), cases) for cases in (few, many)]
    with serving() as url:
        measures: list[Callable[[], Ended]] = [
            (lambda suite=suite: live(suite, url, 32, folder / "out")) for suite in suites
        ]
        kinds = ("transport", "aiohttp")
        measures += [
            (lambda kind=kind, cases=cases: run([sys.executable, BARE, kind, url, str(cases)]))
            for kind in kinds
            for cases in (few, many)
        ]
        found = interleaved(times, *measures)
    for name, at in (("a case, all told", 0), ("the same transport, bare", 2), ("aiohttp alone", 4)):
        cpu, wall = marginal(found[at], found[at + 1], many - few)
        row(f"live, 0 ms, 32 at once: {name}", f"{cpu:.3f} ms CPU", f"{1000 / wall:.0f} cases/s")


def bench_late(folder: Path, times: int, cases: int) -> None:
    """A 200 ms server, net of start-up, against the ideal."""
    none, all_ = write_suite(folder / "late-1", 1), write_suite(folder / "late", cases)
    with serving(delay_ms=200) as url:
        for concurrency in (32, 100):
            found = interleaved(
                times,
                lambda c=concurrency: live(none, url, c, folder / "out"),
                lambda c=concurrency: live(all_, url, c, folder / "out"),
            )
            took = median([each.wall_s for each in found[1]]) - median([each.wall_s for each in found[0]]) + 0.2
            ideal = math.ceil(cases / concurrency) * 0.2
            row(f"live, 200 ms, {concurrency} at once, {cases} cases", f"{took:.1f} s", f"{took / ideal:.3f} x ideal")


def bench_streams(folder: Path, times: int) -> None:
    """Streamed replies of 25 events, 5 ms apart."""
    few, many = 200, 2200
    suites = [write_suite(folder / f"stream-{cases}", cases, stream=True) for cases in (few, many)]
    with serving(events=25, gap_ms=5) as url:
        found = interleaved(times, *[(lambda suite=suite: live(suite, url, 32, folder / "out")) for suite in suites])
    cpu, _ = marginal(found[0], found[1], many - few)
    row("live, streams of 25 events, 32 at once", f"{cpu:.3f} ms CPU")


def bench_replay(folder: Path, times: int, cases: int = 5000) -> None:
    """Recorded cases, from start to page, from one cassette and from as many as there are cases."""
    options = ("run", "suite.yaml", "--out", "out", "--cassettes")
    for kilobytes, name in ((0.4, "small"), (2.2, "large")):
        place = folder / f"replay-{name}"
        suite = write_suite(place, cases)
        with serving(kilobytes=kilobytes) as url:
            recorded = run(
                harness("run", suite, "--base-url", url, "--mode", "record", "--concurrency", 32, "--out", "rec"), place
            )
        if recorded.code != 0:
            raise SystemExit(f"recording ended with {recorded.code}")
        (one,) = (place / "cassettes").rglob("*.yaml")
        many = place / "many"
        split(one, many)
        size = one.stat().st_size / cases / 1000
        found = interleaved(
            times,
            lambda place=place, one=one: run(harness(*options, one.relative_to(place)), place),
            lambda place=place: run(harness(*options, "many"), place),
        )
        for way, ended in zip(("one cassette", f"{cases} cassettes"), found, strict=True):
            wall, rss = median([each.wall_s for each in ended]), max(each.rss_mb for each in ended)
            row(f"replay of {cases}, {size:.1f} KB each, {way}", f"{wall:.2f} s", f"{rss:.0f} MB")


def split(one: Path, folder: Path) -> None:
    """A cassette's interactions, each in a cassette of its own."""
    folder.mkdir(exist_ok=True)
    head, *interactions = one.read_text().split("\n- request:")
    for number, interaction in enumerate(interactions):
        (folder / f"{number}.yaml").write_text(f"{head}\n- request:{interaction.rstrip()}\n")


def bench_memory(folder: Path) -> None:
    """The most memory a live run holds, of ten thousand cases and of a hundred thousand."""
    with serving() as url:
        for cases in (10_000, 100_000):
            suite = write_suite(folder / f"memory-{cases}", cases)
            ended = live(suite, url, 32, folder / "out")
            row(f"memory, live, {cases} cases", f"{ended.rss_mb:.1f} MB", f"{cases / ended.wall_s:.0f} cases/s")


def bench_start(folder: Path, times: int) -> None:
    """What a command costs before it does anything."""
    suite = write_suite(folder / "one", 1)
    with serving() as url:
        run(harness("run", suite, "--base-url", url, "--mode", "record", "--out", "rec"), folder)
    measures = [
        lambda: run([sys.executable, "-c", "pass"]),
        lambda: run(harness("--help")),
        lambda: run(harness("run", suite, "--out", "out"), folder),
    ]
    found = interleaved(max(times, 9), *measures)
    for name, ended in zip(("python -c pass", "harness --help", "harness run, one recorded case"), found, strict=True):
        row(f"start-up: {name}", f"{median([each.wall_s for each in ended]):.3f} s")


def bench_records(folder: Path) -> None:
    """Bytes of a record beside the reply's own text."""
    cases = 1000
    suite = write_suite(folder / "records", cases)
    with serving() as url:
        run(harness("run", suite.name, "--base-url", url, "--out", "kept"), suite.parent)
    lines = [
        line for line in (suite.parent / "kept" / "records.jsonl").read_bytes().splitlines() if b'{"trial"' in line[:9]
    ]
    texts = [json.loads(line)["trial"]["exchanges"][0]["reply"]["content"] for line in lines]
    beside = (sum(map(len, lines)) - sum(len(text.encode()) for text in texts)) / len(lines)
    row("records: a case beside the reply's text", f"{beside:.0f} bytes")


def main() -> None:
    """All of it, or what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="live, late, streams, replay, memory, start, records")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--cases", type=int, default=10_000, help="of the 200 ms server")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        benches: dict[str, Callable[[], None]] = {
            "start": lambda: bench_start(folder, chosen.times),
            "live": lambda: bench_live(folder, chosen.times),
            "streams": lambda: bench_streams(folder, chosen.times),
            "replay": lambda: bench_replay(folder, chosen.times),
            "records": lambda: bench_records(folder),
            "late": lambda: bench_late(folder, chosen.times, chosen.cases),
            "memory": lambda: bench_memory(folder),
        }
        for bench, measure in benches.items():
            if not chosen.only or bench in chosen.only:
                measure()


if __name__ == "__main__":
    main()
