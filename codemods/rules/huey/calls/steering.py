"""RetryTask and CancelExecution: how a task speaks to Huey about itself."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import call
from codemods.engine.literals import is_none
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.times import is_naive
from codemods.rules.huey.names import CANCEL, RETRY_TASK
from codemods.rules.huey.study import Study

RETRY = Rule(
    "HUE216",
    "raise RetryTask(...) becomes raise Retry(...)",
    "delay= stays, eta= is at=. Huey runs such a task again however often it asks, which "
    "max_attempts=None says. RetryTask that is raised in a helper, caught, or given something else "
    "stays: it means on HueyBackend what it meant, and fails the task on another one.",
    "raise RetryTask(delay=60)",
    "raise Retry(delay=60, max_attempts=None)",
)
CANCELLED = Rule(
    "HUE217",
    "CancelExecution stays",
    "On HueyBackend it ends the task, or repeats one that has retries left, as before; on another "
    "backend it fails the task. Before tasks leave Huey return early for the one, and raise Retry "
    "of the bridge for the other.",
)


def judge_steering(study: Study, sources: list[Source]) -> None:
    """Judge every use of these exceptions."""
    for source in sources:
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            if target is None or target.source is not None:
                continue
            if target.full in RETRY_TASK:
                study.outcomes.append(_retry(study, source, chain))
            elif target.full in CANCEL:
                study.outcomes.append(_kept(study, source, chain, CANCELLED, "CancelExecution"))


def _retry(study: Study, source: Source, chain: Chain) -> Outcome:
    task = study.task_around(chain.frame)
    call_frame = chain.frame.up
    raised = call_frame
    if call_frame is not None and isinstance(call_frame.node, cst.Call):
        raised = call_frame.up
    else:
        call_frame = chain.frame
    given = _given(call_frame.node)
    eta = given.get("eta") if given is not None else None
    raises = raised is not None and isinstance(raised.node, cst.Raise)
    if task is None or not raises or given is None or (eta is not None and is_naive(eta)):
        return _kept(study, source, chain, RETRY, "RetryTask")
    keys = frozenset({task.key})
    found = Outcome(source, chain.frame, RETRY.code, Kind.REWRITE, "RetryTask is Retry", keys)
    found.stale.add(chain.root)
    spelled, need = local_name(source, "bridge", "Retry")
    if need is not None:
        found.needs.add(need)

    def change(node: Any) -> cst.CSTNode:
        options = _given(node) or {}
        args = [cst.Arg(keyword=cst.Name(_NAMES[k]), value=v) for k, v in options.items()]
        args.append(cst.Arg(keyword=cst.Name("max_attempts"), value=cst.Name("None")))
        return call(cst.parse_expression(spelled), args)

    found.edit(call_frame, change)
    return found


_NAMES = {"eta": "at", "delay": "delay"}


def _given(node: cst.CSTNode) -> dict[str, cst.BaseExpression] | None:
    """Return eta= and delay= of RetryTask(...), None when there is more."""
    found: dict[str, cst.BaseExpression] = {}
    for arg in node.args if isinstance(node, cst.Call) else ():
        if arg.star or (arg.keyword is None and found):
            return None
        name = arg.keyword.value if arg.keyword is not None else "msg"
        if name in _NAMES and not is_none(arg.value):
            found[name] = arg.value
        elif name not in {"msg", *_NAMES}:
            return None
    return found


def _kept(study: Study, source: Source, chain: Chain, rule: Rule, name: str) -> Outcome:
    """Say of an exception that it is Huey's still."""
    task = study.task_around(chain.frame)
    reason = f"{name} stays: it means the same on HueyBackend, and a failure elsewhere"
    keys = frozenset({task.key}) if task is not None else frozenset()
    found = Outcome(source, chain.frame, rule.code, Kind.CHANGE, reason, keys)
    found.any_of = frozenset() if keys else frozenset(study.tasks)
    return found
