"""A validated case and its dataset rows -> Case nouns with every template filled.

It stands apart from the loader so that reading files and filling templates can be followed one at a time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from harness.core.canonical import canonical_json
from harness.core.chat import Message, Part, Role, ToolCall
from harness.core.check import Check
from harness.core.plain import PlainRequest, fault_of_path
from harness.core.suite import Case, Turn
from harness.reading import Document, Problem, quoted
from harness.suite.dataset import Row
from harness.suite.expectations import Expectations
from harness.suite.file_format import CaseItem, Defaults, ImagePart, MessageItem, RequestItem, TextPart
from harness.suite.templates import TemplateProblem, fill, fill_value

Where = tuple[str | int, ...]


class CaseBuilder:
    """Builds the cases of one suite, and remembers what went wrong.

    suite     its name
    defaults  what its cases begin with
    known     its variables
    document  for positions
    expect    parses checks
    """

    def __init__(
        self, suite: str, defaults: Defaults, known: Mapping[str, Any], document: Document, expect: Expectations
    ) -> None:
        """Begin with no problems."""
        self._suite = suite
        self._defaults = defaults
        self._known = known
        self._document = document
        self._expect = expect
        self.problems: list[Problem] = []

    def build(self, item: CaseItem, position: int, row: Row | None) -> Case:
        """A case, which stands at that position of the file, with one row filled in (None without a dataset)."""
        defaults = self._defaults
        where: Where = ("cases", position)
        known = {**self._known, **item.vars, **(row.columns if row else {})}
        system = item.system if item.system is not None else defaults.system
        passing = item.passing or defaults.passing
        mark = self._document.mark(where)
        filled = {
            name: self._fill_value(getattr(item, name), (*where, name), known)
            for name in ("params", "tools", "tool_results", "response_format")
        }
        default_params = self._fill_value(defaults.params, ("defaults", "params"), known)
        system_at: Where = (*where, "system") if item.system is not None else ("defaults", "system")
        return Case(
            suite=self._suite,
            id=item.id,
            row=row.name if row else None,
            about=item.about,
            tags=tuple(item.tags),
            system=None if system is None else self._fill(system, system_at, known),
            turns=self._turns(item, where, known),
            params={**default_params, **filled["params"]},
            tools=tuple(filled["tools"]),
            tool_results={name: _as_text(result) for name, result in filled["tool_results"].items()},
            max_rounds=item.max_rounds,
            response_format=filled["response_format"],
            stream=defaults.stream if item.stream is None else item.stream,
            dialect=item.dialect,
            deferred=item.deferred,
            credential=item.credential,
            repeats=item.repeats or defaults.repeats,
            at_least=passing.at_least if passing else None,
            only=tuple(item.only),
            skip=item.skip,
            location=f"{self._document.path}:{mark.line}:{mark.column}",
        )

    def _turns(self, item: CaseItem, where: Where, known: Mapping[str, Any]) -> tuple[Turn, ...]:
        expect = self._checks(item.expect, (*where, "expect"), known)
        if item.request is not None:
            return (Turn(request=self._request(item.request, (*where, "request"), known), expect=expect),)
        if item.turns is None:
            return (Turn(messages=self._messages(item.prompt, item.messages, where, known), expect=expect),)
        turns = []
        for number, turn in enumerate(item.turns):
            place = (*where, "turns", number)
            own = self._checks(turn.expect, (*place, "expect"), known)
            last = number == len(item.turns) - 1
            asked = own + expect if last else own
            if turn.request is not None:
                request = self._request(turn.request, (*place, "request"), known)
                turns.append(Turn(request=request, save=turn.save, expect=asked))
            else:
                turns.append(Turn(messages=self._messages(turn.prompt, turn.messages, place, known), expect=asked))
        return tuple(turns)

    def _request(self, item: RequestItem, where: Where, known: Mapping[str, Any]) -> PlainRequest:
        return PlainRequest(
            method=item.method or ("GET" if item.body is None else "POST"),
            path=self._path(item.path, (*where, "path"), known),
            body=self._fill_value(item.body, (*where, "body"), known),
            domain=item.domain,
        )

    def _path(self, template: str, where: Where, known: Mapping[str, Any]) -> str:
        path = self._fill(template, where, known)
        fault = fault_of_path(path) if path else None
        if fault is not None:
            message = f"the path {quoted(path)} cannot be sent: {fault}"
            remedy = "correct it; what a template fills in is sent as it is"
            self.problems.append(self._document.problem(where, message, "suite-path", remedy))
        return path

    def _checks(self, items: Sequence[Any], where: Where, known: Mapping[str, Any]) -> tuple[Check, ...]:
        checks = (
            self._expect.parse(self._fill_value(value, (*where, number), known), (*where, number))
            for number, value in enumerate(items)
        )
        return tuple(check for check in checks if check is not None)

    def _messages(
        self, prompt: str | None, items: Sequence[MessageItem] | None, where: Where, known: Mapping[str, Any]
    ) -> tuple[Message, ...]:
        if prompt is not None:
            return (Message(role="user", text=self._fill(prompt, (*where, "prompt"), known)),)
        return tuple(
            self._message(item, (*where, "messages", number), known) for number, item in enumerate(items or ())
        )

    def _message(self, item: MessageItem, where: Where, known: Mapping[str, Any]) -> Message:
        if item.tool is not None:
            text = self._fill(item.tool, (*where, "tool"), known)
            return Message(role="tool", text=text, tool_call_id=item.call, name=item.name)
        if item.assistant is not None or item.tool_calls:
            calls = tuple(
                ToolCall(
                    id=call.id,
                    name=call.name,
                    arguments=canonical_json(
                        self._fill_value(call.arguments, (*where, "tool_calls", number, "arguments"), known)
                    ),
                )
                for number, call in enumerate(item.tool_calls)
            )
            said = self._fill(item.assistant, (*where, "assistant"), known) if item.assistant is not None else None
            return Message(role="assistant", text=said, tool_calls=calls, name=item.name)
        role = "user" if item.user is not None else "system"
        content = item.user if item.user is not None else item.system
        if isinstance(content, str):
            return Message(role=cast("Role", role), text=self._fill(content, (*where, role), known), name=item.name)
        parts = tuple(self._part(part, (*where, role, number), known) for number, part in enumerate(content or ()))
        return Message(role=cast("Role", role), parts=parts, name=item.name)

    def _part(self, part: TextPart | ImagePart, where: Where, known: Mapping[str, Any]) -> Part:
        if isinstance(part, TextPart):
            return Part(kind="text", text=self._fill(part.text, (*where, "text"), known))
        image = self._fill(part.image, (*where, "image"), known)
        return Part(kind="image", image=image, detail=part.detail)

    def _fill(self, template: str, where: Where, known: Mapping[str, Any]) -> str:
        try:
            return fill(template, known)
        except TemplateProblem as problem:
            self._add(where, problem)
            return ""

    def _fill_value(self, value: Any, where: Where, known: Mapping[str, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._fill_value(item, (*where, key), known) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill_value(item, (*where, number), known) for number, item in enumerate(value)]
        try:
            return fill_value(value, known)
        except TemplateProblem as problem:
            self._add(where, problem)
            return value

    def _add(self, where: Where, problem: TemplateProblem) -> None:
        self.problems.append(self._document.problem(where, problem.message, "suite-template", problem.remedy))


def _as_text(result: Any) -> str:
    return result if isinstance(result, str) else canonical_json(result)
