"""Secrets masked before anything is written: keys, cookies, tokens, team and organisation ids.

It stands apart because both cassettes and records pass through it, and because a mask has its own law: it is as many
bytes long as what it hides, so that recorded frame lengths stay true, and masking twice changes nothing more.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

from harness.core.exchange import Attempt, Frame, HttpRequest
from harness.wire.untrusted import json_bytes

# Anything shorter is as likely a common word; masking it would spoil texts and hide nothing.
MIN_SECRET = 6

# Asterisks alone: each pass can only add some, so that repeating until nothing changes must end.
_MASK = b"*"

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
# Each shape after bytes that must occur for it to be looked for at all; its group `secret` is what gets masked.
# Every shape takes all letters and digits that follow, so that one mask never uncovers the start of another.
_SHAPES: tuple[tuple[bytes, re.Pattern[bytes]], ...] = (
    *((b, re.compile(_START + rb"(?P<secret>" + b + rb"(?P<random>[A-Za-z0-9_-]{16,}))")) for b in _PREFIXES),
    *((marker, _BEARER) for marker in (b"earer", b"EARER")),
    (b"eyJ", _TOKEN),
    *((marker, _TEAM) for marker in (b"team", b"Team", b"TEAM", b"rgani", b"org", b"Org", b"ORG")),
    *((marker, _FIELD) for marker in (b'_id"', b'Id"')),
)
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

    def body(self, body: bytes) -> bytes:
        """The bytes with secrets masked; as long as before."""
        while (masked := self._once(body)) != body:
            body = masked
        return body

    def text(self, text: str) -> str:
        """The text with secrets masked; as long as before in UTF-8."""
        encoded = _bytes(text)
        masked = self.body(encoded)
        return text if masked == encoded else masked.decode("utf-8", "surrogatepass")

    def url(self, url: str) -> str:
        """A URL, or a path with its query, with secrets and the values of key-like parameters masked."""
        return self.text(_QUERY.sub(lambda found: found[1] + _stars(found[2]), self.text(url)))

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers with the values of secret ones masked whole, and secrets within the others."""
        return tuple((name, self._header(name, value)) for name, value in pairs)

    def request(self, request: HttpRequest) -> HttpRequest:
        """The request; a JSON body stays JSON, in canonical form if anything in it was masked."""
        path, body = self.url(request.path), self._json_body(request.body)
        return request if (path, body) == (request.path, request.body) else replace(request, path=path, body=body)

    def attempt(self, attempt: Attempt) -> Attempt:
        """The attempt: a secret that spans frames is found, and the frames keep their lengths."""
        body = attempt.body
        masked = self.body(body)
        frames = attempt.frames if masked == body else _sliced(attempt.frames, masked)
        return replace(
            attempt, headers=self.headers(attempt.headers), frames=frames, message=self.text(attempt.message)
        )

    def _once(self, body: bytes) -> bytes:
        # To look for a few bytes costs under a microsecond in an ordinary body, and for a shape forty.
        if any(spelling in body for spelling in self._spelled):
            body = self._given.sub(lambda found: _MASK * len(found[0]), body)
        for marker, shape in _SHAPES:
            if marker in body:
                body = shape.sub(_mask_shape, body)
        return body

    def _header(self, name: str, value: str) -> str:
        plain = name.lower().replace("_", "-")
        if _SECRET_HEADERS.search(plain) and not _COUNTING_HEADERS.search(plain):
            return _stars(value)
        return self.url(value)

    def _json_body(self, body: bytes) -> bytes:
        if self.body(body) == body:
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
