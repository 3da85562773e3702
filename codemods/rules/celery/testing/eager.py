"""Eager mode in tests becomes the immediate backend."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import exploded, statement_space
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.todo import statement_of
from codemods.engine.tree import Replacement
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import is_true

EAGER = Rule(
    "CEL605",
    "CELERY_TASK_ALWAYS_EAGER in tests becomes the immediate backend",
    "override_settings(CELERY_TASK_ALWAYS_EAGER=True) becomes override_settings(TASKS=...) with "
    "bridge.ImmediateBackend, which runs a task where it is sent. An empty QUEUES accepts every "
    "queue. CELERY_TASK_EAGER_PROPAGATES is PROPAGATE.",
)

ALWAYS = frozenset({"CELERY_TASK_ALWAYS_EAGER", "CELERY_ALWAYS_EAGER"})
PROPAGATES = frozenset(
    {
        "CELERY_TASK_EAGER_PROPAGATES",
        "CELERY_EAGER_PROPAGATES_EXCEPTIONS",
        "CELERY_EAGER_PROPAGATES",
    }
)
_CALLS = frozenset({"override_settings", "modify_settings", "settings"})


def judge_eager(study: Study, sources: list[Source]) -> None:
    """Judge the places where tests switch eager mode on."""
    for source in sources:
        for chain in source.survey.chains:
            outcome = _override(study, source, chain) or _assignment(study, source, chain)
            if outcome is not None:
                outcome.needs_a_converted_task = True
                study.outcomes.append(outcome)


def _override(study: Study, source: Source, chain: Chain) -> Outcome | None:
    last = chain.parts[-1] if chain.parts else chain.root
    up = chain.frame.up
    if last not in _CALLS or up is None or not isinstance(up.node, cst.Call):
        return None
    if up.node.func is not chain.frame.node:
        return None
    given = {arg.keyword.value: arg.value for arg in up.node.args if arg.keyword is not None}
    always = next((given[name] for name in ALWAYS if name in given), None)
    if always is None or "TASKS" in given:
        return None
    if not is_true(always):
        reason = "eager mode is not switched on here; say which backend TASKS should have"
        return Outcome(source, up, EAGER.code, Kind.PERSON, reason)
    outcome = Outcome(source, up, EAGER.code, Kind.REWRITE, "eager mode is ImmediateBackend")
    space = statement_space(source, up)
    propagate = any(is_true(given[name]) for name in PROPAGATES if name in given)

    def change(node: cst.Call) -> cst.CSTNode:
        kept = [
            arg
            for arg in node.args
            if arg.keyword is None or study.stays or arg.keyword.value not in ALWAYS | PROPAGATES
        ]
        tasks = cst.Arg(
            keyword=cst.Name("TASKS"),
            value=immediate(propagate, space.indent + space.step, space.step),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        return exploded(node.with_changes(args=[tasks, *kept]), space.indent, space.step)

    outcome.edit(up, change)
    return outcome


def _assignment(study: Study, source: Source, chain: Chain) -> Outcome | None:
    """Judge `settings.CELERY_TASK_ALWAYS_EAGER = True` of a pytest fixture."""
    if not chain.stored or chain.root != "settings" or len(chain.parts) != 1:
        return None
    if chain.parts[0] not in ALWAYS | PROPAGATES or not source.is_test:
        return None
    target = chain.frame.up
    assign = target.up if target is not None else None
    if assign is None or not isinstance(assign.node, cst.Assign) or not is_true(assign.node.value):
        return None
    if chain.parts[0] in PROPAGATES:
        reason = "PROPAGATE of the immediate backend takes this setting's place"
        return Outcome(source, chain.frame, EAGER.code, Kind.CHANGE, reason)
    outcome = Outcome(source, assign, EAGER.code, Kind.REWRITE, "eager mode is ImmediateBackend")
    propagate = _propagates_beside(source, chain)
    space = statement_space(source, assign)

    def change(node: Any) -> Replacement:
        first = node.body[0].targets[0]
        renamed = first.with_changes(target=first.target.with_changes(attr=cst.Name("TASKS")))
        value = immediate(propagate, space.indent, space.step)
        new = node.with_changes(body=[node.body[0].with_changes(targets=[renamed], value=value)])
        return cst.FlattenSentinel([node, new]) if study.stays else new

    outcome.edit(statement_of(assign), change)
    return outcome


def _propagates_beside(source: Source, chain: Chain) -> bool:
    return any(
        other.stored and other.parts[-1:] and other.parts[-1] in PROPAGATES
        for other in source.survey.chains
        if other.frame.scope is chain.frame.scope
    )


def immediate(propagate: bool, indent: str, step: str) -> cst.BaseExpression:
    """Return a TASKS literal with the immediate backend."""
    entries = '"BACKEND": "bridge.ImmediateBackend", "QUEUES": []'
    options = ', "OPTIONS": {"PROPAGATE": True}' if propagate else ""
    inner = indent + step
    return cst.parse_expression(
        f'{{\n{inner}"default": {{{entries}{options}}},\n{indent}}}'
        if len(inner) + len(entries) + len(options) < 70
        else _tall(propagate, indent, step)
    )


def _tall(propagate: bool, indent: str, step: str) -> str:
    one, two = indent + step, indent + step * 2
    lines = [
        "{",
        f'{one}"default": {{',
        f'{two}"BACKEND": "bridge.ImmediateBackend",',
        f'{two}"QUEUES": [],',
    ]
    if propagate:
        lines.append(f'{two}"OPTIONS": {{"PROPAGATE": True}},')
    return "\n".join([*lines, f"{one}}},", f"{indent}}}"])
