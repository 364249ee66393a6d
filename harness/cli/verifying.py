"""From choices to verdicts: a lineup, an agenda, a bench, a folder, and what is written into it.

It stands apart from the command so that grading an old verification, and the demo, do the same without a network.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from harness import __version__
from harness.catalogue import Catalogues, load_catalogues, load_register
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Register
from harness.core.errors import UsageError
from harness.core.record import Mode
from harness.core.verdict import ProbeExchange, Verification
from harness.probes.bench import Bench, Budget, Pacer, keeps_evidence
from harness.probes.decide import count, decide_all, exit_code
from harness.probes.family import Probe
from harness.probes.lineup import Lineup, bind
from harness.probes.verify import Agenda, Found, finish, plan_verification, run_agenda
from harness.reading import did_you_mean
from harness.runner.sources import Sources, choose_mode
from harness.store import VerificationFolder
from harness.wire import CassetteTransport, Redactor, RetryPolicy, Transport
from harness.wire.dialects import load_dialect

NEEDS = ("money", "long-context", "many-requests", "made-faults", "management-key", "writes")
"""What a claim may need beyond an ordinary key: each must be opted into."""

# A 500 may be a server's answer to what it does not like: it is tried again by the probes' own rule, with controls.
_PATIENT = RetryPolicy(max_attempts=8, again=frozenset({408, 425, 429, 502, 503, 504, 529}), max_connects=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyChoices:
    """What was chosen on the command line.

    targets  globs over models, with or without '<provider>/'
    claims   globs over claim ids, or kinds
    """

    catalogue: str = "xai"
    targets: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    mode: Mode | None = None
    rename: str | None = None
    base_url: str | None = None
    management_url: str | None = None
    api_key_env: str | None = None
    cassettes: tuple[Path, ...] = ()
    catalogues: tuple[Path, ...] = ()
    register: Path | None = None
    profile: str = "documented"
    seed: int = 0
    concurrency: int = 8
    timeout_s: float = 300.0
    budget_usd: Decimal | None = None
    max_requests: int | None = None
    pacing: bool = True
    strict: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    root: Path = Path("cassettes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """A verification that is ready to be asked.

    base_url  where requests go, as verdicts tell it
    """

    choices: VerifyChoices
    provider: Provider
    register: Register
    lineup: Lineup
    agenda: Agenda
    sources: Sources
    mode: Mode
    source: str
    base_url: str


def prepare(choices: VerifyChoices) -> Docket:
    """Read, check and plan; nothing is sent.

    raises  UsageError for a choice that fits nothing; InputError with every problem of a file
    """
    catalogues = load_catalogues(choices.catalogues)
    provider = catalogues.provider(choices.catalogue)
    register = load_register(provider, choices.register)
    sources = _sources(choices, catalogues, provider)
    mode = choose_mode(choices.mode, choices.base_url)
    if mode != "replay":
        sources.refuse_misnaming(provider)
    load_dialect(provider.dialect)
    models = _models(provider, choices.targets)
    drawing = {model.id for model in provider.models if model.makes != "text"}
    register = bind(register, tuple(model for model in models if model not in drawing))
    endpoint = sources.endpoint_of(provider, None)
    host = (urlsplit(endpoint.base_url).hostname or "").lower()
    lineup = Lineup(
        provider=provider,
        register=register,
        models=tuple(model for model in models if model not in drawing),
        images=tuple(model for model in models if model in drawing),
        allowed=frozenset(NEEDS if "all" in choices.allow else choices.allow),
        lone=host not in provider.hosts,
    )
    _check_pacing(choices, host, mode)
    claims = _claims(register, choices.claims)
    return Docket(
        choices=choices,
        provider=provider,
        register=register,
        lineup=lineup,
        agenda=plan_verification(lineup, claims),
        sources=sources,
        mode=mode,
        source=endpoint.source,
        base_url=endpoint.base_url,
    )


def _sources(choices: VerifyChoices, catalogues: Catalogues, provider: Provider) -> Sources:
    return Sources(
        catalogues=catalogues,
        base_url=choices.base_url,
        management_url=choices.management_url,
        rename=choices.rename,
        api_key_env=choices.api_key_env,
        applies_to=provider.name,
        environment=choices.environment,
    )


def _models(provider: Provider, patterns: Sequence[str]) -> tuple[str, ...]:
    known = [model.id for model in provider.models]
    if not patterns:
        if not known:
            message = f"{provider.name} lists no models: it is about any server"
            raise UsageError(message, remedy="name the model that is asked: --target NAME")
        return tuple(known)
    chosen: dict[str, None] = {}
    for pattern in patterns:
        bare = pattern.removeprefix(f"{provider.name}/")
        found = [model for model in known if fnmatchcase(model, bare)]
        if not found and provider.open_models and bare:
            found = [bare]
        if not found:
            raise UsageError(
                f"--target: no model of {provider.name} matches '{bare}'", remedy=did_you_mean(bare, known)
            )
        chosen.update(dict.fromkeys(found))
    return tuple(chosen)


def _claims(register: Register, patterns: Sequence[str]) -> tuple[Claim, ...]:
    if not patterns:
        return register.claims
    chosen = tuple(
        claim
        for claim in register.claims
        if any(fnmatchcase(claim.id, pattern) or claim.kind == pattern for pattern in patterns)
    )
    for pattern in patterns:
        if not any(fnmatchcase(claim.id, pattern) or claim.kind == pattern for claim in register.claims):
            names = sorted({claim.kind for claim in register.claims} | {claim.id for claim in register.claims})
            raise UsageError(
                f"--claim: no claim is named '{pattern}', and no kind", remedy=did_you_mean(pattern, names)
            )
    return chosen


def _check_pacing(choices: VerifyChoices, host: str, mode: Mode) -> None:
    if not choices.pacing and mode != "replay" and host not in ("127.0.0.1", "::1", "localhost"):
        message = f"--no-pacing: {host} is not this machine"
        raise UsageError(message, remedy="leave it out: requests are paced by the documented limits")


def open_transport(docket: Docket, redactor: Redactor) -> Transport:
    """Live, or behind cassettes."""
    from harness.wire import LiveTransport

    choices, mode = docket.choices, docket.mode
    live = None
    if mode != "replay":
        live = LiveTransport(
            redactor=redactor,
            policy=_PATIENT,
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
        record_command=f"harness verify {choices.catalogue} --mode record",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification came to."""

    verification: Verification
    register: Register
    exchanges: tuple[ProbeExchange, ...]
    interrupted: bool = False


