"""How the simulator speaks: tokens, a small n-gram language model over a corpus of ours, and a sampler over its logits.

It stands apart because it knows nothing of chat or HTTP: what temperature, penalties and stop strings do is all here.
"""

from harness.simulator.language.model import END_OF_TEXT, LanguageModel, load_language_model
from harness.simulator.language.sampling import DRAFT_LOGIT, TOKEN_CAP, Draw, Generated, Sampling, draws, generate
from harness.simulator.language.tokens import count_tokens, token_id, tokenize

__all__ = [
    "DRAFT_LOGIT",
    "END_OF_TEXT",
    "TOKEN_CAP",
    "Draw",
    "Generated",
    "LanguageModel",
    "Sampling",
    "count_tokens",
    "draws",
    "generate",
    "load_language_model",
    "token_id",
    "tokenize",
]
