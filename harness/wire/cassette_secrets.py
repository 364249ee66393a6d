"""Secrets that a recording holds all the same: given keys, shapes of keys, and headers that carry them.

It stands apart from redaction, which masks what the harness writes: plain vcrpy keeps every header of a request, and
what a person edited, or an older version recorded, nobody masked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.core.exchange import HttpRequest
from harness.wire.cassette_recording import Recording
from harness.wire.redact import Redactor

_KEY_HEADERS = re.compile(r"^(?:proxy-)?authorization$|^cookie2?$|secret|api-?key|(?:^|-)token$|password")
# Some of a key was masked and the rest left standing: no mask of ours ends within a word.
_HALF_MASKED = re.compile(
    r"\b(?:sk-|xai-|gsk_|AIza|hf_|ghp_)\*{3,}+[A-Za-z0-9]{6,}|(?<!\*)\*{6,}+(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{12,}"
)
_STAND_INS = frozenset({"", "redacted", "<redacted>", "[redacted]", "fake", "dummy", "test", "placeholder"})
_SHOWN = 60
_PIECE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something that should not be in a file that is committed.

    where   the part of the recording, such as `request.headers.authorization`
    what    what it is, itself masked
    is_key  True for what opens a door; False for what only names somebody
    """

    where: str
    what: str
    is_key: bool


class SecretSearch:
    """Looks through recordings.

    secrets  values known to be secret
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """The same shapes are looked for as are masked when something is recorded."""
        self._given = [secret for secret in secrets if len(secret) >= 6]  # noqa: PLR2004 - as the redactor has it
        self._redactor = Redactor(secrets)

    def leaks(self, recording: Recording) -> Iterator[Leak]:
        """What one recording holds, part by part."""
        yield from self._in_sent_headers(recording)
        yield from self._in_text("request.uri", recording.uri, self._redactor.url(recording.uri))
        body = recording.body
        masked = self._redactor.request(HttpRequest(method=recording.method, path="/", body=body)).body
        # A body that was masked is spelled anew: only the mask itself tells.
        if self._redactor.body(body) != body or masked.count(b"*") > body.count(b"*"):
            yield from self._in_text("request.body", _text(body), _text(masked))
        for name, value in recording.headers:
            if _is_stand_in(value):
                continue
            ((_, hidden),) = self._redactor.headers([(name, value)])
            yield from self._in_text(f"response.headers.{name}", value, hidden)
        reply = recording.reply
        yield from self._in_text("response.body", _text(reply), _text(self._redactor.body(reply)))
        for where, content in (("request.body", body), ("response.body", reply)):
            found = _HALF_MASKED.search(_text(content))
            if found is not None:
                yield Leak(where=where, what=f"half of a masked value is left: {found[0][:12]}…", is_key=False)

    def _in_sent_headers(self, recording: Recording) -> Iterator[Leak]:
        request = (recording.document or {}).get("request")
        headers = request.get("headers") if isinstance(request, Mapping) else None
        if not isinstance(headers, Mapping):
            return
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                text = _text(value) if isinstance(value, bytes) else str(value)
                lower = str(name).lower().replace("_", "-")
                where = f"request.headers.{str(name).lower()}"
                if _is_stand_in(text):
                    continue
                if _KEY_HEADERS.search(lower):
                    yield Leak(where=where, what=f"a key was recorded ({len(text)} characters)", is_key=True)
                else:
                    ((_, hidden),) = self._redactor.headers([(lower, text)])
                    yield from self._in_text(where, text, hidden)

    def _in_text(self, where: str, text: str, masked: str) -> Iterator[Leak]:
        if text == masked:
            return
        if any(secret in text for secret in self._given):
            yield Leak(where=where, what="the value of a key variable of this environment", is_key=True)
            return
        begin = _first_difference(text, masked)
        length = len(masked) - begin - len(masked[begin:].lstrip("*"))
        context = masked[max(0, begin - 20) : begin] + "*" * min(length, 12)
        is_key = not re.search(r"(?i)team|org|set-cookie", where + masked[max(0, begin - 24) : begin])
        what = "what looks like a key" if is_key else "an id or a cookie that is masked when the harness records"
        yield Leak(where=where, what=f"{what}: …{context[:_SHOWN]}", is_key=is_key)


def _is_stand_in(value: str) -> bool:
    """True for what filters of recorders put in a key's place."""
    bare = re.sub(r"(?i)^(?:bearer|basic|token)\s+", "", value).strip()
    return not bare.strip("*x-. ") or bare.lower() in _STAND_INS


def _first_difference(one: str, other: str) -> int:
    """Where two texts begin to differ, found piece by piece: a reply may have millions of characters."""
    begin = next((n for n in range(0, len(one), _PIECE) if one[n : n + _PIECE] != other[n : n + _PIECE]), 0)
    pairs = zip(one[begin : begin + _PIECE], other[begin : begin + _PIECE], strict=False)
    return begin + next((n for n, (a, b) in enumerate(pairs) if a != b), 0)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
