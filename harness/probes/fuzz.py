"""Property-based fuzz: what is documented is accepted, what lies just outside is refused, and a failure is made small.

It stands apart from the verdicts, which decide claims one by one: here fields meet in combinations that nobody wrote
down. Hypothesis draws and shrinks in a thread of its own, because it cannot wait as the rest does.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from harness.core.verdict import Evidence
from harness.probes.desk import Seen, Sender
from harness.probes.domain import read_domain
from harness.probes.domain_values import Beyond, Domain, Field
from harness.probes.drafts import Draft, find_alike, spell
from harness.probes.fuzz_answers import TRIES, Answer, Asker, Over
from harness.probes.fuzz_draws import Failed, draft_strategy, hypothesise, nowhere
from harness.probes.lineup import Lineup

Failure = Literal["refused-inside", "accepted-outside", "malformed-error", "server-error"]
T = TypeVar("T")

_MOST_EXAMPLES = 64
_MOST_LOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzFinding:
    """One way in which requests are not treated as documented, by the smallest request that shows it.

    about      the field that lies outside, or the fields that were refused together
    models     that treat it so, the one it was found with first
    expects    what the documents have the server do
    body       of the smallest request
    evidence   its exchanges, and those of a plain request in between
    confirmed  False if the budget ended before it was asked again, or before it was small
    """

    about: str
    failure: Failure
    models: tuple[str, ...]
    documented: str
    seen: str
    expects: Literal["accepted", "refused"]
    body: Any
    evidence: tuple[Evidence, ...]
    confirmed: bool

    @property
    def words(self) -> str:
        """The failure in a line."""
        said = {
            "refused-inside": f"refused although documented: {self.about}",
            "accepted-outside": f"validation missing: {self.about} is accepted",
            "malformed-error": f"not refused with a well-formed error: {self.about}",
            "server-error": f"answered with a 5xx on {TRIES} of {TRIES} tries: {self.about}",
        }[self.failure]
        return f"{said} (documented: {self.documented})" if self.documented else said


@dataclass(kw_only=True)
class Fuzzed:
    """What a fuzz came to; it grows while it runs, so that what was found stands, whatever ends it.

    requests   sent or replayed; discarded those that came to nothing, twice
    tried      model -> how many of its ways of lying outside were tried, and of how many
    stuck      True if it ended before its time, or a model could not be asked
    """

    budget: int
    requests: int = 0
    discarded: int = 0
    tried: dict[str, tuple[int, int]] = field(default_factory=dict)
    findings: list[FuzzFinding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    stuck: bool = False


@dataclass(kw_only=True)
class _Aim:
    """One failure while it is being made small.

    about  the complaint of a malformed error, else the field outside, else ''
    """

    failure: Failure
    about: str
    draft: Draft
    answer: Answer


class Fuzzer:
    """Draws, asks, shrinks."""

    def __init__(self, sender: Sender, lineup: Lineup, *, seed: int, found: Fuzzed) -> None:
        """Nothing is sent yet.

        found  takes what is found
        """
        self._lineup = lineup
        self._seed = seed
        self._found = found
        self._asker = Asker(sender, found.budget)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asking: Future[Any] | None = None
        self._stopped = False
        self._fault: BaseException | None = None
        self._known: set[tuple[str, Failure, str]] = set()
        self._refused: dict[str, set[frozenset[str]]] = {}

    async def run(self) -> None:
        """Fuzz until the budget is spent or nothing new can be drawn.

        raises  whatever is no fault of a server: a cassette that cannot be read, a file that cannot be written
        """
        self._loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(asyncio.to_thread(self._work))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread must end before what it asks through is closed; it may be about to ask.
            self._stopped = True
            while not work.done():
                if self._asking is not None:
                    self._asking.cancel()
                await asyncio.wait({work}, timeout=0.02)
            raise
        finally:
            self._found.requests, self._found.discarded = self._asker.requests, self._asker.discarded
            self._found.seen = self._asker.seen
        if self._fault is not None:
            raise self._fault

    def _work(self) -> None:
        """All of it, in a thread."""
        try:
            with nowhere():
                self._rounds()
        except Over as over:
            self._found.notes.append(over.words)
            self._found.stuck = self._found.stuck or over.stuck

    def _rounds(self) -> None:
        domains = [read_domain(self._lineup, model) for model in self._lineup.models]
        domains = [domain for domain in domains if self._is_there(domain)]
        ways = {
            domain.model: [(each, beyond) for each in domain.fields for beyond in each.outside] for domain in domains
        }
        self._found.tried = {model: (0, len(each)) for model, each in ways.items()}
        examples = 2
        while domains:
            before = self._asker.requests
            for number, (domain, way) in enumerate(_turns(domains, ways)):
                self._visit(domain, way, examples, f"{examples}:{number}")
                if examples == 2 and way is not None:  # noqa: PLR2004 - the first round
                    done, of = self._found.tried[domain.model]
                    self._found.tried[domain.model] = (done + 1, of)
            if self._asker.requests == before and examples == _MOST_EXAMPLES:
                self._found.notes.append("nothing new can be drawn")
                return
            examples = min(2 * examples, _MOST_EXAMPLES)

    def _is_there(self, domain: Domain) -> bool:
        """Whether a plain request of the model is answered, by itself."""
        answer = self._wait(self._asker.ask(Draft(model=domain.model, chosen={}), role="control"))
        listed = self._lineup.provider.find_model(domain.model)
        names = {domain.model} if listed is None else {listed.id, *listed.aliases}
        said = answer.seen.reply.model
        why = ""
        if answer.came != "accepted":
            why = f"an ordinary request fails: {answer.seen.words}"
        elif said is not None and said not in names and not self._lineup.provider.open_models:
            why = f"redirected to {said}"
        if why:
            self._found.notes.append(f"{domain.model} was not fuzzed: {why}")
            self._found.stuck = True
        return not why

    def _visit(self, domain: Domain, way: tuple[Field, Beyond] | None, examples: int, turn: str) -> None:
        """Draw some requests of one kind; if one fails, make it small, make sure, and tell."""
        hunt = _Hunt(self._failure_of, self._control)
        over: Over | None = None
        try:
            strategy = draft_strategy(domain, way, self._refused.get(domain.model, set()))
            hypothesise(strategy, hunt, examples, f"{self._seed}:{turn}")
        except Over as ended:
            over = ended
        if hunt.aim is not None:
            self._tell(hunt.aim, domain, sure=over is None)
        if over is not None:
            raise over

    def _failure_of(self, draft: Draft) -> _Aim | None:
        """How a draft fails; None if it does not, if that is known already, or if nothing can be said of it."""
        answer = self._wait(self._asker.ask(draft))
        if answer.came == "lost":
            if self._asker.lost_in_a_row >= _MOST_LOST:
                self._control(draft.model)
            return None
        if draft.fault is None:
            # Of a refusal for other reasons, such as a key, nothing follows for what is documented.
            if answer.came == "accepted" or (answer.came == "refused" and not answer.seen.refused):
                return None
            failure: Failure = "server-error" if answer.came == "crashed" else "refused-inside"
            return _Aim(failure=failure, about="", draft=draft, answer=answer)
        aim = _fails_outside(draft, answer)
        if aim is None or (draft.model, aim.failure, aim.about) in self._known:
            return None
        # Without what lies outside it must be taken, or the blame is elsewhere.
        if aim.failure != "accepted-outside":
            twin = self._wait(self._asker.ask(replace(draft, fault=None)))
            if twin.came != "accepted":
                return None
        return aim

    def _tell(self, aim: _Aim, domain: Domain, *, sure: bool) -> None:
        """Ask the smallest request again, and of the other models, and keep what it shows."""
        over: Over | None = None
        seen, models = [aim.answer.seen], [domain.model]
        self._learn(aim)
        if sure:
            try:
                if not self._holds(aim, seen):
                    self._found.notes.append(f"{domain.model}: failed once and not again: {aim.draft.words}")
                    return
                models += self._others(aim)
            except Over as ended:
                over = ended
        self._found.findings.append(_finding(aim, domain, models, seen, confirmed=sure and over is None))
        if over is not None:
            raise over

    def _holds(self, aim: _Aim, seen: list[Seen]) -> bool:
        """Whether it fails on every one of three tries, with a plain request passing in between; acceptance needs one.

        source  VERDICTS.md, "Rejected"
        """
        if aim.failure == "accepted-outside":
            return True
        for _ in range(TRIES - 1):
            control = self._control(aim.draft.model)
            answer = self._wait(self._asker.ask(aim.draft, role="treatment", again=True))
            seen += [control.seen, answer.seen]
            if answer.form != aim.answer.form:
                return False
        return True

    def _control(self, model: str) -> Answer:
        """A plain request, which was accepted at the beginning.

        raises  Over if it no longer is: then nothing follows from other requests
        """
        control = self._wait(self._asker.ask(Draft(model=model, chosen={}), role="control", again=True))
        if control.came != "accepted":
            raise Over(f"an ordinary request to {model} fails now: {control.seen.words}", stuck=True)
        return control

    def _others(self, aim: _Aim) -> Iterator[str]:
        """The other models that fail likewise: each is asked once."""
        for model in self._found.tried:
            alike = find_alike(aim.draft, read_domain(self._lineup, model)) if model != aim.draft.model else None
            if alike is None:
                continue
            answer = self._wait(self._asker.ask(alike))
            if answer.form == aim.answer.form:
                self._learn(replace(aim, draft=alike))
                yield model

    def _learn(self, aim: _Aim) -> None:
        """Leave this failure out from here on."""
        if aim.draft.fault is None:
            names = frozenset(aim.draft.chosen)
            self._refused.setdefault(aim.draft.model, set()).add(names)
            # What breaks a server whatever it holds breaks it outside, too.
            self._known |= {(aim.draft.model, aim.failure, name) for name in names if len(names) == 1}
        else:
            self._known.add((aim.draft.model, aim.failure, aim.about))

    def _wait(self, asking: Coroutine[Any, Any, T]) -> T:
        """Run on the loop, from the thread.

        raises  Over when the fuzz is to end
        """
        if self._stopped or self._loop is None:
            asking.close()
            raise Over("interrupted", stuck=True)
        try:
            future = asyncio.run_coroutine_threadsafe(asking, self._loop)
            self._asking = future
            return future.result()
        except CancelledError as error:
            raise Over("interrupted", stuck=True) from error
        except Over:
            raise
        except BaseException as error:
            # Hypothesis would take it for a failure of the server and shrink it.
            self._fault = error
            raise Over(str(error), stuck=True) from error


class _Hunt:
    """Keeps the smallest failing draft of one visit; of the first failure's kind, which shrinking must not change."""

    def __init__(self, failure_of: Callable[[Draft], _Aim | None], control: Callable[[str], Answer]) -> None:
        self._failure_of = failure_of
        self._control = control
        self.aim: _Aim | None = None

    def __call__(self, draft: Draft) -> None:
        aim = self._failure_of(draft)
        if aim is None:
            return
        if self.aim is not None and (aim.failure, aim.about) != (self.aim.failure, self.aim.about):
            return
        if self.aim is None and aim.failure == "server-error":
            # An outage is no answer to what was asked.
            self._control(draft.model)
        # What Hypothesis tries after a failure is simpler than it, so the last to fail is the simplest.
        self.aim = aim
        raise Failed


