"""The searches that a vendor runs itself, simulated: what would be searched for, and an answer that says it is made up.

It stands apart because nothing is searched: sources are addresses in domains that are reserved for examples.
"""

import numpy as np

from harness.simulator.skills.conversation import Conversation
from harness.simulator.skills.patterns import replaced
from harness.simulator.skills.request import request_of
from harness.simulator.skills.values import quoted_values
from harness.simulator.skills.words import stems, words

_HOSTS = ("example.com", "example.org", "example.net", "news.example.com", "reports.example.org", "archive.example.net")
_SECTIONS = ("articles", "news", "reports", "notes", "guides", "posts")


def search_query(conversation: Conversation) -> str:
    """What would be searched for: the request without its order to search, at most 120 characters."""
    text = request_of(conversation).text[:600].strip()
    quoted = quoted_values(text)
    if quoted and len(quoted[0].split()) > 1:
        return quoted[0][:120]
    for pattern in (
        (
            r"^(?:please|hi|hello|hey|can you|could you|would you|will you|i want you to|"
            r"i'd like you to|i need you to|kindly)[ ,!]+(?:please )?"
        ),
        (
            r"\b(?:please )?(?:use|using|run|do|with) (?:a |the |your )?(?:web|x|internet|online|"
            r"live)[ _-]?search(?: tool)?(?: to| and|,)?\s*"
        ),
        (
            r"^(?:search|look up|look for|find out|find|google|browse|check|"
            r"research)(?: (?:on )?(?:the )?(?:web|internet|x|twitter|online|news))?(?: for|"
            r" about)?\s+"
        ),
        r"^(?:tell me|show me|give me|find me|summari[sz]e|report)(?: about| on)?\s+",
        r"[.!?]\s+.*$|[?.!]+$",
    ):
        text = replaced(pattern, "", text.strip())
    return " ".join(text.split())[:120].strip() or "latest news"


def search_answer(query: str, random: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """An answer that says it is simulated, and two to four addresses that do not exist."""
    query = query.encode("utf-8", "replace").decode()[:120]
    slug = "-".join(words(query.lower())[:5]).encode("ascii", "ignore").decode().strip("-'") or "search"
    slug = slug.replace("'", "")
    many = int(random.integers(2, 5))
    hosts = random.permutation(len(_HOSTS))[:many]
    sources = tuple(
        (
            f"https://{_HOSTS[host]}/{_SECTIONS[int(random.integers(len(_SECTIONS)))]}/{slug}"
            f"-{int(random.integers(100, 1000))}"
        )
        for host in hosts
    )
    about = ", ".join(dict.fromkeys(stems(query)[:3])) or "this"
    text = (
        f'This is a simulated search for "{query}": nothing was looked up. {many} made-up '
        f"sources stand in for results about {about}: "
    ) + " ".join(f"[{n}] {address}" for n, address in enumerate(sources, 1))
    return text, sources
