"""What the pages are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def code(value: object) -> str:
    """Return a value as code."""
    return f"`{value}`"


def first_line(thing: object) -> str:
    """Return the line of a docstring that says what a thing is or does."""
    return inspect.cleandoc(thing.__doc__ or "").partition("\n")[0]


def prose(thing: object) -> str:
    """Return a whole docstring."""
    return inspect.cleandoc(thing.__doc__ or "") + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
