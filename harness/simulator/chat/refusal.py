"""A request that is not answered: its status, and the vendor's flat error body.

It stands apart because every step of reading a request may refuse it, and HTTP must render them all alike.
"""

from typing import Final

INVALID: Final = "Client specified an invalid argument"
NOT_FOUND: Final = "Some requested entity was not found"
UNREADABLE: Final = "Failed to deserialize the JSON body into the target type"


class Refusal(Exception):
    """An error reply.

    status   HTTP status
    code     the body's `code`; '' where the body has none
    message  the body's `error`
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep the three parts of the reply."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    """400: readable, and not acceptable."""
    return Refusal(400, INVALID, message)


def unreadable(message: str) -> Refusal:
    """422: a value of the wrong JSON type, or a required one that is missing."""
    return Refusal(422, UNREADABLE, message)


def unsupported(parameter: str) -> Refusal:
    """400: a parameter that the model does not take."""
    return invalid(f"Argument not supported on this model: {parameter}")


def unknown_model(name: str) -> Refusal:
    """404: no model of that name, or none that may be used here."""
    # Cut, because the name is the client's and the reply should stay a line.
    return Refusal(404, NOT_FOUND, f"The model {name[:200]} does not exist or your team does not have access to it.")
