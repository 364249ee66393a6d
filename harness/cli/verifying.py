"""From choices to verdicts: a lineup, an agenda, a bench, a folder, and what is written into it.

It stands apart from the command so that grading an old verification, and the demo, do the same without a network.
"""

import asyncio
import random
import shlex
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path

from harness import __version__
from harness.cli.docket import Docket
from harness.cli.limit_options import ceiling_of
from harness.core.catalogue import Provider
from harness.core.claims import Register
from harness.core.clock import SystemClock
from harness.core.record import RUN_PURSE
from harness.core.verdict import ProbeExchange, Verification
from harness.probes.age import flag_stale
from harness.probes.bench import Bench, keeps_evidence
from harness.probes.decide import count, decide_all, exit_code
from harness.probes.desk import Seen
from harness.probes.family import Probe
from harness.probes.verify import Found, finish, run_agenda
from harness.runner.admission import Doorkeeper
from harness.runner.budget import Budgets
from harness.runner.pacing import Pacing
from harness.store import VerificationFolder
from harness.wire import CassetteTransport, Redactor, RetryPolicy, Transport
from harness.wire.dialects import load_dialect

# A 500 may be a server's answer to what it does not like: it is tried again by the probes' own rule, with controls.
_PATIENT = RetryPolicy(
    max_attempts=8, again=frozenset({408, 425, 429, 502, 503, 504, 529}), max_connects=3, patience_s=30.0
)

_UNSENT = ("connect", "no-key")


def open_transport(docket: Docket, redactor: Redactor, door: Doorkeeper) -> Transport:
    """Live, its requests let out by the doorkeeper, or behind cassettes."""
    from harness.wire import LiveTransport

    choices, mode = docket.choices, docket.mode
    live = None
    if mode != "replay":
        live = LiveTransport(
            redactor=redactor,
            policy=_PATIENT,
            admission=door,
            random=random.Random(choices.seed),  # noqa: S311 - jitter, not secrecy
            idle_timeout_s=choices.timeout_s,
            total_timeout_s=choices.timeout_s,
        )
    if live is not None and mode == "live":
        return live
    recording = mode in ("record", "refresh")
    return CassetteTransport(
        mode=mode if mode != "live" else "replay",
        root=choices.cassettes[0] if recording and choices.cassettes else choices.root,
        live=live,
        redactor=redactor,
        hosts=docket.sources.hosts(),
        cassettes=() if recording else choices.cassettes,
        keeps=keeps_evidence,
        record_command=_record_command(docket),
    )


