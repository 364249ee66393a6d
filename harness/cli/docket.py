"""From choices to a docket: who is asked, which claims are decided, and by which probes. Nothing is sent.

It stands apart from the asking so that a plan can be shown, and an old verification graded, without a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from harness.catalogue import Catalogues, load_catalogues, load_register
from harness.cli.assembly import check_profile
from harness.core.catalogue import Provider
from harness.core.claims import Claim, Register
from harness.core.errors import UsageError
from harness.core.record import Mode
from harness.probes.lineup import Lineup, bind, model_of
from harness.probes.verify import Agenda, plan_verification
from harness.reading import did_you_mean
from harness.runner.sources import Sources, choose_mode
from harness.wire.dialects import load_dialect

NEEDS = ("money", "long-context", "many-requests", "made-faults", "management-key", "writes")
"""What a claim may need beyond an ordinary key: each must be opted into."""

NOBODYS = ".invalid/v1"
"""Where the base URL of a catalogue ends that is a contract, and describes no server of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyChoices:
    """What was chosen on the command line.

    targets  globs over models, with or without '<provider>/'
    claims   globs over claim ids, or kinds
    max_age  how long ago evidence may have been recorded; None for any time
    asked_at when recordings were made that tell no date, ISO; None if nobody knows
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
    max_age: timedelta | None = None
    asked_at: str | None = None
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
    check_profile(choices.profile, [provider])
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
    claims = _about(_claims(register, choices.claims), provider, models)
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
    nobodys = provider.base_url.endswith(NOBODYS)
    if nobodys and choices.base_url is None and (choices.mode or "replay") != "replay":
        message = f"{provider.name} is a contract, and no server: which one is asked must be said"
        raise UsageError(message, remedy="name it with --base-url, such as http://127.0.0.1:8080/v1")
    return Sources(
        catalogues=catalogues,
        base_url=choices.base_url,
        management_url=choices.management_url,
        # What was recorded of a server that --base-url named lies under `local`.
        rename=choices.rename or ("local" if nobodys and choices.base_url is None else None),
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


def _about(claims: tuple[Claim, ...], provider: Provider, models: tuple[str, ...]) -> tuple[Claim, ...]:
    """The claims about the models that are asked, and those about no model of the catalogue's.

    raises  UsageError if none is left
    """
    others = {model.id for model in provider.models} - set(models)
    found = tuple(claim for claim in claims if model_of(claim) not in others)
    if not found:
        raise UsageError("no claim is selected", remedy="the claims of --claim are about other models than --target's")
    return found


def _check_pacing(choices: VerifyChoices, host: str, mode: Mode) -> None:
    if not choices.pacing and mode != "replay" and host not in ("127.0.0.1", "::1", "localhost"):
        message = f"--no-pacing: {host} is not this machine"
        raise UsageError(message, remedy="leave it out: requests are paced by the documented limits")
