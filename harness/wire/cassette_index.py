"""Which recording answers a request: one look into a table, however many recordings there are.

It stands apart from the files because the rule of who may answer for whom is the heart of replay: a recording never
answers for another provider, and one prompt never gets another's answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.core.exchange import HttpRequest
from harness.core.keys import RequestKey
from harness.wire.cassette_nearest import NearestRecordings
from harness.wire.cassette_recording import Recording
from harness.wire.redact import Redactor
from harness.wire.transport import body_digest, path_and_query

# (owner of the host or None, method, path and query, digest of the body, number among the identical ones)
_ForeignKey = tuple[str | None, str, str, str, int]


def own_key(recording: Recording) -> RequestKey:
    """The key of a recording that the harness made, from what the file says now: an edited request has a new key.

    raises  ValueError for a recording that plain vcrpy made
    """
    origin = recording.origin
    if origin is None:
        message = f"{recording.place} was not made by the harness"
        raise ValueError(message)
    return RequestKey(
        provider=origin.provider,
        region=origin.region,
        method=recording.method,
        path=recording.target,
        model=origin.model,
        body=body_digest(recording.body, origin.nonces),
        credential=origin.credential,
        index=origin.index,
        exchange=origin.exchange,
    )


class CassetteIndex:
    """Recordings of one or more cassettes, found by key.

    hosts  public host name -> the provider whose own it is
    """

    def __init__(self, hosts: Mapping[str, str], redactor: Redactor) -> None:
        """Begin empty."""
        self._hosts = {host.lower(): provider for host, provider in hosts.items()}
        self._owners = frozenset(hosts.values())
        self._redactor = redactor
        self._own: dict[RequestKey, Recording] = {}
        self._foreign: dict[_ForeignKey, Recording] = {}
        self._foreign_of_anyone: dict[_ForeignKey, Recording] = {}
        self._all: list[Recording] = []
        # What only a miss asks for is made at the first one: most replays have none.
        self._own_of_anyone: dict[RequestKey, Recording] | None = None
        self._nearest: NearestRecordings | None = None

    def add_file(self, recordings: Iterable[Recording]) -> None:
        """Add one cassette's recordings; where an earlier cassette has the same key, that one answers."""
        own: dict[RequestKey, Recording] = {}
        foreign: list[Recording] = []
        for recording in recordings:
            if recording.origin is not None:
                # Within a file the last one counts, as in a journal.
                own[own_key(recording)] = recording
            else:
                foreign.append(recording)
            self._all.append(recording)
        if self._own:
            for key, recording in own.items():
                self._own.setdefault(key, recording)
        else:
            self._own = own
        if foreign:
            seen: Counter[tuple[object, ...]] = Counter()
            for recording in foreign:
                self._add_foreign(recording, seen)
        self._own_of_anyone = self._nearest = None

    def put(self, recording: Recording) -> None:
        """Add a recording that was just made, in place of any with its key."""
        self._own[own_key(recording)] = recording
        self._all.append(recording)
        self._own_of_anyone = self._nearest = None

    def find(self, key: RequestKey) -> Recording | None:
        """The recording that answers, or None; the harness's own before plain vcrpy's."""
        owner = key.provider if key.provider in self._owners else None
        return self._own.get(key) or self._foreign.get((owner, key.method, key.path, key.body, key.index))

    def find_of_another(self, key: RequestKey) -> Recording | None:
        """The recording that would answer but for its provider, or None."""
        foreign = (None, key.method, key.path, key.body, key.index)
        if self._own_of_anyone is None:
            # The first one of a key is to be the one that is kept.
            self._own_of_anyone = {replace(key, provider=""): own for key, own in reversed(self._own.items())}
        return self._own_of_anyone.get(replace(key, provider="")) or self._foreign_of_anyone.get(foreign)

    def provider_of(self, recording: Recording) -> str:
        """Who made a recording, in words: a provider, or a host that no provider owns."""
        if recording.origin is not None:
            return f"'{recording.origin.provider}'"
        owner = self._owner(recording)
        return f"'{owner}'" if owner is not None else f"{recording.host or 'no host'}, which no provider owns"

    def nearest(self, key: RequestKey, body: bytes) -> Recording | None:
        """The recording whose request is most like this one, by which a miss is explained; None if there is none."""
        if self._nearest is None:
            self._nearest = NearestRecordings(self._all)
        return self._nearest.find(key, body)

    def recordings(self) -> tuple[Recording, ...]:
        """All that were added, those that cannot answer among them."""
        return tuple(self._all)

    def _owner(self, recording: Recording) -> str | None:
        return self._hosts.get(recording.host or "")

    def _add_foreign(self, recording: Recording, seen: Counter[tuple[object, ...]]) -> None:
        # Keys are made of redacted requests, and nobody redacted this one.
        request = HttpRequest(method=recording.method, path=recording.target, body=recording.body)
        body = body_digest(self._redactor.request(request).body)
        target = path_and_query(self._redactor.url(recording.uri))
        tables = (("owned", self._foreign, self._owner(recording)), ("anyone's", self._foreign_of_anyone, None))
        for name, table, owner in tables:
            same = (name, owner, recording.method, target, body)
            table.setdefault((owner, recording.method, target, body, seen[same]), recording)
            seen[same] += 1
