"""What the decorator is given that Django's does not take."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.backport.names import TASK
from codemods.rules.backport.reach import uses
from codemods.rules.backport.study import Study, bindings_of

ON_COMMIT = Rule(
    "DEP113",
    "@task(enqueue_on_commit=...)",
    "Django's decorator does not take it. bridge.task does, and means the same. With --target "
    "django what says False is left out, for Django enqueues at once, and a file that says True "
    "stays as it is: its callers need transaction.on_commit().",
    "@task(enqueue_on_commit=True)",
    "@task(enqueue_on_commit=True)",
)
_NAME = "enqueue_on_commit"


def wants_bridge_task(study: Study, source: Source, frame: Frame, local: str) -> bool:
    """Does the file give the decorator it imports here what only the bridge takes?"""
    return study.target == "bridge" and any(
        _option(chain) is not None for chain in uses(source, frame, local)
    )


def judge_definitions(study: Study) -> None:
    """Judge every decorator with the option."""
    for source, mentions in study.mentions.items():
        for mention in mentions:
            arg = _option(mention.chain) if mention.full in TASK else None
            if arg is not None:
                _judge(study, source, mention.chain, arg)


def _judge(study: Study, source: Source, chain: Chain, arg: cst.Arg) -> None:
    call = chain.frame.up
    assert call is not None
    if study.target == "bridge":
        bindings = bindings_of(chain)
        if chain.parts or bindings[0].target not in TASK:
            reason = "takes enqueue_on_commit, which Django does not: decorate it with bridge.task"
            outcome = study.outcome(source, call, ON_COMMIT, Kind.PERSON, reason)
            outcome.blocks = True
            return
        reason = "takes enqueue_on_commit, so the decorator is that of bridge"
        study.outcome(source, call, ON_COMMIT, Kind.REWRITE, reason)
        return
    if isinstance(arg.value, cst.Name) and arg.value.value in {"False", "None"}:
        kind = Kind.REWRITE if arg.value.value == "False" else Kind.CHANGE
        reason = "enqueue_on_commit is left out: Django enqueues at once"
        outcome = study.outcome(source, call, ON_COMMIT, kind, reason)
        outcome.edit(call, _without_option)
        return
    reason = (
        "Django's decorator has no enqueue_on_commit: leave it out, and let callers enqueue with "
        "transaction.on_commit(); or use --target bridge"
    )
    study.outcome(source, call, ON_COMMIT, Kind.PERSON, reason).blocks = True


def _option(chain: Chain) -> cst.Arg | None:
    up = chain.frame.up
    node = up.node if up is not None else None
    if not isinstance(node, cst.Call) or node.func is not chain.frame.node:
        return None
    return next((arg for arg in node.args if arg.keyword and arg.keyword.value == _NAME), None)


def _without_option(node: Any) -> cst.CSTNode:
    kept = [arg for arg in node.args if not (arg.keyword and arg.keyword.value == _NAME)]
    if kept and kept[-1] is not node.args[-1]:
        kept[-1] = kept[-1].with_changes(comma=node.args[-1].comma)
    return node.with_changes(args=kept)  # type: ignore[no-any-return]
