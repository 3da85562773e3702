"""`add_periodic_task(...)` and `@periodic_task(...)`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import mapping, string
from codemods.engine.project import Project
from codemods.engine.schedules.conditions import conditions
from codemods.engine.schedules.entry import Entry
from codemods.engine.schedules.evaluate import Reader
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.schedules.timing import read_timing

_POSITIONS = ("schedule", "sig", "args", "kwargs", "name")
_DECORATORS = frozenset(
    {
        "celery.task.periodic_task",
        "celery.decorators.periodic_task",
        "celery.task.base.periodic_task",
    }
)


def periodic_entries(project: Project) -> Iterator[Entry]:
    """Yield every entry, in the order of the files."""
    for source in project.relevant:
        if source.is_test:
            continue
        for chain in source.survey.chains:
            up = chain.frame.up
            if up is None or not isinstance(up.node, cst.Call):
                continue
            if up.node.func is chain.frame.node and chain.parts[-1:] == ("add_periodic_task",):
                yield _added(project, source, up)
        for function in source.survey.functions:
            yield from _decorated(project, source, function)


def _added(project: Project, source: Source, call: Frame) -> Entry:
    assert isinstance(call.node, cst.Call)
    reader = Reader(project, source, call.scope)
    entry = Entry("", source, "add_periodic_task", when=conditions(call))
    given: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(call.node.args):
        if arg.star or (arg.keyword is None and index >= len(_POSITIONS)):
            entry.cannot("options", arg, "the arguments are not written out")
            continue
        given[arg.keyword.value if arg.keyword is not None else _POSITIONS[index]] = arg.value
    if "schedule" in given:
        entry.timing(given.pop("schedule"), reader, read_timing)
    signature = given.pop("sig", None)
    if signature is not None:
        _signature(entry, signature, reader)
    for part in ("args", "kwargs"):
        if part in given:
            entry.read(part, given.pop(part), reader)
    name = given.pop("name", None)
    entry.name = string(name) or entry.task or "?"
    entry.options(given, reader)
    return entry


def _signature(entry: Entry, node: cst.BaseExpression, reader: Reader) -> None:
    """Read `task.s(1)`, also of a converted task: `celery_task(task).s(1)`."""
    func = node.func if isinstance(node, cst.Call) else None
    if not isinstance(node, cst.Call) or not isinstance(func, cst.Attribute):
        entry.cannot("task", node, "the signature is not written out")
        return
    holder = func.value
    if isinstance(holder, cst.Call) and dotted_name(holder.func).endswith("celery_task"):
        holder = holder.args[0].value
    words = tuple(dotted_name(holder).split("."))
    target = reader.project.resolve_name(words, reader.scope, reader.source)
    if target is None or target.rest or func.attr.value not in {"s", "si", "subtask", "signature"}:
        entry.cannot("task", node, "the task cannot be told")
        return
    entry.task = target.dotted
    if func.attr.value in {"s", "si"}:
        positional = [cst.Element(arg.value) for arg in node.args if arg.keyword is None]
        if any(arg.star for arg in node.args):
            entry.cannot("args", node, "the arguments are not written out")
            return
        if positional:
            entry.read("args", cst.List(positional), reader)
        named = [arg for arg in node.args if arg.keyword is not None]
        if named:
            entry.read("kwargs", cst.Call(cst.Name("dict"), named), reader)
    else:
        for arg in node.args:
            part = arg.keyword.value if arg.keyword is not None else "args"
            if part in {"args", "kwargs"}:
                entry.read(part, arg.value, reader)


def _decorated(project: Project, source: Source, function: Frame) -> Iterator[Entry]:
    assert isinstance(function.node, cst.FunctionDef)
    reader = Reader(project, source, function.scope)
    for decorator in function.node.decorators:
        call = decorator.decorator
        if not isinstance(call, cst.Call) or reader.called(call) not in _DECORATORS:
            continue
        given = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
        custom = string(given.pop("name", None))
        task = f"{source.name}.{function.node.name.value}"
        entry = Entry(custom or task, source, "@periodic_task", task=custom or task)
        schedule = given.pop("run_every", None)
        if schedule is not None:
            entry.timing(schedule, reader, read_timing)
        options = mapping(given.pop("options", None)) or {}
        sent = {key: node for key, node in given.items() if key in {"queue", "expires", "priority"}}
        entry.options({**options, **sent}, reader)
        yield entry
