"""Suites and targets -> the trials of a run.

It stands apart from execution because a plan is pure: it can be shown, sharded and compared before a cent is spent.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import is_

from harness.core.canonical import canonical_json, digest, digest_bytes
from harness.core.catalogue import Target
from harness.core.chat import Message
from harness.core.errors import InputError, UsageError
from harness.core.keys import PairKey
from harness.core.suite import Case, Suite, Turn
from harness.reading import did_you_mean
from harness.runner.targets import matches

MAX_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One case of one target, once.

    number  its 0-based place in the whole plan, other shards' trials counted
    key     digest of its TrialKey
    """

    case: Case
    target: Target
    index: int
    number: int
    key: str

    @property
    def pair(self) -> PairKey:
        """By which it is compared."""
        return PairKey(suite=self.case.suite, case=self.case.id, row=self.case.row, index=self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Which share of a plan is asked: `index` of `of`, from 1. A trial belongs to one by its key, not its place."""

    index: int = 1
    of: int = 1

    def holds(self, key: str) -> bool:
        """Whether a trial, by the digest of its key, belongs to this share."""
        return int(key[:8], 16) % self.of == self.index - 1

    def __str__(self) -> str:
        """`2/3`."""
        return f"{self.index}/{self.of}"


WHOLE = Shard()


class Trials:
    """The trials of a plan, made anew by each iteration: a plan of a hundred thousand keeps 16 bytes of each.

    source  makes them all, without numbers and keys, in the order of their records
    keys    16 bytes each, of the whole plan
    shard   which of them are asked
    """

    def __init__(self, source: "_Source", keys: bytes, shard: Shard = WHOLE) -> None:
        """Count what belongs to the shard."""
        self._source = source
        self._keys = keys
        self._shard = shard
        self._count = (
            sum(shard.holds(self.key(number)) for number in range(self.planned)) if shard.of > 1 else self.planned
        )

    @property
    def planned(self) -> int:
        """How many the whole plan has, those of other shards among them."""
        return len(self._keys) // KEY_BYTES

    def key(self, number: int) -> str:
        """The digest of the key of a trial of the whole plan."""
        return self._keys[KEY_BYTES * number : KEY_BYTES * (number + 1)].hex()

    def __len__(self) -> int:
        """How many are asked."""
        return self._count

    def __iter__(self) -> Iterator[Trial]:
        """Each in turn."""
        return self.of()

    def of(self, wanted: Callable[[Target], bool] | None = None) -> Iterator[Trial]:
        """Those of some targets alone; without a predicate all."""
        for number, (case, target, index) in enumerate(self._source()):
            if wanted is not None and not wanted(target):
                continue
            key = self.key(number)
            if self._shard.holds(key):
                yield Trial(case=case, target=target, index=index, number=number, key=key)


KEY_BYTES = 16
_Source = Callable[[], Iterable[tuple[Case, Target, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every trial of a run, in the order of its records.

    digest  of all trial keys, other shards' among them: two runs with one digest asked the same
    counts  how many trials each target is asked, by its label
    """

    suites: tuple[Suite, ...]
    targets: tuple[Target, ...]
    trials: Trials
    digest: str
    counts: Mapping[str, int]
    shard: Shard = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases are wanted; empty means all.

    cases  globs over case ids
    tags   a case with any of them
    """

    cases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def wants(self, case: Case) -> bool:
        """Whether a case is selected."""
        named = not self.cases or any(fnmatchcase(case.id, pattern) for pattern in self.cases)
        return named and (not self.tags or bool(set(self.tags) & set(case.tags)))


def asked_digest(case: Case) -> str:
    """Digest of what a case asks, whatever the target: checks are left out."""
    return _digest_of(case, _fixed(case))


def _digest_of(case: Case, fixed: str) -> str:
    words = [case.system, [[_spell(message) for message in turn.messages] for turn in case.turns]]
    return digest_bytes(f"{fixed}{canonical_json(words)}".encode("utf-8", "surrogatepass"))


def _fixed(case: Case) -> str:
    """What a case asks beside its words, as JSON."""
    # Keys that a case does not use are left out: what was asked before they existed keeps its digest.
    further: dict[str, object] = {}
    if any(turn.request is not None for turn in case.turns):
        further["requests"] = [_spell_plain(turn) for turn in case.turns]
    if case.dialect is not None:
        further["dialect"] = case.dialect
    if case.deferred:
        further["deferred"] = True
    return canonical_json(
        {
            **further,
            "params": dict(case.params),
            "tools": list(case.tools),
            "tool_results": dict(case.tool_results),
            "max_rounds": case.max_rounds if case.tool_results else None,
            "response_format": case.response_format,
            "stream": case.stream,
            "credential": case.credential,
        }
    )


def _beside_words(case: Case) -> tuple[object, ...]:
    """What `_fixed` spells, as the very objects: rows of a dataset share what none of them changes.

    An empty mapping is made anew for each case, and says nothing.
    """
    turns = [each for turn in case.turns for each in (turn.request, turn.save or None)]
    results = case.tool_results or None
    return (case.params, case.tools, results, case.response_format, case.dialect, case.credential, *turns)


def _spell(message: Message) -> list[object]:
    parts = [[part.kind, part.text, part.image, *([part.detail] if part.detail else [])] for part in message.parts]
    calls = [[call.id, call.name, call.arguments] for call in message.tool_calls]
    spoken: list[object] = [message.role, message.text, parts, calls, message.tool_call_id]
    return spoken if message.name is None else [*spoken, message.name]


def _spell_plain(turn: Turn) -> list[object] | None:
    request = turn.request
    if request is None:
        return None
    return [request.method, request.path, request.body, request.domain, dict(turn.save)]


def plan_run(
    suites: Sequence[Suite],
    targets: Mapping[str, tuple[Target, ...]],
    selection: Selection,
    repeats: int | None = None,
    shard: Shard = WHOLE,
) -> Plan:
    """The trials of a run: by suite, case, row, target, index.

    targets  by suite name
    repeats  overrides the cases' own number
    raises   UsageError if nothing is selected, or a case could never pass with so few repeats
    """
    _check_selection(suites, selection)

    def source() -> Iterable[tuple[Case, Target, int]]:
        return _trials(suites, targets, selection, repeats)

    keys, used, counts = bytearray(), dict[str, Target](), Counter[str]()
    for key, target in _keys(source()):
        keys += bytes.fromhex(key)
        counts[target.label] += shard.holds(key)
        if len(keys) > MAX_TRIALS * KEY_BYTES:
            message = f"more than {MAX_TRIALS:,} trials"
            raise UsageError(message, remedy="narrow them with --case, --tag or --target, or ask fewer repeats")
        if used.setdefault(target.label, target) != target:
            message = f"the label '{target.label}' means different targets in different suites"
            raise InputError(
                message, remedy="figures go by label: give each its own with `as:`, or run the suites apart"
            )
    if not keys:
        remedy = "the selected cases are meant for other targets, by their `only:` lists, or carry other tags"
        raise UsageError("no trial is selected", remedy=remedy)
    return Plan(
        suites=tuple(suites),
        targets=tuple(used.values()),
        trials=Trials(source, bytes(keys), shard),
        digest=digest_bytes(bytes(keys)),
        counts=counts,
        shard=shard,
    )


def _keys(trials: Iterable[tuple[Case, Target, int]]) -> Iterator[tuple[str, Target]]:
    """The key of each trial; what several have in common is spelled once."""
    asked, of = "", None
    fixed, parts = "", tuple[object, ...]()
    targets: dict[str, tuple[Target, str]] = {}
    for case, target, index in trials:
        if case is not of:
            now = _beside_words(case)
            same = of is not None and of.id == case.id and len(now) == len(parts) and all(map(is_, now, parts))
            fixed, parts = fixed if same else _fixed(case), now
            asked, of = _digest_of(case, fixed), case
        known = targets.get(target.label)
        if known is None or known[0] is not target:
            known = targets[target.label] = target, _target_digest(target)
        yield _key(case, index, asked, known[1]), target


def trial_key(case: Case, target: Target, index: int) -> str:
    """The digest of the key of a trial: of what is paired, of the target, and of everything rendered."""
    return _key(case, index, asked_digest(case), _target_digest(target))


def _target_digest(target: Target) -> str:
    return digest([target.label, target.model, dict(target.params), target.system, target.region])


def _key(case: Case, index: int, asked: str, target: str) -> str:
    pair = canonical_json([case.suite, case.id, case.row, index])
    return digest_bytes(f"{asked}{target}{pair}".encode("utf-8", "surrogatepass"))


def empty_plan(suites: Sequence[Suite], targets: Mapping[str, tuple[Target, ...]], shard: Shard = WHOLE) -> Plan:
    """The plan of suites whose cases are not asked, for what is asked beside them."""
    used = {target.label: target for suite in suites for target in targets[suite.name]}
    nothing = Trials(tuple, b"")
    return Plan(
        suites=tuple(suites),
        targets=tuple(used.values()),
        trials=nothing,
        digest=digest_bytes(b""),
        counts={},
        shard=shard,
    )


def _check_selection(suites: Sequence[Suite], selection: Selection) -> None:
    cases = sorted({case.id for suite in suites for case in suite.written})
    tags = sorted({tag for suite in suites for case in suite.written for tag in case.tags})
    for pattern in selection.cases:
        if not any(fnmatchcase(case, pattern) for case in cases):
            raise UsageError(f"--case: no case is named '{pattern}'", remedy=did_you_mean(pattern, cases))
    for tag in selection.tags:
        if tag not in tags:
            remedy = did_you_mean(tag, tags) if tags else "no case here has a tag"
            raise UsageError(f"--tag: no case has the tag '{tag}'", remedy=remedy)


def _trials(
    suites: Iterable[Suite], targets: Mapping[str, tuple[Target, ...]], selection: Selection, repeats: int | None
) -> Iterable[tuple[Case, Target, int]]:
    for suite in suites:
        for case in filter(selection.wants, suite.cases):
            count = repeats or case.repeats
            if case.at_least is not None and case.at_least > count:
                message = f"case '{case.id}' passes with at least {case.at_least} of its repeats; {count} are too few"
                raise UsageError(message, remedy=f"pass --repeats {case.at_least} or more")
            for target in targets[suite.name]:
                if case.only and not any(matches(target, pattern) for pattern in case.only):
                    continue
                yield from ((case, target, index) for index in range(count))
