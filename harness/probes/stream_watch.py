"""What all streams of a model come to: each promise about chunks, and whether a stream is the reply that it stands for.

It stands apart from the requests because it is pure: streams that other probes paid for are looked at as well, and what
is observed can be derived again from what was kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.core.canonical import canonical_json
from harness.core.verdict import Evidence
from harness.probes.desk import Seen
from harness.probes.family import Watched
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import TRIES
from harness.probes.stream_bytes import StreamReading, read_stream_bytes
from harness.probes.stream_rules import PROMISES, THOUGHTS, Promise, Stream, is_count
from harness.wire.untrusted import shown

STREAMING = "streaming"
WHOLE = "stream.whole"
USAGE = "stream.usage"

_FIGURES = ("prompt_tokens", "completion_tokens")
_SHOWN = 4
_ERRORS = frozenset({"timeout", "network", "server", "rate-limit", "auth", "credit", "missing-recording"})


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """An answer to a request for a stream, its bytes read."""

    seen: Seen

    @cached_property
    def reading(self) -> StreamReading:
        """What its bytes hold."""
        return read_stream_bytes(self.seen.attempt)

    @cached_property
    def stream(self) -> Stream:
        """Its chunks, whatever was asked for."""
        return Stream(reading=self.reading)

    @cached_property
    def arrived(self) -> bool:
        """Whether a reply came and its connection was closed in order."""
        return self.seen.attempt.error is None and 200 <= (self.seen.attempt.status or 0) < 300  # noqa: PLR2004 - a class

    @cached_property
    def usable(self) -> bool:
        """Whether chunks came and no error among them: else nothing is said of the grammar."""
        return self.arrived and self.reading.shape == "events" and self.reading.worded and not self.reading.error

    @cached_property
    def done(self) -> bool:
        """Whether it is usable and has its end mark."""
        return self.usable and self.reading.done


def closes_bare(tries: Sequence[Streamed], others: Sequence[Streamed]) -> bool:
    """Whether equal requests, as often as refusing takes, all drew streams that close without the end mark.

    One alone may have been cut off on its way, by something that closes connections politely; and if others have the
    mark, so may three, unless each said why it ended.

    others  the model's streams of whatever request
    """
    usable = [each for each in tries if each.usable]
    if len(usable) < TRIES or any(each.done for each in usable):
        return False
    return all(each.stream.finished is not None for each in usable) or not any(each.done for each in others)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Replies to one request, streamed and not.

    streamed  those that came whole; plain those that are no error
    """

    streamed: tuple[Streamed, ...]
    plain: tuple[Seen, ...]

    @cached_property
    def texts(self) -> tuple[list[str], list[str]]:
        """What they say, in order of asking."""
        return [each.stream.text for each in self.streamed], [each.reply.content for each in self.plain]

    @cached_property
    def usages(self) -> list[Mapping[str, Any]]:
        """The usage that the streams tell, of those that do."""
        return [usage for each in self.streamed if (usage := each.stream.usage) is not None]

    @property
    def differs(self) -> bool:
        """Whether anything is said differently by any two of them, so that asking again is worth it."""
        streamed, plain = map(set, self.texts)
        figures = [self._figures(field) for field in self._comparable]
        return streamed != plain or any(len(ours | theirs) > 1 for ours, theirs in figures)

    @cached_property
    def asked_enough(self) -> bool:
        """Whether a difference was seen often enough to be no accident of sampling, and no matter of how it is spelt.

        A server that hashes the whole body answers differently to `stream: false` and to a request without it.
        """
        spelt = {"stream" in each.ask.body for each in self.plain}
        return min(len(self.streamed), len(self.plain)) >= TRIES and len(spelt) > 1

    def judge_words(self) -> str | None:
        """'' if the deltas join to what comes unstreamed, words if they do not, None if it cannot be told."""
        streamed, plain = map(set, self.texts)
        if len(streamed) != 1 or len(plain) != 1:
            return None
        (joined,), (whole,) = streamed, plain
        if joined == whole:
            return "" if whole else None
        return f"{shown(joined)} streamed, {shown(whole)} not" if self.asked_enough else None

    def judge_usage(self) -> str | None:
        """Likewise whether usage says the same: of the prompt, and of an answer that shows all that it took."""
        said = [words for field in self._comparable if (words := self._judge_figure(field)) is not None]
        return next((each for each in said if each), "" if len(said) == len(self._comparable) else None)

    @property
    def _comparable(self) -> tuple[str, ...]:
        """Figures that must agree: those of the answer only where its words do, and nobody counts unseen thoughts."""
        thought = any(each.reply.reasoning or each.reply.usage.reasoning for each in self.plain)
        return _FIGURES if not thought and self.judge_words() == "" else _FIGURES[:1]

    def _judge_figure(self, field: str) -> str | None:
        streamed, plain = self._figures(field)
        if len(streamed) != 1 or len(plain) != 1:
            return None
        if streamed == plain:
            return ""
        words = f"{field} is {next(iter(streamed))} streamed, {next(iter(plain))} not"
        return words if self.asked_enough and len(self.usages) >= TRIES else None

    def _figures(self, field: str) -> tuple[set[int], set[int]]:
        streamed = {usage[field] for usage in self.usages if is_count(usage.get(field))}
        told = (each.reply.usage.prompt if field == _FIGURES[0] else each.reply.usage.completion for each in self.plain)
        return streamed, {figure for figure in told if figure is not None}

    def evidence(self) -> tuple[Evidence, ...]:
        """Some of both."""
        seen = [*self.plain[:TRIES], *(each.seen for each in self.streamed[:TRIES])]
        return tuple(each.as_evidence() for each in seen)


