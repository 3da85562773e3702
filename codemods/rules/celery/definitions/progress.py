"""`self.update_state(state="PROGRESS", meta=...)` becomes `context.progress(...)`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.layout import Space, flat_args
from codemods.engine.literals import is_none, mapping, string
from codemods.engine.scope import Chain
from codemods.engine.site import Rule
from codemods.engine.tree import Frame

PROGRESS = Rule(
    "CEL114",
    "self.update_state(...) becomes context.progress(...)",
    "A state of the project's own with how much is done and of how much, as in "
    'meta={"current": 3, "total": 10}, is context.progress(3, 10); a status or message with it is '
    "the note. Who reads it asks result.progress instead of AsyncResult.state and .info. Any other "
    "meta, and Celery's own states, need a person.",
)

_DONE = ("current", "done", "progress", "processed", "completed")
_NOTE = ("status", "message", "description", "note")
_OWN_STATES = frozenset(
    {"PENDING", "RECEIVED", "STARTED", "SUCCESS", "FAILURE", "REVOKED", "RETRY"}
)


def problem(chain: Chain) -> str:
    """Say why the call cannot be rewritten, if it cannot."""
    call = _call(chain)
    if call is None:
        return "self.update_state is used for its result or passed on"
    return "" if _read(call) else "self.update_state(...) says more than how much is done of what"


def progress_edit(chain: Chain, space: Space) -> Edit:
    """Return the edit of the call."""
    frame = chain.frame.up
    assert frame is not None

    def change(node: cst.Call) -> cst.CSTNode:
        args = [cst.Arg(value) for value in _read(node)]
        func = cst.parse_expression("context.progress")
        return space.fit(cst.Call(func=func, args=flat_args(args)), 0)

    return Edit(frame, change)


def _call(chain: Chain) -> cst.Call | None:
    frame: Frame | None = chain.frame.up
    if frame is None or not isinstance(frame.node, cst.Call) or frame.up is None:
        return None
    called = frame.node.func is chain.frame.node and isinstance(frame.up.node, cst.Expr)
    return frame.node if called else None


def _read(call: cst.Call) -> list[cst.BaseExpression]:
    """Return done, total and note; nothing when they are not clear."""
    names = ("task_id", "state", "meta")
    given: dict[str, Any] = {}
    for index, arg in enumerate(call.args):
        if arg.star or index >= len(names):
            return []
        given[arg.keyword.value if arg.keyword else names[index]] = arg.value
    state = string(given.pop("state", None))
    entries = mapping(given.pop("meta", None)) or {}
    if state in _OWN_STATES or state is None or not all(map(is_none, given.values())):
        return []
    done = [name for name in _DONE if name in entries]
    note = [name for name in _NOTE if name in entries]
    if len(done) != 1 or len(note) > 1 or entries.keys() != {*done, *note, "total"}:
        return []
    return [entries[name] for name in (*done, "total", *note)]
