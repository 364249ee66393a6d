"""What one live case costs, stage by stage, in microseconds of CPU: `python tests/bench_stages.py [ROUNDS]`.

It stands apart from the tests because it asserts nothing: a figure that depends on the machine is printed beside its
limit, aiohttp alone against the same server in the same run.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from harness.catalogue import load_catalogues
from harness.checks import load_kinds
from harness.core.durable import GroupCommit
from harness.core.exchange import Attempt, Exchange
from harness.core.record import ExchangeRecord
from harness.core.reply import Reply
from harness.report import RunDigest
from harness.runner.asking import Asking, call_for, masked
from harness.runner.conversation import Step, next_step
from harness.runner.execute import record_of
from harness.runner.grade import grade_trial, wanted_follow_ups
from harness.runner.pacing import Pacing
from harness.runner.plan import Plan, Selection, Trial, plan_run
from harness.runner.pricing import price
from harness.runner.session import Session
from harness.runner.sources import Sources
from harness.runner.targets import select_targets
from harness.store.records import encode_line
from harness.suite import load_suites
from harness.wire import Call, LiveTransport, Redactor

CONCURRENCY, REQUESTS, STREAMS, CALLS = 32, 3000, 320, 2000
EVENTS, GAP_S = 25, 0.005
TEXT = "The answer is 42, and it has been so for a long time, as everybody knows who has read the book."
USAGE = {"prompt_tokens": 12, "completion_tokens": 20, "total_tokens": 32}
SUITE = """suite: bench
targets: [local/m]
defaults: {params: {max_tokens: 64}, stream: STREAM}
cases:
  - id: q
    dataset: {file: rows.jsonl}
    prompt: "Question {{ n }}: what is the answer?"
    expect: [{contains: "42"}]
"""


def whole() -> bytes:
    """A reply of about 400 bytes, as most servers send it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    reply = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return json.dumps({**reply, "usage": USAGE}).encode()


def events() -> list[bytes]:
    """The same kind of reply in events."""
    made = []
    for number in range(EVENTS):
        last = number == EVENTS - 1
        delta = {"role": "assistant", "content": "w "} if number == 0 else {"content": f"42 w{number} "}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop" if last else None}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        made.append(b"data: " + json.dumps({**chunk, "usage": USAGE} if last else chunk).encode() + b"\n\n")
    return [*made, b"data: [DONE]\n\n"]


def serve(pipe: Connection) -> None:
    """A server in a process of its own: one fixed reply, or the events a while apart."""
    body = whole()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: bench\r\nContent-Length: %d\r\n\r\n"
    fixed = head % len(body) + body
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [b"%x\r\n%s\r\n" % (len(event), event) for event in events()]

    class Fixed(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.seen = b""

        def data_received(self, data: bytes) -> None:
            self.seen += data
            end = self.seen.find(b"\r\n\r\n")
            if end < 0:
                return
            length = int(self.seen[:end].lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self.seen) < end + 4 + length:
                return
            streams = b'"stream":true' in self.seen
            self.seen = b""
            if streams:
                self.write(0)
            else:
                self.transport.write(fixed)

        def write(self, number: int) -> None:
            if number == 0:
                self.transport.write(stream)
            self.transport.write(pieces[number] + (b"0\r\n\r\n" if number == EVENTS else b""))
            if number < EVENTS:
                gap_s = GAP_S if number < EVENTS - 1 else 0
                asyncio.get_running_loop().call_later(gap_s, self.write, number + 1)

    async def listen() -> None:
        server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())


