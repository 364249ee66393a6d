"""Pieces of HTML, made of literals and of values: what is not markup already is made visible and escaped.

It stands apart as the one place where text becomes markup, so that nothing which draws a page can forget to. A template
engine does the same at five times the cost of a trial, and takes a quarter of a second to compile its templates.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from harness.report import figures, untrusted

# In the order in which they must be replaced.
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;"))
# What surely fits a text's box on a telephone: 18 lines.
_ROOMY_TEXT, _ROOMY_LINES = 400, 8


class Html(str):
    """Markup that is safe to embed, which literals and escaped values become. Added to anything, it is plain text."""

    __slots__ = ()

    def __html__(self) -> str:
        """What template engines ask for: this is markup."""
        return self


NOTHING = Html("")


def fill(pattern: str, *values: str | int) -> Html:
    """A literal with a value in place of each `%s`; it is a literal always, which a test sees to.

    values  markup as it is; of anything else its text
    """
    return Html(pattern % tuple([value if type(value) is Html else escaped(str(value)) for value in values]))


def joined(pieces: Iterable[Html]) -> Html:
    """Markup, one piece after the other."""
    return Html("".join(pieces))


def escaped(text: str) -> Html:
    """A text as markup: unseen characters marked, special ones escaped."""
    # Nearly every text is plain, and this is asked of each: what `visible` looks for is never printable ASCII.
    if not (text.isascii() and text.isprintable()):
        text = untrusted.visible(text)
    for character, escape in _ESCAPES:
        if character in text:
            text = text.replace(character, escape)
    return Html(text)


def content(text: str) -> Html:
    """A text of unknown origin: cut if it is very long, each unseen character marked so that it is told from text."""
    shown = text[: untrusted.LONGEST_TEXT]
    if shown.isascii() and shown.isprintable():
        marked = escaped(shown)
    else:
        # The pattern has one group, so that every second piece is an unseen character.
        marked = joined(
            fill('<span class="unseen">%s</span>', untrusted.mark_for(piece)) if place % 2 else escaped(piece)
            for place, piece in enumerate(untrusted.UNSEEN.split(shown))
        )
    rest = len(text) - untrusted.LONGEST_TEXT
    if rest <= 0:
        return marked
    note = '%s<span class="note">\n… %s more; the whole is in records.jsonl</span>'
    return fill(note, marked, figures.count(rest, "character"))


def block(text: str) -> Html:
    """A text of unknown origin in a box of its own, which is reachable by keyboard where it must be scrolled."""
    # The newline after <pre> is the parser's to drop: without it, a text would lose one that it begins with.
    if is_long(text):
        return fill('<pre class="said" tabindex="0">\n%s</pre>\n', content(text))
    return fill('<pre class="said">\n%s</pre>\n', content(text))


def is_long(text: str) -> bool:
    """True if a text may not fit its box, which must then be reachable by keyboard to be scrolled."""
    return len(text) > _ROOMY_TEXT or text.count("\n") > _ROOMY_LINES


@cache
def style_sheet(*names: str) -> Html:
    """Our own style sheets, one after the other, which are as much ours as every literal."""
    # Not importlib.resources, whose import takes longer than a small page.
    folder = Path(__file__).parent / "templates"
    return Html("".join((folder / name).read_text("utf-8") for name in names))
