"""What counts as a number in a claim's value.

It stands apart because rules, agreement and tables must agree on it: Python holds true and false to be integers.
"""

from typing import TypeGuard


def is_number(value: object) -> TypeGuard[int | float]:
    """True for an integer or a float, and not for true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)
