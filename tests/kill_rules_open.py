"""Which claims may turn beside those that must, and which deviations break no promise of the documents; each with why.

It stands apart because every line here excuses something: it must stay short, and every excuse must have a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kill_rules import Carrying, Named, Selectors, of
from kill_rules_subjects import (
    BEARER,
    BILL,
    BY_EFFORT,
    CACHED_PRICE,
    CACHES,
    CALL_SEEN,
    CLIENT_ERRORS,
    DELTA,
    ECHO,
    EXISTS,
    FALLS,
    FEES,
    FORCED_SEARCH,
    IMAGE_ADDRESS,
    IMAGE_DETAIL,
    IMAGE_PRICE,
    IMAGES_TAKEN,
    LINK,
    NO_CACHE,
    NO_REASONING,
    OBEYED,
    REASONING,
    REASONING_APART,
    REASONING_CONTENT,
    REASONING_FIRST,
    REASONING_TOKENS,
    REPLY,
    REVOKES,
    ROUND_TRIP,
    RPM,
    SEARCHES,
    SEES,
    STREAM_FIELD,
    STREAMS,
    STRUCTURE,
    TOOLS_USED,
    TOTAL,
    TPM,
    WORDS,
    WORDS_PERHAPS,
    cell_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Consequences that are openly ambiguous, and why."""

    why: str
    picks: Selectors


_SAME_EXAMPLE = "what an example's reply holds, or its roles do, cannot be seen where its request is refused"
_EXAMPLE: Final = (of("example", json_parses=True), of("example", has="helpers"), of("example", has="chat.sample()"))
_NO_FIGURES = "what is counted and billed is read from usage: without a figure, or with a false one, it cannot be told"
_FIGURES: Final = (*BILL, REASONING_APART)
_NO_CALL = "what a call looks like, and what comes after it, cannot be seen where none is made"
_NO_SEARCH = "the fee of a search is seen only where one is run"
_UNREADABLE = "events that cannot be told apart cannot be read: nothing of the stream can be told"
_NO_WORDS = "words that nobody chose answer nothing: what is read from them, or from calls, fails one way or another"
_NO_TRIP = "whether tools are used at all, if their results come to nothing"

