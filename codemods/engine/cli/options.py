"""The options of the command line."""

from __future__ import annotations

from pathlib import Path

import click

from codemods.engine.option import Option
from codemods.engine.safety import safety_options

FORMATS = ("text", "json", "sarif", "github", "markdown")


def shared(own: tuple[Option, ...]) -> list[click.Parameter]:
    """Return what says which files are read, and what is wanted of them."""
    return [
        click.Argument(["paths"], nargs=-1, type=click.Path(path_type=Path)),
        click.Option(["--exclude"], multiple=True, metavar="GLOB", help="Leave these paths out."),
        click.Option(
            ["--select"],
            multiple=True,
            metavar="CODES",
            help="Convert only what needs no other rules: CEL101,CEL2.",
        ),
        click.Option(
            ["--ignore"],
            multiple=True,
            metavar="CODES",
            help="Leave what needs these rules as it is, the tasks with it.",
        ),
        click.Option(
            ["--todo/--no-todo"], default=None, help="Leave TODO comments in the code, or none."
        ),
        *map(_own, own),
        click.Option(["--isolated"], is_flag=True, help="Do not read pyproject.toml."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print data and errors only."),
        click.Option(["-v", "--verbose"], is_flag=True, help="Print every site, and what stays."),
    ]


def modes() -> list[click.Parameter]:
    """Return what the default command can do besides applying."""
    return [
        click.Option(["--check"], is_flag=True, help="Write nothing; list every site."),
        click.Option(["--diff"], is_flag=True, help="Write nothing; print a patch on stdout."),
        click.Option(
            ["--plan", "plan_file"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Apply exactly what this file of the plan command says.",
        ),
        click.Option(["--strict"], is_flag=True, help="Exit 1 while a site needs a person."),
        click.Option(
            ["--format", "format_"],
            type=click.Choice(FORMATS),
            default="text",
            help="How to print sites. Default: text.",
        ),
        *safety_options(),
        click.Option(["--statistics"], is_flag=True, help="Print how many sites a rule has."),
        click.Option(["--show-files"], is_flag=True, help="Print the files that would be read."),
        click.Option(["--list-rules"], is_flag=True, help="List the rules and their codes."),
        click.Option(["--explain"], metavar="CODE", help="Explain one rule."),
        click.Option(
            ["--explain-site"],
            metavar="FILE:LINE",
            help="Say how the names of a line are understood, and what is decided there.",
        ),
    ]


def output() -> list[click.Parameter]:
    """Return where the plan command writes to."""
    return [
        click.Option(
            ["-o", "--output"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Write the plan to this file. Default: stdout.",
        ),
        click.Option(
            ["--format", "format_"],
            type=click.Choice(("json", "markdown")),
            help="JSON, which can be applied, or Markdown for people. Default: as FILE is named.",
        ),
        click.Option(
            ["--runtime-log"],
            type=click.Path(path_type=Path, dir_okay=False),
            multiple=True,
            metavar="FILE",
            help="What a run with DEP_MIGRATION_WARN=1 has written: add the calls seen there.",
        ),
    ]


def _own(option: Option) -> click.Parameter:
    if option.flag:
        return click.Option([f"--{option.name}"], is_flag=True, help=option.help)
    return click.Option(
        [f"--{option.name}"],
        multiple=option.multiple,
        metavar=option.metavar or None,
        type=click.Choice(option.choices) if option.choices else None,
        help=option.help,
    )
