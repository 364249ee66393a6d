"""An old verification: its verdicts derived again from its own exchanges, and what changed since a baseline.

It stands apart from asking because neither sends anything.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import click

from harness.cli.docket import VerifyChoices, prepare
from harness.cli.tables import visible
from harness.cli.terminal import say
from harness.cli.verification_text import render_verification, verified_as_json
from harness.cli.verifying import Verified, verify, write_pages
from harness.core.catalogue import Provider
from harness.core.errors import UsageError
from harness.core.exchange import Exchange
from harness.core.verdict import ProbeExchange, Verification
from harness.probes.desk import Unasked
from harness.probes.drift import Change, drift_code, find_changes
from harness.store import VerificationFolder, read_exchanges, read_verification
from harness.wire import Call

SHOWN = 40
_COLOURS = {"turned": "red", "other": "red", "mended": "green"}


class KeptTransport:
    """Answers from the exchanges that a verification kept, and from nothing else."""

    def __init__(self, exchanges: Iterable[ProbeExchange]) -> None:
        """Index them by who asked what."""
        self._kept: Mapping[tuple[str, str, str], Exchange] = {
            (each.probe, each.model or "-", each.exchange.key): each.exchange for each in exchanges
        }

    async def send(self, call: Call) -> Exchange:
        """The exchange that answered this before.

        raises  Unasked if there is none
        """
        found = self._kept.get((call.case.case, call.case.model, call.key.digest))
        if found is not None:
            return replace(found, recorded=True)
        # As where it was interrupted, or its budget was spent: what was decided before that stands.
        raise Unasked("the verification holds no answer to this: it ended before, or its probes ask something else now")

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """An old verification, and today's verdicts over its exchanges."""

    provider: Provider
    old: Verification
    today: Verified


def grade_again(
    folder: Path,
    *,
    profile: str | None,
    catalogues: tuple[Path, ...] = (),
    register: Path | None = None,
    max_age: timedelta | None = None,
) -> Regraded:
    """Derive the verdicts of a folder again; nothing is sent.

    profile  of prices, if not the verification's own
    max_age  how long ago its evidence may have been asked for; None for any time
    raises   InputError if the folder cannot be read; UsageError if its catalogue or models are not known here
    """
    old = read_verification(folder)
    choices = VerifyChoices(
        catalogue=old.provider,
        targets=old.models,
        claims=old.selected,
        allow=old.allowed,
        mode="replay",
        rename=old.source if old.source not in (old.provider, "local") else None,
        base_url=old.base_url or None,
        management_url=old.management_url,
        catalogues=catalogues,
        register=register,
        strict=old.strict,
        profile=profile or old.price_profile,
        seed=old.seed,
        max_age=max_age,
        asked_at=old.started_at,
        environment=dict(os.environ),
    )
    transport = KeptTransport(read_exchanges(folder))
    docket = prepare(choices)
    today = verify(docket, None, started=None, transport=transport)
    # The replies are the old ones: so are their source and their date.
    verification = replace(today.verification, mode=old.mode, started_at=old.started_at)
    return Regraded(provider=docket.provider, old=old, today=replace(today, verification=verification))


def read_baseline(path: Path, provider: str) -> Verification:
    """The verdicts that a verification is compared with.

    raises  InputError if they cannot be read; UsageError if they are about another catalogue
    """
    old = read_verification(path)
    if old.provider != provider:
        message = f"{path}: verdicts about {old.provider}, and these are about {provider}"
        raise UsageError(message, remedy="name a verification of the same catalogue")
    return old


def render_changes(changes: Sequence[Change]) -> str:
    """The changes, one in two lines, and what they come to."""
    told = [each for each in changes if each.kind not in ("new", "back")]
    lines = []
    for each in told[:SHOWN]:
        arrow = f"{each.before or 'absent'} -> {each.now or 'absent'}"
        word = click.style(each.words, fg=_COLOURS.get(each.kind, "yellow"))
        lines += [f"{word}: {each.claim}: {arrow}", f"   {visible(each.observed, 160)}"]
    if len(told) > SHOWN:
        lines.append(f"… and {len(told) - SHOWN} more")
    fresh = len(changes) - len(told)
    if fresh:
        lines.append(f"{fresh} claims are decided that the baseline had not decided")
    words = {
        0: "AS BEFORE: nothing that was decided has changed",
        1: "CHANGED since the baseline",
        3: "UNANSWERED: what was decided cannot be asked any more",
        4: "NOT ENOUGH EVIDENCE for what was decided before",
    }
    return "\n".join([*lines, *([""] if lines else []), words[drift_code(changes)]])


def write_again(again: Regraded, out: Path) -> None:
    """Write today's verdicts, with the exchanges they rest on and a page, into a folder of their own."""
    folder = VerificationFolder.open(out)
    for exchange in again.today.exchanges:
        folder.keep(exchange)
    folder.close(again.today.verification, [each.id for each in again.today.exchanges])
    write_pages(again.today, again.provider, out, {})


def tell_again(again: Regraded, out: Path | None, *, as_json: bool) -> int:
    """Show verdicts that were derived again, and which differ from those that are written; the exit code."""
    changes = find_changes(again.old, again.today.verification)
    if out is not None:
        write_again(again, out)
    if as_json:
        say(verified_as_json(again.today, out, changes))
    else:
        say(render_verification(again.today))
        say(f"\n{render_changes(changes)}" if changes else "\nevery verdict is derived again as it is written")
    return again.today.verification.exit_code
