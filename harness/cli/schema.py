"""`harness schema`: the JSON Schema of each file format, made from what validates it.

It stands apart so that editors, documents and the loader can never disagree.
"""

import json
from collections.abc import Callable
from typing import Any

import click

from harness.cli.terminal import say


def _suite() -> dict[str, Any]:
    from harness.checks import check_schema, load_kinds
    from harness.suite import suite_schema

    return suite_schema(check_schema(load_kinds()))


def _catalogue() -> dict[str, Any]:
    from harness.catalogue import catalogue_schema

    return catalogue_schema()


def _register() -> dict[str, Any]:
    from harness.catalogue.claims import register_schema

    return register_schema()


def _records() -> dict[str, Any]:
    from harness.store import records_schema

    return records_schema()


def _verdicts() -> dict[str, Any]:
    from harness.store import verdicts_schema

    return verdicts_schema()


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "suite": _suite,
    "catalogue": _catalogue,
    "register": _register,
    "records": _records,
    "verdicts": _verdicts,
}


@click.command("schema")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def command(name: str) -> int:
    """Print the JSON Schema of a file format, with a description of every key."""
    say(json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False))
    return 0