def _fails_outside(draft: Draft, answer: Answer) -> _Aim | None:
    about = draft.fault.field.name if draft.fault is not None else ""
    if answer.came == "accepted":
        return _Aim(failure="accepted-outside", about=about, draft=draft, answer=answer)
    if answer.came == "crashed":
        return _Aim(failure="server-error", about=about, draft=draft, answer=answer)
    if answer.complaint:
        # The form of errors is one thing for all fields: whatever drew it, it is one finding.
        return _Aim(failure="malformed-error", about=answer.complaint, draft=draft, answer=answer)
    return None


def _finding(aim: _Aim, domain: Domain, models: Sequence[str], seen: Sequence[Seen], *, confirmed: bool) -> FuzzFinding:
    draft = aim.draft
    if draft.fault is not None:
        about, documented = draft.fault.words, draft.fault.field.documented
    else:
        about = draft.words.removeprefix("inside: ")
        fields = [domain.find(name) for name in draft.chosen]
        documented = "; ".join(f"{each.name}: {each.documented}" for each in fields if each is not None)
    complaint = f"{aim.answer.complaint}; " if aim.answer.complaint else ""
    return FuzzFinding(
        about=about,
        failure=aim.failure,
        models=tuple(models),
        documented=documented,
        seen=f"{complaint}{aim.answer.seen.words}",
        expects="accepted" if draft.fault is None else "refused",
        body=spell(draft),
        evidence=tuple(each.as_evidence() for each in seen),
        confirmed=confirmed,
    )


def _turns(
    domains: Sequence[Domain], ways: Mapping[str, Sequence[tuple[Field, Beyond]]]
) -> Iterator[tuple[Domain, tuple[Field, Beyond] | None]]:
    """Every way of every model once, models in turn, each some ways ahead of the one before; and as often inside.

    So a small budget tries each way with some model before it tries any way with all.
    """
    mine = {
        model: {(field.name, field.outside.index(beyond)): (field, beyond) for field, beyond in each}
        for model, each in ways.items()
    }
    every = list(dict.fromkeys(name for each in mine.values() for name in each))
    stride = -(-len(every) // len(domains))
    for step in range(max(1, len(every))):
        for place, domain in enumerate(domains):
            way = mine[domain.model].get(every[(step + place * stride) % len(every)]) if every else None
            if way is not None:
                yield domain, way
            yield domain, None
