"""Every system check of ours, by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import checks

KINDS: list[Kind] = []
"""In the order of their ids."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One check. Calling it makes the message that names the value."""

    id: str
    # What is wrong, in general?
    rule: str
    # What is the way out?
    hint: str

    def __post_init__(self) -> None:
        KINDS.append(self)

    @property
    def level(self) -> str:
        """Return "Error" or "Warning", as the letter of the id says."""
        return {"E": "Error", "W": "Warning"}[self.id.partition(".")[2][0]]

    @property
    def deploy(self) -> bool:
        """Say whether it is for manage.py check --deploy: the numbers from 20 on are."""
        return int(self.id[-3:]) >= 20

    def __call__(
        self, message: str, *, hint: str | None = None, obj: Any = None
    ) -> checks.CheckMessage:
        make = getattr(checks, self.level)
        found: checks.CheckMessage = make(message, hint=hint or self.hint, obj=obj, id=self.id)
        return found


APP_MISSING = Kind(
    "bridge.E001",
    "A backend keeps its tasks in tables, and the app of these tables is not installed.",
    "Add 'bridge' to INSTALLED_APPS and run manage.py migrate.",
)
WRONG_OPTION = Kind(
    "bridge.E002",
    "An option that every backend of ours has is wrong: ON_LOST, ALIASES, ENQUEUE_ON_COMMIT.",
    "Give it a value that the message allows, or leave it out.",
)
WRONG_LEDGER_OPTION = Kind(
    "bridge.E003",
    "An option of the ledger is wrong.",
    "Give it a value that the message allows, or leave it out.",
)
WRONG_VENDOR = Kind(
    "bridge.E004",
    "The ledger cannot live in this kind of database, or not with this driver.",
    "Name another of your DATABASES in OPTIONS['DATABASE'], or install the driver.",
)
WRONG_QUEUES = Kind(
    "bridge.E005",
    "QUEUES is not a list of names; a text would be read as one queue per letter.",
    "Write a list, ['default', 'mail'] for example, or [] for queues of any name.",
)
NOT_MIGRATED_HERE = Kind(
    "bridge.E006",
    "DATABASE_ROUTERS keep the tables of the ledger out of the database that is to hold them.",
    "Let allow_migrate() of your routers return True for the app 'bridge' and this database, or "
    "name another one in OPTIONS['DATABASE'].",
)
INVALID_TASK = Kind(
    "bridge.E007",
    "A tasks module cannot be imported, since it declares a task that its backend refuses.",
    "Change the task or its backend as the message says.",
)
WRONG_MAIL = Kind(
    "bridge.E008",
    "bridge.mail could not enqueue a message, or not send one.",
    "Change the options of the mailer, or BRIDGE_MAIL, as the message says.",
)
HOOK_ELSEWHERE = Kind(
    "bridge.E009",
    "A hook cannot be enqueued in the commit that ends its task.",
    "Give the hook a backend on the same database with using(backend=...), or enqueue it at the "
    "end of the function.",
)
WRONG_APP = Kind(
    "bridge.E010",
    "APP of a CeleryBackend does not lead to a Celery app.",
    "Give the path of the app itself, 'shop.celery.app' for example.",
)
WRONG_CELERY_OPTION = Kind(
    "bridge.E011",
    "An option of a CeleryBackend is wrong: HOLD_ETA, MAX_PAYLOAD, QUEUE_MAP, REQUIRE_CONSUMER, "
    "RESULTS, TASK_OPTIONS.",
    "Give it a value that the message allows, or leave it out.",
)
WRONG_HUEY = Kind(
    "bridge.E012",
    "HUEYS of a HueyBackend does not lead to Huey instances, or names a queue that it has not.",
    "Give the path of the instance itself, 'shop.queues.huey' for example.",
)
NO_DRIVER = Kind(
    "bridge.E013",
    "What kombu needs to talk to the broker of a Celery app is not installed.",
    "Install it, with pip install 'celery[redis]' or 'celery[sqs]' for example.",
)
NOT_ACCEPTED = Kind(
    "bridge.E014",
    "Celery's workers refuse what is sent to them: task_serializer is not in accept_content.",
    "Add it to accept_content, on the old workers too.",
)
UNUSABLE_DATABASE = Kind(
    "bridge.E020",
    "No worker can use the database of the ledger: tables are missing, or its server is too old.",
    "Run manage.py migrate, or use a newer server, as the message says.",
)
UNKNOWN_OPTION = Kind(
    "bridge.W001",
    "OPTIONS of a backend has a key that nothing reads.",
    "Correct the name, or remove it.",
)
UNKNOWN_SETTING = Kind(
    "bridge.W002",
    "An entry of TASKS has a key that nothing reads.",
    "Correct the name, move it into OPTIONS, or remove it.",
)
LOST_ALIAS = Kind(
    "bridge.W003",
    "ALIASES leads a legacy name to a task that does not exist.",
    "Restore the task, correct its path, or remove the line: messages of that name fail.",
)
UNEQUAL_NEIGHBOURS = Kind(
    "bridge.W004",
    "Two entries of TASKS share tables and queues and differ in options that the worker applies.",
    "Give both the same options, or each its own QUEUES: the entry that a worker serves "
    "decides for all tasks it takes.",
)
NEVER_AT_ONCE = Kind(
    "bridge.W005",
    "enqueue_on_commit or ENQUEUE_ON_COMMIT is False, and a message to Celery or Huey always "
    "waits for the commit.",
    "Leave it out, or send what must not wait outside the transaction.",
)
NO_RESULTS = Kind(
    "bridge.W006",
    "RESULTS of a CeleryBackend is 'native', and Celery keeps results that cannot be read back.",
    "Give Celery a key-value result backend (Redis, Memcached, files, S3 and others) and set "
    "result_extended; or set task_ignore_result, if nobody asks for results.",
)
IGNORED_POLICY = Kind(
    "bridge.W010",
    "A task declares a policy that its backend ignores.",
    "Move the task to bridge.DatabaseBackend, or remove the policy.",
)
LATE_TIMEOUT = Kind(
    "bridge.W011",
    "The timeout of a task is not shorter than its hard_timeout, so it never interrupts anything.",
    "Make timeout some seconds shorter than hard_timeout, or leave one of them out.",
)
OTHER_DATABASE = Kind(
    "bridge.W012",
    "A transactional task shares its commit with a database that holds no models of the project.",
    "Keep the ledger in the database of your models (OPTIONS['DATABASE']), or remove the policy.",
)
PARTIAL_POLICY = Kind(
    "bridge.W013",
    "A task declares a policy that its backend honours in part.",
    "Move the task to bridge.DatabaseBackend, or make sure that the part is enough.",
)
NO_PRIORITIES = Kind(
    "bridge.W014",
    "A task has a priority, and its queue at the broker has none.",
    "Declare the queue with x-max-priority in task_queues, under a new name where it exists "
    "already, or leave the priority out.",
)
NOT_FOR_PRODUCTION = Kind(
    "bridge.W020",
    "A backend for tests and development is configured.",
    "Use bridge.DatabaseBackend or bridge.CeleryBackend, which hand tasks to a worker.",
)
SQLITE_DEFERRED = Kind(
    "bridge.W021",
    "The ledger is in SQLite, and a transaction that starts by reading fails to write while a "
    "worker does ('database is locked').",
    "Set 'OPTIONS': {'transaction_mode': 'IMMEDIATE'} in DATABASES.",
)
RESULTS_UNSEEN = Kind(
    "bridge.W022",
    "A Huey keeps no results, from which alone it can be seen what consumers of old code have run.",
    "Leave 'results': False out until no consumer of old code is left; then silence this check.",
)
LATE_HOLD = Kind(
    "bridge.W023",
    "HOLD_ETA is longer than the broker waits for a worker to acknowledge a message, so it hands "
    "out again what is not due yet.",
    "Leave HOLD_ETA out, or make it half of visibility_timeout (of RabbitMQ's consumer_timeout).",
)
UNCONFIRMED = Kind(
    "bridge.W024",
    "What the project itself sends to RabbitMQ is not confirmed: a message that is too large is "
    "lost without an error. Tasks are confirmed in any case.",
    "Set broker_transport_options = {'confirm_publish': True}.",
)
UNREACHABLE = Kind(
    "bridge.W030",
    "The database of a ledger cannot be reached, so nothing about it was checked.",
    "Run the check where the workers run.",
)
FEW_CONNECTIONS = Kind(
    "bridge.W031",
    "Most of the connections that the database server allows are in use.",
    "Raise max_connections or start fewer workers: each has one connection, each of its processes "
    "one, and one more per thread whose task uses the ORM.",
)
NO_AUTOVACUUM = Kind(
    "bridge.W032",
    "PostgreSQL does not vacuum by itself, so the rows that a queue leaves behind slow it down.",
    "Turn autovacuum on.",
)
NOBODY_WORKS = Kind(
    "bridge.W040",
    "Tasks wait, and no worker is alive.",
    "Start one: manage.py db_worker for bridge.DatabaseBackend, a Celery worker of this code for "
    "bridge.CeleryBackend.",
)
BACKLOG = Kind(
    "bridge.W041",
    "Tasks have waited for a long time although workers are alive.",
    "Start more workers, or more processes and threads in each, or find out whether one serves "
    "this queue.",
)
PAUSED = Kind(
    "bridge.W042",
    "Tasks wait in a queue that is paused.",
    "When the reason for the pause is gone: manage.py task_queues resume, and the queue.",
)
UNDECLARED_QUEUE = Kind(
    "bridge.W043",
    "Tasks wait in a queue that no entry of TASKS has any more.",
    "Add the queue to QUEUES until it is empty, or run a worker without --queue, which serves all.",
)
UNKNOWN_TASK = Kind(
    "bridge.W044",
    "Tasks wait whose code this release does not have; they fail when they start.",
    "Restore the task until they have run, or add its old name to ALIASES if it moved.",
)
MANY_FINISHED = Kind(
    "bridge.W045",
    "The ledger keeps very many finished tasks.",
    "Say in OPTIONS['RETENTION'] for how long they are kept, and workers delete older ones; or run "
    "manage.py prune_db_task_results.",
)
NEVER_HEARD_OF = Kind(
    "bridge.W046",
    "Tasks were sent to a broker long ago, and nothing is known of them since.",
    "If they are not in its queues any more, the broker has lost them, or a worker of the old code "
    "has run them and left no result that others can read: no result backend, rpc://, "
    "ignore_result. Then manage.py cancel_tasks ends them, and requeue_tasks runs them again.",
)
