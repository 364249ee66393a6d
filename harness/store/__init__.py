"""What a run leaves on disk: the journal while it runs, records.jsonl when it is done.

It stands apart so that everything after a run depends on one file format and nothing else of the runner.
"""

from harness.store.records import read_run, records_schema, write_run
from harness.store.run_folder import RunFolder, read_run_folder

__all__ = ["RunFolder", "read_run", "read_run_folder", "records_schema", "write_run"]