def pairs_of(seen: Iterable[Seen]) -> tuple[Pair, ...]:
    """Replies whose requests differ in nothing but streaming, where both kinds came."""
    streamed: dict[str, list[Streamed]] = {}
    plain: dict[str, list[Seen]] = {}
    for each in filter(_is_chat, seen):
        key = _unstreamed(each)
        if each.ask.streams:
            streamed.setdefault(key, []).append(Streamed(seen=each))
        elif each.ok and each.reply.deferred_id is None:
            plain.setdefault(key, []).append(each)
    others = [each for tries in streamed.values() for each in tries]
    pairs = []
    for key, tries in streamed.items():
        bare = closes_bare(tries, others)
        whole = tuple(each for each in tries if each.done or (each.usable and bare))
        if whole and key in plain:
            pairs.append(Pair(streamed=whole, plain=tuple(plain[key])))
    return tuple(pairs)


def settles(streamed: Streamed) -> bool:
    """Whether a call that did not come will not: the stream said why it ended, or has its mark, or a body came."""
    told = streamed.usable and (streamed.done or streamed.stream.finished is not None)
    return told or (streamed.seen.ok and streamed.reading.shape == "body")


@dataclass(frozen=True, kw_only=True)
class LostCalls:
    """Answers to one request that asks for a call, streamed and not: no stream has it, and every other reply does."""

    streamed: tuple[Streamed, ...]
    plain: tuple[Seen, ...]

    def observe(self, topic: Topic) -> Observation:
        """What was seen, of a promise about calls in streams."""
        bodies = sum(each.reading.shape == "body" for each in self.streamed)
        n, whole = len(self.streamed), len(self.plain)
        where = f"where a stream is asked for, one JSON body comes on {bodies} of {n} tries" if bodies else ""
        where += ", and no call in a stream" if bodies and bodies < n else ""
        words = f"a tool is called in {whole} of {whole} replies that are not streamed; "
        words += where or f"the same request streamed has no call, in {n} of {n} streams"
        seen = [each for pair in zip(self.plain, (each.seen for each in self.streamed), strict=False) for each in pair]
        evidence = tuple(each.as_evidence() for each in seen[: 2 * TRIES])
        return Observation(topic=topic, outcome="broken", words=words, grade="E4", n=n + whole, evidence=evidence)


