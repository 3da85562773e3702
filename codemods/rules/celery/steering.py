"""Celery's exceptions that tell a worker what to do with a task."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.study import Study

STEERING = Rule(
    "CEL140",
    "Ignore, Reject or Retry of Celery is raised",
    "Celery's worker stores nothing for Ignore, gives the message back for Reject(requeue=True), "
    "and waits for a message sent by hand for Retry. Any other worker would say that the task has "
    "failed. The task stays on Celery; return early in place of Ignore, and raise Retry of the "
    "bridge in place of the others.",
)
CAUGHT = Rule(
    "CEL141",
    "Celery's Retry is caught",
    "A converted task asks for another attempt with Retry of the bridge; code that lets Celery's "
    "Retry pass, or expects it in a test, means that one.",
)


def is_raised(chain: Chain) -> bool:
    """Is an exception, or a call of it, all of a raise statement?"""
    up = chain.frame.up
    if up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node:
        up = up.up
    return up is not None and isinstance(up.node, cst.Raise)


def steered(study: Study, source: Source, chain: Chain, own: set[str]) -> Iterator[Outcome]:
    """Yield what is said of a raised exception: it keeps the task it is raised in."""
    name = chain.parts[-1] if chain.parts else chain.root
    task = _task_around(study, chain)
    reason = f"raise {name} speaks to Celery's worker; a converted task would fail with it"
    outcome = Outcome(source, chain.frame, STEERING.code, Kind.PERSON, reason)
    if task is not None:
        outcome.tasks, outcome.blocks = frozenset({task}), True
        yield outcome
    elif own and not source.is_test:
        outcome.any_of = frozenset(own)
        yield outcome


def asked(study: Study, source: Source, chain: Chain) -> Iterator[Outcome]:
    """Yield the rewrite of a Retry that a task lets pass."""
    task = _task_around(study, chain)
    if task is None or task not in study.asks:
        return
    outcome = Outcome(
        source,
        chain.frame,
        CAUGHT.code,
        Kind.REWRITE,
        "Retry is that of the bridge",
        frozenset({task}),
        stale={chain.root},
    )
    spelled, need = local_name(source, "bridge", "Retry")
    if need is not None:
        outcome.needs.add(need)
    outcome.edit(
        chain.frame,
        lambda node: cst.parse_expression(spelled).with_changes(lpar=node.lpar, rpar=node.rpar),
    )
    yield outcome


def _task_around(study: Study, chain: Chain) -> str | None:
    holders = [f.node for f in chain.frame.ancestors() if isinstance(f.node, cst.FunctionDef)]
    return next((key for key, task in study.tasks.items() if task.node in holders), None)
