"""The page of commands."""

from __future__ import annotations

import argparse
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

from django.core.management.base import BaseCommand

from bridge.management import commands
from tests.docs.markdown import code, table

_IN_WORDS = re.compile(r" \(default: (.+)\)$")


def page() -> str:
    """Return the page."""
    return f"""\
# Commands

Each is run as `python manage.py <command>`, and takes Django's own options too (`--settings`, `--verbosity` and so on).

{"".join(_command(name) for name in names())}"""


def names() -> list[str]:
    """Return the names of our commands."""
    found = (module.name for module in pkgutil.iter_modules(commands.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def _command(name: str) -> str:
    command: BaseCommand = import_module(f"{commands.__name__}.{name}").Command()
    parser = command.create_parser("manage.py", name)
    rows = list(_rows(parser))
    options = table(["option", "default", "means"], rows) if rows else "It has no options.\n"
    epilog = f"\n```text\n{parser.epilog.rstrip()}\n```\n" if parser.epilog else ""
    return f"## {name}\n\n{command.help}\n\n{options}{epilog}\n"


def _rows(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    djangos = {
        option
        for action in BaseCommand().create_parser("manage.py", "any")._actions
        for option in action.option_strings
    }
    for action in parser._actions:
        if djangos.isdisjoint(action.option_strings):
            yield [code(_spelt(action)), *_split(action)]


def _spelt(action: argparse.Action) -> str:
    value = action.metavar
    if value is None and action.choices:
        value = " | ".join(map(str, action.choices))
    if value is None and action.nargs != 0:
        value = action.dest if not action.option_strings else action.dest.upper()
    word = "" if value is None else " ".join(value) if isinstance(value, tuple) else value
    return f"{', '.join(action.option_strings)} {word}".strip()


def _split(action: argparse.Action) -> tuple[str, str]:
    """Return the default and the meaning; a help text may say the default in words."""
    text = (action.help or "") % {**vars(action), "prog": "manage.py"}
    if match := _IN_WORDS.search(text):
        return match[1], text[: match.start()]
    value = action.default
    if action.nargs == 0 or value in (None, [], (), argparse.SUPPRESS):
        return "", text
    return code(f"{value:g}" if isinstance(value, float) else value), text
