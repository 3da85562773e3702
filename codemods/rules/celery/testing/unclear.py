"""What tests say of a sending method in ways that are reported, since they would fail."""

from __future__ import annotations

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.assertion import PERSON


def judge_unclear(study: Study, sources: list[Source]) -> None:
    """Report names of sending methods that stand where no mock is followed."""
    for source in sources:
        if not source.is_test:
            continue
        for chain in source.survey.chains:
            call = chain.frame.up
            if call is None or not isinstance(call.node, cst.Call):
                continue
            if call.node.func is not chain.frame.node:
                continue
            outcome = None
            if chain.dotted.endswith("patch.multiple"):
                outcome = _multiple(study, source, call)
            elif chain.parts[-1:] == ("parametrize",):
                outcome = _parametrized(study, source, call)
            if outcome is not None:
                study.outcomes.append(outcome)


def _multiple(study: Study, source: Source, call: Frame) -> Outcome | None:
    """Report `patch.multiple(task, delay=...)` and `patch.multiple("shop.tasks", send=...)`."""
    assert isinstance(call.node, cst.Call)
    if not call.node.args:
        return None
    path = _path(study, source, call)
    named = [arg.keyword.value for arg in call.node.args if arg.keyword is not None]
    if path in study.tasks:
        methods = [name for name in named if name in SEND]
        if not methods:
            return None
        reason = f"patch.multiple replaces .{methods[0]} of a task, which is .enqueue now"
        return _reported(source, call, reason, frozenset({path}))
    found = [_task(study, f"{path}.{name}") for name in named]
    keys = frozenset(key for key in found if key)
    if not keys:
        return None
    reason = "patch.multiple replaces a task; what is asserted of its methods is of .enqueue now"
    return _reported(source, call, reason, keys)


def _path(study: Study, source: Source, call: Frame) -> str:
    """Return the dotted path of what is patched."""
    assert isinstance(call.node, cst.Call)
    first = call.node.args[0].value
    text = string(first)
    if text is not None:
        target = study.project.resolve_dotted(text)
    else:
        words = tuple(dotted_name(first).split("."))
        target = study.project.resolve_name(words, call.scope, source) if words[0] else None
    return target.full if target is not None else ""


def _task(study: Study, dotted: str) -> str:
    target = study.project.resolve_dotted(dotted)
    return target.dotted if target is not None and target.dotted in study.tasks else ""


def _parametrized(study: Study, source: Source, call: Frame) -> Outcome | None:
    """Report `parametrize("method", ["delay", "apply_async"])` above a test that uses a task."""
    names = {string(node) for node in descendants(call.node)} & SEND  # type: ignore[arg-type]
    test = call.enclosing(cst.FunctionDef, cst.ClassDef)
    if not names or test is None:
        return None
    keys = frozenset(
        key
        for key, uses in study.uses.items()
        if any(use.source is source and _is_in(use.chain, test) for use in uses)
    )
    if not keys:
        return None
    reason = f'"{min(filter(None, names))}" names a method that a converted task does not have'
    return _reported(source, call, reason, keys)


def _is_in(chain: Chain, test: Frame) -> bool:
    return any(frame.node is test.node for frame in chain.frame.ancestors())


def _reported(source: Source, call: Frame, reason: str, keys: frozenset[str]) -> Outcome:
    return Outcome(source, call, PERSON.code, Kind.PERSON, reason, any_of=keys)
