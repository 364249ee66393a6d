import importlib
import pkgutil
import re

import harness
from harness.core import errors


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_the_tree_of_errors_is_drawn_as_it_is():
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        importlib.import_module(module.name)

    drawn = re.findall(r"── (\w+)", errors.__doc__)

    assert sorted(drawn) == sorted({kind.__name__ for kind in subclasses(errors.HarnessError)})


def test_what_the_user_did_wrong_exits_with_2_and_all_else_with_3():
    assert {kind.exit_code for kind in subclasses(errors.InputError)} == {2}
    assert {kind.exit_code for kind in subclasses(errors.Unanswerable)} == {3}