def find_lost_calls(seen: Iterable[Seen]) -> LostCalls | None:
    """Calls that come unstreamed and in none of the same requests streamed, each as often as refusing takes."""
    groups: dict[str, tuple[list[Streamed], list[Seen]]] = {}
    for each in filter(_is_chat, seen):
        streamed, plain = groups.setdefault(_unstreamed(each), ([], []))
        if each.ask.streams:
            streamed.append(Streamed(seen=each))
        elif each.ok:
            plain.append(each)
    for streamed, plain in groups.values():
        settled = tuple(each for each in streamed if settles(each))
        came = any(each.stream.calls for each in streamed if each.usable)
        if min(len(settled), len(plain)) >= TRIES and not came and all(each.reply.tool_calls for each in plain):
            return LostCalls(streamed=settled, plain=tuple(plain))
    return None


def _unstreamed(seen: Seen) -> str:
    """What a request says but for streaming."""
    return canonical_json(
        {key: value for key, value in seen.ask.body.items() if key not in ("stream", "stream_options")}
    )


def watch_streams(watched: Watched) -> Iterable[Observation]:
    """Every promise about streams, of every model that was asked for one."""
    for model in watched.lineup.models:
        answers = [each for each in watched.of(model) if _is_chat(each)]
        tries = [Streamed(seen=each) for each in answers if each.ask.streams and each.ask.body.get("n") in (None, 1)]
        asked = watched.observations.get(Topic(STREAMING, model))
        if asked is None and not tries:
            continue
        if asked is not None and asked.outcome == "unasked" and not tries:
            for name in (*(f"stream.{promise}" for promise in PROMISES), WHOLE, USAGE):
                yield replace(asked, topic=Topic(name, model))
            continue
        streams = _streams(tries, answers, model, watched.lineup)
        # A server that streams nothing at all breaks another promise than this.
        lost = find_lost_calls(answers) if streams else None
        for name, promise in PROMISES.items():
            topic = Topic(f"stream.{name}", model)
            if name == "call-named" and lost is not None and not any(stream.calls for _, stream in streams):
                yield lost.observe(topic)
            else:
                yield _observe(topic, promise, streams, tries)
        yield from _observe_pairs(model, pairs_of(answers), tries)


def _is_chat(seen: Seen) -> bool:
    return seen.ask.chats and not seen.ask.body.get("deferred")


def _streams(
    tries: Sequence[Streamed], answers: Sequence[Seen], model: str, lineup: Lineup
) -> list[tuple[Streamed, Stream]]:
    """The streams that can be judged, with what is known of each."""
    found = lineup.provider.find_model(model)
    names = frozenset({model, *((found.id, *found.aliases) if found is not None else ())})
    groups: dict[str, list[Streamed]] = {}
    for each in tries:
        groups.setdefault(canonical_json(each.seen.ask.body), []).append(each)
    bare = {key for key, group in groups.items() if closes_bare(group, tries)}
    never = bool(bare) and not any(each.done for each in tries)
    usable = [each for each in tries if each.usable]
    shows = any(step.delta.get(THOUGHTS[0]) for each in usable for step in each.stream.steps)
    counted = 0 if shows else max((each.reply.usage.reasoning or 0 for each in answers if each.ok), default=0)
    return [
        (each, _stream(each, names, counted, whole=never or each.done or canonical_json(each.seen.ask.body) in bare))
        for each in usable
    ]


def _stream(streamed: Streamed, names: frozenset[str], counted: int, *, whole: bool) -> Stream:
    options = streamed.seen.ask.body.get("stream_options")
    asks_usage = isinstance(options, Mapping) and options.get("include_usage") is True
    own = streamed.seen.reply.usage.reasoning
    return Stream(
        reading=streamed.reading,
        names=names,
        asks_usage=asks_usage,
        whole=whole,
        reasoned=counted if own is None else own,
    )