MAY: Final[Mapping[str, Open]] = {
    **{
        f"{how}-{parameter}": Open(why=_SAME_EXAMPLE, picks=_EXAMPLE)
        for how in ("rejects", "fails-on")
        for parameter in ("temperature", "top-p")
    },
    "rejects-json-object": Open(why=_SAME_EXAMPLE, picks=_EXAMPLE),
    "ignores-json-object": Open(
        why="the example's prompt asks for JSON, too: it may come all the same",
        picks=(of("example", json_parses=True),),
    ),
    **{
        f"{how}-max-tokens": Open(
            why="no reply is cut off, so none says so; and Anthropic's API cannot be asked without max_tokens",
            picks=(of("response_schema", "finish_reason.length"), of("endpoint", "POST /v1/messages")),
        )
        for how in ("rejects", "fails-on", "ignores")
    },
    # It is the cell of the parameter that says that effort matters.
    "ignores-reasoning-effort": Open(
        why="whether reasoning is optional that comes whatever the effort", picks=(BY_EFFORT,)
    ),
    "temperature-narrow": Open(why="its effect is sought at the documented maximum", picks=cell_of("temperature")),
    "stop-list-refused": Open(
        why="a cell does not say in which form a parameter is taken: in one of two it is", picks=cell_of("stop")
    ),
    "stop-string-refused": Open(
        why="a cell does not say in which form a parameter is taken: as a list it is", picks=cell_of("stop")
    ),
    "ignores-json-schema": Open(why="K30: which of the two formats lays down a structure", picks=STRUCTURE),
    "canned": Open(why=_NO_WORDS, picks=WORDS_PERHAPS),
    "hashes-body": Open(why=_NO_WORDS, picks=WORDS_PERHAPS),
    "history-forgotten": Open(
        why="whether a result without its question is answered", picks=(*ROUND_TRIP, *ECHO, LINK)
    ),
    "image-contents-refused": Open(
        why="what is seen can be shown with pictures of one's own, which only contents can hold",
        picks=(*SEES, *IMAGES_TAKEN, IMAGE_DETAIL),
    ),
    "vision-blind": Open(
        why="whether a form is taken whose pictures are counted, and not seen",
        picks=(*IMAGES_TAKEN, IMAGE_ADDRESS, IMAGE_DETAIL),
    ),
    "vision-refused": Open(
        why="how much detail there is cannot be seen where there is no picture", picks=(IMAGE_DETAIL,)
    ),
    "usage-missing": Open(
        why=_NO_FIGURES,
        picks=(*_FIGURES, CACHES, *NO_CACHE, *REASONING, NO_REASONING, REASONING_TOKENS, *SEARCHES, FEES),
    ),
    "prompt-tokens-missing": Open(why=_NO_FIGURES, picks=(*_FIGURES, *TOTAL, CACHES, *NO_CACHE)),
    "reasoning-tokens-missing": Open(why=_NO_FIGURES, picks=(*_FIGURES, *REASONING, *TOTAL)),
    "completion-includes-reasoning": Open(
        why=_NO_FIGURES, picks=(*BILL, of("response_schema", "usage.completion_tokens"), *TOTAL)
    ),
    "total-off-by-seven": Open(why=_NO_FIGURES, picks=(REASONING_APART,)),
    "total-without-reasoning": Open(why=_NO_FIGURES, picks=(REASONING_APART,)),
    "cached-exceeds-prompt": Open(why=_NO_FIGURES, picks=(*BILL, CACHES, *NO_CACHE)),
    "cached-never": Open(why="tokens that are never cached have no price of their own", picks=(CACHED_PRICE,)),
    "reasoning-absent": Open(
        why="where nothing is thought there is nothing to show, to count apart, or to come first",
        picks=(REASONING_CONTENT, DELTA, REASONING_TOKENS, REASONING_APART, *REASONING_FIRST),
    ),
    "reasoning-content-missing": Open(why="what is not shown has no place in an order", picks=REASONING_FIRST),
    "reasoning-content-on-plain": Open(
        why="whether thoughts that are shown and not counted are reasoning", picks=(NO_REASONING,)
    ),
    "model-redirected": Open(why="whether a model that another stands in for exists", picks=(EXISTS,)),
    "model-unlisted": Open(why="it answers and is not listed: two signs that disagree", picks=(EXISTS,)),
    "choices-empty": Open(
        why="a reply without choices says and calls nothing: what is read from one cannot be told",
        picks=(*WORDS, *WORDS_PERHAPS, *REPLY, *STREAMS, of("endpoint", "POST /v1/chat/completions*")),
    ),
    "images-absent": Open(
        why="what the endpoint takes and gives cannot be seen where it is gone",
        picks=(
            of("request_schema", endpoint="POST /v1/images/generations"),
            Named(id="comp.response_schema.images.created"),
            of("response_schema", "data[].url"),
            IMAGE_PRICE,
            of("catalogue", has="endpoint"),
        ),
    ),
    "stream-ignored": Open(
        why="whether an example is good whose stream comes whole", picks=(Carrying(field="stream"),)
    ),
    "stream-finish-twice": Open(
        why="whether the first of two ends stands amid the stream", picks=(Named(id="comp.stream.middle.finish-null"),)
    ),
    **{
        name: Open(why=_UNREADABLE, picks=(of("stream"), *STREAMS, STREAM_FIELD, Carrying(field="stream")))
        for name in ("stream-no-blank-line", "stream-no-data-prefix")
    },
    "ignores-tools": Open(why=f"{_NO_CALL}; {_NO_SEARCH}", picks=(*CALL_SEEN, FEES)),
    "rejects-tools": Open(
        why=f"{_NO_CALL}; {_NO_SEARCH}", picks=(*CALL_SEEN, FEES, of("example", one_request_yields_answer=True))
    ),
    "function-pretended": Open(why=_NO_CALL, picks=CALL_SEEN),
    "tool-ids-repeated": Open(why=_NO_TRIP, picks=(LINK, *ROUND_TRIP)),
    "tool-ids-missing": Open(why=_NO_TRIP, picks=(*TOOLS_USED, *ROUND_TRIP, *ECHO, LINK)),
    "tool-arguments-invalid": Open(why="whether a call that cannot be read is one", picks=(*TOOLS_USED, *OBEYED)),
    "tool-arguments-parsed": Open(why="whether a call that cannot be read is one", picks=(*TOOLS_USED, *OBEYED)),
    "tool-arguments-off-schema": Open(why="whether a call that cannot be served is one", picks=TOOLS_USED),
    "results-ignored": Open(why=_NO_TRIP, picks=(*TOOLS_USED, *ECHO, LINK)),
    "results-refused": Open(why=_NO_TRIP, picks=(*TOOLS_USED, *ECHO)),
    "search-returned": Open(
        why=f"{_NO_SEARCH}; whether a search is forced that is left to the caller",
        picks=(FEES, FORCED_SEARCH, of("example", one_request_yields_answer=True)),
    ),
    "search-refused": Open(why=_NO_SEARCH, picks=(FEES,)),
    "search-sourceless": Open(
        why="a search that leaves no trace cannot be told from none",
        picks=(*SEARCHES, FORCED_SEARCH, FEES, of("doc_section", title="Live Search")),
    ),
    "limit-headers-absent": Open(why="what is not told cannot fall", picks=(FALLS,)),
    "limit-headers-wrong-requests": Open(why="what remains no longer fits what is allowed", picks=(FALLS,)),
    "limit-headers-not-integers": Open(why="a figure that is no number may be read, or not", picks=(*RPM, TPM, FALLS)),
    "limits-lower": Open(
        why="a limit that is said and one that is enforced: which of them is the limit", picks=(*RPM, TPM)
    ),
    "limits-not-enforced": Open(why="no request is ever one too many", picks=(of("error", status=429),)),
    "errors-inside-200": Open(
        why="whether an error is one that says so in its body alone",
        picks=(CLIENT_ERRORS, of("endpoint", "POST /v1/embeddings")),
    ),
    "unknown-model-answered": Open(why="a client's mistake draws no 4xx", picks=(CLIENT_ERRORS,)),
    "broken-json-500": Open(why="a client's mistake draws no 4xx", picks=(of("error"),)),
    "auth-bad-key-500": Open(why="a crash serves nobody, and is no refusal", picks=(BEARER, REVOKES)),
    "auth-bad-key-accepted": Open(why="a key that was revoked is one that nobody issued, too", picks=(REVOKES,)),
    "management-create-absent": Open(why="where no key can be made none can be revoked", picks=(REVOKES,)),
}

