"""Every error that the harness raises on purpose, in one tree.

HarnessError                  what, where and what to do next; never shown with a traceback
├── InputError                the input is wrong: exit 2
│   └── UsageError            an option or argument is wrong
└── Unanswerable              the question could not be answered: exit 3
    ├── MissingKey            no API key in the environment
    ├── WrongSource           a recording of one provider asked to answer for another
    └── UnreadableCassette    a cassette that exists and cannot be read
UnknownRate                   a token kind was used that has no price; the caller decides what that means

It stands apart so that the command line can map the whole tree to exit codes without knowing who raised.
"""

from typing import ClassVar


class HarnessError(Exception):
    """An error with a remedy.

    message  what is wrong, and where
    remedy   what to do next; a sentence
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, remedy: str = "") -> None:
        """Keep the two sentences apart, so that each output can lay them out its own way."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class InputError(HarnessError):
    """The input is wrong; nothing was sent."""

    exit_code: ClassVar[int] = 2


class UsageError(InputError):
    """An option or an argument is wrong."""


class Unanswerable(HarnessError):
    """The question could not be answered."""


class MissingKey(Unanswerable):
    """A live call needs a key that the environment does not hold."""


class WrongSource(Unanswerable):
    """A recording that one provider made was asked to answer for another."""


class UnreadableCassette(Unanswerable):
    """A cassette is there and cannot be read: it never counts as empty."""


class UnknownRate(Exception):
    """A kind of token was used for which the tariff has no rate: missing is not free."""