def _observe(
    topic: Topic, promise: Promise, streams: Sequence[tuple[Streamed, Stream]], tries: Sequence[Streamed]
) -> Observation:
    judged = [(streamed, words) for streamed, stream in streams if (words := promise.judge(stream)) is not None]
    broken = [(streamed, words) for streamed, words in judged if words]
    shown_first = [streamed.seen.as_evidence() for streamed, _ in (*broken, *judged)]
    evidence = tuple(dict.fromkeys(shown_first))[:_SHOWN]
    if broken:
        words = f"{broken[0][1]} (in {len(broken)} of {len(judged)} streams)"
        return Observation(topic=topic, outcome="broken", words=words, grade="E3", n=len(judged), evidence=evidence)
    if judged:
        # Without the figure, which stands in `n`: models that keep a promise alike are then shown in one sentence.
        kept = f"{promise.kept}, in every stream"
        return Observation(topic=topic, outcome="holds", words=kept, grade="E3", n=len(judged), evidence=evidence)
    return _nothing(topic, tries)


def _nothing(topic: Topic, tries: Sequence[Streamed]) -> Observation:
    """Nothing shows it: because no stream came in order, or because of what came."""
    evidence = tuple(each.seen.as_evidence() for each in tries[:_SHOWN])
    spoilt = [each for each in tries if _is_spoilt(each)]
    if tries and len(spoilt) == len(tries):
        words = f"no stream came whole: {why_not(spoilt[0])}"
        return Observation(topic=topic, outcome="unknown", words=words, evidence=evidence, error=True)
    streams = sum(each.usable for each in tries)
    words = f"none of {streams} streams shows it" if streams else "no stream came"
    return Observation(topic=topic, outcome="unknown", words=words, n=streams, evidence=evidence)


def _is_spoilt(streamed: Streamed) -> bool:
    """Whether it says nothing because of an error that is not the model's, or because it was cut off."""
    if streamed.usable:
        return not streamed.done
    error = streamed.seen.reply.error
    kind = error.kind if error is not None else None
    nothing = streamed.arrived and streamed.reading.shape != "body" and kind != "refused"
    return streamed.seen.attempt.error is not None or kind in _ERRORS or nothing


def why_not(streamed: Streamed) -> str:
    """Why an answer to a request for a stream is no stream that can be judged, in words."""
    attempt, reading = streamed.seen.attempt, streamed.reading
    if attempt.error is not None:
        return attempt.message or attempt.error
    if reading.error:
        return f"the stream tells of an error: {reading.error}"
    if streamed.usable:
        return f"it closes after {len(reading.events)} events without [DONE], as one that was cut off does"
    if streamed.arrived and reading.shape == "events":
        return f"{len(reading.events)} events came, and no choice in any"
    if streamed.arrived and reading.shape == "body":
        return "one JSON body came"
    return streamed.seen.words


def _observe_pairs(model: str, pairs: Sequence[Pair], tries: Sequence[Streamed]) -> Iterable[Observation]:
    words = ("the deltas join to the unstreamed reply", [(pair, pair.judge_words()) for pair in pairs])
    usage = ("usage says the same as of an unstreamed reply", [(pair, pair.judge_usage()) for pair in pairs])
    for name, (kept, judged) in ((WHOLE, words), (USAGE, usage)):
        topic = Topic(name, model)
        found = [(pair, seen) for pair, seen in judged if seen is not None]
        broken = [(pair, seen) for pair, seen in found if seen]
        if found:
            pair, seen = (broken or found)[0]
            outcome: Outcome = "broken" if broken else "holds"
            n = len(pair.streamed) + len(pair.plain)
            grade = "E4" if pair.asked_enough else "E3"
            said = f"{seen}, on {len(pair.streamed)} and {len(pair.plain)} of as many tries" if seen else kept
            yield Observation(topic=topic, outcome=outcome, words=said, grade=grade, n=n, evidence=pair.evidence())  # type: ignore[arg-type]
        elif pairs:
            said = "equal requests draw differing replies, or none with words: streamed and not cannot be compared"
            yield Observation(topic=topic, outcome="unknown", words=said, evidence=pairs[0].evidence())
        else:
            yield _nothing(topic, tries)
