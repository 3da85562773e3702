"""A class that an app gives all its tasks: `Celery(task_cls=...)` and `app.Task = ...`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import is_none
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.names import APP_CLASSES
from codemods.rules.celery.study import Study

APP_CLASS = Rule(
    "CEL118",
    "The app has a class of its own for all tasks",
    "Celery(task_cls=...) and app.Task = ... put a class around every task: its __call__, handlers "
    "and options. Converted tasks are not of it, and go without what it does. Make a decorator "
    "below @task of __call__ and before_start, and policies of the options; a receiver of "
    "task_finished sees every task end.",
)


def report_app_class(study: Study, sources: list[Source]) -> None:
    """Report the classes that tasks of an app lose."""
    keys = frozenset(study.tasks)
    for source in sources:
        if source.is_test:
            continue
        for chain in source.survey.chains:
            for place, name in _given(study, source, chain):
                reason = (
                    f"{name} is the class of all tasks of this app; converted ones go without what "
                    "it does"
                )
                study.outcomes.append(
                    Outcome(source, place, APP_CLASS.code, Kind.PERSON, reason, any_of=keys)
                )


def _given(study: Study, source: Source, chain: Chain) -> Iterator[tuple[Frame, str]]:
    call = chain.frame.up
    if chain.stored and chain.parts[-1:] == ("Task",):
        target = study.project.resolve_name(
            (chain.root, *chain.parts[:-1]), chain.frame.scope, source
        )
        if target is not None and target.dotted in study.census.apps and not target.rest:
            yield chain.frame, chain.dotted
    if call is None or not isinstance(call.node, cst.Call):
        return
    if call.node.func is not chain.frame.node:
        return
    named = [arg for arg in call.node.args if arg.keyword and arg.keyword.value == "task_cls"]
    if not named or is_none(named[0].value):
        return
    found = study.project.resolve(chain, source)
    if found is not None and found.full in APP_CLASSES:
        yield call, f"task_cls={code(named[0].value)}"
