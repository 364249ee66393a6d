"""records.jsonl: a header line, one line a trial in plan order, a footer line.

It stands apart from the folder that holds it because other tools read the file alone. A line is an object with one
key that says what it is: `header`, `trial` or `footer`. Keys that hold their default are left out.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.core.errors import InputError
from harness.core.record import SCHEMA, Run, RunFooter, RunHeader, TrialRecord
from harness.store.answers import Leftovers

Line = RunHeader | TrialRecord | RunFooter


NAMES: dict[type[Line], str] = {RunHeader: "header", TrialRecord: "trial", RunFooter: "footer"}
KINDS = {name: kind for kind, name in NAMES.items()}


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[name])


def encode_line(line: Line) -> bytes:
    """One line, with its line feed. The schema is always written, every other default left out."""
    name = NAMES[type(line)]
    told = {"source"} if isinstance(line, TrialRecord) and line.source == line.provider else None
    body = _adapter(name).dump_json(line, exclude_defaults=True, exclude=told)
    if isinstance(line, RunHeader):
        body = b'{"schema":' + json.dumps(line.schema).encode() + (b"," if body != b"{}" else b"") + body[1:]
    return b'{"' + name.encode() + b'":' + body + b"}\n"


def decode_line(line: bytes) -> Line:
    """One line.

    raises  ValueError in plain words if it is not one
    """
    name = line[2 : line.find(b'"', 2)].decode("ascii", "replace")
    if not line.startswith(b'{"') or name not in KINDS:
        raise ValueError("neither a header, nor a trial, nor a footer")
    start = len(name) + 4
    try:
        parsed: Line = _adapter(name).validate_json(line[start:].rstrip()[:-1])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or name
        raise ValueError(f"{where}: {first['msg']}") from error
    if isinstance(parsed, TrialRecord) and not parsed.source:
        return replace(parsed, source=parsed.provider)
    return parsed


def write_run(run: Run) -> Iterator[bytes]:
    """The lines of a run, header first; the footer last if there is one."""
    yield encode_line(run.header)
    yield from (encode_line(record) for record in run.records)
    if run.footer is not None:
        yield encode_line(run.footer)


def read_run(path: Path) -> Run:
    """A records.jsonl file, read whole.

    raises  InputError naming the line: not there, not ours, another version, or no footer
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a regular file", remedy="name a run's folder, or its records.jsonl")
    try:
        with path.open("rb") as file:
            return _assemble(file, path)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}"
        raise InputError(message, remedy="name a run's folder, or its records.jsonl") from error


def read_unfinished(path: Path) -> Run:
    """What a run's journal holds, in plan order, without a footer.

    A torn end is left out, and of a trial that was asked again the earlier record.

    raises  InputError as `read_run`
    """
    left = Leftovers()

    def records() -> Iterator[bytes]:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    if line.endswith(b"\n") and not left.take(line):
                        yield line
                except ValueError as error:
                    raise InputError(f"{path}:{number}: not a record: {error}", remedy="run the suite again") from error

    run = _assemble(records(), path)
    latest = {record.trial: record for record in run.records}
    return replace(run, records=tuple(sorted(latest.values(), key=lambda record: record.number)))


def _assemble(lines: Iterable[bytes], path: Path) -> Run:
    header: RunHeader | None = None
    footer: RunFooter | None = None
    records: list[TrialRecord] = []
    for number, line in enumerate(lines, start=1):
        if number == 1:
            check_version(line, path)
        try:
            parsed = decode_line(line)
        except ValueError as error:
            raise InputError(f"{path}:{number}: not a record: {error}", remedy="run the suite again") from error
        if isinstance(parsed, TrialRecord) and header is not None and footer is None:
            records.append(parsed)
        elif isinstance(parsed, RunHeader) and number == 1:
            header = parsed
        elif isinstance(parsed, RunFooter) and header is not None and footer is None:
            footer = parsed
        else:
            message = f"{path}:{number}: a line out of place"
            raise InputError(message, remedy="a run is a header, its trials and a footer; run the suite again")
    if header is None:
        raise InputError(f"{path}: empty", remedy="run the suite again")
    if footer is not None and footer.trials != len(records):
        message = f"{path}: the footer counts {footer.trials} trials, the file holds {len(records)}"
        raise InputError(message, remedy="lines were lost or added since; run the suite again")
    return Run(header=header, records=tuple(records), footer=footer)


def check_version(line: bytes, path: Path) -> None:
    """Refuse a file that does not begin with a header of this format.

    raises  InputError
    """
    try:
        first = json.loads(line)
        found = first["header"]["schema"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{path}:1: no header: this is not a run of model-harness"
        raise InputError(message, remedy="name a run's folder, or its records.jsonl") from error
    if found != SCHEMA:
        message = f"{path}:1: the records are in the format {str(found)[:80]!r}, this version reads {SCHEMA!r}"
        raise InputError(message, remedy="read it with the version of the harness that wrote it, or run again")


def records_schema() -> dict[str, Any]:
    """JSON Schema of one line of records.jsonl."""
    definitions: dict[str, Any] = {}
    lines = []
    for kind, name in NAMES.items():
        schema = _adapter(name).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        definitions.update(schema.pop("$defs", {}))
        definitions[kind.__name__] = schema
        lines.append(
            {
                "type": "object",
                "properties": {name: {"$ref": f"#/$defs/{kind.__name__}"}},
                "required": [name],
                "additionalProperties": False,
            }
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a run's records.jsonl",
        "description": "A header, one line a trial in plan order, a footer; keys at their default are left out.",
        "oneOf": lines,
        "$defs": definitions,
    }
