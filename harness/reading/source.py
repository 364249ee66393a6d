"""A file's text, cut into lines, with the faults that can be told before any syntax.

It stands apart because syntax, tree and document all draw their problems on the same lines.
"""

import codecs
import re
from dataclasses import replace
from typing import NamedTuple

from harness.reading.problems import Problem

MAX_BYTES = 10_000_000
MAX_PROBLEMS = 1000
"""Reading stops after so many problems: a hostile file must not fill the memory with them."""

# What YAML 1.2 allows, less the separators U+0085, U+2028 and U+2029 and an inner byte order mark: YAML 1.1, and so
# libyaml, takes the separators for line ends where 1.2 and editors do not. Lone surrogates are outside as well.
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n|\r|\n")
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class Mark(NamedTuple):
    """A place in a file: 1-based line and column, and how many code points it spans on that line."""

    line: int
    column: int
    length: int = 1


class Source:
    """A file's text and lines.

    text      what the parser is given: unreadable characters replaced one for one, so that columns hold
    problems  unreadable characters and the like
    fatal     True if there is nothing to parse
    """

    __slots__ = ("fatal", "lines", "path", "problems", "text")

    def __init__(self, content: str | bytes, path: str) -> None:
        """Decode and look through the content; never raises for what is in it."""
        self.path = path
        self.problems: list[Problem] = []
        self.fatal = False
        self.lines: list[str] = []
        self.text = ""
        if len(content) > MAX_BYTES:
            message = f"the file is larger than {MAX_BYTES // 1_000_000} MB"
            self._give_up(Mark(1, 1), message, "yaml-too-large", "split it into several files")
            return
        text = self._decoded(content) if isinstance(content, bytes) else content
        text = text.removeprefix("\ufeff")
        self.lines = _LINE_END.split(text)
        self.text = self._readable(text)
        if self.fatal:  # an undecodable byte: its line is known only now
            self.problems = [replace(problem, source_line=self.line(problem.line)) for problem in self.problems]

    def line(self, number: int) -> str:
        """The line of that 1-based number; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def problem(self, mark: Mark, message: str, code: str, remedy: str = "") -> Problem:
        """A problem at a place of this file."""
        return Problem(
            path=self.path,
            line=mark.line,
            column=mark.column,
            length=mark.length,
            message=message,
            code=code,
            remedy=remedy,
            source_line=self.line(mark.line),
        )

    def _give_up(self, mark: Mark, message: str, code: str, remedy: str) -> None:
        self.problems.append(self.problem(mark, message, code, remedy))
        self.fatal = True

    def _decoded(self, content: bytes) -> str:
        remedy = "save it as UTF-8"
        if content.startswith(_OTHER_ENCODINGS):
            self._give_up(Mark(1, 1), "the file is UTF-16 or UTF-32, not UTF-8", "yaml-encoding", remedy)
            return ""
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = _LINE_END.split(content[: error.start].decode("utf-8").removeprefix("\ufeff"))
            message = f"byte 0x{content[error.start]:02x} is not UTF-8"
            self._give_up(Mark(len(before), len(before[-1]) + 1), message, "yaml-encoding", remedy)
            return content.decode("utf-8", "replace")

    def _readable(self, text: str) -> str:
        if not _UNREADABLE.search(text):
            return text
        remedy = r'remove it, or write it as an escape in double quotes, such as "\e" or "\u2028"'
        for number, line in enumerate(self.lines, start=1):
            for found in _UNREADABLE.finditer(line):
                if len(self.problems) >= MAX_PROBLEMS:
                    break
                message = f"character U+{ord(found.group()):04X} may not stand in YAML as it is"
                mark = Mark(number, found.start() + 1)
                self.problems.append(self.problem(mark, message, "yaml-character", remedy))
        return _UNREADABLE.sub("\ufffd", text)
