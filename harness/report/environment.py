"""What the templates of both pages are rendered in.

It stands apart as the only module of this package that knows Jinja2. Whatever a template prints is made visible and
escaped on its way out, so that a template cannot forget to.
"""

import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report import figures, untrusted

if TYPE_CHECKING:
    from jinja2 import Environment, FileSystemBytecodeCache
    from jinja2.bccache import Bucket
    from markupsafe import Markup

SYMBOLS = {"pass": "✓", "fail": "✗", "error": "!", "undecided": "!", "skip": "\N{EN DASH}", "unknown": "?"}
WORDS = {
    "pass": "passed",
    "fail": "failed",
    "error": "error",
    "undecided": "undecided",
    "skip": "skipped",
    "unknown": "unknown",
}
_TEMPLATES = Path(__file__).parent / "templates"
# What surely fits a text's box on a telephone: 18 lines.
_ROOMY_TEXT, _ROOMY_LINES = 400, 8


@cache
def environment() -> "Environment":
    """Autoescaped, strict, and nothing unseen comes out of it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        # Not PackageLoader, whose imports take longer than a small page.
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=compiled_templates(_TEMPLATES / "__pycache__"),
        auto_reload=False,
        autoescape=True,
        finalize=_seen,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "bounded": figures.bounded,
        "content": content,
        "count": figures.count,
        "cut": untrusted.cut,
        "json": untrusted.json_text,
        "money": figures.money,
        "number": figures.number,
        "percent": figures.percent,
        "some": untrusted.some,
    }
    environment.tests["long"] = is_long
    environment.globals |= {
        "errors_line": figures.errors_line,
        "share_line": figures.share_line,
        "symbols": SYMBOLS,
        "words": WORDS,
    }
    return environment


def compiled_templates(folder: Path) -> "FileSystemBytecodeCache":
    """Templates as they were compiled before, which takes longer than all else of a page: as Python keeps its modules.

    folder  made if need be; where it cannot be written, or `python -B` forbids it, templates are compiled each time
    """
    from pickle import UnpicklingError

    from jinja2 import FileSystemBytecodeCache, compiler

    class Compiled(FileSystemBytecodeCache):
        """Readable for all who may use the installation, whoever was first."""

        def load_bytecode(self, bucket: "Bucket") -> None:
            try:
                super().load_bytecode(bucket)
            except (OSError, EOFError, UnpicklingError):
                # A file that was cut off: it is written anew.
                bucket.reset()

        def dump_bytecode(self, bucket: "Bucket") -> None:
            if sys.dont_write_bytecode:
                return
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                super().dump_bytecode(bucket)
                (folder / (self.pattern % bucket.key)).chmod(0o644)

    # What is compiled depends on more than its source, which is all that Jinja2 compares: on the compiler, and on the
    # options in this module.
    told = [Path(file).stat() for file in (compiler.__file__, __file__)]
    made_by = sha256(repr([(each.st_size, each.st_mtime_ns) for each in told]).encode()).hexdigest()[:16]
    return Compiled(str(folder), f"%s.{sys.implementation.cache_tag}-{made_by}.jinja")


def content(text: str) -> "Markup":
    """A text of unknown origin: cut if it is very long, each unseen character marked so that it is told from text."""
    from markupsafe import Markup, escape

    shown = escape(text[: untrusted.LONGEST_TEXT])
    if not (shown.isascii() and shown.isprintable()):
        # Escaped first: no mark that is put in holds a character of markup.
        pattern = r'<span class="unseen">%s</span>'
        shown = Markup(untrusted.UNSEEN.sub(lambda unseen: pattern % untrusted.mark_for(unseen[0]), shown))  # noqa: S704
    rest = len(text) - untrusted.LONGEST_TEXT
    if rest <= 0:
        return shown
    note = Markup('%s<span class="note">\n… %s more; the whole is in records.jsonl</span>')
    return note % (shown, figures.count(rest, "character"))


def is_long(text: str) -> bool:
    """True if a text may not fit its box, which must then be reachable by keyboard to be scrolled."""
    return len(text) > _ROOMY_TEXT or text.count("\n") > _ROOMY_LINES


def _seen(value: Any) -> Any:
    """What a template prints, its unseen characters marked; it is escaped after that."""
    if isinstance(value, str) and not (value.isascii() and value.isprintable()) and not hasattr(value, "__html__"):
        return untrusted.visible(value)
    return value