def verify(
    docket: Docket,
    folder: VerificationFolder | None,
    *,
    started: datetime | None,
    transport: Transport | None = None,
    on_probe: Callable[[Probe], None] = lambda _: None,
) -> Verified:
    """Ask, observe, decide; what was asked before an interruption is decided all the same.

    folder     takes the exchanges as they come; None keeps them in memory
    started    when, for a run that sends anything
    transport  what answers instead of what the choices mean
    """
    redactor = Redactor(docket.sources.secrets())
    found, kept = Found(), list[ProbeExchange]()
    budget = Budget()
    if docket.mode != "replay":
        budget = Budget(max_requests=docket.choices.max_requests, max_usd=docket.choices.budget_usd)

    def keep(exchange: ProbeExchange) -> None:
        kept.append(exchange)
        if folder is not None:
            folder.keep(exchange)

    async def ask() -> None:
        opened = transport or open_transport(docket, redactor)
        bench = Bench(
            provider=docket.provider,
            transport=opened,
            sources=docket.sources,
            redactor=redactor,
            dialect=load_dialect(docket.provider.dialect),
            keep=keep,
            budget=budget,
            profile=docket.choices.profile,
            pacer=Pacer() if docket.choices.pacing and docket.mode != "replay" else None,
            slots=asyncio.Semaphore(docket.choices.concurrency),
        )
        try:
            await run_agenda(docket.agenda, bench, found, seed=docket.choices.seed, on_probe=on_probe)
        finally:
            await opened.aclose()

    interrupted = False
    try:
        asyncio.run(ask())
    except KeyboardInterrupt:
        interrupted = True
        found.why_not = "interrupted before it was asked"
        finish(docket.agenda, found)
    verification = conclude(docket, found, started=started, interrupted=interrupted)
    order = [seen.id for seen in found.seen]
    exchanges = folder.close(verification, order) if folder is not None else _in_order(kept, order)
    return Verified(verification=verification, register=docket.register, exchanges=exchanges, interrupted=interrupted)


def _in_order(kept: Iterable[ProbeExchange], order: Sequence[str]) -> tuple[ProbeExchange, ...]:
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(kept, key=lambda each: (places.get(each.id, len(places)), each.id)))


def conclude(docket: Docket, found: Found, *, started: datetime | None, interrupted: bool = False) -> Verification:
    """What was observed, as verdicts."""
    verdicts = decide_all(docket.agenda, found)
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
        price_profile=docket.choices.profile,
        documents=docket.register.documents,
        requests=len(found.seen),
        cost_usd=None if None in costs else sum((usd for usd in costs if usd is not None), Decimal(0)),
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
            notes.append(f"{model}: the replies are canned: {gate.canned}")
        elif not gate.canary_refused:
            notes.append(f"{model}: unknown fields are accepted: acceptance alone proves nothing")
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
