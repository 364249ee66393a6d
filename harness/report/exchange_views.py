"""The exchanges behind verdicts as a page shows them: control beside treatment, each asked again by a curl line.

It stands apart because evidence is shared: claims that rest on the same exchanges stand together, and an exchange that
several such groups cite is written out once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from harness.core.catalogue import Provider
from harness.core.exchange import Attempt
from harness.core.verdict import Evidence, ProbeExchange, VerdictName, Verification
from harness.report.claim_views import ClaimView
from harness.report.curl import BODY_FILE, curl_line
from harness.report.figures import count, milliseconds, money
from harness.report.untrusted import cut, one_line, visible
from harness.report.verdict_words import ORDER, Status, status_of

MOST = 6
"""Exchanges of a group that are shown."""

LONGEST = 2_000
"""Characters of a request or an answer that are shown, where the page has room."""

_ROOM = 3_000_000
"""Characters of all exchanges together, so that a browser on a telephone opens the page."""

_LONGEST_HEADERS = 1_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OTHER_KEY = "API_KEY"
"""The key's variable at a host that is not the vendor's: the vendor's own key must not be pasted to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An exchange written out.

    body    the beginning of a body that is too long for the curl line; '' otherwise
    answer  status, the beginning of the body, and headers
    rest    how much more there is, in words; '' for nothing
    facts   time, cost, earlier attempts
    """

    anchor: str
    id: str
    curl: Markup
    body: Markup
    answer: Markup
    rest: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A citation of an exchange.

    shown   the exchange, where it stands here
    anchor  where it stands; None if it was not kept
    status  what came, in a word or two
    """

    cited: Evidence
    shown: Shown | None
    anchor: str | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGroup:
    """Claims that rest on the same exchanges.

    pairs  control and treatment, as they were interleaved; plain the exchanges that are neither
    rest   how many more exchanges there are
    """

    anchor: str
    claims: tuple[ClaimView, ...]
    pairs: tuple[tuple[Item | None, Item | None], ...]
    plain: tuple[Item, ...]
    rest: int

    @property
    def tally(self) -> list[tuple[VerdictName, Status, int]]:
        """How many of its claims came to which verdict."""
        found = Counter(view.verdict.verdict for view in self.claims)
        return [(name, status_of(name), found[name]) for name in ORDER if found[name]]

    @property
    def total(self) -> int:
        """How many exchanges it rests on."""
        return sum(item is not None for pair in self.pairs for item in pair) + len(self.plain) + self.rest


def evidence_groups(
    views: Sequence[ClaimView], exchanges: Sequence[ProbeExchange], verification: Verification, provider: Provider
) -> list[tuple[str, list[EvidenceGroup]]]:
    """The evidence by kind of claim, in the order of the claims; what was computed has a group without exchanges."""
    grouped: dict[tuple[str, ...], list[ClaimView]] = {}
    for view in views:
        if view.is_shown_with_evidence:
            ids = tuple(dict.fromkeys(each.exchange for each in view.verdict.evidence))
            # Without an exchange there is nothing to share; no exchange's id holds a line break.
            grouped.setdefault(ids or ("\n", view.anchor), []).append(view)
    chosen = {key: _chosen(claims[0].verdict.evidence) for key, claims in grouped.items()}
    desk = _Desk(exchanges, chosen.values(), verification, provider)
    kinds: dict[str, list[EvidenceGroup]] = {}
    for at, (key, claims) in enumerate(grouped.items(), start=1):
        of_kind = kinds.setdefault(claims[0].verdict.kind, [])
        of_kind.append(desk.group(f"e-{at}", claims, chosen[key]))
    return list(kinds.items())


