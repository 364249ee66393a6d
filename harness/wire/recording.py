"""The transport that answers from cassettes, and in two of its modes fills them.

It stands apart from the live transport because a replay must be unable to reach the network: it is made without one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.core.clock import Clock, SystemClock
from harness.core.errors import UnreadableCassette
from harness.core.exchange import Attempt, AttemptError, Exchange
from harness.core.keys import RequestKey
from harness.wire.api_errors import find_api_error
from harness.wire.cassette_changes import Changes, reply_differences
from harness.wire.cassette_commit import Journals
from harness.wire.cassette_file import read_cassette
from harness.wire.cassette_index import CassetteIndex
from harness.wire.cassette_miss import RECORD_COMMAND, explain_miss, explain_no_cassette, explain_wrong_source
from harness.wire.cassette_paths import cassette_path, find_cassettes
from harness.wire.cassette_recording import Recording
from harness.wire.cassette_shelf import Shelf
from harness.wire.interaction import exchange_of, interaction_of, lost_its_times
from harness.wire.redact import Redactor
from harness.wire.transport import Call, CassetteAddress, Mode, Transport, draw_nonces


def worth_keeping(attempt: Attempt, credential: str) -> bool:
    """Whether a cassette keeps an attempt: only an answer, never what ended as an error of ours or the network's.

    credential  'valid', 'none' or 'bad': a refused key is the answer wherever no valid one was sent
    """
    error = find_api_error(attempt)
    if error is None or error.is_answer:
        return True
    return error.kind == "auth" and attempt.status is not None and attempt.error is None and credential != "valid"


class CassetteTransport:
    """Replays, records or refreshes.

    mode            'replay' answers from cassettes alone; 'record' fetches what they lack; 'refresh' fetches everything
    root            the folder of `<provider>/<suite>/<model>/<case>.yaml`
    live            what fetches, owned and closed with this; without it every mode only replays
    cassettes       cassettes and folders that answer instead of the case's own file
    hosts           public host name -> the provider whose own it is
    keeps           whether to keep an attempt, given its credential variant
    record_command  the command that would record what is missing
    notes           oddities to tell the user when all is done
    answered        by file, the places of the recordings that answered
    asked           the folders of a provider and a suite in which recordings were looked for
    unanswered      how many calls no recording answered, of those that only a recording could answer
    """

    def __init__(
        self,
        *,
        mode: Mode,
        root: Path,
        redactor: Redactor,
        live: Transport | None = None,
        cassettes: Sequence[Path] = (),
        hosts: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        keeps: Callable[[Attempt, str], bool] = worth_keeping,
        record_command: str = RECORD_COMMAND,
    ) -> None:
        """Read the named cassettes; nothing else is read or sent yet.

        raises  InputError for a named place that does not exist; UnreadableCassette for one that cannot be read
                ValueError for a replay with a live transport
        """
        if mode == "replay" and live is not None:
            message = "a replay must be unable to reach the network"
            raise ValueError(message)
        self._mode = mode
        self._root = root
        self._redactor = redactor
        self._live = live
        self._hosts = dict(hosts or {})
        self._named_places = tuple(cassettes)
        self._named = self._read_named() if cassettes else None
        self._clock = clock or SystemClock()
        self._keeps = keeps
        self._record_command = record_command
        self._shelves: dict[CassetteAddress, Shelf] = {}
        self._journals = Journals()
        self._turns: dict[tuple[Path, RequestKey], asyncio.Lock] = {}
        self._fresh: set[tuple[Path, RequestKey]] = set()
        self._notes: dict[str, None] = {}
        self._changes = Changes()
        self.answered: dict[Path, set[int]] = {}
        self.asked: set[Path] = set()
        self.unanswered = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on interrupted runs and edited recordings, each once."""
        return tuple(dict.fromkeys([note for shelf in self._shelves.values() for note in shelf.notes] + [*self._notes]))

    @property
    def changes(self) -> tuple[str, ...]:
        """How replies differ that took the place of recorded ones: a count, and the first few; nothing without any."""
        return self._changes.lines()

    async def send(self, call: Call) -> Exchange:
        """The recorded answer, or a live one that is recorded before this returns.

        raises  UnreadableCassette for a cassette that is there and cannot be read
                Unanswerable if a recording cannot be written
        """
        if self._live is None:
            return self._replay(call, self._opened(call))
        shelf = self._shelf(call)
        turn = (shelf.path, call.key)
        async with self._turns.setdefault(turn, asyncio.Lock()):
            await self._open(shelf)
            if turn in self._fresh or self._mode == "record":
                recording = self._find(call, shelf)
                if recording is not None:
                    return self._answer(call, recording, recorded=turn not in self._fresh)
            return await self._record(call, shelf, self._live)

    def has_recording(self, call: Call) -> bool:
        """Whether a replay would find an answer.

        raises  UnreadableCassette for a cassette that is there and cannot be read
        """
        shelf = self._shelf(call)
        if self._named is None:
            shelf.open()
        return (self._named or shelf.index).find(call.key) is not None

    async def aclose(self) -> None:
        """Merge what was recorded into the cassettes, and close the live transport.

        raises  the first error that a merge met, after trying all; what was not merged stays in its journal
        """
        try:
            await self._journals.aclose()
            closing = [asyncio.to_thread(shelf.close) for shelf in self._shelves.values() if shelf.may_record]
            results = await asyncio.gather(*closing, return_exceptions=True)
        finally:
            if self._live is not None:
                await self._live.aclose()
        for result in results:
            if result is not None:
                raise result

    def _shelf(self, call: Call) -> Shelf:
        shelf = self._shelves.get(call.case)
        if shelf is None:
            path = cassette_path(self._root, call.case)
            shelf = self._shelves[call.case] = Shelf(path, self._hosts, self._redactor)
            self.asked.add(path.parent.parent)
        return shelf

    def _opened(self, call: Call) -> Shelf:
        try:
            shelf = self._shelf(call)
            # Nothing is timed in a replay, so the loop may stand still while a file is read.
            if self._named is None:
                shelf.open()
        except UnreadableCassette:
            self.unanswered += 1
            raise
        return shelf

    async def _open(self, shelf: Shelf) -> None:
        """Read the file and make its journal ready, in a thread: replies that are being timed must not wait."""
        async with shelf.gate:
            if not shelf.is_open:
                await asyncio.to_thread(shelf.open)
            if not shelf.may_record:
                await asyncio.to_thread(self._journals.prepare, shelf.path)
                shelf.may_record = True

    def _read_named(self) -> CassetteIndex:
        index = CassetteIndex(self._hosts, self._redactor)
        for path in find_cassettes(self._named_places):
            index.add_file(read_cassette(path).recordings)
        return index

    def _find(self, call: Call, shelf: Shelf) -> Recording | None:
        named = self._named.find(call.key) if self._named is not None else None
        return named or shelf.index.find(call.key)

    def _replay(self, call: Call, shelf: Shelf) -> Exchange:
        index = self._named or shelf.index
        recording = index.find(call.key)
        if recording is not None:
            return self._answer(call, recording, recorded=True)
        anothers = index.find_of_another(call.key)
        if anothers is not None:
            made_by = index.provider_of(anothers)
            message = explain_wrong_source(call.key, anothers, made_by, self._record_command)
            return self._failed(call, "wrong-source", message)
        return self._failed(call, "missing-recording", self._explained(call, shelf, index))

    def _explained(self, call: Call, shelf: Shelf, index: CassetteIndex) -> str:
        if self._named is None and not shelf.exists:
            addresses = (
                path.relative_to(self._root) for path in self._root.glob(f"*/{_within(self._root, shelf.path)}")
            )
            return explain_no_cassette(
                call.key, shelf.path, sorted(path.parts[0] for path in addresses), self._record_command
            )
        place = ", ".join(map(str, self._named_places)) or str(shelf.path)
        body = self._redactor.request(call.request).body
        return explain_miss(call.key, body, index, place, self._record_command)

    def _failed(self, call: Call, error: AttemptError, message: str) -> Exchange:
        self.unanswered += 1
        request = self._redactor.request(call.request)
        return Exchange(key=call.key.digest, request=request, attempts=(Attempt(error=error, message=message),))

    def _answer(self, call: Call, recording: Recording, *, recorded: bool) -> Exchange:
        if lost_its_times(recording):
            self._notes[f"{recording.place}: the body was edited, so its recorded arrival times are not used"] = None
        self.answered.setdefault(recording.path, set()).add(recording.position)
        return exchange_of(call, recording, self._redactor, recorded=recorded)

    async def _record(self, call: Call, shelf: Shelf, live: Transport) -> Exchange:
        sent, nonces = draw_nonces(call.request)
        exchange = await live.send(replace(call, request=sent))
        if not self._keeps(exchange.last, call.key.credential):
            return exchange
        # In a thread: a hostile reply may take long to read, and others are being timed.
        if call.answers is not None and not await asyncio.to_thread(call.answers, exchange):
            return exchange
        interaction = interaction_of(
            call, exchange.last, nonces=nonces, recorded_at=self._clock.now(), redactor=self._redactor
        )
        await self._journals.write(shelf.path, interaction)
        self._fresh.add((shelf.path, call.key))
        replaced = self._find(call, shelf)
        recording = shelf.add(interaction)
        if replaced is not None:
            # In a thread, for the same reason.
            self._changes.note(replaced, await asyncio.to_thread(reply_differences, replaced, recording))
        answer = exchange_of(call, recording, self._redactor, recorded=False)
        last = replace(answer.last, waited_s=exchange.last.waited_s)
        return replace(answer, attempts=(*exchange.attempts[:-1], last))


def _within(root: Path, path: Path) -> Path:
    """The path below its provider's folder."""
    return Path(*path.relative_to(root).parts[1:])
