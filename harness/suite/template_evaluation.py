"""A parsed template evaluated over JSON-like values, each step counted.

It stands apart because this is the sandbox: it walks Jinja's syntax tree itself and never compiles it to Python, so a
template can reach nothing but keys, entries and the listed filters, and no step escapes the count. Jinja's own sandbox
keeps a template from attributes, but neither from filling the memory ('a' ~ a loop) nor from running for hours.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from jinja2 import nodes

from harness.reading import nearest, quoted
from harness.suite.template_bounds import Bounds, Fault
from harness.suite.template_filters import FILTERS, TESTS, entries_of, named

_NAMES_SHOWN = 12
_BRIEF_BITS = 128
_ARITHMETIC: Mapping[type[nodes.Node], tuple[str, Callable[[Any, Any], Any]]] = {
    nodes.Add: ("+", operator.add),
    nodes.Sub: ("-", operator.sub),
    nodes.Mul: ("*", operator.mul),
    nodes.Div: ("/", operator.truediv),
    nodes.FloorDiv: ("//", operator.floordiv),
    nodes.Mod: ("%", operator.mod),
    nodes.Pow: ("**", operator.pow),
}
_DEFAULTS = ("default_value", "boolean")
"""Names of the arguments of the filter `default`."""
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


class Undefined(Fault):
    """A name or key that is not there; `node` is the expression that named it."""

    def __init__(self, node: nodes.Node, message: str, name: str, known: Sequence[str]) -> None:
        """Say which names are known, and which of them is nearest."""
        alike = nearest(name, known)
        shown = ", ".join(known[:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")
        guess = f"did you mean {quoted(alike)}? " if alike is not None else ""
        super().__init__(message, f"{guess}known here: {shown}" if known else "correct the name, or give it a value")
        self.node = node


class Evaluation:
    """One fill of one template.

    line  the template's line that was worked on last
    """

    def __init__(self, variables: Mapping[str, Any], bounds: Bounds) -> None:
        """Evaluate over `variables`, which are never rendered themselves, spending from `bounds`."""
        self.line = 1
        self._scope: Mapping[str, Any] = variables
        self._bounds = bounds
        self._written: list[str] = []
        self._kinds: dict[type[nodes.Node], Callable[[Any], Any]] = {
            nodes.Const: lambda node: node.value,
            nodes.Name: self._name,
            nodes.Getattr: self._getattr,
            nodes.Getitem: self._getitem,
            nodes.List: lambda node: [self.value(item) for item in node.items],
            nodes.Tuple: lambda node: [self.value(item) for item in node.items],
            nodes.Dict: self._dict,
            nodes.Compare: self._compare,
            nodes.Not: lambda node: not self.value(node.node),
            nodes.And: lambda node: self.value(node.left) and self.value(node.right),
            nodes.Or: lambda node: self.value(node.left) or self.value(node.right),
            nodes.Neg: lambda node: -self._operand(node.node),
            nodes.Pos: lambda node: self._operand(node.node),
            nodes.Concat: self._concat,
            nodes.CondExpr: lambda node: self.value(node.expr1 if self.value(node.test) else node.expr2),
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.Call: self._range,
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }

    def text(self, body: Sequence[nodes.Node]) -> str:
        """What the statements write.

        raises  Fault
        """
        self._run(body)
        return "".join(self._written)

    def value(self, node: nodes.Node) -> Any:
        """The expression's value.

        raises  Fault
        """
        self.line = node.lineno
        self._bounds.spend(1)
        return self._kinds[type(node)](node)

    def _run(self, body: Sequence[nodes.Node]) -> None:
        for statement in body:
            if isinstance(statement, nodes.Output):
                for node in statement.nodes:
                    self._write(node.data if isinstance(node, nodes.TemplateData) else self.value(node))
            elif isinstance(statement, nodes.If):
                self._run(self._chosen(statement))
            else:
                self._loop(cast("nodes.For", statement))

    def _write(self, value: Any) -> None:
        text = self._bounds.text(value)
        self._bounds.emit(len(text))
        self._written.append(text)

    def _chosen(self, statement: nodes.If) -> Sequence[nodes.Node]:
        for branch in (statement, *statement.elif_):
            if self.value(branch.test):
                return branch.body
        return statement.else_

    def _loop(self, statement: nodes.For) -> None:
        over = self.value(statement.iter)
        entries = entries_of(over, "a loop")
        self._bounds.spend(len(entries))
        outer = self._scope
        if statement.test is not None:
            entries = [entry for entry in entries if self._passes(statement, outer, entry)]
        for index, entry in enumerate(entries):
            self._scope = {**outer, **self._bound(statement.target, entry), "loop": _loop_facts(index, len(entries))}
            self._run(statement.body)
        self._scope = outer
        if not entries:
            self._run(statement.else_)

    def _passes(self, statement: nodes.For, outer: Mapping[str, Any], entry: Any) -> bool:
        self._scope = {**outer, **self._bound(statement.target, entry)}
        try:
            return bool(self.value(cast("nodes.Expr", statement.test)))
        finally:
            self._scope = outer

    def _bound(self, target: nodes.Node, entry: Any) -> dict[str, Any]:
        """The loop's names with their values."""
        self._bounds.spend(1 + len(self._scope) // 8)
        if isinstance(target, nodes.Name):
            return {target.name: entry}
        items = cast("nodes.Tuple", target).items
        names = [item.name for item in items if isinstance(item, nodes.Name)]
        if not isinstance(entry, list) or not len(entry) == len(items) == len(names):
            raise Fault(f"the loop's names do not fit {named(entry)}", "loop over lists of as many entries")
        return dict(zip(names, entry, strict=True))

    def _name(self, node: nodes.Name) -> Any:
        if node.name in self._scope:
            return self._scope[node.name]
        raise Undefined(node, f"{quoted(node.name)} is not defined", node.name, sorted(self._scope))

    def _getattr(self, node: nodes.Getattr) -> Any:
        return self._member(node, self.value(node.node), node.attr)

    def _getitem(self, node: nodes.Getitem) -> Any:
        holder = self.value(node.node)
        if not isinstance(node.arg, nodes.Slice):
            return self._member(node, holder, self.value(node.arg))
        bounds = [None if part is None else self.value(part) for part in (node.arg.start, node.arg.stop, node.arg.step)]
        if not isinstance(holder, str | list) or not all(part is None or type(part) is int for part in bounds):
            raise Fault(f"{named(holder)} cannot be sliced so", "slice text or a list, by whole numbers")
        if bounds[2] == 0:
            raise Fault("a slice cannot step by 0")
        self._bounds.spend(len(holder) // 64 if isinstance(holder, str) else len(holder))
        return holder[slice(*bounds)]

    def _member(self, node: nodes.Getattr | nodes.Getitem, holder: Any, key: Any) -> Any:
        if isinstance(holder, dict) and isinstance(key, str):
            if key in holder:
                return holder[key]
            message = f"{_spelled(node.node)} has no {quoted(key)}"
            raise Undefined(node, message, key, [name for name in holder if isinstance(name, str)])
        if isinstance(holder, list | str) and type(key) is int:
            if -len(holder) <= key < len(holder):
                return holder[key]
            raise Undefined(node, f"{_spelled(node.node)} has {len(holder)} entries, and none at {key}", "", [])
        what = quoted(key) if isinstance(key, str) else named(key)
        raise Undefined(node, f"{_spelled(node.node)} is {named(holder)} and has no {what}", "", [])

    def _dict(self, node: nodes.Dict) -> dict[str, Any]:
        pairs = [(self.value(pair.key), self.value(pair.value)) for pair in node.items]
        if not all(isinstance(key, str) for key, _ in pairs):
            raise Fault("a key must be text", "put it in quotes")
        return dict(pairs)

    def _compare(self, node: nodes.Compare) -> Any:
        left, result = self.value(node.expr), True
        for operand in node.ops:
            right = self.value(operand.expr)
            self._bounds.weigh(right)  # no comparison looks at more of the left than there is of the right
            try:
                result = _COMPARISONS[operand.op](left, right)
            except TypeError as error:
                message = f"{named(left)} and {named(right)} cannot be compared so"
                raise Fault(message, "turn one into the other's kind with |int, |float or |string") from error
            if not result:
                return False
            left = right
        return result

    def _concat(self, node: nodes.Concat) -> str:
        parts = [self._bounds.text(self.value(part)) for part in node.nodes]
        self._bounds.grow(sum(map(len, parts)))
        return "".join(parts)

    def _operand(self, node: nodes.Node) -> Any:
        value = self.value(node)
        if not isinstance(value, int | float):
            raise Fault(f"{named(value)} is no number", "turn text into a number with |int or |float")
        return value

    def _arithmetic(self, node: nodes.BinExpr) -> Any:
        sign, operation = _ARITHMETIC[type(node)]
        left, right = self.value(node.left), self.value(node.right)
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            return self._joined(sign, left, right)
        try:
            if sign == "**" and isinstance(left, int) and isinstance(right, int) and right > 0:
                self._bounds.whole(1 << min(left.bit_length() * right, 10_000))  # the result's size, before it is made
            result = operation(left, right)
        except (ArithmeticError, ValueError) as error:
            raise Fault(f"{_brief(left)} {sign} {_brief(right)} cannot be computed", "correct the numbers") from error
        if isinstance(result, int):
            return self._bounds.whole(result)
        if isinstance(result, complex) or not math.isfinite(result):
            raise Fault(f"{_brief(left)} {sign} {_brief(right)} is no finite number", "correct the numbers")
        return result

    def _joined(self, sign: str, left: Any, right: Any) -> Any:
        """`+` of two texts or lists, `*` of one and a whole number; nothing else (`%` of a text would format it)."""
        asks: tuple[tuple[Any, Callable[[int], None]], ...] = ((str, self._bounds.grow), (list, self._bounds.lengthen))
        for kind, ask in asks:
            if sign == "+" and isinstance(left, kind) and isinstance(right, kind):
                ask(len(left) + len(right))
                return left + right
            if sign == "*" and isinstance(right, kind):
                left, right = right, left
            if sign == "*" and isinstance(left, kind) and type(right) is int:
                ask(len(left) * max(0, right))
                return left * right
        remedy = "join texts with ~" if sign == "+" else "turn text into a number with |int or |float"
        raise Fault(f"{named(left)} {sign} {named(right)} means nothing", remedy)

    def _filter(self, node: nodes.Filter) -> Any:
        inner = cast("nodes.Expr", node.node)
        if node.name in ("default", "d"):
            return self._default(node, inner)
        value = self.value(inner)
        positional = [self.value(argument) for argument in node.args]
        by_name = self._by_name(node)
        try:
            return FILTERS[node.name](self._bounds, value, *positional, **by_name)
        except (TypeError, ValueError, ArithmeticError) as error:
            message = f"filter '{node.name}' cannot do this with {named(value)}"
            raise Fault(message, "check the value and the filter's arguments") from error

    def _by_name(self, node: nodes.Filter) -> dict[str, Any]:
        return {str(keyword.key): self.value(keyword.value) for keyword in node.kwargs}

    def _default(self, node: nodes.Filter, inner: nodes.Expr) -> Any:
        """Jinja's `default`: the value if there is one; with a true second argument, only if it is not empty."""
        arguments = [self.value(argument) for argument in node.args]
        by_name = self._by_name(node)
        if len(arguments) > len(_DEFAULTS) or not {*_DEFAULTS[len(arguments) :]} >= {*by_name}:
            raise Fault("filter 'default' does not take these arguments", "it takes (default_value, boolean=false)")
        given = {**dict(zip(_DEFAULTS, arguments, strict=False)), **by_name}
        value = self._defined(inner)
        if value is _MISSING or (given.get("boolean") and not value):
            return given.get("default_value", "")
        return value

    def _defined(self, node: nodes.Expr) -> Any:
        """The value, or _MISSING if the expression's last step is not defined; an earlier one is still a fault."""
        try:
            return self.value(node)
        except Undefined as undefined:
            if undefined.node is node:
                return _MISSING
            raise

    def _test(self, node: nodes.Test) -> bool:
        if node.name in ("defined", "undefined"):
            return (self._defined(node.node) is _MISSING) == (node.name == "undefined")
        value = self.value(node.node)
        arguments = [self.value(argument) for argument in node.args]
        try:
            return TESTS[node.name](value, *arguments)
        except (TypeError, ArithmeticError) as error:
            raise Fault(f"test '{node.name}' cannot be made so", "check its arguments") from error

    def _range(self, node: nodes.Call) -> list[int]:
        numbers = [self.value(argument) for argument in node.args]
        if not all(type(number) is int for number in numbers) or numbers[2:] == [0]:
            raise Fault("range() takes whole numbers, and no step of 0", "turn text into a number with |int")
        steps = range(*numbers)
        try:
            self._bounds.lengthen(len(steps))
        except OverflowError as error:  # len() of a range stops at 63 bits
            raise Fault("range() is too long", "make it shorter") from error
        return list(steps)


_MISSING: Any = object()


def _loop_facts(index: int, length: int) -> dict[str, Any]:
    return {
        "index": index + 1,
        "index0": index,
        "revindex": length - index,
        "revindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
    }


def _brief(number: float) -> str:
    """The number, unless Python would refuse to write it out."""
    return "a large number" if isinstance(number, int) and number.bit_length() > _BRIEF_BITS else str(number)


def _spelled(node: nodes.Node) -> str:
    """The expression as it was written, where it is a plain path."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return quoted(".".join([node.name, *reversed(parts)])) if isinstance(node, nodes.Name) else "the value"
