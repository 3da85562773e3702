"""The command line every codemod has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from codemods.engine.cli import modes, options, plan_command
from codemods.engine.cli.exits import guarded
from codemods.engine.plan import Migration
from codemods.engine.version import tool_version

_HELP = """Rewrite {library} tasks under PATHS to django.tasks (default: here).

\b
Commands, in the place of the first path (a directory of that name is ./plan):
  plan PATHS -o plan.json    write down everything that would happen
  apply --plan plan.json     do what was reviewed; apply PATHS is the default

Exit codes: 0 done, or nothing to do; 1 --check or --diff would change a file, or --strict has
sites for a person; 2 wrong usage, an error, or a file that cannot be read; 130 interrupted.
"""
_PLAN_HELP = """Write down what would happen to the {library} tasks under PATHS, file by file.

A person may set "decision": "skip" on sites of the JSON; "apply --plan FILE" does the rest.
Decisions already taken in the file to be written are kept for the sites that are still there.
"""


class Codemod(click.Command):
    """A command that applies, unless its first argument is the name of another one."""

    commands: dict[str, click.Command]

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand the arguments to the command they name."""
        name = args[0] if args else ""
        if name in self.commands:
            other = self.commands[name]
            return other.make_context(f"{info_name} {name}", args[1:], parent, **extra)
        args = args[1:] if name == "apply" else args
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command the arguments named."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


def build_command(migration: Migration) -> click.Command:
    """Return the click command of a codemod."""

    def callback(mode: Callable[[Migration, dict[str, Any]], int]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            sys.exit(guarded(migration.tool, lambda: mode(migration, given)))

        return run

    command = Codemod(
        migration.tool,
        params=[*options.shared(migration.options), *options.modes(), _version(migration.tool)],
        callback=callback(modes.run),
        help=_HELP.format(library=migration.library),
    )
    command.commands = {
        "plan": click.Command(
            "plan",
            params=[*options.shared(migration.options), *options.output()],
            callback=callback(plan_command.run),
            help=_PLAN_HELP.format(library=migration.library),
        )
    }
    return command


def _version(tool: str) -> click.Option:
    def show(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            click.echo(f"{tool}, version {tool_version()}")
            context.exit()

    help_text = "Show the version and exit."
    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help=help_text,
    )
