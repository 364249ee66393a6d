"""What a package says it offers is there."""

import importlib
import pkgutil

import pytest

import harness

MODULES = ["harness", *sorted(module.name for module in pkgutil.walk_packages(harness.__path__, "harness."))]


@pytest.mark.parametrize("name", MODULES)
def test_every_name_that_a_module_offers_is_there_once_and_is_public(name):
    module = importlib.import_module(name)

    # Their order is the linter's business (RUF022), which sorts constants before classes before functions.
    offered = getattr(module, "__all__", [])

    assert [each for each in offered if not hasattr(module, each) or each.startswith("_")] == []
    assert len(offered) == len(set(offered))
