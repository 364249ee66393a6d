"""Tokens without a reply: the tokenization endpoint, and what a request's prompt has.

It stands apart because both are asked for where nothing is generated.
"""

from typing import Any

from harness.simulator.chat.anthropic_request import as_chat_body
from harness.simulator.chat.fields import read_text, required
from harness.simulator.chat.refusal import Refusal
from harness.simulator.chat.request import as_body, find_model, read_request
from harness.simulator.language.tokens import token_id, tokenize
from harness.simulator.profile import Profile


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


def count_prompt(body: Any, profile: Profile, *, message: bool = False) -> int:
    """The prompt tokens that a request will be billed, those of its images among them.

    message  whether it has the shape of Anthropic's API
    returns  0 for what will be refused: it takes none
    """
    try:
        return read_request(as_chat_body(body, profile) if message else body, profile).prompt_tokens
    except Refusal:
        return 0
