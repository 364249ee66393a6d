"""Saying things on a terminal, or into a pipe whose reader may have gone.

It stands apart so that a reader who stops reading, as `head` does, changes neither the work nor its exit code.
"""

import os
import sys
from pathlib import Path

import click


def say(text: object = "", *, err: bool = False) -> None:
    """Print a line; if nobody reads any more, go on in silence."""
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        # Python would complain once more when it flushes the stream at its end.
        silence = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
        if err:
            sys.stderr = silence
        else:
            sys.stdout = silence
