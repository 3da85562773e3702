"""What options of apply_async are, said with `using(...)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.layout import call, code
from codemods.engine.literals import constant, integer, is_none, parenthesized, string
from codemods.engine.names import local_name
from codemods.engine.optional import may_be_none
from codemods.engine.scope import Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.times import is_naive
from codemods.engine.tree import descendants
from codemods.rules.celery.options.priority import mapped_priority
from codemods.rules.celery.study import Study

Values = Mapping[str, cst.BaseExpression]

NAMES = {
    "countdown": "run_after",
    "eta": "run_after",
    "queue": "queue_name",
    "priority": "priority",
    "expires": "expires",
}

_ADVICE = {
    "headers": "pass what they carry as an argument",
    "task_id": "use the id of what enqueue() returns",
    "shadow": "it only names the task in Celery's own tools",
    "link": "write using(on_success=task.hook(...)) if the task it starts is yours",
    "link_error": "write using(on_failure=task.hook(...)) if the task it starts is yours",
    "time_limit": "declare hard_timeout= on the task",
    "soft_time_limit": "declare timeout= on the task",
    "serializer": "arguments of a converted task are JSON",
    "routing_key": "choose a queue with using(queue_name=...)",
    "exchange": "choose a queue with using(queue_name=...)",
}


@dataclass(slots=True)
class Using:
    """Which keywords of using() say the options, or why none do."""

    names: list[str] = field(default_factory=list)
    problem: str = ""
    needs: set[Need] = field(default_factory=set)
    timedelta: str = ""
    now: str = ""
    """What a countdown is added to, where run_after takes no timedelta."""
    optional: bool = False
    """May countdown= be None?"""
    priority: cst.BaseExpression | None = None

    def args(self, options: Values) -> list[cst.Arg]:
        """Return the arguments of using() for these expressions."""
        return [self._arg(name, options[name]) for name in self.names]

    def _arg(self, name: str, value: cst.BaseExpression) -> cst.Arg:
        if name == "countdown":
            given = value
            if self.optional:
                value = _unless_none(value)
            seconds = cst.Arg(keyword=cst.Name("seconds"), value=value)
            value = call(cst.parse_expression(self.timedelta), [seconds])
            if self.now:
                now = cst.parse_expression(self.now)
                value = cst.BinaryOperation(left=now, operator=cst.Add(), right=value)
            if self.optional:
                value = cst.IfExp(body=value, test=_test(given), orelse=cst.Name("None"))
        if name == "priority" and self.priority is not None:
            value = self.priority
        return cst.Arg(keyword=cst.Name(NAMES[name]), value=value)


def read_using(study: Study, source: Source, scope: Scope, options: Values) -> Using:
    """Say how these options are said with using(), and note the queues in use."""
    using = Using(problem=_problem(study, source, scope, options))
    if using.problem:
        return using
    for name, value in options.items():
        if name == "queue":
            literal = string(constant(study.project, value, scope, source))
            if literal is None:
                study.unknown_queues.append(f"{source.label}: {code(value)}")
            elif literal != "default":
                study.queues.add(literal)
        if name == "countdown" and integer(value) == 0:
            continue
        using.names.append(name)
    if "countdown" in using.names:
        using.timedelta, need = local_name(source, "datetime", "timedelta")
        using.needs |= {need} if need is not None else set()
        if study.target == "django":
            timezone, need = local_name(source, "django.utils", "timezone")
            using.needs |= {need} if need is not None else set()
            using.now = f"{timezone}.now()"
        using.optional = may_be_none(scope, options["countdown"])
    if "priority" in options:
        given = options["priority"]
        using.priority = mapped_priority(study.project, given, scope, source, study.broker)
    return using


def no_counterpart(name: str) -> str:
    """Return the reason for an option that using() does not know."""
    advice = _ADVICE.get(name, "what it says to the broker is Celery's")
    return f"{name}= has no counterpart; {advice}"


def _problem(study: Study, source: Source, scope: Scope, options: Values) -> str:
    """Say why the options cannot be carried over, if they cannot."""
    other = sorted(options.keys() - NAMES.keys())
    if other:
        return no_counterpart(other[0])
    if "expires" in options and study.target == "django":
        return "expires= needs a task of the bridge"
    if {"countdown", "eta"} <= options.keys():
        return "countdown= and eta= are both given"
    for name in ("eta", "expires"):
        if name in options and is_naive(options[name]):
            return f"{name}= has no time zone; {NAMES[name]} wants an aware time"
    countdown = options.get("countdown", cst.Integer("0"))
    if may_be_none(scope, countdown) and _once(countdown):
        return "countdown= may be None; give its value a name first"
    queue = options.get("queue", cst.Name("None"))
    renamed = study.default_queue not in (None, "default")
    if renamed and string(constant(study.project, queue, scope, source)) == "default":
        return 'queue "default" is not Celery\'s default queue'
    if "priority" in options and (
        mapped_priority(study.project, options["priority"], scope, source, study.broker) is None
    ):
        return "priority= is not a number from 0 to 9 that can be read here"
    return ""


def _unless_none(value: cst.BaseExpression) -> cst.BaseExpression:
    """Return a countdown without what says that there is none."""
    if isinstance(value, cst.IfExp) and is_none(value.orelse):
        return value.body
    if isinstance(value, cst.BooleanOperation) and isinstance(value.operator, cst.Or):
        return value.left if is_none(value.right) else value
    return value


def _once(value: cst.BaseExpression) -> bool:
    """Must the expression not be evaluated a second time?"""
    if isinstance(value, cst.IfExp) and is_none(value.orelse):
        return False
    calls = [node for node in (value, *descendants(value)) if isinstance(node, cst.Call)]
    return any(
        dotted_name(node.func).rpartition(".")[2] not in {"get", "getattr"} for node in calls
    )


def _test(given: cst.BaseExpression) -> cst.BaseExpression:
    """Return what says that a countdown is not None."""
    if isinstance(given, cst.IfExp) and is_none(given.orelse):
        return given.test
    if _unless_none(given) is not given:
        return _unless_none(given)
    bare = given if isinstance(given, (cst.Name, cst.Attribute, cst.Call)) else parenthesized(given)
    return cst.parse_expression(f"{code(bare)} is not None")
