import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import jsonschema
import pytest
from check_samples import KINDS

from harness.checks import check_schema, load_kinds
from harness.checks.text import CONTAINS
from harness.core.errors import UsageError


class Package:
    """A distribution, as far as an entry point knows its own."""

    def __init__(self, name):
        self.name = name


def door(name, value, package):
    return EntryPoint(name, value, "harness.checks")._for(Package(package))


@pytest.fixture
def installed(monkeypatch):
    """Makes these entry points the installed ones."""

    def install(*doors):
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: EntryPoints(doors))

    return install


def test_the_built_ins_are_found_by_the_same_door_as_anyones():
    assert KINDS["contains"] is CONTAINS
    assert len(KINDS) == 21


def test_two_packages_that_claim_one_name_are_both_named(installed):
    installed(door("mine", "a:KIND", "first"), door("mine", "b:KIND", "second"))

    with pytest.raises(UsageError, match="first and second"):
        load_kinds()


def test_one_package_that_is_listed_twice_is_no_rival_of_itself(installed):
    installed(*[door("contains", "harness.checks.text:CONTAINS", "model-harness")] * 2)

    assert list(load_kinds()) == ["contains"]


def test_the_words_of_the_suite_format_cannot_be_taken(installed):
    installed(door("all", "a:KIND", "greedy"))

    with pytest.raises(UsageError, match="greedy"):
        load_kinds()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("harness.nowhere:KIND", "ModuleNotFoundError"),
        ("harness.checks.text:NOTHING", "AttributeError"),
        ("harness.checks.text:quoted", "it has no schema"),
        ("harness.checks.text:EQUALS", "its name"),
    ],
)
def test_a_kind_that_cannot_be_loaded_is_named_when_it_is_first_asked_for(installed, value, reason):
    installed(door("mine", value, "broken"))
    kinds = load_kinds()

    assert list(kinds) == ["mine"]
    with pytest.raises(UsageError, match=rf"'mine' of the package broken .*{reason}"):
        kinds["mine"]


def test_a_kind_that_no_one_brings_is_not_there():
    assert "nonsense" not in KINDS
    with pytest.raises(KeyError):
        KINDS["nonsense"]


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        ({"contains": "a"}, True),
        ({"not": {"all": [{"contains": "a"}, {"any": [{"status": 200}]}]}}, True),
        ({"contains": "a", "equals": "b"}, False),
        ({}, False),
        ({"contians": "a"}, False),
        ({"all": []}, False),
        ({"not": [{"contains": "a"}]}, False),
        ({"all": [{"not": {"contains": 5}}]}, False),
        ("contains", False),
    ],
)
def test_the_schema_of_a_check_is_one_kind_or_a_combination(check, valid):
    schema = check_schema(KINDS)
    jsonschema.Draft202012Validator.check_schema(schema)

    assert jsonschema.Draft202012Validator(schema).is_valid(check) == valid


def test_a_kind_whose_schema_refers_into_itself_still_does_within_the_whole():
    class Referring:
        def schema(self):
            return {"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}}

    validator = jsonschema.Draft202012Validator(check_schema({"mine": Referring()}))

    assert (validator.is_valid({"mine": 5}), validator.is_valid({"mine": "5"})) == (True, False)


def test_finding_the_kinds_and_grading_load_nothing_heavy():
    asked = "import sys, harness.checks as c; k = c.load_kinds(); k['contains']; k['json']; k['regex']; list(k)"
    heavy = "{'pydantic', 'jsonschema', 'jsonpath', 'regex', 'referencing'} & sys.modules.keys()"

    ran = subprocess.run([sys.executable, "-c", f"{asked}; print({heavy})"], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "set()"