def _record_command(docket: Docket) -> str:
    """What records what is missing, and no more than was selected."""
    choices = docket.choices
    named = [("--provider", choices.rename)] if choices.rename else []
    named += [("--base-url", docket.base_url)] if choices.base_url or docket.source == "local" else []
    named += [("--target", each) for each in choices.targets] + [("--claim", each) for each in choices.claims]
    named += [("--allow", each) for each in choices.allow]
    return shlex.join(["harness", "verify", choices.catalogue, "--mode", "record", *chain.from_iterable(named)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification came to.

    answerer  the catalogue's row of who answered; None if it has none
    """

    verification: Verification
    register: Register
    exchanges: tuple[ProbeExchange, ...]
    interrupted: bool = False
    answerer: Provider | None = None


def verify(
    docket: Docket,
    folder: VerificationFolder | None,
    *,
    started: datetime | None,
    transport: Transport | None = None,
    on_probe: Callable[[Probe], None] = lambda _: None,
    after: Callable[[Bench], Awaitable[Sequence[Seen]]] | None = None,
) -> Verified:
    """Ask, observe, decide; what was asked before an interruption is decided all the same.

    folder     takes the exchanges as they come; None keeps them in memory
    started    when, for a run that sends anything
    transport  what answers instead of what the choices mean
    after      asks what decides no claim, when all that does is asked
    """
    redactor = Redactor(docket.sources.secrets())
    found, kept = Found(), list[ProbeExchange]()

    def keep(exchange: ProbeExchange) -> None:
        kept.append(exchange)
        if folder is not None:
            folder.keep(exchange)

    async def ask() -> None:
        door = _doorkeeper(docket)
        opened = transport or open_transport(docket, redactor, door)
        bench = _bench(docket, opened, redactor, keep, door)
        try:
            await run_agenda(docket.agenda, bench, found, seed=docket.choices.seed, on_probe=on_probe)
            if after is not None:
                found.seen += await after(bench)
        finally:
            await opened.aclose()

    interrupted = False
    try:
        asyncio.run(ask())
    except KeyboardInterrupt:
        interrupted = True
        found.why_not = "interrupted before it was asked"
        finish(found.agenda or docket.agenda, found)
    verification = conclude(docket, found, started=started, interrupted=interrupted)
    order = [seen.id for seen in found.seen]
    exchanges = folder.close(verification, order) if folder is not None else _in_order(kept, order)
    return Verified(
        verification=verification,
        register=docket.register,
        exchanges=exchanges,
        interrupted=interrupted,
        answerer=_answerer(docket),
    )


def _answerer(docket: Docket) -> Provider | None:
    """The row of who answered, with the key that it was asked with: a line to paste must work there."""
    row = docket.sources.catalogues.find(docket.source)
    variable = docket.choices.api_key_env
    if variable is None:
        return row
    return replace(row or docket.provider, key_variable=variable)


def _doorkeeper(docket: Docket) -> Doorkeeper:
    """What lets requests out: nothing holds up a replay."""
    choices = docket.choices
    if docket.mode == "replay":
        return Doorkeeper()
    ceiling = ceiling_of(choices.budget_usd, choices.max_requests)
    return Doorkeeper(
        pace=Pacing() if choices.pacing else None,
        budgets=Budgets({RUN_PURSE: ceiling}) if ceiling is not None else None,
    )


def _bench(
    docket: Docket, transport: Transport, redactor: Redactor, keep: Callable[[ProbeExchange], None], door: Doorkeeper
) -> Bench:
    choices = docket.choices
    return Bench(
        provider=docket.provider,
        transport=transport,
        sources=docket.sources,
        redactor=redactor,
        dialect=load_dialect(docket.provider.dialect),
        keep=keep,
        door=door,
        profile=choices.profile,
        slots=asyncio.Semaphore(choices.concurrency),
    )


def _in_order(kept: Iterable[ProbeExchange], order: Sequence[str]) -> tuple[ProbeExchange, ...]:
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(kept, key=lambda each: (places.get(each.id, len(places)), each.id)))


def conclude(docket: Docket, found: Found, *, started: datetime | None, interrupted: bool = False) -> Verification:
    """What was observed, as verdicts."""
    verdicts = decide_all(docket.agenda, found)
    max_age, asked_at = docket.choices.max_age, docket.choices.asked_at
    if max_age is not None:
        verdicts = flag_stale(verdicts, found.seen, now=SystemClock().now(), max_age=max_age, otherwise=asked_at)
    costs = [seen.cost_usd for seen in found.seen]
    code = exit_code(verdicts, docket.register, found, strict=docket.choices.strict)
    if found.why_not and code in (0, 4):
        code = 3
    return Verification(
        version=__version__,
        provider=docket.provider.name,
        source=docket.source,
        simulated=docket.sources.is_simulated(docket.source),
        base_url=docket.base_url,
        management_url=docket.choices.management_url,
        mode=docket.mode,
        seed=docket.choices.seed,
        started_at=f"{started:%Y-%m-%dT%H:%M:%SZ}" if started is not None else None,
        models=(*docket.lineup.models, *docket.lineup.images),
        allowed=tuple(sorted(docket.lineup.allowed)),
        selected=docket.choices.claims,
        strict=docket.choices.strict,
        price_profile=docket.choices.profile,
        documents=docket.register.documents,
        requests=sum(each.attempt.error not in _UNSENT for each in found.seen),
        cost_usd=sum((usd for usd in costs if usd is not None), Decimal(0)),
        unpriced=costs.count(None),
        exit_code=130 if interrupted else code,
        notes=_notes(found),
        counts=count(verdicts),
        verdicts=verdicts,
    )


def _notes(found: Found) -> tuple[str, ...]:
    notes = [found.why_not] if found.why_not else []
    for model, gate in found.gates.items():
        if gate.why_not is not None:
            notes.append(f"{model}: {gate.why_not}")
        elif gate.canned:
            notes.append(f"{model}: the replies are canned: {gate.canned.words}")
        elif not gate.canary_refused:
            notes.append(f"{model}: unknown fields are accepted: acceptance alone proves nothing")
        if gate.answered not in (None, model):
            notes.append(f"{model}: its replies call it {gate.answered}")
    return tuple(notes)


def default_folder(docket: Docket, now: datetime) -> Path:
    """Where a verification goes without --out."""
    stamp = f"{now:%Y-%m-%dT%H-%M-%SZ}" if docket.mode != "replay" else "replay"
    return Path("reports") / f"{stamp}-verify-{docket.source}"


def write_pages(
    verified: Verified, provider: Provider, folder: Path | None, extras: Mapping[str, Path | None]
) -> list[Path]:
    """report.html beside the verdicts, and what was asked for beside it."""
    from harness.report.verification_junit import render_verification_junit
    from harness.report.verification_markdown import render_verification_markdown
    from harness.report.verification_page import render_verification_html
    from harness.store.run_folder import write_atomically

    # Who answered says where its key is looked for: a line to paste must work there.
    row = verified.answerer
    if row is not None:
        provider = replace(provider, key_variable=row.key_variable, management=row.management, hosts=row.hosts)

    def page() -> str:
        return render_verification_html(verified.verification, verified.register, verified.exchanges, provider)

    renders: dict[str, Callable[[], str]] = {
        "html": page,
        "junit": lambda: render_verification_junit(verified.verification),
        "markdown": lambda: render_verification_markdown(verified.verification),
    }
    places = [("html", folder / "report.html")] if folder is not None else []
    places += [(name, path) for name, path in extras.items() if path is not None]
    return [write_atomically(path, renders[name]().encode("utf-8", "replace")) for name, path in places]