NOTHING: Final[Mapping[str, str]] = {
    "ignores-seed": "neither document knows a seed",
    "max-tokens-counts-reasoning": "K28: whether max_tokens counts reasoning is left open",
    "sources-not-counted": "no document says that sources are counted",
    "search-sourceless": "no document says that a search leaves a trace",
    "unknown-fields-refused": "no document says what becomes of a field that it does not know",
    "stream-usage-missing": "K39: no document says how usage is asked for in a stream",
    "tool-choice-required-ignored": "K31: no document lists `required`",
    "parallel-always": "no document knows parallel_tool_calls",
    "parallel-never": "no document says that two tools are called in one turn",
    "model-redirected": "nothing is filed under a name that another model answers to: its claims are not tested",
    "model-unlisted": "that a model exists is promised, and it answers; that a list of models is whole is not",
    "errors-nested": "K72: no document gives the shape of an error",
    "errors-as-text": "K72: no document gives the shape of an error",
    "errors-inside-200": "K72: no document gives the status of an error that is no 429 and no 5xx",
    "unknown-model-answered": "K72: no document says how an unknown model is answered",
    "broken-json-500": "K72: no document says how broken JSON is answered",
    "auth-bad-key-500": "K72: no document says how a bad key is answered",
    "auth-key-echoed": "no document says that a key is kept out of errors",
    "limits-lower": "limits are read from headers: no verification provokes a 429 on purpose, save of too many at once",
}
