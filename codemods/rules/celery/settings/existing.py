"""A TASKS setting that is there already."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.outcome import Outcome
from codemods.engine.settings.existing import missing_queues, strings_of
from codemods.engine.settings.homes import Home
from codemods.engine.site import Kind, Rule
from codemods.engine.todo import statement_of

QUEUES = Rule(
    "CEL508",
    "The queues of TASKS",
    "Django refuses queues that TASKS does not list. Those in use are added to a QUEUES that is "
    "written out. Where the name of a queue cannot be read, QUEUES of a new TASKS is empty, which "
    "accepts every queue.",
    '"QUEUES": ["default"]',
    '"QUEUES": ["default", "mail"]',
)
ELSEWHERE = Rule(
    "CEL511",
    "TASKS is set already",
    "The setting is left as it is but for missing queues. To go on with the Celery workers you "
    "have, its backend has to be bridge.CeleryBackend.",
)


def extend(home: Home, queues: set[str], target: str) -> Iterator[Outcome]:
    """Yield what a TASKS setting lacks."""
    if target == "bridge" and not any(name.startswith("bridge.") for name in strings_of(home)):
        statement = statement_of(home.own("TASKS")[0].frame)
        reason = "TASKS is set already; name bridge.CeleryBackend in it"
        yield Outcome(home.source, statement, ELSEWHERE.code, Kind.PERSON, reason)
    yield from missing_queues(home, queues, QUEUES.code)
