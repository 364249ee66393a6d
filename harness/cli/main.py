"""The command `harness`: one group whose commands are imported when they are called.

It stands apart from the commands so that `harness --help` imports none of them, and errors are rendered in one place.
"""

import importlib
import sys
import traceback
from collections.abc import Sequence

import click

from harness import __version__
from harness.core.errors import HarnessError, Unanswerable

# Name -> what it does, here and not in the modules: listing commands must not import them.
COMMANDS = {
    "demo": "The whole tour, offline, no key.",
    "validate": "Check suites and catalogues: all problems at once.",
    "plan": "Show what a run would send, cost and take; touches nothing.",
    "run": "Run suites, recorded or live, and judge what came back.",
    "verify": "Decide what a vendor documents, claim by claim, with evidence.",
    "grade": "Grade a run's recorded replies again, with today's checks and prices.",
    "report": "Write the page of a run.",
    "catalogue": "Show what a vendor documents, and check that it stands in the documents.",
    "simulate": "Serve the documented API on loopback, with faults and broken promises on request.",
    "cassettes": "Look after recordings.",
    "schema": "Print the JSON Schema of a file format.",
}
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports each on its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Names in the order of a newcomer's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"harness.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is none gets the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from harness.reading import did_you_mean

            raise click.UsageError(f"there is no command '{args[0]}'; {did_you_mean(args[0], COMMANDS)}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="model-harness")
def harness() -> None:
    """Evaluate models behind HTTP APIs, and hold their documents to account.

    Exit codes: 0 yes · 1 no · 2 the input is wrong · 3 it could not be answered · 4 the evidence is too weak ·
    130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exits with the codes of the design's contract."""
    try:
        code = harness.main(args=arguments, prog_name="harness", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = 2
    except HarnessError as error:
        show_error(error)
        code = error.exit_code
    except OSError as error:
        # Such as a full disk under our output.
        where = f"{error.filename}: " if error.filename else ""
        show_error(Unanswerable(f"{where}{error.strerror or error}", remedy="check the file, its folder and the disk"))
        code = Unanswerable.exit_code
    except Exception:  # noqa: BLE001 - a fault of ours must not read as 'the answer is no', which is exit code 1
        traceback.print_exc()
        show_error(
            Unanswerable("this is a fault of model-harness itself", remedy="please report it, with the lines above")
        )
        code = Unanswerable.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def show_error(error: HarnessError) -> None:
    """Print what is wrong and what to do next, on standard error."""
    # Problems of files begin with their place, as editors and CI read them; all else begins with a word.
    word = "" if hasattr(error, "problems") else click.style("error: ", fg="red", bold=True)
    click.echo(word + _harmless(error.message), err=True)
    if error.remedy:
        click.echo(f"   {_harmless(error.remedy)}", err=True)


def _harmless(text: str) -> str:
    """A message that cannot steer a terminal, its own line breaks kept: it may quote what anyone wrote."""
    from harness.cli.tables import visible

    return "\n".join(visible(line, 100_000) for line in text.split("\n"))
