"""A validated case -> a mould: what of it needs a row's variables, and what is the same for all rows.

It stands apart from the loader so that reading files and filling templates can be followed one at a time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from harness.core.canonical import canonical_json
from harness.core.chat import Message, Part, Role, ToolCall
from harness.core.check import Check
from harness.core.plain import PlainRequest, fault_of_path
from harness.core.suite import Case, Turn
from harness.reading import quoted
from harness.suite.blanks import Blank, Known, combined, keyed, listed, ready
from harness.suite.dataset import Row
from harness.suite.expectations import Expectations
from harness.suite.faults import Faults, Where
from harness.suite.file_format import CaseItem, Defaults, ImagePart, MessageItem, RequestItem, TextPart
from harness.suite.templates import Template, TemplateProblem, is_template


class Mould:
    """One case as it is written: rows go in, cases come out.

    known    variables of the suite and of the case
    fixed    what of a Case no row changes
    waiting  its other parts, by name
    """

    def __init__(self, known: Known, fixed: Mapping[str, Any], parts: Mapping[str, Blank[Any]], faults: Faults) -> None:
        """Set apart what waits for nothing."""
        self._known = known
        self._faults = faults
        self._fixed = {**fixed, **{name: part.value for name, part in parts.items() if part.fill is None}}
        self._waiting = [(name, part.fill) for name, part in parts.items() if part.fill is not None]

    def case(self, row: Row | None) -> Case:
        """The case with one row filled in, None without a dataset; what goes wrong is told to the faults."""
        self._faults.row = row
        known: Known = self._known
        name = None
        if row is not None:
            name = row.name
            known = {**known, **row.columns} if known else row.columns
        return Case(row=name, **self._fixed, **{part: fill(known) for part, fill in self._waiting})


class Builder:
    """Makes the moulds of one suite's cases.

    suite     its name
    defaults  what its cases begin with
    known     its variables
    faults    take what is wrong
    expect    parses checks
    """

    def __init__(self, suite: str, defaults: Defaults, known: Known, faults: Faults, expect: Expectations) -> None:
        """Look at the defaults once, for all cases."""
        self._suite = suite
        self._defaults = defaults
        self._known = known
        self._faults = faults
        self._expect = expect
        self._params = self._value(defaults.params, ("defaults", "params"))
        self._system = self._text_or_none(defaults.system, ("defaults", "system"))

    def mould(self, item: CaseItem, position: int, location: str) -> Mould:
        """The mould of a case, which stands at that position of the file."""
        defaults = self._defaults
        where: Where = ("cases", position)
        passing = item.passing or defaults.passing
        fixed = {
            "suite": self._suite,
            "id": item.id,
            "about": item.about,
            "tags": tuple(item.tags),
            "max_rounds": item.max_rounds,
            "stream": defaults.stream if item.stream is None else item.stream,
            "dialect": item.dialect,
            "deferred": item.deferred,
            "credential": item.credential,
            "repeats": item.repeats or defaults.repeats,
            "at_least": passing.at_least if passing else None,
            "only": tuple(item.only),
            "skip": item.skip,
            "location": location,
        }
        parts: dict[str, Blank[Any]] = {
            "system": self._system,
            "params": self._params,
            "turns": self._turns(item, where),
        }
        if item.system is not None:
            parts["system"] = self._text(item.system, (*where, "system"))
        if item.params:
            parts["params"] = combined(_overlaid, [self._params, self._value(item.params, (*where, "params"))])
        if item.tools:
            parts["tools"] = combined(_as_tuple, [self._value(item.tools, (*where, "tools"))])
        if item.tool_results:
            results = self._value(item.tool_results, (*where, "tool_results"))
            parts["tool_results"] = combined(_results_as_texts, [results])
        if item.response_format is not None:
            parts["response_format"] = self._value(item.response_format, (*where, "response_format"))
        known = {**self._known, **item.vars} if item.vars else self._known
        return Mould(known, fixed, parts, self._faults)

    def _turns(self, item: CaseItem, where: Where) -> Blank[tuple[Turn, ...]]:
        expect = self._checks(item.expect, (*where, "expect"))
        if item.request is not None:
            request = self._request(item.request, (*where, "request"))
            return listed([combined(lambda made: Turn(request=made[0], expect=made[1]), [request, expect])])
        if item.turns is None:
            return listed([_said(self._messages(item.prompt, item.messages, where), expect)])
        turns = []
        for number, turn in enumerate(item.turns):
            place = (*where, "turns", number)
            asked = self._checks(turn.expect, (*place, "expect"))
            if number == len(item.turns) - 1:
                asked = combined(lambda both: (*both[0], *both[1]), [asked, expect])
            if turn.request is None:
                turns.append(_said(self._messages(turn.prompt, turn.messages, place), asked))
            else:
                turns.append(_sent(self._request(turn.request, (*place, "request")), turn.save, asked))
        return listed(turns)

    def _request(self, item: RequestItem, where: Where) -> Blank[PlainRequest]:
        def made(parts: list[Any]) -> PlainRequest:
            method = item.method or ("GET" if item.body is None else "POST")
            return PlainRequest(method=method, path=parts[0], body=parts[1], domain=item.domain)

        return combined(made, [self._path(item.path, (*where, "path")), self._value(item.body, (*where, "body"))])

    def _path(self, template: str, where: Where) -> Blank[str]:
        def checked(parts: list[Any]) -> str:
            path = str(parts[0])
            fault = fault_of_path(path) if path else None
            if fault is not None:
                message = f"the path {quoted(path)} cannot be sent: {fault}"
                remedy = "correct it; what a template fills in is sent as it is"
                self._faults.add(where, message, "suite-path", remedy)
            return path

        return combined(checked, [self._text(template, where)])

    def _checks(self, items: Sequence[Any], where: Where) -> Blank[tuple[Check, ...]]:
        if not items:
            return _NOTHING_EXPECTED
        parts = [self._check(value, (*where, number)) for number, value in enumerate(items)]
        return combined(lambda checks: tuple(check for check in checks if check is not None), parts)

    def _check(self, value: Any, where: Where) -> Blank[Check | None]:
        return combined(lambda filled: self._expect.parse(filled[0], where), [self._value(value, where)])

    def _messages(
        self, prompt: str | None, items: Sequence[MessageItem] | None, where: Where
    ) -> Blank[tuple[Message, ...]]:
        if prompt is not None:
            text = self._text(prompt, (*where, "prompt"))
            return combined(lambda made: (Message(role="user", text=made[0]),), [text])
        return listed([self._message(item, (*where, "messages", number)) for number, item in enumerate(items or ())])

    def _message(self, item: MessageItem, where: Where) -> Blank[Message]:
        name = item.name
        if item.tool is not None:
            said = self._text(item.tool, (*where, "tool"))
            return combined(lambda made: Message(role="tool", text=made[0], tool_call_id=item.call, name=name), [said])
        if item.assistant is not None or item.tool_calls:
            told = self._text_or_none(item.assistant, (*where, "assistant"))
            arguments = [
                self._value(call.arguments, (*where, "tool_calls", number, "arguments"))
                for number, call in enumerate(item.tool_calls)
            ]
            return combined(lambda made: _assistant(item, made[0], made[1]), [told, listed(arguments)])
        role: Role = "user" if item.user is not None else "system"
        content = item.user if item.user is not None else item.system
        if isinstance(content, str):
            text = self._text(content, (*where, role))
            return combined(lambda made: Message(role=role, text=made[0], name=name), [text])
        parts = [self._part(part, (*where, role, number)) for number, part in enumerate(content or ())]
        return combined(lambda made: Message(role=role, parts=tuple(made), name=name), parts)

    def _part(self, part: TextPart | ImagePart, where: Where) -> Blank[Part]:
        if isinstance(part, TextPart):
            text = self._text(part.text, (*where, "text"))
            return combined(lambda made: Part(kind="text", text=made[0]), [text])
        image, detail = self._text(part.image, (*where, "image")), part.detail
        return combined(lambda made: Part(kind="image", image=made[0], detail=detail), [image])

    def _text(self, source: str, where: Where) -> Blank[str]:
        if not is_template(source):
            return Blank(None, source)
        template = Template(source)

        def fill(known: Known) -> str:
            try:
                return template.text(known)
            except TemplateProblem as problem:
                self._faults.add(where, problem.message, "suite-template", problem.remedy)
                return ""

        return Blank(fill)

    def _text_or_none(self, source: str | None, where: Where) -> Blank[str | None]:
        return ready(None) if source is None else cast("Blank[str | None]", self._text(source, where))

    def _value(self, value: Any, where: Where) -> Blank[Any]:
        """A JSON-like value with every text in it filled, keys aside; each text within limits of its own."""
        if not _waits(value):
            return Blank(None, value)
        if isinstance(value, dict):
            return keyed({key: self._value(part, (*where, key)) for key, part in value.items()})
        if isinstance(value, list):
            return combined(list, [self._value(part, (*where, number)) for number, part in enumerate(value)])
        template = Template(value)

        def fill(known: Known) -> Any:
            try:
                return template.value(known)
            except TemplateProblem as problem:
                self._faults.add(where, problem.message, "suite-template", problem.remedy)
                return value

        return Blank(fill)


_NOTHING_EXPECTED: Blank[tuple[Check, ...]] = ready(())


def _waits(value: Any) -> bool:
    """Whether there is a template in a JSON-like value."""
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, dict):
        return any(map(_waits, value.values()))
    return isinstance(value, list) and any(map(_waits, value))


def _said(messages: Blank[tuple[Message, ...]], expect: Blank[tuple[Check, ...]]) -> Blank[Turn]:
    return combined(lambda made: Turn(messages=made[0], expect=made[1]), [messages, expect])


def _sent(request: Blank[PlainRequest], save: Mapping[str, str], expect: Blank[tuple[Check, ...]]) -> Blank[Turn]:
    return combined(lambda made: Turn(request=made[0], save=save, expect=made[1]), [request, expect])


def _assistant(item: MessageItem, text: str | None, arguments: Sequence[Any]) -> Message:
    calls = tuple(
        ToolCall(id=call.id, name=call.name, arguments=canonical_json(given))
        for call, given in zip(item.tool_calls, arguments, strict=True)
    )
    return Message(role="assistant", text=text, tool_calls=calls, name=item.name)


def _overlaid(both: list[Any]) -> dict[str, Any]:
    return {**both[0], **both[1]}


def _as_tuple(made: list[Any]) -> tuple[Any, ...]:
    return tuple(made[0])


def _results_as_texts(made: list[Any]) -> dict[str, str]:
    return {name: result if isinstance(result, str) else canonical_json(result) for name, result in made[0].items()}
