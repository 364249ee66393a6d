"""A check kind made of a dataclass and two functions: how every kind here is built, and how a third party's can be.

It stands apart from the kinds so that each of those is its specification and its rule, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from harness.checks.fields import found
from harness.checks.showing import quoted
from harness.core.check import Evidence, Finding, FindingStatus, FollowUp, SpecInvalid, SpecProblem

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What a kind found; with the kind's own words it becomes a Finding. Fields as there."""

    status: FindingStatus
    expected: str
    seen: str
    score: float | None = None


def decided(*, passes: bool, expected: str, seen: str) -> Grade:
    """A pass or a fail."""
    return Grade(status="pass" if passes else "fail", expected=expected, seen=seen)


def unknown(*, expected: str, why: str) -> Grade:
    """The evidence cannot decide."""
    return Grade(status="unknown", expected=expected, seen=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedKind(Generic[S]):
    """A CheckKind.

    spec        the specification: a class under `fields.specification`
    tell        the check in a few words
    decide      the rule; pure. It is shown a reply that is an error only if `judges_errors`
    shorthand   the key that a bare value stands for: `contains: rain` is `contains: {text: rain}`
    bare_true   True if a bare `true` stands for every default: `json: true`
    ask         the further request that `decide` needs answered, if the kind has any
    asks        the model that `ask` turns to
    """

    name: str
    summary: str
    spec: type[S]
    tell: Callable[[S], str]
    decide: Callable[[S, Evidence], Grade]
    shorthand: str | None = None
    bare_true: bool = False
    judges_errors: bool = False
    ask: Callable[[S, Evidence], FollowUp | None] | None = None
    asks: Callable[[S], str] | None = None

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the argument, with no reference in it."""
        keys = _schema_of(self.spec)
        bare = [{"const": True}] if self.bare_true else []
        if self.shorthand:
            bare.append(keys["properties"][self.shorthand])
        return {"description": self.summary, **({"anyOf": [*bare, keys]} if bare else keys)}

    def parse(self, argument: object) -> S:
        """The argument as a specification; raises SpecInvalid with every problem at once."""
        from pydantic import ValidationError

        from harness.checks.problems import problem_of

        if isinstance(argument, Mapping):
            keys: object = dict(argument)
        elif self.bare_true and argument is True:
            keys = {}
        else:
            keys = {self.shorthand: argument} if self.shorthand else argument
        try:
            parsed: S = _adapter(self.spec).validate_python(keys)
        except ValidationError as invalid:
            problems = [problem_of(error, self.spec) for error in invalid.errors(include_url=False)]
        else:
            return parsed
        if not isinstance(argument, Mapping):
            problems = [self._of_bare_value(problem, argument) for problem in problems]
        raise SpecInvalid(problems)

    def _of_bare_value(self, problem: SpecProblem, argument: object) -> SpecProblem:
        if self.shorthand and problem.path[:1] == (self.shorthand,):
            return replace(problem, path=problem.path[1:])
        if self.bare_true:
            return replace(problem, message=f"expected true, or keys and values, found {found(argument)}")
        return problem

    def describe(self, spec: S) -> str:
        """The check in a few words."""
        return self.tell(spec)

    def models(self, spec: S) -> tuple[str, ...]:
        """The models that its follow-up may ask."""
        return () if self.asks is None else (self.asks(spec),)

    def follow_up(self, spec: S, evidence: Evidence) -> FollowUp | None:
        """The further request; None where there is none, or no answer to ask about."""
        if self.ask is None or (evidence.reply.error and not self.judges_errors):
            return None
        return self.ask(spec, evidence)

    def grade(self, spec: S, evidence: Evidence) -> Finding:
        """The finding; 'unknown' on a reply that is an error, unless the kind judges errors."""
        error = evidence.reply.error
        if error and not self.judges_errors:
            grade = unknown(expected="an answer", why=f"no answer to judge: {error.kind}: {quoted(error.message)}")
        else:
            grade = self.decide(spec, evidence)
        check = self.tell(spec)
        return Finding(check=check, status=grade.status, expected=grade.expected, seen=grade.seen, score=grade.score)


_adapters: dict[type, Any] = {}


def _adapter(spec: type) -> Any:
    """Pydantic's reader of a specification, built once: that costs a hundred times as much as reading."""
    from pydantic import TypeAdapter

    if spec not in _adapters:
        _adapters[spec] = TypeAdapter(spec)
    return _adapters[spec]


def _schema_of(spec: type) -> dict[str, Any]:
    """JSON Schema of a specification, its definitions written out where they are used."""
    schema = _adapter(spec).json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(node: Any, *, names: bool = False) -> Any:
        if isinstance(node, list):
            return [inlined(item) for item in node]
        if not isinstance(node, dict):
            return node
        body = {key: inlined(value, names=key == "properties") for key, value in node.items() if key != "$ref"}
        if "$ref" in node and not names:
            body = inlined(definitions[node["$ref"].rsplit("/", 1)[1]]) | body
        # Titles repeat the key, and would hide the description in an editor.
        return body if names else {key: value for key, value in body.items() if key != "title"}

    written: dict[str, Any] = inlined(schema)
    # The class's own docstring speaks to programmers; the kind's summary speaks to authors.
    written.pop("description", None)
    return written
