"""Rules of a suite that span several keys, which the file format's models cannot say.

It stands apart so that each rule, and the place where it is reported, reads in a line or two.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.core.plain import PLACE, TEAM
from harness.reading import Document, Problem, did_you_mean
from harness.suite.file_format import FORBIDDEN_PARAMS, CaseItem, Defaults, RequestItem, SuiteFile

Where = tuple[str | int, ...]


def rule_problems(suite: SuiteFile, document: Document) -> list[Problem]:
    """What is wrong with a file whose form is right."""
    problems = list(_params(suite.defaults.params, ("defaults", "params"), document))
    for position, target in enumerate(suite.targets):
        if not isinstance(target, str):
            problems += _params(target.params, ("targets", position, "params"), document)
            problems += _params(target.matrix, ("targets", position, "matrix"), document)
            if target.system is not None and "{{" in target.system:
                message = "a target's system message is sent as it is: templates are not filled here"
                remedy = "write the text itself, or give the cases a system: of their own"
                place = ("targets", position, "system")
                problems.append(document.problem(place, message, "suite-template", remedy))
    first: dict[str, int] = {}
    for position, case in enumerate(suite.cases):
        where = ("cases", position)
        problems += _params(case.params, (*where, "params"), document)
        problems += _tool_results(case, where, document)
        problems += _places(case, where, document)
        problems += _passing(case, suite.defaults, where, document)
        # File systems may not tell upper case from lower, and a case's recordings are a file.
        earlier = first.setdefault(case.id.casefold(), position)
        if earlier != position:
            line = document.mark(("cases", earlier, "id")).line
            message = f"the id '{case.id}' is already taken in line {line}"
            problems.append(document.problem((*where, "id"), message, "suite-duplicate-id", "rename one"))
    return problems


def _params(params: Mapping[str, Any], where: Where, document: Document) -> Iterator[Problem]:
    for name in params.keys() & FORBIDDEN_PARAMS.keys():
        message, remedy = f"'{name}' is not a parameter here", f"use {FORBIDDEN_PARAMS[name]}"
        yield document.problem((*where, name), message, "suite-parameter", remedy, key=True)


def _tool_results(case: CaseItem, where: Where, document: Document) -> Iterator[Problem]:
    """A result that no tool can ask for is a slip: the model's call would go unanswered, and look like its fault."""
    names = [_tool_name(tool) for tool in case.tools]
    if None in names:
        return
    for name in case.tool_results.keys() - set(names):
        message = f"no tool of this case is named '{name}'"
        remedy = did_you_mean(name, [known for known in names if known]) if names else "give the case its tools: list"
        yield document.problem((*where, "tool_results", name), message, "suite-tool-result", remedy, key=True)


def _places(case: CaseItem, where: Where, document: Document) -> Iterator[Problem]:
    """A place in a path that nothing fills would go out as it stands."""
    filled = {"model", TEAM}
    steps: list[tuple[Where, RequestItem | None, Mapping[str, str]]] = [((*where, "request"), case.request, {})]
    for number, turn in enumerate(case.turns or ()):
        steps.append(((*where, "turns", number, "request"), turn.request, turn.save))
    for place, request, saved in steps:
        for name in PLACE.findall(request.path if request else ""):
            # `{{ name }}` is a template's: it is filled from the case's variables.
            if name not in filled and "{{" not in (request.path if request else ""):
                message = f"nothing fills the place {{{name}}}"
                remedy = f"an earlier turn can: save: {{{name}: id}}; {{model}} and {{team}} are always there"
                yield document.problem((*place, "path"), message, "suite-place", remedy)
        filled |= saved.keys()


def _tool_name(tool: Mapping[str, Any]) -> str | None:
    """The name by which a model calls a tool; None for a form that is not known, such as a vendor's own."""
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else tool.get("name")
    return name if isinstance(name, str) and "{" not in name else None


def _passing(case: CaseItem, defaults: Defaults, where: Where, document: Document) -> Iterator[Problem]:
    passing, repeats = case.passing or defaults.passing, case.repeats or defaults.repeats
    if passing and passing.at_least > repeats:
        place: Where = (*where, "pass", "at_least") if case.passing else ("defaults", "pass", "at_least")
        message = f"at least {passing.at_least} of {repeats} repeats can never pass"
        remedy = f"write a number up to {repeats}, or raise repeats"
        yield document.problem(place, message, "suite-value", remedy)
