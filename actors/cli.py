"""The command `casegraph`. Commands are imported when they are called, so that help is instant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from pipeline.errors import CasegraphError, UsageError

COMMANDS = {
    "run": "actors.commands.run:run",
    "status": "actors.commands.status:status",
    "failures": "actors.commands.status:failures",
    "projects": "actors.commands.projects:projects",
    "entities": "actors.commands.read:entities",
    "show": "actors.commands.read:show",
    "search": "actors.commands.read:search",
    "export": "actors.commands.export:export",
    "digest": "actors.commands.export:digest",
    "services": "actors.commands.services:services",
    "doctor": "actors.commands.services:doctor",
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


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="casegraph")
def cli() -> None:
    """Turn documents into one graph: who and what is in them, how they are related, and where it
    says so.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; one line for an error, and the exit status says which kind it was:
    2 wrong usage, 1 could not run.
    """
    try:
        status = cli.main(args=arguments, standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except CasegraphError as error:
        click.echo(f"casegraph: {error}", err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
