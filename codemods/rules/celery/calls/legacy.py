"""A place that stays on Celery while its task is converted: `celery_task(x).apply_async(...)`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.rules.celery.study import Study, Use


def keep_on_celery(study: Study, use: Use, outcome: Outcome, code: str, reason: str) -> Outcome:
    """Leave the whole place to the Celery task behind the converted one, and report it.

    Plain django.tasks has no such task: there the place keeps its task on Celery.
    """
    outcome.code, outcome.kind, outcome.reason = code, Kind.PERSON, reason
    outcome.edits.clear()
    outcome.needs.clear()
    if study.target == "django":
        outcome.blocks = not use.source.is_test
        return outcome
    wrap_task(outcome, use.source, use.chain, use.position)
    outcome.on_celery = use.rest[0]
    return outcome


def wrap_task(outcome: Outcome, source: Source, chain: Chain, position: int) -> None:
    """Add the edit that puts `celery_task(...)` around the task a chain starts with."""
    spelled, need = local_name(source, "compat.celery.legacy", "celery_task")
    if need is not None:
        outcome.needs.add(need)
    depth = len(chain.parts) - position
    outcome.edits.append(Edit(chain.frame, lambda node: _wrapped(node, depth, spelled)))


def _wrapped(node: Any, depth: int, spelled: str) -> cst.CSTNode:
    if depth:
        return node.with_changes(value=_wrapped(node.value, depth - 1, spelled))  # type: ignore[no-any-return]
    return cst.Call(func=cst.parse_expression(spelled), args=[cst.Arg(value=node)])
