"""From choices to a plan and a session: the one place where the layers below are put together.

It stands apart from the commands because plan, run and demo must assemble the same thing.
"""

import random
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from harness.catalogue import Catalogues, load_catalogues
from harness.checks import load_kinds
from harness.cli.options import Choices
from harness.core.catalogue import Provider
from harness.core.check import CheckKind
from harness.core.clock import SystemClock
from harness.core.errors import InputError, UsageError
from harness.core.record import Mode
from harness.reading import did_you_mean
from harness.runner.admission import Desk
from harness.runner.plan import Plan, Selection, empty_plan, plan_run
from harness.runner.rows import RowTrial, case_of, expand_rows
from harness.runner.session import Session
from harness.runner.sources import Sources, choose_mode
from harness.runner.targets import check_judges, select_targets
from harness.runner.ways import check_ways_of_asking
from harness.suite import load_suites
from harness.wire import CassetteTransport, Redactor, Transport
from harness.wire.dialects import load_dialect


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A plan, and what is needed to execute it.

    rows  parameter rows of the suites, by target: probes decide them
    """

    plan: Plan
    mode: Mode
    sources: Sources
    kinds: Mapping[str, CheckKind]
    choices: Choices
    rows: tuple[RowTrial, ...] = ()

    @cached_property
    def redactor(self) -> Redactor:
        """Masks every key that the environment holds."""
        return Redactor(self.sources.secrets())

    @property
    def catalogues(self) -> Catalogues:
        """The providers that are known."""
        return self.sources.catalogues


def assemble(choices: Choices, profile: str = "documented") -> Assembly:
    """Read, check and plan; nothing is sent.

    profile  the price profile
    raises   InputError with every problem of the files at once; UsageError for a choice that fits none of them
    """
    catalogues = load_catalogues(choices.catalogues)
    kinds = load_kinds()
    suites = load_suites(choices.paths, kinds, root=choices.shown_from)
    sources = Sources(
        catalogues=catalogues,
        base_url=choices.base_url,
        management_url=choices.management_url,
        rename=choices.rename,
        api_key_env=choices.api_key_env,
        environment=choices.environment,
    )
    targets = select_targets(suites, choices.targets, catalogues, sources.source_of)
    providers = {target.provider for group in targets.values() for target in group}
    if len(providers) > 1 and (choices.base_url or choices.management_url or choices.rename or choices.api_key_env):
        message = (
            "--base-url, --management-url, --provider and --api-key-env speak of one provider; "
            f"the targets belong to {len(providers)}"
        )
        raise UsageError(message, remedy=f"narrow them with --target to one of {', '.join(sorted(providers))}")
    # A judge may be of another provider: these options are not about it.
    sources = replace(sources, applies_to=min(providers))
    mode = choose_mode(choices.mode, choices.base_url)
    _check_cassettes(choices, mode)
    for provider in (catalogues.provider(name) for name in sorted(providers | check_judges(suites, catalogues, kinds))):
        load_dialect(provider.dialect)
    for provider in (catalogues.provider(name) for name in sorted(providers)):
        if mode != "replay":
            sources.refuse_misnaming(provider)
    check_ways_of_asking(suites, targets, catalogues)
    check_profile(profile, [catalogues.provider(name) for name in sorted(providers)])
    rows = expand_rows(suites, targets, catalogues, choices.cases, choices.tags)
    for fault in faults_of_rows(rows, catalogues):
        raise fault
    suites = tuple(suite for suite in suites if targets[suite.name])
    names = {case.id for suite in suites for case in suite.cases}
    asked = {case_of(row.asks) for row in rows}
    # A pattern that means rows alone selects no case, and is no mistake.
    cases = tuple(each for each in choices.cases if _means(each, names) or not _means(each, asked))
    if rows and (not any(suite.cases for suite in suites) or (choices.cases and not cases)):
        # Only rows are asked: there is nothing for a plan to select.
        plan = empty_plan(suites, targets, choices.shard)
    else:
        plan = plan_run(suites, targets, Selection(cases=cases, tags=choices.tags), choices.repeats, choices.shard)
    return Assembly(plan=plan, mode=mode, sources=sources, kinds=kinds, choices=choices, rows=rows)


def _means(pattern: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


_RECORDING = ("record", "refresh")


def _is_one_folder(cassettes: Sequence[Path]) -> bool:
    return len(cassettes) == 1 and not cassettes[0].is_file()


def _check_cassettes(choices: Choices, mode: Mode) -> None:
    if mode in _RECORDING and choices.cassettes and not _is_one_folder(choices.cassettes):
        named = ", ".join(str(path) for path in choices.cassettes)
        message = f"--cassettes: --mode {mode} writes into one folder, and this is none: {named}"
        raise UsageError(message, remedy="name one folder that takes the place of cassettes/; it may be new")


def faults_of_rows(rows: Sequence[RowTrial], catalogues: Catalogues) -> tuple[InputError, ...]:
    """What is wrong with rows that no probe could decide."""
    if not rows:
        return ()
    # Loaded here: most suites have no parameter rows, and pay for no probes.
    from harness.probes.rows import faults_of

    return faults_of(rows, catalogues)


def check_profile(profile: str, providers: Sequence[Provider]) -> None:
    """Refuse a price profile that none of the providers has.

    raises  UsageError
    """
    tariffs = [t for p in providers for group in (p.tariffs, *(m.tariffs for m in p.models)) for t in group]
    known = sorted({"documented", *(tariff.profile for tariff in tariffs)})
    if profile not in known:
        raise UsageError(
            f"--prices: no catalogue here has a price profile '{profile}'", remedy=did_you_mean(profile, known)
        )


def open_session(assembly: Assembly, desk: Desk, *, profile: str, seed: int, timeout_s: float) -> Session:
    """The session that executes an assembly's plan; close its transport when done.

    desk  lets its requests out
    """
    redactor = assembly.redactor
    live = None
    if assembly.mode != "replay":
        from harness.wire import LiveTransport, PresenceTransport, RetryPolicy

        live = PresenceTransport(
            LiveTransport(
                clock=SystemClock(),
                policy=RetryPolicy(),
                random=random.Random(seed),  # noqa: S311 - jitter, not secrecy
                redactor=redactor,
                admission=desk,
                idle_timeout_s=timeout_s,
                total_timeout_s=timeout_s,
            )
        )
    transport = live if live is not None and assembly.mode == "live" else open_cassettes(assembly, redactor, live)
    return Session(
        transport=transport,
        sources=assembly.sources,
        redactor=redactor,
        kinds=assembly.kinds,
        profile=profile,
        desk=desk,
    )


def open_cassettes(assembly: Assembly, redactor: Redactor, live: Transport | None) -> CassetteTransport:
    """The transport that replays, and, given a live one, records."""
    choices = assembly.choices
    recording = assembly.mode in _RECORDING
    return CassetteTransport(
        mode=assembly.mode if assembly.mode != "live" else "replay",
        root=choices.cassettes[0] if recording and choices.cassettes else choices.root,
        live=live,
        redactor=redactor,
        clock=SystemClock(),
        hosts=assembly.sources.hosts(),
        cassettes=() if recording else choices.cassettes,
        record_command=_record_command(choices),
    )


def _record_command(choices: Choices) -> str:
    """What would record a missing answer: this command again, recording."""
    named: list[tuple[str, Sequence[object]]] = [
        ("--target", choices.targets),
        ("--case", choices.cases),
        ("--tag", choices.tags),
        ("--repeats", [choices.repeats] if choices.repeats else []),
        ("--catalogue", choices.catalogues),
        ("--provider", [choices.rename] if choices.rename else []),
        ("--base-url", [choices.base_url] if choices.base_url else []),
        ("--management-url", [choices.management_url] if choices.management_url else []),
        ("--api-key-env", [choices.api_key_env] if choices.api_key_env else []),
        ("--cassettes", choices.cassettes if _is_one_folder(choices.cassettes) else []),
    ]
    options = [f"{option} {shlex.quote(str(value))}" for option, values in named for value in values]
    paths = [shlex.quote(str(path)) for path in choices.paths]
    return " ".join(["harness run", *paths, *options, "--mode record"])


def default_folder(assembly: Assembly, now: datetime) -> Path:
    """Where a run goes without --out: by time, or, for a replay, which can be made again, by what was asked."""
    suites = assembly.plan.suites
    name = suites[0].name if len(suites) == 1 else f"{len(suites)}-suites"
    stamp = f"{now:%Y-%m-%dT%H-%M-%SZ}" if assembly.mode != "replay" else f"replay-{assembly.plan.digest[:8]}"
    return Path("reports") / f"{stamp}-{name}"
