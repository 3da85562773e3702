"""The keys of OPTIONS that our backends read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from bridge.policies import ON_LOST as ON_LOST_VALUES
from bridge.retention import RULE as RETENTION_RULE
from bridge.retention import is_retention

ENTRY = {
    "BACKEND": "the path of the backend: `bridge.DatabaseBackend`, `bridge.CeleryBackend`, "
    "`bridge.HueyBackend`, `bridge.ImmediateBackend` or `bridge.DummyBackend`",
    "QUEUES": "the names that `queue_name` of a task may have, `[]` for any; without it there is "
    "one, `default`",
    "ENQUEUE_ON_COMMIT": "True: tasks are enqueued when the caller's transaction commits; False: "
    "at once; without it, or with None, as the backend does by itself",
    "OPTIONS": "a dict of the options below",
}
"""The keys of an entry of TASKS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One key of OPTIONS: what it means, what it may be, and what it is when left out."""

    name: str
    default: Any = None
    means: str
    rule: str
    fits: Callable[[Any], bool]
    # Which values does this project have to choose from?
    choices: Callable[[], Iterable[str]] | None = None
    # What does the reference say in the place of a default that no value shows?
    without: str = ""

    def read(self, alias: str, options: Mapping[str, Any]) -> Any:
        """Return its value in TASKS[alias]. Raise ImproperlyConfigured for a wrong one."""
        value = options.get(self.name, self.default)
        if not self.fits(value):
            choices = f" ({', '.join(self.choices())})" if self.choices else ""
            raise ImproperlyConfigured(
                f"{self.name} of TASKS[{alias!r}] must be {self.rule}{choices}, not {value!r}."
            )
        return value


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


SHORTEST_LEASE = 2.0
"""Seconds. It is renewed three times as often, and children outlive their supervisor by one."""


def _is_lease(value: Any) -> bool:
    return type(value) in (int, float) and SHORTEST_LEASE <= value < math.inf


SHORTEST_HOLD = 1.0
"""Seconds. A worker looks twice as often for what it has to send."""


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_queue_map(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and name for item in value.items() for name in item
    )


def _is_hold(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and value >= SHORTEST_HOLD)


ALIASES = Option(
    name="ALIASES",
    means="the legacy names of tasks: a dict of names and module paths, or the path of a TOML file "
    "with such a table, `[aliases]`",
    rule="a dict, or the path of a TOML file",
    fits=lambda value: True,  # whoever loads it has more to say
    without="no task has another name than its path",
)
ON_LOST = Option(
    name="ON_LOST",
    default="retry",
    means="what becomes of a started task whose worker died, unless the task says so itself: "
    "'retry' runs it again, 'fail' fails it with WorkerLost",
    rule="'retry' or 'fail'",
    fits=ON_LOST_VALUES.__contains__,
)
DATABASE = Option(
    name="DATABASE",
    means="alias in DATABASES of the database that holds the ledger",
    rule="one of DATABASES",
    choices=lambda: connections,
    fits=lambda value: value is None or value in list(connections),
    without="the choice of DATABASE_ROUTERS",
)
LEASE = Option(
    name="LEASE",
    default=30.0,
    means="seconds after which a silent worker counts as dead; it is renewed three times as often",
    rule="a number of seconds, at least 2 (others would take over tasks that still run)",
    fits=_is_lease,
)
MAX_LOSSES = Option(
    name="MAX_LOSSES",
    default=3,
    means="how many dead workers a task may see before it fails",
    rule="a whole number over 0",
    fits=_is_count,
)
PGBOUNCER = Option(
    name="PGBOUNCER",
    default=False,
    means="the ledger is reached through PgBouncer, which may hand each transaction to another "
    "server connection: nothing is prepared, and nobody is notified",
    rule="True or False",
    fits=_is_bool,
)
PROPAGATE = Option(
    name="PROPAGATE",
    default=False,
    means="an exception that fails a task reaches the caller of `enqueue()`",
    rule="True or False",
    fits=_is_bool,
)
TYPED_JSON = Option(
    name="TYPED_JSON",
    default=False,
    means="arguments and return values may hold dates, times, `Decimal`, `UUID` and `bytes` as in "
    "Celery's messages: they are stored as JSON with marks, and the function gets them back",
    rule="True or False",
    fits=_is_bool,
)
RETENTION = Option(
    name="RETENTION",
    means="for how long finished tasks are kept: workers delete those that are older, by state, as "
    'in `{"SUCCESSFUL": "7d", "FAILED": timedelta(days=90)}`',
    rule=RETENTION_RULE,
    fits=is_retention,
    without="finished tasks are kept for ever",
)
RESULTS = Option(
    name="RESULTS",
    default="ledger",
    means="what keeps the results: 'ledger', a row of each task in the database; 'native', the "
    "result backend of Celery alone, without any access to the database",
    rule="'ledger' or 'native'",
    fits=("ledger", "native").__contains__,
)
APP = Option(
    name="APP",
    means='path of the Celery app, `"shop.celery.app"` for example',
    rule="the path of a Celery app",
    fits=lambda value: value is None or isinstance(value, str),
    without="Celery's current app",
)
MAX_PAYLOAD = Option(
    name="MAX_PAYLOAD",
    means="how many bytes the body of a message may have, encoded and compressed: a larger one is "
    "refused with PayloadTooLarge",
    rule="a whole number over 0",
    fits=lambda value: value is None or _is_count(value),
    without="15,000,000; less where the broker takes less",
)
HOLD_ETA = Option(
    name="HOLD_ETA",
    means="a task that is to run later than in this many seconds waits in the ledger, and a worker "
    "sends it in time; `math.inf`: every task is sent at once",
    rule="a number of seconds, at least 1",
    fits=_is_hold,
    without="half of how long the broker waits for a worker to acknowledge a message",
)
QUEUE_MAP = Option(
    name="QUEUE_MAP",
    default={},
    means="what Celery calls a queue of `QUEUES`, where it is not the same: "
    '`{"default": "celery", "mail": "outgoing"}` for example',
    rule="a dict of names of queues, each with the name of Celery's queue",
    fits=_is_queue_map,
)
HUEYS = Option(
    name="HUEYS",
    default={},
    means='which Huey carries a queue: a dict of queues and paths, `{"mail": "shop.queues.mail"}`, '
    "or names of django-huey; what `default` has is for all queues that are not named",
    rule="a dict of queue names and paths of Huey instances",
    fits=lambda value: (
        isinstance(value, dict)
        and all(isinstance(each, str) for pair in value.items() for each in pair)
    ),
    without="the Huey of `huey.contrib.djhuey`",
)
REQUIRE_CONSUMER = Option(
    name="REQUIRE_CONSUMER",
    default=False,
    means="a task waits in the ledger until every worker that consumes its queue knows it: workers "
    "of the old code throw away what they do not",
    rule="True or False",
    fits=_is_bool,
)
TASK_OPTIONS = Option(
    name="TASK_OPTIONS",
    default={},
    means="what no policy says of a task and Celery's worker or message has an option for: "
    '`{"shop.tasks.mail": {"ignore_result": True}}`',
    rule="a dict of paths of tasks, each with a dict of Celery's options",
    fits=lambda value: (
        isinstance(value, Mapping) and all(isinstance(each, Mapping) for each in value.values())
    ),
)
