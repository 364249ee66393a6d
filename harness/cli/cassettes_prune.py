"""`harness cassettes prune`: take out recordings that nothing asks for.

It stands apart from the commands that only look because this one destroys.
"""

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from harness.cli.cassettes_usage import ROOT, Asking, find_usage, root_of
from harness.cli.tables import visible
from harness.cli.terminal import say
from harness.core.clock import SystemClock
from harness.core.errors import UsageError
from harness.wire.cassette_prune import PruneRules, Removal, apply_removal, plan_removals

_MAX_LINE = 400
_CRITERIA = ("unreadable", "duplicates", "wrong_provider")


@click.command("prune")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--for",
    "suites",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="SUITE",
    help="A suite, or a folder of them; what no trial of theirs asks for is unused. Repeatable.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="GLOB",
    help="Also keep what these targets ask for, beside the suites' own; repeatable.",
)
@click.option("--repeats", type=click.IntRange(1, 10_000), help="Ask every case this often, whatever it says.")
@click.option("--provider", "rename", metavar="NAME", help="Who answered: whose recordings are looked at.")
@click.option("--base-url", metavar="URL", help="Where they were recorded, if its path is not the provider's own.")
@click.option(
    "--catalogue",
    "catalogues",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A further provider, as a catalogue file; repeatable.",
)
@click.option("--max-age", type=click.FloatRange(0, 36_500), metavar="DAYS", help="Also what is known to be older.")
@click.option("--unreadable", is_flag=True, help="Also files that cannot be read.")
@click.option("--duplicates", is_flag=True, help="Also recordings whose key a later one of the same file has.")
@click.option("--wrong-provider", is_flag=True, help="Also recordings of another provider than their folder's.")
@click.option("--despite-misses", is_flag=True, help="Go on though requests of the suites have no recording.")
@click.option("--apply", "apply_", is_flag=True, help="Do it; without this nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file, a line each.")
def prune(
    paths: tuple[Path, ...], *, max_age: float | None, despite_misses: bool, apply_: bool, as_json: bool, **chosen: Any
) -> int:
    """List, and with --apply remove, recordings under PATHS (cassettes/ if absent) that nothing asks for.

    The suites are replayed, with their later turns, questions to judges and parameter rows; what answered stays. Only
    the suites' own folders of the providers that they ask are looked at: recordings of other suites and of
    verifications stay, too. If a request finds no recording, what would come after it is not known, and nothing is
    removed.

    Exit codes: 0 · 2 the input is wrong · 3 a request of the suites has no recording, or a cassette cannot be read.
    """
    criteria = {name: bool(chosen.pop(name)) for name in _CRITERIA}
    suites: tuple[Path, ...] = chosen["suites"]
    if not suites and max_age is None and not any(criteria.values()):
        remedy = (
            "name suites with --for, or what else is to go: --max-age, --unreadable, --duplicates, --wrong-provider"
        )
        raise UsageError("nothing says which recordings are to go", remedy=remedy)
    places = paths or (ROOT,)
    for place in places:
        if not place.exists():
            raise UsageError(f"{place}: no such file or folder", remedy="name a cassette, or a folder that holds some")
    rules = PruneRules(
        now=SystemClock().now(),
        hosts=_hosts(chosen["catalogues"]),
        usage=find_usage(Asking(**chosen), root_of(places), despite_misses=despite_misses) if suites else None,
        max_age=None if max_age is None else timedelta(days=max_age),
        **criteria,
    )
    _carry_out(list(plan_removals(places, rules)), apply_=apply_, as_json=as_json)
    return 0


def _carry_out(removals: Sequence[Removal], *, apply_: bool, as_json: bool) -> None:
    for removal in removals:
        if apply_:
            apply_removal(removal)
        if as_json:
            say(json.dumps({**removal.as_json(), "removed": apply_}))
        else:
            _tell(removal)
    if as_json:
        return
    files = sum(removal.whole for removal in removals)
    recordings = sum(len(removal.reasons) for removal in removals)
    size = sum(removal.size_bytes for removal in removals) / 1000
    what = f"{recordings} recordings, {files} whole files, {size:.1f} kB"
    if not removals:
        say("nothing to remove")
    elif apply_:
        say(f"removed: {what}")
    else:
        say(f"would remove: {what}; --apply does it")


def _tell(removal: Removal) -> None:
    whole = "the whole file" if removal.whole else f"{len(removal.reasons)} recordings"
    say(visible(f"{removal.path}: {whole}, {removal.size_bytes / 1000:.1f} kB", _MAX_LINE))
    if not removal.reasons:
        say("   it cannot be read")
    for position, reason in removal.reasons.items():
        say(f"   interactions[{position}]: {visible(reason, _MAX_LINE)}")


def _hosts(catalogues: tuple[Path, ...]) -> dict[str, str]:
    from harness.catalogue import load_catalogues
    from harness.runner.sources import Sources

    sources = Sources(catalogues=load_catalogues(catalogues), environment=dict(os.environ))
    return {host.lower(): provider for host, provider in sources.hosts().items()}
