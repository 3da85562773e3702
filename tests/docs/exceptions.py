"""The page of exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import bridge
from bridge import exceptions
from bridge.mail import errors
from tests.docs.markdown import code, first_line, table

DJANGOS = {
    "InvalidTask": "The task is declared, or used, in a way that its backend cannot follow.",
    "InvalidTaskBackend": "TASKS has no such entry, or its backend cannot be imported.",
    "TaskResultDoesNotExist": "There is no result with this id.",
    "TaskResultMismatch": "The result belongs to another task.",
}


def page() -> str:
    """Return the page."""
    return f"""\
# Exceptions

Those of `bridge.exceptions` are subclasses of Django's `TaskException`. What failed a task is on its result: `result.exception`,
`result.traceback`, and `result.errors` with one entry per attempt.

{table(["exception", "when"], _rows())}
## Django's own

In `django.tasks.exceptions`; on Django 5.2 in `django_tasks.exceptions`, where the first two end with `Error`.

{table(["exception", "when"], ([code(name), when] for name, when in DJANGOS.items()))}"""


def _rows() -> Iterator[list[str]]:
    for module in (exceptions, errors):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                yield [code(_path(name, module.__name__)), first_line(kind)]


def _path(name: str, module: str) -> str:
    if name in bridge.__all__:
        return f"bridge.{name}"
    return f"{module.removesuffix('.errors')}.{name}"
