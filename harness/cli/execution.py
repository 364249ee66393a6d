"""One execution of an assembled plan: what lets requests out, what keeps answers, and what a Ctrl-C does.

It stands apart from the folder's opening and closing so that what happens between them can be read on one page.
"""

import asyncio
import gc
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from harness.cli.assembly import Assembly, open_session
from harness.cli.in_order import InOrder
from harness.cli.tables import visible
from harness.cli.terminal import say
from harness.core.catalogue import Ceiling
from harness.core.errors import UsageError, Withheld
from harness.core.outcome import Outcome
from harness.core.record import RUN_PURSE, TrialRecord
from harness.report import RunDigest
from harness.runner.admission import Doorkeeper
from harness.runner.budget import Budgets, suite_purse, target_purse
from harness.runner.conversation import Step, next_step
from harness.runner.execute import execute
from harness.runner.memory import RememberingTransport
from harness.runner.pacing import Pacing
from harness.runner.rows import RowTrial
from harness.runner.session import Session
from harness.runner.worst_case import worst_case
from harness.store import RunFolder

STOPPED = "stopped by Ctrl-C"
MOST_REASONS = 5
MAX_CHANGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a plan is executed.

    timeout_s  for one request, from sending to the last byte
    pacing     keep to the provider's limits
    ceiling    what the whole run may spend; a shard its share of it
    resume     go on with the run that is in the folder
    """

    out: Path
    profile: str = "documented"
    concurrency: int = 8
    max_errors: int = 0
    seed: int = 0
    timeout_s: float = 300.0
    overwrite: bool = False
    pacing: bool = True
    ceiling: Ceiling | None = None
    resume: bool = False


def totals_of(assembly: Assembly) -> dict[str, int]:
    """How many trials each target is asked, parameter rows among them."""
    totals = Counter(assembly.plan.counts)
    totals.update(row.target.label for _, row in own_rows(assembly))
    return totals


def own_rows(assembly: Assembly) -> list[tuple[int, RowTrial]]:
    """The parameter rows that this shard asks, each with its place among all of them."""
    shard = assembly.plan.shard
    return [(place, row) for place, row in enumerate(assembly.rows) if shard.holds(row.key.digest)]


def ceilings_of(assembly: Assembly, ceiling: Ceiling | None) -> dict[str, Ceiling]:
    """Every ceiling, by its purse: the run's, its suites' and its targets'; a shard has its share of each."""
    plan = assembly.plan
    found = {} if ceiling is None else {RUN_PURSE: ceiling}
    found |= {suite_purse(suite.name): suite.budget for suite in plan.suites if suite.budget is not None}
    found |= {target_purse(target.label): target.budget for target in plan.targets if target.budget is not None}
    return {name: _share(each, plan.shard.index, plan.shard.of) for name, each in found.items()}


def _share(ceiling: Ceiling, index: int, of: int) -> Ceiling:
    """A shard's share; the requests that are left over go to the first shards, so that the shares add up."""
    requests = ceiling.requests
    return Ceiling(
        usd=None if ceiling.usd is None else ceiling.usd / of,
        requests=None if requests is None else requests // of + (index <= requests % of),
    )


def check_bounds(assembly: Assembly, settings: Settings) -> None:
    """Refuse a budget of dollars that could not be kept, before anything is sent.

    raises  UsageError naming the first case whose cost nothing bounds
    """
    ceilings = ceilings_of(assembly, settings.ceiling)
    if assembly.mode == "replay" or all(ceiling.usd is None for ceiling in ceilings.values()):
        return
    bounded: set[tuple[str, str]] = set()
    for trial in assembly.plan.trials:
        case, target = trial.case, trial.target
        # Rows of a dataset differ in length, and length alone never makes a cost unbounded.
        if (case.location, target.label) in bounded or case.skip is not None:
            continue
        bounded.add((case.location, target.label))
        step = next_step(case, target, ())
        if not isinstance(step, Step):
            continue
        provider = assembly.catalogues.provider(target.provider)
        if worst_case(step.request, 0, provider, target.model, settings.profile).usd is None:
            message = f"{case.location}: nothing bounds what case '{case.id}' may cost on {target.label}"
            remedy = (
                "a budget needs prices in the catalogue, and a bound of the reply: max_tokens, or the model's window; "
                "what a vendor's own tools fetch has none. Leave such cases out, or bound requests with --max-requests"
            )
            raise UsageError(message, remedy=remedy)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Garbage is looked for less often, and not among what was there before: a case makes hardly any that needs it."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@dataclass(kw_only=True)
