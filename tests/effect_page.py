"""The table of effect probes on real sampling, written from its runs: what was found, what was missed, and why.

It stands apart from the runs so that the page can be made again from runs.jsonl, and is tried so.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from parameter_proxy import Tampering

# A pinned seed makes every reply the same, whatever is asked for: that is to ignore it, too.
EXPECTED: Final[Mapping[Tampering, str]] = {
    "none": "confirmed",
    "strip": "ignored",
    "pin": "ignored",
    "reject": "refuted",
}
_WORDS: Final[Mapping[Tampering, str]] = {
    "none": "is not there",
    "strip": "strips it",
    "pin": "pins it",
    "reject": "rejects it",
}
_PAGE = """# Effect probes on real sampling
Does `harness verify` see what a parameter does to a real model, and see that a gateway took it away?
SmolLM2-135M-Instruct under llama.cpp answers, directly and through a proxy (`tests/parameter_proxy.py`) that strips,
pins or rejects one parameter. What should be found is known beforehand. The model draws with seeds of its own choice,
so that no two runs are alike.

*Found* is the right verdict; *missed* is `inconclusive`; a *false alarm* is any verdict that is not so: a parameter
called ignored that works, or one called honoured that was stripped. Requests are those that a verdict rests on, of the
probe alone. `make effect-probes` writes this page and
`runs.jsonl`, a line for each run.

{table}

## Every run that did not find what it should
{exceptions}
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One verification of one parameter.

    observed  the verdict's own words, which give the reason where it was missed
    """

    parameter: str
    tampering: Tampering
    seed: int
    verdict: str
    observed: str
    p: float | None
    requests: int
    seconds: float


def read_runs(path: Path) -> list[Run]:
    """The runs of a runs.jsonl."""
    return [Run(**json.loads(line)) for line in path.read_text().splitlines()]


def read_as(run: Run) -> str:
    """'right', 'missed' where the evidence did not suffice, 'wrong' where the verdict says what is not so."""
    if run.verdict == EXPECTED[run.tampering]:
        return "right"
    return "missed" if run.verdict in ("inconclusive", "not-tested") else "wrong"


def grouped(runs: Iterable[Run]) -> dict[tuple[str, Tampering], list[Run]]:
    """The runs of each parameter and kind of tampering, in the order of the table."""
    order = list(EXPECTED)
    groups: dict[tuple[str, Tampering], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.parameter, run.tampering), []).append(run)
    parameters = list(dict.fromkeys(parameter for parameter, _ in groups))
    return dict(sorted(groups.items(), key=lambda pair: (parameters.index(pair[0][0]), order.index(pair[0][1]))))


def table(runs: Iterable[Run]) -> Iterator[str]:
    """Markdown: a row for each parameter and kind of tampering."""
    yield "| parameter | the proxy | should be | found | missed | false alarms | requests |"
    yield "|---|---|---|---|---|---|---|"
    for (parameter, tampering), group in grouped(runs).items():
        counted = Counter(map(read_as, group))
        mean = sum(run.requests for run in group) / len(group)
        yield (
            f"| `{parameter}` | {_WORDS[tampering]} | {EXPECTED[tampering]} | {counted['right']} of {len(group)} | "
            f"{counted['missed']} | {counted['wrong']} | {mean:.0f} |"
        )


def page(runs: Iterable[Run]) -> str:
    """README.md of the published folder."""
    runs = list(runs)
    return _PAGE.format(table="\n".join(table(runs)), exceptions="\n".join(_exceptions(runs)) or "There is none.")


def _exceptions(runs: Iterable[Run]) -> Iterator[str]:
    for (parameter, tampering), group in grouped(runs).items():
        for run in group:
            if read_as(run) != "right":
                verdict = run.verdict if run.p is None else f"{run.verdict} (p {run.p:.2g})"
                yield f"- `{parameter}`, the proxy {_WORDS[tampering]}, run {run.seed}: {verdict}: {run.observed}"


def publish(folder: Path, runs: Sequence[Run]) -> None:
    """README.md and runs.jsonl, in the order of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = [run for group in grouped(runs).values() for run in sorted(group, key=lambda run: run.seed)]
    (folder / "runs.jsonl").write_text("".join(f"{json.dumps(asdict(run))}\n" for run in ordered))
    (folder / "README.md").write_text(page(ordered))


if __name__ == "__main__":
    # Runs that were shared out, put together: the folder to publish in, then those that hold a runs.jsonl each.
    publish(Path(sys.argv[1]), [run for folder in sys.argv[2:] for run in read_runs(Path(folder) / "runs.jsonl")])
