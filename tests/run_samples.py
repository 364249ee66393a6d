"""A header, a record that uses every field, and a footer: what the tests of everything after a run begin with."""

from decimal import Decimal

from harness.core.catalogue import Target
from harness.core.chat import Message, Part, ToolCall
from harness.core.check import Finding, FollowUp
from harness.core.cost import Cost
from harness.core.outcome import Outcome, Rate
from harness.core.record import AttemptRecord, ExchangeRecord, RunFooter, RunHeader, SuiteRef, TrialRecord
from harness.core.reply import ApiError, Reply, StreamFacts, Timing, Usage

HEADER = RunHeader(
    version="1",
    mode="replay",
    suites=(SuiteRef(name="s", path="s.yaml", digest="d"),),
    targets=(Target(provider="local", source="local", model="m", label="t", params={"seed": 1}, system="s"),),
    plan="p",
    trials=1,
)
RECORD = TrialRecord(
    trial="k",
    suite="s",
    case="c",
    target="t",
    provider="local",
    source="local",
    model="m",
    outcome=Outcome.FAIL,
    params={"temperature": 0.8, "stop": ["\n"]},
    said=((Message(role="user", parts=(Part(text="hi"), Part(kind="image", image="data:,x"))),),),
    exchanges=(
        ExchangeRecord(
            turn=0,
            key="x",
            reply=Reply(
                status=200,
                content="no\u2028\ud7ff",
                tool_calls=(ToolCall(id="1", name="f", arguments="{"),),
                usage=Usage(prompt=1, completion=2, billed_usd=Decimal("0.1")),
                error=ApiError(kind="refused", message="m"),
                timing=Timing(ttft_ms=0.125, total_ms=2.5, recorded=True),
                stream=StreamFacts(events=2, violations=("one-id: 2",)),
            ),
            attempts=(AttemptRecord(status=500, waited_s=0.5),),
            cost=Cost(usd=Decimal("0.00000000010")),
            follow_up=FollowUp(model="local/j", messages=(Message(role="user", text="?"),)),
        ),
    ),
    findings=((Finding(check="c", status="fail", expected="e", seen="s", children=()),),),
    cost_usd=Decimal("0.00000000010"),
)
FOOTER = RunFooter(trials=1, rate=Rate(failed=1), exit_code=1)