class Execution:
    """A plan on its way.

    interrupted  True once the user asked to stop
    charged      what the run's budget counted; None without one
    withheld     why trials were not asked, and how many
    """

    assembly: Assembly
    settings: Settings
    folder: RunFolder
    tick: Callable[[TrialRecord], None]
    digest: RunDigest = field(default_factory=RunDigest)
    interrupted: bool = False
    charged: Decimal | None = None
    withheld: Counter[str] = field(default_factory=Counter)
    door: Doorkeeper = field(default_factory=Doorkeeper)

    @property
    def why_left(self) -> str:
        """Why trials were not asked, in words."""
        if self.interrupted:
            return STOPPED
        spent = [] if self.door.budgets is None else [p.why for p in self.door.budgets.purses.values() if p.spent]
        reasons = [f"the budget is spent: {why}" for why in spent] or list(self.withheld)
        return "\n".join(reasons[:MOST_REASONS])

    @cached_property
    def in_order(self) -> InOrder:
        """Feeds the digest; begins with what the folder holds."""
        trials, shard, rows = self.assembly.plan.trials, self.assembly.plan.shard, self.assembly.rows
        planned = trials.planned

        def is_ours(number: int) -> bool:
            key = trials.key(number) if number < planned else rows[number - planned].key.digest
            return shard.holds(key)

        return InOrder(self.folder, planned + len(rows), is_ours, self.digest.add)

    def holds(self, number: int) -> bool:
        """Whether a trial is done already."""
        return self.folder.holds(number)

    async def keep(self, number: int, record: TrialRecord) -> None:
        """Make a finished trial durable, and tell."""
        await self.folder.keep(number, record)
        self.in_order.add(number, record)
        self.tick(record)

    async def run(self) -> None:
        """Ask what is not held, until all is, a budget is spent, or the user stops it."""
        with _rare_collection():
            await self._run()

    async def _run(self) -> None:
        assembly, settings = self.assembly, self.settings
        _ = self.in_order
        budgets = self._budgets() if assembly.mode != "replay" else None
        self.door.budgets = budgets
        if assembly.mode != "replay" and settings.pacing:
            self.door.pace = Pacing(share=1 / assembly.plan.shard.of)
        self.door.account = self.folder if budgets is not None else None
        session = open_session(
            assembly, self.door, profile=settings.profile, seed=settings.seed, timeout_s=settings.timeout_s
        )
        if assembly.mode in ("live", "refresh"):
            session.remembers = True
            session.transport = RememberingTransport(session.transport, self.folder, self.folder.left.answers)
        task = asyncio.ensure_future(self._ask(session))
        self._listen(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self.interrupted:
                raise
        finally:
            try:
                await session.transport.aclose()
            finally:
                await self.folder.flush()
            for note in getattr(session.transport, "notes", ()):
                say(f"note: {note}", err=True)
            for line in getattr(session.transport, "changes", ()):
                say(visible(line, MAX_CHANGE), err=True)
            if budgets is not None and RUN_PURSE in budgets.purses:
                purse = budgets.purses[RUN_PURSE]
                self.charged = purse.spent_usd + purse.set_aside_usd

    async def _ask(self, session: Session) -> None:
        assembly, concurrency = self.assembly, self.settings.concurrency
        self.withheld += await execute(assembly.plan, session, concurrency=concurrency, keeper=self)
        planned = assembly.plan.trials.planned
        rows = [(planned + place, row) for place, row in own_rows(assembly) if not self.holds(planned + place)]
        if not rows or self.door.is_over:
            return
        # Loaded here: most runs have no parameter rows, and pay for no probes.
        from harness.probes.rows import run_rows

        numbers = {row.key.digest: number for number, row in rows}

        async def keep(row: RowTrial, record: TrialRecord) -> None:
            if self.door.is_over and record.outcome is Outcome.ERROR:
                # What decides it was withheld: it is not done, and what was answered of it is kept.
                self.withheld[record.reason or ""] += 1
                return
            number = numbers[row.key.digest]
            await self.keep(number, replace(record, number=number))

        try:
            await run_rows(
                [row for _, row in rows], session, concurrency=concurrency, seed=self.settings.seed, keep=keep
            )
        except Withheld as why:
            self.withheld[why.message] += 1

    def _budgets(self) -> Budgets | None:
        ceilings = ceilings_of(self.assembly, self.settings.ceiling)
        if not ceilings:
            return None
        budgets = Budgets(ceilings)
        for purses, usd in self.folder.left.spent():
            budgets.charge(purses, usd, 1)
        return budgets

    def _listen(self, task: "asyncio.Future[None]") -> None:
        """Once asked to stop, let nothing more out, and wait for what is under way; asked twice, leave now."""

        def stop() -> None:
            if self.interrupted:
                task.cancel()
                return
            self.interrupted = True
            self.door.stop(STOPPED)
            say("\nstopping: what is under way is waited for; Ctrl-C again leaves now", err=True)

        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(name, stop)
            except (NotImplementedError, RuntimeError, ValueError):
                # Not the main thread, or a system without them: the default ends the run, and the journal is kept.
                return
