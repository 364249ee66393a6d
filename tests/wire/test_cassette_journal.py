import asyncio
import fcntl
import json
import subprocess
import sys
import threading

import pytest
import yaml
from wire_samples import answering, body_of, call_to, cassettes_in, echo, record, replay, response, send, serving

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_commit import Journals


def cassette(root):
    return root / "local/suite/m/case.yaml"


def journal(root):
    return cassette(root).with_name("case.yaml.journal")


def crash_after(root, *bodies):
    """Record, and stop without closing, as a crash would."""

    async def run():
        async with serving(answering(echo)) as base_url:
            transport = cassettes_in(root, "record")
            for body in bodies:
                await transport.send(call_to(base_url, body))
            await transport._live.aclose()

    asyncio.run(run())


def test_what_a_crash_left_is_replayed_and_told_of(tmp_path):
    crash_after(tmp_path, body_of("a"), body_of("b"))
    transport = cassettes_in(tmp_path)

    exchanges = asyncio.run(send(transport, call_to(body=body_of("a")), call_to(body=body_of("b"))))

    assert [exchange.recorded for exchange in exchanges] == [True, True]
    assert "2 recordings of an interrupted run" in transport.notes[0]
    assert (journal(tmp_path).exists(), cassette(tmp_path).exists()) == (True, False)


def test_what_a_crash_left_is_merged_by_the_next_recording(tmp_path):
    record(tmp_path, response, body_of("before"))
    crash_after(tmp_path, body_of("a"))

    record(tmp_path, response, body_of("a"), body_of("c"))

    bodies = [item["request"]["body"] for item in yaml.safe_load(cassette(tmp_path).read_text())["interactions"]]
    assert bodies == [body_of(name).decode() for name in ("a", "before", "c")]
    assert not journal(tmp_path).exists()


def test_a_torn_line_is_dropped_with_a_note_and_costs_no_other(tmp_path):
    crash_after(tmp_path, body_of("a"), body_of("b"))
    journal(tmp_path).write_bytes(journal(tmp_path).read_bytes()[:-30])
    transport = cassettes_in(tmp_path)

    a, b = asyncio.run(send(transport, call_to(body=body_of("a")), call_to(body=body_of("b"))))

    assert (a.recorded, b.recorded) == (True, False)
    assert any("line 2 was cut off" in note for note in transport.notes)


def test_a_line_that_follows_a_torn_one_is_whole(tmp_path):
    crash_after(tmp_path, body_of("a"))
    with journal(tmp_path).open("ab") as file:
        file.write(b'{"request": {"meth')

    crash_after(tmp_path, body_of("b"))
    record(tmp_path, response, body_of("c"))

    assert all(exchange.recorded for exchange in replay(tmp_path, *(call_to(body=body_of(name)) for name in "abc")))


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"{}\n", b"[]\n", b'{"request": {}, "response": {}}\n'])
def test_a_journal_that_is_none_is_refused_and_left_alone(tmp_path, content):
    journal(tmp_path).parent.mkdir(parents=True)
    journal(tmp_path).write_bytes(content)

    with pytest.raises(UnreadableCassette, match="journal"):
        record(tmp_path, response, body_of())

    assert journal(tmp_path).read_bytes() == content


def test_a_line_that_the_harness_did_not_write_is_refused(tmp_path):
    crash_after(tmp_path, body_of("a"))
    line = json.loads(journal(tmp_path).read_text())
    del line["response"]["harness"]
    journal(tmp_path).write_text(json.dumps(line) + "\n")

    with pytest.raises(UnreadableCassette, match="line 1 was not written by the harness"):
        replay(tmp_path, call_to())


def test_bytes_that_are_no_text_come_through_the_journal(tmp_path):
    content = bytes(range(256))

    record(tmp_path, lambda _: response(content), body_of())

    assert replay(tmp_path, call_to())[0].last.body == content


def test_a_cassette_that_broke_meanwhile_is_left_alone_and_so_is_the_journal(tmp_path):
    async def run():
        async with serving(answering(echo)) as base_url:
            transport = cassettes_in(tmp_path, "record")
            await transport.send(call_to(base_url))
            cassette(tmp_path).write_text("<<<<<<< HEAD\n")
            await transport.aclose()

    with pytest.raises(UnreadableCassette):
        asyncio.run(run())

    assert cassette(tmp_path).read_text() == "<<<<<<< HEAD\n"
    assert journal(tmp_path).stat().st_size > 0


APPEND = """
import asyncio
import sys
from pathlib import Path
from harness.wire.cassette_commit import Journals
from harness.wire.cassette_journal import merge_journal

path, journals = Path(sys.argv[1]), Journals()

async def write(n):
    source = {"provider": "local", "model": "m", "index": n, "exchange": int(sys.argv[2])}
    request = {"method": "POST", "uri": "http://h/v1/chat", "body": "{}", "headers": {}}
    reply = {"status": {"code": 200}, "headers": {}, "body": {"string": "x"}, "harness": {"source": source}}
    await journals.write(path, {"request": request, "response": reply})

async def main():
    for begin in range(0, 40, 10):
        writes = [asyncio.create_task(write(n)) for n in range(begin, begin + 10)]
        # Its own lines are waiting to be synced while it merges.
        await writes[0]
        await asyncio.to_thread(merge_journal, path)
        await asyncio.gather(*writes)
    await journals.aclose()
    merge_journal(path)

asyncio.run(main())
"""


def test_two_processes_that_record_one_cassette_lose_nothing(tmp_path):
    cassette(tmp_path).parent.mkdir(parents=True)
    commands = [[sys.executable, "-c", APPEND, str(cassette(tmp_path)), str(n)] for n in range(2)]

    running = [subprocess.Popen(command) for command in commands]

    assert [one.wait() for one in running] == [0, 0]
    assert len(yaml.safe_load(cassette(tmp_path).read_text())["interactions"]) == 80
    assert not journal(tmp_path).exists()


def test_a_line_that_waits_for_a_merge_goes_to_the_next_journal(tmp_path):
    crash_after(tmp_path, body_of("a"))
    line = json.loads(journal(tmp_path).read_text())

    with journal(tmp_path).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: asyncio.run(Journals().write(cassette(tmp_path), line)))
        waiting.start()
        threading.Event().wait(0.1)
        journal(tmp_path).unlink()
    waiting.join()

    assert replay(tmp_path, call_to(body=body_of("a")))[0].recorded
