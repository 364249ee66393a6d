"""The prompt cache: how much of a prompt this caller sent to this model before, in whole blocks from its beginning.

It stands apart because it is the one thing that a reply depends on and its request does not hold.
"""

import hashlib
import threading
from collections import OrderedDict
from itertools import islice
from typing import Final

from harness.simulator.language.tokens import tokenize

BLOCK_TOKENS: Final = 64
KEPT_S: Final = 600.0
MOST_BLOCKS: Final = 200_000


class PromptCache:
    """Blocks by the digest of all that leads to them, kept for a while and in bounded number.

    A block's digest covers the caller, the model and every token before it, so that finding one means that the whole
    prefix was seen. Threads may share it.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def look_up(self, prompt: str, *, caller: str, model: str, now: float) -> int:
        """How many tokens of the prompt are cached; the whole prompt is, from now on."""
        blocks = _blocks(prompt, f"{caller}\0{model}")
        with self._lock:
            hits = 0
            for block in blocks:
                if now - self._seen.get(block, float("-inf")) > KEPT_S:
                    break
                hits += 1
            for block in blocks:
                self._seen[block] = now
                self._seen.move_to_end(block)
            for stale in list(islice(self._seen, max(0, len(self._seen) - MOST_BLOCKS))):
                del self._seen[stale]
        return hits * BLOCK_TOKENS


def _blocks(prompt: str, owner: str) -> list[bytes]:
    """A digest for each whole block."""
    tokens = tokenize(prompt)
    digest = hashlib.blake2b(owner.encode("utf-8", "surrogatepass"), digest_size=16)
    found = []
    for start in range(0, len(tokens) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
        digest.update("".join(tokens[start : start + BLOCK_TOKENS]).encode("utf-8", "surrogatepass"))
        found.append(digest.digest())
    return found
