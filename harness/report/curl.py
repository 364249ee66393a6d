"""An exchange as a command that asks it again: one `curl` line for a shell, with the key as a variable.

It stands apart because the line is meant to be pasted: whatever a suite, a vendor or a file wrote, it may only ever be
an argument of curl.
"""

import re
from urllib.parse import quote

from harness.core.exchange import HttpRequest
from harness.core.verdict import ProbeExchange
from harness.report.untrusted import UNSEEN, one_line

BODY_FILE = "body.json"
"""Stands for a body that is too long for a line."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_TEAM = "{team}"
# Curl takes these in a URL for patterns.
_GLOB = re.compile(r"[][{}]")
# What is not one visible character of one line; a byte that is no UTF-8 decodes to a surrogate, which is unseen too.
_ODD = re.compile(f"{UNSEEN.pattern}|\n|\t")


def curl_line(
    exchange: ProbeExchange,
    base_url: str,
    key_variable: str | None,
    *,
    auth: str = "Authorization: Bearer ",
    team_variable: str | None = None,
    longest: int = 100_000,
) -> str:
    """The exchange's request as one line for a POSIX shell; it prints status, headers and body.

    base_url       where it was asked, with the version prefix; a variable stands for an empty one
    key_variable   environment variable that holds the key; None sends none
    auth           the header up to the key
    team_variable  environment variable that holds what fills `{team}` in the path
    longest        bytes of a body that stand in the line, below what a system takes as one argument; of a longer one
                   the line names a file that the reader has to make
    """
    request = exchange.exchange.request
    parts = ["curl -sS -i", *(["-N"] if request.stream else []), *_method(request)]
    parts += _url(base_url, request.path, team_variable)
    parts += [f"-H {key}" for key in _key(exchange, key_variable, auth)]
    if request.stream:
        parts.append("-H 'Accept: text/event-stream'")
    if not request.body:
        return " ".join(parts)
    parts.append(f"-H {_quoted(f'Content-Type: {request.content_type}')}")
    if len(request.body) > longest:
        return " ".join([*parts, f"--data-binary @{BODY_FILE}"])
    text = request.body.decode("utf-8", "surrogateescape")
    if not _ODD.search(text):
        return " ".join([*parts, f"--data-raw {_quoted(text)}"])
    # Such bytes would be lost on a screen, and some can be no argument at all.
    return f"printf -- {_spelled(request.body)} | {' '.join([*parts, '--data-binary @-'])}"


def _method(request: HttpRequest) -> list[str]:
    """Curl posts what has a body, and gets anything else."""
    usual = "POST" if request.body else "GET"
    return [] if request.method == usual else [f"-X {_quoted(request.method)}"]


def _url(base_url: str, path: str, team_variable: str | None) -> list[str]:
    """An option of its own, so that a URL that begins with a hyphen is none."""
    before, team, after = path, "", ""
    if team_variable is not None and _VARIABLE.fullmatch(team_variable):
        before, team, after = path.partition(_TEAM)
    words = [
        "" if base_url else '"$BASE_URL"',
        _quoted(_ODD.sub(_escaped, base_url + before)),
        f'"${team_variable}"' if team else "",
        _quoted(_ODD.sub(_escaped, after)) if after else "",
    ]
    return [*(["-g"] if _GLOB.search(base_url + before + after) else []), f"--url {''.join(words)}"]


def _escaped(odd: re.Match[str]) -> str:
    return quote(odd[0], safe="", errors="surrogatepass")


def _key(exchange: ProbeExchange, key_variable: str | None, auth: str) -> list[str]:
    if exchange.credential == "none":
        return []
    if exchange.credential == "bad":
        from harness.wire.transport import BAD_KEY

        return [_quoted(auth + BAD_KEY)]
    if key_variable is None:
        return []
    # A name that no shell takes for one would be text to it, or worse.
    name = key_variable if _VARIABLE.fullmatch(key_variable) else "API_KEY"
    if re.fullmatch(r"[A-Za-z0-9 :._-]*", auth):
        return [f'"{auth}${name}"']
    return [f'{_quoted(auth)}"${name}"']


def _quoted(text: str) -> str:
    """A text as one word of a shell, in single quotes; what cannot be seen, and newlines, as marks."""
    return "'" + one_line(text).replace("'", "'\\''") + "'"


def _spelled(content: bytes) -> str:
    """Bytes as a format of printf, in single quotes: what is not plain ASCII in octal."""
    # Doubled, not octal: some shells read escapes first and take what comes out for a directive.
    letters = map(chr, content)
    plain = (
        each if each.isascii() and each.isprintable() and each not in "\\'" else f"\\{ord(each):03o}"
        for each in letters
    )
    return "'" + "".join(plain).replace("%", "%%") + "'"
