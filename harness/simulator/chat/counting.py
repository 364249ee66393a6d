"""Tokens without a reply: the tokenization endpoint, and a quick guess at what a request will take.

It stands apart because both must be had without reading a request as chat does.
"""

from typing import Any, Final

from harness.simulator.chat.fields import read_text, required
from harness.simulator.chat.request import as_body, find_model
from harness.simulator.language.tokens import token_id, tokenize
from harness.simulator.profile import Profile

CHARACTERS_PER_TOKEN: Final = 4


def tokenize_text(body: Any, profile: Profile) -> dict[str, Any]:
    """The tokens of a text, by a model's tokenizer.

    raises  Refusal
    """
    fields = as_body(body)
    find_model(fields, profile)
    text = required(read_text(fields.get("text"), "text"), "text")
    tokens = tokenize(text)
    return {
        "token_ids": [
            {"token_id": token_id(token), "string_token": token, "token_bytes": list(token.encode())}
            for token in tokens
        ]
    }


def estimate_tokens(body: Any) -> int:
    """About how many tokens a request's messages and tools have: a quarter of their characters, images left out.

    Cheap whatever it is given: nothing is parsed or counted twice, and depth does not matter.
    """
    if not isinstance(body, dict):
        return 0
    characters = 0
    stack = [body.get("messages"), body.get("tools"), body.get("system"), body.get("prompt")]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            # An image's data is not read as text, and must not count as if it were.
            characters += 0 if each.startswith("data:") else len(each)
        elif isinstance(each, dict):
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)
    return characters // CHARACTERS_PER_TOKEN
