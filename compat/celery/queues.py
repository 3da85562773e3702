"""The queues of TASKS and those of Celery: their names, and the priorities they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from bridge.interface import DEFAULT_TASK_QUEUE_NAME
from compat.celery.priorities import Levels

if TYPE_CHECKING:
    from celery import Celery

    from compat.celery.broker import Broker

REDIS_STEPS = (0, 3, 6, 9)
"""From kombu.transport.redis: each has a list of its own."""


class Queues:
    """What Celery calls the queues of a backend, by OPTIONS["QUEUE_MAP"], and the reverse.

    Without a name in it `default` is where Celery's own routes lead, to task_default_queue in the
    end, and other queues are called the same on both sides.
    """

    def __init__(self, app: Celery, broker: Broker, names: Mapping[str, str]) -> None:
        self._app = app
        self._broker = broker
        self._names = dict(names)
        self._levels: dict[str | None, Levels | None] = {}
        self._reverse = {celery: django for django, celery in names.items()}

    def to_wire(self, name: str) -> str | None:
        """Return Celery's name of a queue, None where its routes decide."""
        return self._names.get(name) or (None if name == DEFAULT_TASK_QUEUE_NAME else name)

    def of_message(self, name: str, task: str) -> str:
        """Return the queue that a task's message goes to, by the name of the task."""
        queue = self.to_wire(name)
        options = {} if queue is None else {"queue": queue}
        target = self._app.amqp.router.route(options, task).get("queue")
        return str(getattr(target, "name", queue or self._app.conf.task_default_queue))

    def from_wire(self, routing_key: str) -> str:
        """Return the queue of TASKS that a message of old code belongs to.

        A message names its routing key, which is the queue's name where the exchange is direct.
        """
        queues = self._app.amqp.queues
        default = self._app.conf.task_default_queue
        name = routing_key if routing_key in queues else None
        if name is None:
            keys = (queue.name for queue in queues.values() if queue.routing_key == routing_key)
            name = next(keys, routing_key)
        if name in self._reverse:
            return self._reverse[name]
        return name if name in queues and name != default else DEFAULT_TASK_QUEUE_NAME

    def levels(self, name: str | None) -> Levels | None:
        """Return the priorities of a queue by Celery's name; None for a queue without any."""
        if name not in self._levels:
            self._levels[name] = self._read_levels(name)
        return self._levels[name]

    def _read_levels(self, name: str | None) -> Levels | None:
        conf = self._app.conf
        normal = conf.task_default_priority
        kind = self._broker.kinds[0]
        if not self._broker.orders:
            return None
        if kind == "redis":
            steps = tuple(self._broker.options.get("priority_steps") or REDIS_STEPS)
            return Levels(high_first=False, normal=normal, steps=steps)
        if kind == "amqp":
            last = self._most_priority(name or conf.task_default_queue)
            return Levels(high_first=True, normal=normal, last=last) if last else None
        # In memory and in files nothing is served out of turn; what is sent can be read.
        return Levels(high_first=kind in {"mongodb", "zookeeper"}, normal=normal)

    def wrong(self, declared: set[str]) -> Iterator[str]:
        """Yield what is wrong with the names, given the QUEUES of TASKS (empty: any)."""
        for django in self._names:
            if declared and django not in declared:
                yield f"has the queue {django!r}, which is not in QUEUES"
        targets: dict[str, list[str]] = {}
        for django in sorted({*self._names, *declared}):
            celery = self.to_wire(django) or self._app.conf.task_default_queue
            targets.setdefault(celery, []).append(django)
        for celery, sources in targets.items():
            if len(sources) > 1:
                yield f"leads {' and '.join(map(repr, sources))} to one queue, {celery!r}"

    def _most_priority(self, name: str) -> int | None:
        """Return the x-max-priority of a queue of RabbitMQ, None without one."""
        queue = self._app.amqp.queues.get(name)
        if queue is None:  # Celery would make it, as task_queue_max_priority says
            return cast("int | None", self._app.amqp.queues.max_priority)
        arguments: dict[str, Any] = queue.queue_arguments or {}
        return queue.max_priority or arguments.get("x-max-priority")
