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
from codemods.engine.tree import Frame
from codemods.rules.huey.names import CANCEL, RETRY_TASK
from codemods.rules.huey.study import Study

RETRY = Rule(
    "HUE216",
    "raise RetryTask(...) becomes raise Retry(...)",
    "delay= stays, eta= is at=. Huey runs such a task again however often it asks, which "
    "max_attempts=None says. RetryTask raised outside the function of a task, or caught, is left "
    "for a person, and the tasks of the module stay on Huey.",
    "raise RetryTask(delay=60)",
    "raise Retry(delay=60, max_attempts=None)",
)
CANCELLED = Rule(
    "HUE217",
    "CancelExecution has no counterpart",
    "Huey ends such a task without an error, or runs it again when it has retries left. Return "
    "early for the one, raise Retry of the bridge for the other.",
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
                keys = _concerned(study, source, chain.frame)
                study.block(
                    source,
                    chain.frame,
                    CANCELLED,
                    "CancelExecution has no counterpart; return early, or raise Retry",
                    keys,
                )


def _retry(study: Study, source: Source, chain: Chain) -> Outcome:
    task = study.task_around(chain.frame)
    call_frame = chain.frame.up
    raised = call_frame
    if call_frame is not None and isinstance(call_frame.node, cst.Call):
        raised = call_frame.up
    else:
        call_frame = chain.frame
    keys = _concerned(study, source, chain.frame)
    found = Outcome(source, chain.frame, RETRY.code, Kind.PERSON, "", keys, blocks=True)
    if task is None or raised is None or not isinstance(raised.node, cst.Raise):
        found.reason = "RetryTask is more than raised in the function of a task"
        return found
    given = _given(call_frame.node)
    eta = given.get("eta") if given is not None else None
    if given is None or (eta is not None and is_naive(eta)):
        found.reason = "what RetryTask is given cannot be said with Retry"
        return found
    found.kind, found.blocks, found.reason = Kind.REWRITE, False, "RetryTask is Retry"
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


def _concerned(study: Study, source: Source, frame: Frame) -> frozenset[str]:
    """Return the task a place is in, else those of the module, else all."""
    task = study.task_around(frame)
    if task is not None:
        return frozenset({task.key})
    own = frozenset(key for key, one in study.tasks.items() if one.source is source)
    return own or frozenset(study.tasks)
