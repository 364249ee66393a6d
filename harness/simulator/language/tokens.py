"""Text into tokens and back: a word with the space before it, a piece of a long one, a few digits, punctuation.

It stands apart because counting, billing and limits need tokens where nothing is generated.
"""

import re
import zlib

# Pieces of ten letters make English 4.4 characters a token, markup and code about 3.5. Without groups, so that findall
# gives whole tokens.
_TOKEN = re.compile(
    r" ?[A-Za-z]{1,10}"
    r"|'[a-z]{1,2}(?![A-Za-z])"  # the end of a contraction or possessive
    r"| ?[0-9]{1,3}"
    r"|[!-/:-@\[-`{-~]{1,2}"  # ASCII punctuation, which JSON and code have in pairs
    r"|[À-ɏͰ-ӿ]{1,3}"  # accented Latin, Greek and Cyrillic letters cost more than English ones
    r"|\s{1,16}"
    r"|."  # one token for each character of Chinese or Japanese, each emoji
)


def tokenize(text: str) -> list[str]:
    """The tokens of `text`, in order; joined together they are `text` again, whatever it holds."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens `tokenize` would give, without making them: a prompt of megabytes costs no list of strings."""
    return _TOKEN.subn("", text)[1]


def token_id(token: str) -> int:
    """A number below 2**31 that is the same for this token in every run; two tokens may, rarely, share one."""
    return zlib.crc32(token.encode("utf-8", "surrogatepass")) & 0x7FFF_FFFF
