"""Every error that the harness raises for a user to read, in one tree.

HarnessError                  what, where and what to do next; never shown with a traceback
├── InputError                the input is wrong: exit 2
│   ├── ProblemsError         problems of files, each with its place (reading)
│   ├── ReferenceProblem      a file named in another cannot be used (reading)
│   ├── TemplateProblem       a template cannot be filled (suite)
│   └── UsageError            an option or argument is wrong
│       └── RunWouldBeLost    a folder holds a run that must not be overwritten (store)
└── Unanswerable              the question could not be answered: exit 3
    ├── MissingFollowUp       a check's question has no recorded answer (core.check)
    ├── UnreadableCassette    a cassette that exists and cannot be read
    └── Withheld              a request was not sent: a budget is spent, or the run is being stopped

It stands apart so that the command line can map the whole tree to exit codes without knowing who raised. `UnknownRate`
is not in it: its caller decides what a missing price means.
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


class UnreadableCassette(Unanswerable):
    """A cassette is there and cannot be read: it never counts as empty."""


class Withheld(Unanswerable):
    """A request was not sent, and nothing is known of its answer: a resumed run asks it."""


class UnknownRate(Exception):
    """A kind of token was used for which the tariff has no rate: missing is not free."""
