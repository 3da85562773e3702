"""The page of settings."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.backends.base import BridgeBackend
from bridge.backends.database import DatabaseBackend
from bridge.backends.dummy import DummyBackend
from bridge.backends.immediate import ImmediateBackend
from bridge.backends.options import ENTRY, Option
from compat.celery.backend import CeleryBackend
from compat.celery.native.backend import NativeCeleryBackend
from compat.huey.backend import HueyBackend
from tests.docs.markdown import code, table

BACKENDS: tuple[type[BridgeBackend], ...] = (
    DatabaseBackend,
    CeleryBackend,
    NativeCeleryBackend,
    HueyBackend,
    ImmediateBackend,
    DummyBackend,
)


def page() -> str:
    """Return the page."""
    return f"""\
# Settings

    TASKS = {{
        "default": {{
            "BACKEND": "bridge.DatabaseBackend",
            "QUEUES": ["default", "mail"],
            "OPTIONS": {{"LEASE": 60, "RETENTION": {{"SUCCESSFUL": "7d"}}}},
        }}
    }}

Each entry of `TASKS` has these keys. A system check tells of any other ([checks.md](checks.md)).

{table(["key", "means"], ([code(name), means] for name, means in ENTRY.items()))}
## OPTIONS

{table(["option", "default", "must be", "means", "read by"], _rows())}
The options of mail are in [email.md](../howto/email.md#options), those of the worker's command line in [commands.md](commands.md).
"""


def known() -> list[Option]:
    """Return every option of every backend, each once."""
    found: dict[str, Option] = {}
    for backend in BACKENDS:
        found |= {option.name: option for option in backend.known_options}
    return [found[name] for name in sorted(found)]


def _rows() -> Iterator[list[str]]:
    for option in known():
        readers = [backend.__name__ for backend in BACKENDS if option in backend.known_options]
        yield [
            code(option.name),
            option.without or code(repr(option.default)),
            option.rule,
            option.means,
            "all" if len(readers) == len(BACKENDS) else ", ".join(readers),
        ]
