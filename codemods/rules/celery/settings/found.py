"""What the Celery settings say about queues and the broker."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import constant, string, strings_in
from codemods.engine.project import Project
from codemods.engine.tree import descendants
from codemods.rules.celery.settings.values import CelerySettings, Value

_LOCAL = frozenset({"redis", "rediss", "sentinel", "valkey"})


def broker(celery: CelerySettings) -> str:
    """Return the kind of broker the settings name: amqp unless Redis is written there."""
    for value in celery.named("broker_url"):
        for text in strings_in(value.node) if value.node is not None else ():
            if text.startswith(tuple(_LOCAL)):
                return "redis"
            if text.startswith(("amqp", "pyamqp")):
                return "amqp"
    return "amqp"


def queues(project: Project, celery: CelerySettings) -> set[str]:
    """Return the queues named in routes and queue declarations."""
    found: set[str] = set()
    for value in celery.named("task_routes", "task_queues"):
        if value.node is not None and (value.home is not None or not value.is_test):
            node = constant(project, value.node, value.scope, value.source)
            found.update(_queues_in(node, value))
    return found


def _queues_in(node: cst.BaseExpression, value: Value) -> Iterator[str]:
    for inner in descendants(node):
        if isinstance(inner, cst.DictElement):
            if string(inner.key) == "queue" and (name := string(inner.value)) is not None:
                yield name
            elif value.name == "task_routes" and (short := string(inner.value)) is not None:
                # {"shop.tasks.*": "mail"} is short for {"queue": "mail"}.
                if string(inner.key) not in {"exchange", "routing_key", "exchange_type"}:
                    yield short
            elif value.name == "task_queues" and isinstance(inner.value, (cst.Dict, cst.Call)):
                name = string(inner.key)
                if name is not None and inner in _top(node):
                    yield name
        elif isinstance(inner, cst.Call) and isinstance(inner.func, (cst.Name, cst.Attribute)):
            func = inner.func.attr if isinstance(inner.func, cst.Attribute) else inner.func
            if func.value == "Queue":
                yield from _declared(inner)
            elif func.value == "dict":
                yield from _of_keywords(inner)


def _top(node: cst.BaseExpression) -> tuple[cst.CSTNode, ...]:
    return tuple(node.elements) if isinstance(node, cst.Dict) else ()


def _declared(call: cst.Call) -> Iterator[str]:
    for arg in call.args:
        if arg.keyword is None or arg.keyword.value == "name":
            name = string(arg.value)
            if name is not None:
                yield name
            return


def _of_keywords(call: cst.Call) -> Iterator[str]:
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == "queue":
            name = string(arg.value)
            if name is not None:
                yield name
