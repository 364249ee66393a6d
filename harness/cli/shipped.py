"""Where the shipped suites and cassettes are: inside the installed package, or beside it in a checkout.

It stands apart because the demo and `grade` must find them without knowing how the package was installed.
"""

from pathlib import Path


def shipped_root() -> Path:
    """The folder that holds `suites/` and `cassettes/` as they were shipped."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent
