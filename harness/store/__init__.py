"""What a run leaves on disk: the journal while it runs, records.jsonl when it is done.

It stands apart so that everything after a run depends on one file format and nothing else of the runner.
"""

from harness.store.records import read_run, records_schema, write_run
from harness.store.run_folder import RunFolder, read_run_folder
from harness.store.shards import is_shard, join_shards
from harness.store.verdicts import (
    VerificationFolder,
    is_verification,
    read_exchanges,
    read_verification,
    verdicts_schema,
)

__all__ = [
    "RunFolder",
    "VerificationFolder",
    "is_shard",
    "is_verification",
    "join_shards",
    "read_exchanges",
    "read_run",
    "read_run_folder",
    "read_verification",
    "records_schema",
    "verdicts_schema",
    "write_run",
]
