"""`x.AsyncResult(id)`: a result of a known task, looked up by its id."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.site import Kind
from codemods.rules.celery.calls.delay import call_of, outcome_of
from codemods.rules.celery.calls.legacy import keep_on_celery
from codemods.rules.celery.calls.remains import RESULT
from codemods.rules.celery.study import Study, Use

_READ = {"id": "id", "task_id": "id", "traceback": "traceback"}
_CALLED = {"ready": "is_finished"}


def lookup(study: Study, use: Use) -> Outcome:
    """Judge `.AsyncResult`: what is asked of the result has to have a counterpart."""
    reason = "an id that is not known raises TaskResultDoesNotExist, where Celery says PENDING"
    outcome = outcome_of(use, RESULT.code, reason, Kind.CHANGE)
    call = call_of(use)
    asked = call.up if call is not None else None
    name = (
        asked.node.attr.value if asked is not None and isinstance(asked.node, cst.Attribute) else ""
    )
    asking = asked.up if asked is not None else None
    called = (
        asking is not None
        and asked is not None
        and isinstance(asking.node, cst.Call)
        and asking.node.func is asked.node
    )
    if asked is not None and not called and name in _READ:
        outcome.edits.append(Edit(asked, _renamed(_READ[name])))
    elif asking is not None and called and name in _CALLED:
        outcome.edits.append(Edit(asking, lambda node: _renamed(_CALLED[name])(node.func)))
    elif asking is not None and called and name == "revoke" and not asking.node.args:  # type: ignore[attr-defined]
        outcome.edits.append(
            Edit(asking, lambda node: node.with_changes(func=_renamed("cancel")(node.func)))
        )
    else:
        why = "what is asked of the result has no counterpart; see get_result() of the task"
        return keep_on_celery(study, use, outcome, RESULT.code, why)
    outcome.edits.append(rename_part(use.chain, use.position, "get_result"))
    return outcome


def _renamed(name: str) -> Any:
    return lambda node: node.with_changes(attr=cst.Name(name))
