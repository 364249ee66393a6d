"""What the templates of a verification's page are rendered in.

It stands apart as the only module of this package that knows Jinja2. Whatever a template prints is made visible and
escaped on its way out, so that a template cannot forget to.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.report import figures, untrusted
from harness.report.markup import content, is_long
from harness.report.trial_html import MOST_THINGS, SYMBOLS

if TYPE_CHECKING:
    from jinja2 import Environment


def _plain(value: Any) -> Any:
    return untrusted.visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _first(things: Sequence[object]) -> Sequence[object]:
    return things[:MOST_THINGS]


@cache
def environment() -> "Environment":
    """Autoescaped, strict, and nothing unseen comes out of it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "content": content,
        "count": figures.count,
        "cut": untrusted.cut,
        "money": figures.money,
        "number": figures.number,
        "some": _first,
    }
    environment.tests["long"] = is_long
    environment.globals |= {"symbols": SYMBOLS}
    return environment
