"""One request of a trial: how it is spelled, keyed and addressed, and how its answer is read.

It stands apart from execution, which only waits: a forecast makes the same calls and sends none of them.
"""

from dataclasses import dataclass, replace

from harness.checks.headers import is_kept
from harness.core.catalogue import Provider
from harness.core.chat import ChatRequest
from harness.core.errors import Unanswerable
from harness.core.exchange import Attempt, Exchange, HttpRequest
from harness.core.keys import RequestKey
from harness.core.plain import Domain, PlainRequest
from harness.core.reply import ApiError, Reply
from harness.runner.memory import may_go_on
from harness.runner.plan import Trial
from harness.runner.session import Session
from harness.wire import Call, CassetteAddress, Lease, Redactor, encode_plain, request_key
from harness.wire.dialects import Deferring
from harness.wire.dialects.plain import decode_plain

_MAKING = ("POST", "PATCH")
MAX_HEADERS = 32
MAX_HEADER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of a trial.

    number   0-based number of the exchange within the trial
    dialect  how it is spelled, where that is not the provider's first way
    poll     id of a deferred reply that is fetched instead of asking
    """

    provider: Provider
    request: ChatRequest | PlainRequest
    number: int = 0
    region: str | None = None
    dialect: str | None = None
    poll: str | None = None

    @property
    def domain(self) -> Domain:
        """Which of the provider's APIs it goes to."""
        return self.request.domain if isinstance(self.request, PlainRequest) else "inference"

    def model_of(self, target: str) -> str:
        """The model that is asked: a judge's, or the target's."""
        return self.request.model if isinstance(self.request, ChatRequest) else target

    @property
    def asks_model(self) -> bool:
        """Whether a model has to do anything for the answer: a listing, or a key that is made, is nobody's tokens."""
        return isinstance(self.request, ChatRequest) or self.request.asks_model

    @property
    def makes_something(self) -> bool:
        """Whether to send it twice may leave two of something, such as a key: never done where the first may count."""
        request = self.request
        return isinstance(request, PlainRequest) and self.domain == "management" and request.method in _MAKING

    def spell(self, session: Session) -> HttpRequest:
        """The request as it is sent."""
        if isinstance(self.request, PlainRequest):
            return encode_plain(self.request)
        dialect = session.dialect(self.dialect or self.provider.dialect)
        if self.poll is None:
            return dialect.encode(self.request)
        if not isinstance(dialect, Deferring):
            raise Unanswerable(f"the dialect '{dialect.name}' cannot fetch deferred replies", remedy="drop deferred:")
        return dialect.poll(self.poll)

    def read(self, exchange: Exchange, session: Session, model: str) -> Reply:
        """The reply; one that another model gave is an error, for it must not be filed under this one's name."""
        if isinstance(self.request, PlainRequest):
            reply = decode_plain(exchange)
        else:
            read = session.dialect(self.dialect or self.provider.dialect).decode(exchange)
            reply = refuse_redirected(read, self.provider, model)
        return replace(reply, headers=kept_headers(exchange.last))


def kept_headers(attempt: Attempt) -> dict[str, str]:
    """The headers that a check may ask about; the first of each name, the longest cut off."""
    kept: dict[str, str] = {}
    for name, value in attempt.headers:
        if is_kept(name) and len(kept) < MAX_HEADERS:
            kept.setdefault(name, value[:MAX_HEADER])
    return kept


def names_of(provider: Provider, model: str) -> frozenset[str] | None:
    """Every name under which an answer of that model may come; None if the catalogue does not list it."""
    found = next((m for m in provider.models if model in (m.id, *m.aliases)), None)
    return None if found is None or provider.open_models else frozenset({found.id, *found.aliases})


def refuse_redirected(reply: Reply, provider: Provider, model: str) -> Reply:
    """The reply, with an error if a model that the catalogue does not know by the name that was asked gave it."""
    names = names_of(provider, model)
    if reply.error is not None or reply.model is None or names is None or reply.model in names:
        return reply
    message = f"'{model}' was asked and '{reply.model}' answered: nothing is filed under the name that was asked"
    return replace(reply, error=ApiError(kind="redirected", message=message))


def call_for(trial: Trial, session: Session, asking: Asking, lease: Lease | None = None) -> Call:
    """One request of a trial, spelled, keyed and addressed.

    lease  what it is held to; None where nothing will be sent
    """
    request = asking.request
    model = asking.model_of(trial.target.model)
    endpoint = session.sources.endpoint_of(asking.provider, asking.region, asking.domain)
    spelled = asking.spell(session)
    key = request_key(
        request=spelled,
        endpoint=endpoint,
        model=model,
        redactor=session.redactor,
        region=asking.region,
        credential=request.credential,
        index=trial.index,
        exchange=asking.number,
    )
    case = CassetteAddress(provider=endpoint.source, suite=trial.case.suite, model=model, case=trial.case.id)
    return Call(
        key=key,
        request=spelled,
        endpoint=endpoint,
        case=case,
        answers=lambda exchange: _is_answer(asking.read(exchange, session, model), session, asking),
        names=names_of(asking.provider, model) if isinstance(request, ChatRequest) else None,
        once=asking.makes_something,
        lease=lease if lease is not None else Lease(),
        memo=_memo(trial, session, key) if session.remembers else None,
    )


def _memo(trial: Trial, session: Session, key: RequestKey) -> str | None:
    """Under what name the answer is kept until its trial is done; none where the trial is done with it."""
    return f"{trial.key}:{key.digest}" if may_go_on(trial.case, session.kinds) else None


def _is_answer(reply: Reply, session: Session, asking: Asking) -> bool:
    """Whether a reply may be recorded: it is an answer, and no key can be put together from what it says."""
    if masked(reply, session.redactor) is not reply:
        return False
    if reply.pending:
        return False
    error = reply.error
    return error is None or error.is_answer or (error.kind == "auth" and asking.request.credential != "valid")


def masked(reply: Reply, redactor: Redactor) -> Reply:
    """The reply with keys masked that the bytes hid, by escapes or by lying across the pieces of a stream."""
    error = reply.error
    # Looked for in all of them at once: nearly every reply is returned as it came.
    texts = [reply.content, *reply.alternatives, *reply.sources, *(call.arguments for call in reply.tool_calls)]
    texts += [text for text in (reply.reasoning, reply.refusal, reply.fingerprint, error and error.message) if text]
    together = "\n".join(texts)
    if redactor.text(together) is together:
        return reply
    return replace(
        reply,
        content=redactor.text(reply.content),
        reasoning=None if reply.reasoning is None else redactor.text(reply.reasoning),
        alternatives=tuple(redactor.text(text) for text in reply.alternatives),
        refusal=None if reply.refusal is None else redactor.text(reply.refusal),
        fingerprint=None if reply.fingerprint is None else redactor.text(reply.fingerprint),
        sources=tuple(redactor.text(source) for source in reply.sources),
        tool_calls=tuple(replace(call, arguments=redactor.text(call.arguments)) for call in reply.tool_calls),
        error=None if error is None else replace(error, message=redactor.text(error.message)),
    )
