import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_samples import FOOTER, HEADER, RECORD

from harness.core.check import Finding
from harness.core.errors import InputError
from harness.core.outcome import Outcome
from harness.core.record import ExchangeRecord, Run, TrialRecord
from harness.core.reply import Reply
from harness.store.records import decode_line, encode_line, read_run, records_schema, write_run


def write(path, *lines):
    path.write_bytes(b"".join(lines))
    return path


@pytest.mark.parametrize("line", [HEADER, RECORD, FOOTER])
def test_a_line_that_is_written_is_read_back_equal(line):
    assert decode_line(encode_line(line)) == line


@given(content=st.text(), seen=st.text())
def test_no_text_of_a_model_breaks_its_line(content, seen):
    finding = Finding(check="c", status="fail", expected="e", seen=seen)
    record = TrialRecord(
        **{name: getattr(RECORD, name) for name in ("trial", "suite", "case", "target", "provider", "source", "model")},
        outcome=Outcome.PASS,
        exchanges=(ExchangeRecord(turn=0, key="x", reply=Reply(content=content)),),
        findings=((finding,),),
    )

    line = encode_line(record)

    assert line.count(b"\n") == 1
    assert decode_line(line) == record


def test_a_run_is_read_back_whole(tmp_path):
    run = Run(header=HEADER, records=(RECORD,), footer=FOOTER)

    path = write(tmp_path / "records.jsonl", *write_run(run))

    assert read_run(path) == run


def test_the_schema_describes_every_line_that_is_written():
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(records_schema())

    for line in (HEADER, RECORD, FOOTER):
        assert list(validator.iter_errors(json.loads(encode_line(line)))) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b""], "empty"),
        ([b"[]\n"], ":1: no header"),
        ([b'{"header":{"schema":"model-harness/records/99"}}\n'], "records/99"),
        ([encode_line(HEADER), b"{\n"], ":2: not a record"),
        ([encode_line(HEADER), b'{"trial":{"trial":5}}\n'], ":2: not a record"),
        ([encode_line(HEADER), encode_line(HEADER)], ":2: a line out of place"),
        ([encode_line(HEADER), encode_line(FOOTER)], "counts 1 trials, the file holds 0"),
        ([encode_line(HEADER), b'{"trial":' + b"[" * 100_000 + b"\n"], ":2: not a record"),
    ],
)
def test_a_file_that_is_not_a_run_is_refused_with_its_line(tmp_path, lines, words):
    path = write(tmp_path / "records.jsonl", *lines)

    with pytest.raises(InputError) as refusal:
        read_run(path)

    assert words in refusal.value.message
    assert refusal.value.remedy