def _chosen(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The citations that are shown: as many controls as treatments, as far as there are."""
    known = list({each.exchange: each for each in evidence}.values())
    controls, treatments, plain = (
        [each for each in known if each.role == role] for role in ("control", "treatment", "plain")
    )
    paired = [each for pair in zip_longest(controls, treatments) for each in pair if each is not None]
    return [*paired, *plain][:MOST]


class _Desk:
    """Writes each exchange out where it is cited first."""

    def __init__(
        self,
        exchanges: Sequence[ProbeExchange],
        chosen: Iterable[Sequence[Evidence]],
        verification: Verification,
        provider: Provider,
    ) -> None:
        self._by_id = {each.id: each for each in exchanges}
        named = dict.fromkeys(cited.exchange for group in chosen for cited in group)
        kept = [name for name in named if name in self._by_id]
        self._anchors = {name: f"x-{at}" for at, name in enumerate(kept, start=1)}
        self._longest = max(200, min(LONGEST, _ROOM // (2 * len(kept) or 1)))
        self._written: set[str] = set()
        self._verification, self._provider = verification, provider

    def group(self, anchor: str, claims: Sequence[ClaimView], chosen: Sequence[Evidence]) -> EvidenceGroup:
        items = [self._item(cited) for cited in chosen]
        controls, treatments, plain = (
            [item for item in items if item.cited.role == role] for role in ("control", "treatment", "plain")
        )
        return EvidenceGroup(
            anchor=anchor,
            claims=tuple(claims),
            pairs=tuple(zip_longest(controls, treatments)),
            plain=tuple(plain),
            rest=len({each.exchange for each in claims[0].verdict.evidence}) - len(chosen),
        )

    def _item(self, cited: Evidence) -> Item:
        kept = self._by_id.get(cited.exchange)
        if kept is None:
            return Item(cited=cited, shown=None, anchor=None, status="not kept")
        status, anchor = _status(kept), self._anchors[kept.id]
        if kept.id in self._written:
            return Item(cited=cited, shown=None, anchor=anchor, status=status)
        self._written.add(kept.id)
        return Item(cited=cited, shown=self._show(kept, anchor), anchor=anchor, status=status)

    def _show(self, kept: ProbeExchange, anchor: str) -> Shown:
        base_url, key, team = address_of(kept, self._verification, self._provider)
        auth = f"{self._provider.auth_header}: {self._provider.auth_prefix}"
        line = curl_line(kept, base_url, key, auth=auth, team_variable=team, longest=self._longest)
        body = kept.exchange.request.body
        told = line.endswith(f"@{BODY_FILE}")
        begin = _decoded(body, self._longest // 2) if told else ""
        answer, rest = _answer(kept, self._longest)
        return Shown(
            anchor=anchor,
            id=kept.id,
            curl=in_element(line),
            body=in_element(f"{BODY_FILE}, of {count(len(body), 'byte')}: {begin} …" if told else ""),
            answer=in_element(answer),
            rest=rest,
            facts=tuple(_facts(kept)),
        )


def address_of(
    kept: ProbeExchange, verification: Verification, provider: Provider
) -> tuple[str, str | None, str | None]:
    """Where an exchange was asked, and the names of the variables that hold the key and the team.

    The address is '' where only the one who asked knows it. At a host that is neither the vendor's nor this machine,
    the key's variable is another one.
    """
    base_url, management = verification.base_url or provider.base_url, provider.management
    host, origin = _host(base_url)
    own = host in provider.hosts
    key = provider.key_variable
    if own and kept.region in provider.regions:
        base_url = provider.regions[kept.region or ""]
    if management is not None:
        if kept.domain == "management":
            base_url = management.base_url if own else origin if host in _LOOPBACK else ""
        # The key of the other API, sent here on purpose.
        if (kept.domain == "management") != (kept.credential == "other"):
            key = management.key_variable
    if key is not None and provider.hosts and not own and host not in _LOOPBACK:
        key = _OTHER_KEY
    return base_url, key, management.team_variable if management is not None else None


def _host(url: str) -> tuple[str, str]:
    """The host of a URL, and what stands before its path; both '' if it is none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return "", ""


def _last(kept: ProbeExchange) -> Attempt | None:
    return kept.exchange.attempts[-1] if kept.exchange.attempts else None


def _status(kept: ProbeExchange) -> str:
    last = _last(kept)
    if last is None or (last.status is None and last.error is None):
        return "no answer"
    return f"no answer: {last.error}" if last.status is None else f"HTTP {last.status}"


def _answer(kept: ProbeExchange, longest: int) -> tuple[str, str]:
    """What came: status, up to so many characters of the body, headers; and how much more of the body there is.

    The body stands first, for the words that prove most verdicts are in it.
    """
    last = _last(kept)
    if last is None:
        return "no answer", ""
    lines = [_status(kept)]
    if last.message:
        lines.append(cut(last.message, _LONGEST_HEADERS))
    content = last.body
    shown = _decoded(content, longest)
    if content:
        lines += ["", shown]
    headers = "\n".join(f"{one_line(name)}: {one_line(value)}" for name, value in last.headers)
    if headers:
        lines += ["", cut(headers, _LONGEST_HEADERS)]
    left = len(content) - len(shown.encode("utf-8", "surrogatepass"))
    rest = f"… of {count(len(content), 'byte')}; the whole is in exchanges.jsonl" if left > 0 else ""
    return "\n".join(lines), rest


def _decoded(content: bytes, longest: int) -> str:
    """The beginning of some bytes as text; those that are none by their number, in hexadecimal."""
    # No character has more than four bytes, so that one which is parted here lies beyond what is shown.
    return content[: 4 * longest].decode("utf-8", "backslashreplace")[:longest]


def _facts(kept: ProbeExchange) -> Iterable[str]:
    last = _last(kept)
    if last is not None and last.total_ms is not None:
        yield milliseconds(last.total_ms)
    yield f"cost {money(kept.cost_usd)}"
    earlier = [each.error or str(each.status) for each in kept.exchange.attempts[:-1]]
    if earlier:
        yield f"after {count(len(earlier), 'attempt')}: {', '.join(earlier[:MOST])}"
    if kept.exchange.recorded:
        yield f"recorded {kept.exchange.recorded_at or 'at a time not known'}"
    if kept.credential != "valid":
        yield {"none": "asked without a key", "bad": "asked with a bad key"}.get(
            kept.credential, "asked with the key of the other API"
        )


def in_element(text: str) -> Markup:
    """A text of unknown origin as HTML within an element; never for an attribute.

    Quotes stay as they are: a page of JSON would grow by half.
    """
    return Markup(str(escape(visible(text))).replace("&#34;", '"').replace("&#39;", "'"))  # noqa: S704 - escaped
