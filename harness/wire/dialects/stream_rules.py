"""The rules of a stream's grammar by name, and the tally of those that were broken.

It stands apart because checks and pages know the rules by these names, whatever the dialect that spells them.
"""

from typing import get_args

from harness.core.reply import StreamRule

STREAM_RULES: tuple[str, ...] = get_args(StreamRule)
"""Names of the rules, in the order in which violations are listed.

content-type  the header says text/event-stream
one-id        every chunk has an id, and it is the same; one-model likewise (`created` may vary: it does at xAI)
role-first    the first delta of a choice has the role 'assistant', and no later one another
index         choices and tool-call fragments are numbered
object        every chunk is a 'chat.completion.chunk'
finish-once   each choice has one finish_reason, and nothing of it comes afterwards
usage         token counts came, where `include_usage` asked for them
done-last     `[DONE]` came, and nothing after it
json          every other event is a JSON object
complete      the stream did not end inside an event, nor by losing the connection

What the same names mean in a stream of `anthropic-messages` stands with its grammar.
"""


class Violations:
    """What a stream broke so far: the first sight of each rule's violations, and how many there were.

    events  how many events came, the end mark not counted; `done` once it came
    """

    def __init__(self) -> None:
        """Begin before the first event."""
        self.events = 0
        self.done = False
        self._seen: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def broke(self, rule: str, seen: str) -> None:
        """Note a violation."""
        self._seen.setdefault(rule, seen)
        self._count[rule] = self._count.get(rule, 0) + 1

    def all(self) -> tuple[str, ...]:
        """One line for each broken rule, in the rules' order."""
        return tuple(self._line(rule) for rule in STREAM_RULES if rule in self._seen)

    def _line(self, rule: str) -> str:
        more = self._count[rule] - 1
        return f"{rule}: {self._seen[rule]}" + (f" (and {more} more)" if more else "")
