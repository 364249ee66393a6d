"""Runs in the making: trials, exchanges and runs with only what a test says of them.

They are fixtures that give functions, so that a test states its case and nothing else.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from harness.core.catalogue import Target
from harness.core.chat import Message, Part, ToolCall
from harness.core.check import Finding, FollowUp
from harness.core.cost import Cost
from harness.core.outcome import Outcome, rate_of
from harness.core.record import AttemptRecord, ExchangeRecord, Run, RunFooter, RunHeader, SuiteRef, TrialRecord
from harness.core.reply import ApiError, Reply, StreamFacts, Timing, Usage


def make_exchange(content="", *, ms=None, ttft_ms=None, recorded=False, cost=None, **more) -> ExchangeRecord:
    reply = more.pop("reply", None) or Reply(
        status=200, content=content, timing=Timing(total_ms=ms, ttft_ms=ttft_ms, recorded=recorded)
    )
    price = None if cost is None else Cost(usd=Decimal(cost), upper_bound=more.pop("upper_bound", False))
    return ExchangeRecord(turn=0, key="k", reply=reply, recorded=recorded, cost=price, **more)


def make_trial(outcome="pass", *, suite="s", case="c", target="t", exchanges=(), **more) -> TrialRecord:
    told = {"source": "local", "provider": "local", "model": "m", "trial": "0"}
    known = [exchange.cost for exchange in exchanges if exchange.follow_up is None]
    cost = sum((c.usd for c in known), Decimal(0)) if known and None not in known else None
    names = {"suite": suite, "case": case, "target": target}
    return TrialRecord(**{"cost_usd": cost} | told | names | more, outcome=Outcome(outcome), exchanges=tuple(exchanges))


def make_run(*records, max_errors=0, exit_code=0, closed=True, trials=None, suite="s") -> Run:
    header = RunHeader(
        version="1",
        mode="replay",
        suites=(SuiteRef(name=suite, path="s.yaml", digest="d"),),
        targets=(Target(provider="local", source="local", model="m", label="t"),),
        plan="p",
        trials=len(records) if trials is None else trials,
        max_errors=max_errors,
    )
    rate = rate_of(record.outcome for record in records)
    footer = RunFooter(trials=len(records), rate=rate, exit_code=exit_code) if closed else None
    return Run(header=header, records=records, footer=footer)


def make_haunted_run(text: str) -> Run:
    """A run that has `text` in every place that someone else may write in."""
    call = ToolCall(id=text, name=text, arguments=text)
    parts = (Part(text=text), Part(kind="image", image=text), Part(kind="image", image="data:image/png;base64," + text))
    said = (
        Message(role="user", text=text),
        Message(role="assistant", parts=parts, tool_calls=(call,)),
        Message(role="tool", text=text, tool_call_id=text),
    )
    reply = Reply(
        status=200,
        id=text,
        model=text,
        content=text,
        reasoning=text,
        alternatives=(text,),
        tool_calls=(call,),
        refusal=text,
        finish_reason=text,
        usage=Usage(prompt=10**400, completion=-1, cached=3, reasoning=10**30, billed_usd=Decimal("1E+999999")),
        error=ApiError(kind="server", message=text, code=text),
        timing=Timing(total_ms=float("nan"), ttft_ms=float("inf")),
        stream=StreamFacts(violations=(text,)),
        anomalies=(text,),
    )
    asked = FollowUp(model=text, messages=said, params={text: text})
    cost = Cost(usd=Decimal("NaN"), computed_usd=Decimal("1E-999999"), upper_bound=True, profile=text)
    told = {"reply": reply, "recorded": True, "recorded_at": text, "server": text}
    attempts = (AttemptRecord(status=429, error=text, total_ms=1e300), AttemptRecord())
    exchanges = (
        ExchangeRecord(turn=0, key=text, attempts=attempts, cost=cost, **told),
        ExchangeRecord(turn=7, key=text, follow_up=asked, **told),
    )
    finding = Finding(check=text, status="fail", expected=text, seen=text, score=float("nan"))
    findings = ((finding, Finding(check=text, status="unknown", expected=text, seen=text, children=(finding,))),)
    names = {"suite": text, "case": text, "row": text, "target": text, "source": text, "model": text}
    more = {"about": text, "tags": (text,), "location": text, "reason": text, "params": {text: [text]}, "said": (said,)}
    records = [
        make_trial(outcome, **names, **more, simulated=True, index=index, exchanges=exchanges, findings=findings)
        for index, outcome in enumerate(Outcome)
    ]
    return make_run(*records, suite=text)


@pytest.fixture(scope="session")
def exchange() -> Callable[..., ExchangeRecord]:
    return make_exchange


@pytest.fixture(scope="session")
def trial() -> Callable[..., TrialRecord]:
    return make_trial


@pytest.fixture(scope="session")
def run_of() -> Callable[..., Run]:
    return make_run


@pytest.fixture(scope="session")
def haunted() -> Callable[[str], Run]:
    return make_haunted_run
