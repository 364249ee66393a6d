"""Secrets masked before anything is written: keys, cookies, tokens, team and organisation ids.

It stands apart because both cassettes and records pass through it, and because a mask has its own law: it is as many
bytes long as what it hides, so that recorded frame lengths stay true, and masking twice changes nothing more.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from harness.core.exchange import Attempt, Frame, HttpRequest
from harness.wire.untrusted import json_bytes

# Anything shorter is as likely a common word; masking it would spoil texts and hide nothing.
MIN_SECRET = 6

# Asterisks alone: each pass can only add some, so that repeating until nothing changes must end.
_MASK = b"*"

# A server that sends another value every time must not fill the memory.
_MAX_KNOWN, _MAX_KNOWN_SIZE = 1000, 300

_SECRET_HEADERS = re.compile(
    r"^(?:(?:proxy-)?authorization|(?:set-)?cookie2?)$|secret|api-?key|token(?!s)|password"
    r"|(?:^|-)(?:organization|openai-project|team|org)(?:-?id)?$",
)
_COUNTING_HEADERS = re.compile(r"rate-?limit|token-(?:count|limit|usage)")

_QUERY = re.compile(
    r"([?&;](?:key|api[_-]?key|(?:access_)?token|sig|(?:x-(?:amz|goog)-)?signature)=)([^&;#\s\"'<>]+)",
    re.IGNORECASE,
)

_ID_FIELD = re.compile(r"(?:team|organization|org)(?:_id|Id)")
_UUID = rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
# A word may begin after an escape: in JSON, `\nsk-...` is a key at the start of a line.
_START = rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4}))"
_PREFIXES = (
    *(b"sk-", b"xai-", b"gsk_", b"AIza", b"hf_", b"AKIA", b"ASIA", b"github_pat_"),
    *(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"org-", b"proj_"),
)
_BEARER = re.compile(rb"(?i:bearer)[ \t]{1,4}(?P<secret>(?P<random>[A-Za-z0-9._~+/=-]{16,}))")
_TOKEN = re.compile(rb"(?<![A-Za-z0-9_-])(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})")
# xAI names the team in its refusals: "your team <uuid> does not have access".
_TEAM = re.compile(
    rb"(?i:teams?|organi[sz]ations?|org)(?i:[ _-]?id)?[\s\"'`\\:=/]{1,8}(?P<secret>" + _UUID + rb")(?![A-Za-z0-9])",
)
_FIELD = re.compile(rb'"' + _ID_FIELD.pattern.encode() + rb'"\s{0,8}:\s{0,8}"(?P<secret>(?:[^"\\]|\\.){1,200})"')
# Every shape takes all letters and digits that follow, so that one mask never uncovers the start of another.
# Each stands after what must occur for it to be looked for at all; its group `secret` is what gets masked.
_KEYS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    *((b.decode(), re.compile(_START + rb"(?P<secret>" + b + rb"(?P<random>[A-Za-z0-9_-]{16,}))")) for b in _PREFIXES),
    *((marker, _BEARER) for marker in ("earer", "EARER")),
)
_OTHERS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("eyJ", _TOKEN),
    *((marker, _FIELD) for marker in ('_id"', 'Id"')),
)
# A text with every letter and digit as `a`, in which a run of twelve and a UUID are found by one search each: no key
# is without the first, and no team's id without the second.
_FLAT = bytes(ord("a") if chr(code).isalnum() and code < 128 else code for code in range(256))  # noqa: PLR2004 - ASCII
_RUN = b"a" * 12
_FLAT_UUID = b"-".join(b"a" * length for length in (8, 4, 4, 4, 12))
_RANDOM_RUN = re.compile(rb"[A-Za-z0-9]{12,}")
_DIGIT = re.compile(rb"[0-9]")
_LONGEST_WORD = 24


class Redactor:
    """Masks secrets in everything that is written.

    secrets  values known to be secret, such as the API keys in use; shorter than 6 characters they are passed over
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Compile the given values in every spelling that a body, a URL or a header may give them."""
        known = {secret for given in secrets for secret in (given, given.strip()) if len(secret) >= MIN_SECRET}
        spelled = {_bytes(spelling) for secret in known for spelling in _spellings(secret)}
        # The longest first: a secret within another's spelling must not leave the rest of it standing.
        self._spelled = sorted(spelled, key=lambda spelling: (-len(spelling), spelling))
        self._given = re.compile(b"|".join(map(re.escape, self._spelled)))
        self._found_in = [spelling.decode("latin-1") for spelling in self._spelled]
        self._urls: dict[str, str] = {}
        self._headers: dict[tuple[str, str], str] = {}

    def body(self, body: bytes) -> bytes:
        """The bytes with secrets masked; as long as before. The very same object if there are none."""
        while (masked := self._once(body)) != body:
            body = masked
        return body

    def text(self, text: str) -> str:
        """The text with secrets masked; as long as before in UTF-8. The very same object if there are none."""
        if not text:
            return text
        encoded = _bytes(text)
        masked = self.body(encoded)
        return text if masked is encoded else masked.decode("utf-8", "surrogatepass")

    def url(self, url: str) -> str:
        """A URL, or a path with its query, with secrets and the values of key-like parameters masked."""
        known = self._urls.get(url)
        if known is None:
            known = self.text(_QUERY.sub(lambda found: found[1] + _stars(found[2]), self.text(url)))
            _keep(self._urls, url, known, len(url))
        return known

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers with the values of secret ones masked whole, and secrets within the others."""
        return tuple([(name, self._header(name, value)) for name, value in pairs])

    def request(self, request: HttpRequest) -> HttpRequest:
        """The request; a JSON body stays JSON, in canonical form if anything in it was masked."""
        path, body = self.url(request.path), self._json_body(request.body)
        unchanged = body is request.body and path == request.path
        return request if unchanged else replace(request, path=path, body=body)

    def attempt(self, attempt: Attempt) -> Attempt:
        """The attempt: a secret that spans frames is found, and the frames keep their lengths."""
        body = attempt.body
        masked = self.body(body)
        headers, message = self.headers(attempt.headers), self.text(attempt.message)
        if masked is body and headers == attempt.headers and message is attempt.message:
            return attempt
        frames = attempt.frames if masked is body else _sliced(attempt.frames, masked)
        return replace(attempt, headers=headers, frames=frames, message=message)

    def _once(self, body: bytes) -> bytes:
        # To look for a few characters costs next to nothing in an ordinary body, and to look for a shape does not. A
        # text is searched faster than bytes are.
        text = body.decode("latin-1")
        for spelling in self._found_in:
            if spelling in text:
                body = self._given.sub(lambda found: _MASK * len(found[0]), body)
                break
        flat = body.translate(_FLAT)
        if _RUN in flat:
            for marker, shape in _KEYS:
                if marker in text:
                    body = shape.sub(_mask_shape, body)
            if _FLAT_UUID in flat:
                body = _TEAM.sub(_mask_shape, body)
        for marker, shape in _OTHERS:
            if marker in text:
                body = shape.sub(_mask_shape, body)
        return body

    def _header(self, name: str, value: str) -> str:
        known = self._headers.get((name, value))
        if known is None:
            plain = name.lower().replace("_", "-")
            is_secret = _SECRET_HEADERS.search(plain) and not _COUNTING_HEADERS.search(plain)
            known = _stars(value) if is_secret else self.url(value)
            _keep(self._headers, (name, value), known, len(name) + len(value))
        return known

    def _json_body(self, body: bytes) -> bytes:
        if self.body(body) is body:
            return body
        try:
            # Value by value: bytes masked in place could take a quote, a digit or half of an escape with them.
            return json_bytes(self._value(json.loads(body)))
        except (ValueError, RecursionError):
            return self.body(body)

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self._field(key, item) for key, item in value.items()}
        return value

    def _field(self, key: str, value: object) -> object:
        is_id = isinstance(value, str) and _ID_FIELD.fullmatch(key)
        return _stars(str(value)) if is_id else self._value(value)


