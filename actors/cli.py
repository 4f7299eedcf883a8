"""The command `casegraph`. Commands are imported when they are called, so that help is instant."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

import click

from pipeline.errors import CasegraphError, OverBudgetError, StoppedWaitingError, UsageError

COMMANDS = {
    "run": "actors.commands.run:run",
    "status": "actors.commands.status:status",
    "report": "actors.commands.report:report",
    "failures": "actors.commands.failures:failures",
    "costs": "actors.commands.costs:costs",
    "retry": "actors.commands.failures:retry",
    "projects": "actors.commands.projects:projects",
    "forget": "actors.commands.forget:forget",
    "entities": "actors.commands.read:entities",
    "show": "actors.commands.read:show",
    "search": "actors.commands.read:search",
    "review": "actors.commands.review:review",
    "merge": "actors.commands.decisions:merge",
    "split": "actors.commands.decisions:split",
    "never": "actors.commands.decisions:never",
    "undo": "actors.commands.decisions:undo",
    "decisions": "actors.commands.decisions:decisions",
    "schema": "actors.commands.schema:schema",
    "examples": "actors.commands.examples:examples",
    "export": "actors.commands.export:export",
    "digest": "actors.commands.export:digest",
    "verify": "actors.commands.verify:verify",
    "services": "actors.commands.services:services",
    "doctor": "actors.commands.services:doctor",
    "invalidate": "actors.commands.forget:invalidate",
}


EXITS: dict[type[CasegraphError], int] = {
    UsageError: 2,
    OverBudgetError: 4,
    StoppedWaitingError: 130,
}


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises UsageError that names what is nearest, which click cannot know
        of commands that are not imported yet.
        """
        near = difflib.get_close_matches(args[0], COMMANDS, 1)
        if args[0] not in COMMANDS and near:
            ctx.fail(f"no such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="casegraph")
def cli() -> None:
    """Turn documents into one graph: who and what is in them, how they are related, and where it
    says so.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; one line for an error, and the exit status says which kind it was:
    2 wrong usage, 1 could not run, 4 stopped at what a run may spend, 130 stopped by a person.
    """
    try:
        status = cli.main(args=arguments, prog_name="casegraph", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"casegraph: {_on_one_line(error)}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except OSError as error:  # a full disk under standard output, say
        click.echo(f"casegraph: the system says: {error.strerror or error}", err=True)
        sys.exit(1)
    except CasegraphError as error:
        click.echo(f"casegraph: {error}", err=True)
        sys.exit(next((exit_ for kind, exit_ in EXITS.items() if isinstance(error, kind)), 1))


def _on_one_line(error: click.ClickException) -> str:
    """Say what click found wrong, as our own errors are said, and where the right usage is."""
    what = " ".join(error.format_message().split()).rstrip(".")
    what = what[:1].lower() + what[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return what
    # click asks "Did you mean …?" where it can.
    return f"{what}{' See' if what[-1:] in '?)' else '; see'} `{context.command_path} --help`"


if __name__ == "__main__":
    main()