async def cost(count: int, one: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of this process's CPU for one of `count` calls, 32 at once."""
    waiting = iter(range(count))

    async def work() -> None:
        for _ in waiting:
            await one()

    await one()
    began_s = time.process_time()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return (time.process_time() - began_s) / count * 1e6


def cost_of_calls(one: Callable[[], object], calls: int = CALLS) -> float:
    """Microseconds of this process's CPU for one call."""
    one()
    began_s = time.process_time()
    for _ in range(calls):
        one()
    return (time.process_time() - began_s) / calls * 1e6


class Stages:
    """One case, taken apart."""

    def __init__(self, folder: Path, base_url: str, *, stream: bool) -> None:
        """Load and plan it as a run does."""
        self.folder = folder
        self.path = folder / "bench.yaml"
        self.path.write_text(SUITE.replace("STREAM", "true" if stream else "false"))
        rows = [json.dumps({"id": f"r{number}", "n": number}) + "\n" for number in range(CALLS)]
        (folder / "rows.jsonl").write_text("".join(rows))
        self.sources = Sources(catalogues=load_catalogues(()), base_url=base_url, environment={"XAI_API_KEY": "x" * 84})
        self.plan = self.planned()
        self.trial: Trial = next(iter(self.plan.trials))
        self.stream = stream

    def planned(self) -> Plan:
        """The suite, loaded and planned."""
        suites = load_suites([self.path], load_kinds(), root=None)
        targets = select_targets(suites, (), self.sources.catalogues, self.sources.source_of)
        return plan_run(suites, targets, Selection())

    async def measure(self) -> dict[str, float]:
        """Microseconds of CPU by stage."""
        redactor = Redactor(self.sources.secrets())
        live = LiveTransport(redactor=redactor)
        session = Session(transport=live, sources=self.sources, redactor=redactor, kinds=load_kinds())
        provider = session.catalogues.provider("local")
        step = next_step(self.trial.case, self.trial.target, [])
        assert isinstance(step, Step)
        asking = Asking(provider=provider, request=step.request)
        call = call_for(self.trial, session, asking)
        exchange = await live.send(call)
        reply = asking.read(exchange, session, "m")
        assert reply.error is None, reply.error
        record = ExchangeRecord(turn=0, key=exchange.key, reply=reply, cost=price(reply, provider, "m", "documented"))
        count = STREAMS if self.stream else REQUESTS
        found = {
            "aiohttp alone": await self.alone(call, count),
            "transport": await cost(count, lambda: live.send(call)),
        }
        await live.aclose()
        found |= self.pure(session, asking, exchange, reply, record)
        found |= await self.waiting(call, exchange.last)
        found["all but aiohttp"] = sum(found.values()) - 2 * found["aiohttp alone"]
        return found

    async def alone(self, call: Call, count: int) -> float:
        """A bare loop over aiohttp's session."""
        url, body = call.endpoint.base_url + call.request.path, call.request.body
        headers = {"Content-Type": "application/json", "Accept": "*/*", "Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=1024), auto_decompress=False
        ) as client:

            async def one() -> None:
                async with client.post(url, data=body, headers=headers) as reply:
                    async for _ in reply.content.iter_any():
                        pass

            return await cost(count, one)

    def pure(
        self, session: Session, asking: Asking, exchange: Exchange, reply: Reply, record: ExchangeRecord
    ) -> dict[str, float]:
        """The stages that do not wait."""
        trial, case, exchanges = self.trial, self.trial.case, [record]
        graded = grade_trial(case, exchanges, session.kinds)
        finished = record_of(trial, session, exchanges, graded)
        digest = RunDigest()
        return {
            "load and plan": cost_of_calls(self.planned, 1) / len(self.plan.trials),
            "walk": cost_of_calls(lambda: sum(1 for _ in self.plan.trials), 1) / len(self.plan.trials),
            "next step": cost_of_calls(lambda: next_step(case, trial.target, [])),
            "key (call_for)": cost_of_calls(lambda: call_for(trial, session, asking)),
            "decode": cost_of_calls(lambda: asking.read(exchange, session, "m")),
            "redact (reply)": cost_of_calls(lambda: masked(reply, session.redactor)),
            "price": cost_of_calls(lambda: price(reply, asking.provider, "m", "documented")),
            "grade": cost_of_calls(
                lambda: (
                    wanted_follow_ups(case, exchanges, session.kinds),
                    next_step(case, trial.target, [reply]),
                    grade_trial(case, exchanges, session.kinds),
                )
            ),
            "record": cost_of_calls(lambda: encode_line(record_of(trial, session, exchanges, graded))),
            "page": cost_of_calls(lambda: digest.add(finished)),
        }

    async def waiting(self, call: Call, attempt: Attempt) -> dict[str, float]:
        """The stages that may wait, where nothing makes them."""
        pacing, commit = Pacing(), GroupCommit()

        async def paced() -> None:
            await pacing.admit(call)
            pacing.ended(call, attempt)

        with (self.folder / "journal").open("wb", buffering=0) as file:

            async def kept() -> None:
                file.write(b"x" * 700)
                await commit.write(file.fileno)

            found = {"pace": await cost(CALLS, paced), "journal": await cost(CALLS, kept)}
            await commit.aclose()
        return found


def main() -> None:
    """Measure in interleaved rounds, and print the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    base_url = f"http://127.0.0.1:{ours.recv()}/v1"
    found: list[list[dict[str, float]]] = [[], []]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        kinds = [Stages(Path(one), base_url, stream=False), Stages(Path(other), base_url, stream=True)]
        for _ in range(rounds):
            for rows, kind in zip(found, kinds, strict=True):
                rows.append(asyncio.run(kind.measure()))
    server.terminate()
    print(f"CPU of one case, µs, median of {rounds} rounds, {CONCURRENCY} at once")
    print(f"{'stage':<18}{'whole':>8}{f'{EVENTS} events':>12}")
    for stage in found[0][0]:
        figures = [statistics.median(row[stage] for row in rows) for rows in found]
        print(f"{stage:<18}{figures[0]:>8.0f}{figures[1]:>12.0f}")


if __name__ == "__main__":
    main()