def _keep(known: dict[Any, str], what: object, masked: str, size: int) -> None:
    """Remember how a short text is masked: headers and URLs come again with every reply."""
    if size <= _MAX_KNOWN_SIZE:
        if len(known) >= _MAX_KNOWN:
            known.clear()
        known[what] = masked


def _bytes(text: str) -> bytes:
    # Lone surrogates are legal in JSON texts; passed through, they come back as they were.
    return text.encode("utf-8", "surrogatepass")


def _stars(text: str) -> str:
    return "*" * len(_bytes(text))


def _spellings(secret: str) -> set[str]:
    """The secret as it stands, JSON-escaped and percent-encoded, in each usual way."""
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    encoded = _bytes(secret)
    percent = {quote(encoded, safe=""), quote(encoded), quote_plus(encoded)}
    percent |= {re.sub("%..", lambda found: found[0].lower(), spelling) for spelling in percent}
    return {secret, *escaped, *(spelling.replace("/", "\\/") for spelling in escaped), *percent}


def _mask_shape(found: re.Match[bytes]) -> bytes:
    """Mask the group `secret`, unless its `random` part reads like words."""
    random = found.groupdict().get("random")
    if random is not None and not _is_random(random):
        return found[0]
    begin, end = (edge - found.start() for edge in found.span("secret"))
    return found[0][:begin] + _MASK * (end - begin) + found[0][end:]


def _is_random(text: bytes) -> bool:
    """True for a run of 12 letters and digits with a digit, or longer than words are: `sk-learn-pipelines` is none."""
    runs = _RANDOM_RUN.findall(text)
    return any(len(run) >= _LONGEST_WORD or _DIGIT.search(run) for run in runs)


def _sliced(frames: tuple[Frame, ...], body: bytes) -> tuple[Frame, ...]:
    sliced, begin = [], 0
    for frame in frames:
        end = begin + len(frame.content)
        sliced.append(replace(frame, content=body[begin:end]))
        begin = end
    return tuple(sliced)
