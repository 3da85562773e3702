"""Eager mode in tests becomes the immediate backend."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import bare, code, exploded, statement_space
from codemods.engine.literals import is_false, is_true
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame, Replacement, descendants
from codemods.rules.celery.settings import backends
from codemods.rules.celery.study import Study

EAGER = Rule(
    "CEL605",
    "CELERY_TASK_ALWAYS_EAGER in tests becomes the immediate backend",
    "override_settings(CELERY_TASK_ALWAYS_EAGER=True) becomes override_settings(TASKS=...) with "
    "bridge.ImmediateBackend, which runs a task where it is sent. An empty QUEUES accepts every "
    "queue. CELERY_TASK_EAGER_PROPAGATES is PROPAGATE. Where .get() raised the error of a task "
    "although it did not propagate, PROPAGATE raises it from .enqueue().",
)

ALWAYS = frozenset({"CELERY_TASK_ALWAYS_EAGER", "CELERY_ALWAYS_EAGER"})
PROPAGATES = frozenset(
    {
        "CELERY_TASK_EAGER_PROPAGATES",
        "CELERY_EAGER_PROPAGATES",
        "CELERY_EAGER_PROPAGATES_EXCEPTIONS",
    }
)
_CALLS = frozenset({"override_settings", "settings"})
_RAISES = frozenset({"assertRaises", "assertRaisesMessage", "assertRaisesRegex", "raises"})


def judge_eager(study: Study, sources: list[Source]) -> None:
    """Judge the places where tests switch eager mode on."""
    for source in sources:
        for chain in source.survey.chains:
            outcome = _override(study, source, chain) or _assignment(study, source, chain)
            if outcome is not None:
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
    raising = next((given[name] for name in PROPAGATES if name in given), None)
    if (always is None and raising is None) or "TASKS" in given:
        return None
    covered = _covered(up)
    any_of = _tasks_in(study, source, covered) or frozenset(study.tasks)
    if not (is_true(always) or (always is None and (is_true(raising) or is_false(raising)))):
        reason = "eager mode is not simply switched on; say which backend TASKS should have"
        return Outcome(source, up, EAGER.code, Kind.PERSON, reason, any_of=any_of)
    outcome = Outcome(source, up, EAGER.code, Kind.REWRITE, "eager mode is ImmediateBackend")
    outcome.any_of = any_of
    propagate, target = is_true(raising), study.target
    if propagate and target == "django":
        outcome.kind = Kind.CHANGE
        outcome.reason = "Django's ImmediateBackend keeps what fails in the result"
    if not propagate and covered is not None and _expects_from_get(covered.node):
        propagate = True
        outcome.kind = Kind.CHANGE
        outcome.reason = "the error that .get() raised is raised by .enqueue()"
        if always is None and len(up.node.args) == 1 and study.eager_propagates:
            _without_decorator(study, outcome, up)
            return outcome
    space = statement_space(source, up)

    def change(node: cst.Call) -> cst.CSTNode:
        old = ALWAYS | PROPAGATES
        kept = [
            arg
            for arg in node.args
            if arg.keyword is None or study.stays or arg.keyword.value not in old
        ]
        short = node.with_changes(args=_line([_tasks(_short(propagate, target)), *kept]))
        if len(code(short)) + 1 <= space.room:
            return short
        value = _short(propagate, target)
        if len(space.indent) + len(space.step) + len(code(_tasks(value))) + 1 > space.limit:
            value = immediate(propagate, space.step, space.step, target)
        return exploded(node.with_changes(args=[_tasks(value), *kept]), space.indent, space.step)

    outcome.edit(up, change)
    return outcome


def _without_decorator(study: Study, outcome: Outcome, call: Frame) -> None:
    """Remove an override that says what the settings say now."""
    if call.up is None or not isinstance(call.up.node, cst.Decorator):
        return
    outcome.stale.add(dotted_name(call.node.func).partition(".")[0])  # type: ignore[attr-defined]
    outcome.edit(call.up, lambda node: node if study.stays else cst.RemoveFromParent())


def _covered(call: Frame) -> Frame | None:
    """Return the function, class or with statement an override is for."""
    up = call.up
    if up is not None and isinstance(up.node, (cst.Decorator, cst.WithItem)):
        return up.up
    return None


def _tasks_in(study: Study, source: Source, covered: Frame | None) -> frozenset[str]:
    """Return the tasks named in the code an override is for."""
    if covered is None:
        return frozenset()
    return frozenset(
        key
        for key, uses in study.uses.items()
        for use in uses
        if use.source is source
        and any(frame.node is covered.node for frame in use.chain.frame.ancestors())
    )


def _expects_from_get(node: cst.CSTNode) -> bool:
    """Does a test expect an exception from `.get()` of a result?"""
    for block in descendants(node):
        if not isinstance(block, cst.With):
            continue
        names = {_called_name(item.item) for item in block.items}
        if names & _RAISES and any(
            _called_name(inner) == "get" for inner in descendants(block.body)
        ):
            return True
    return False


def _called_name(node: cst.CSTNode) -> str:
    if not isinstance(node, cst.Call):
        return ""
    func = node.func
    return func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")


def _assignment(study: Study, source: Source, chain: Chain) -> Outcome | None:
    """Judge `settings.CELERY_TASK_ALWAYS_EAGER = True` of a pytest fixture."""
    if not chain.stored or chain.root != "settings" or len(chain.parts) != 1:
        return None
    if chain.parts[0] not in ALWAYS or not source.is_test:
        return None
    target = chain.frame.up
    assign = target.up if target is not None else None
    if assign is None or not isinstance(assign.node, cst.Assign) or not is_true(assign.node.value):
        return None
    outcome = Outcome(source, assign, EAGER.code, Kind.REWRITE, "eager mode is ImmediateBackend")
    outcome.any_of = frozenset(study.tasks)
    propagate = _propagates_beside(source, chain)
    space = statement_space(source, assign)

    def change(node: Any) -> Replacement:
        first = node.body[0].targets[0]
        renamed = first.with_changes(target=first.target.with_changes(attr=cst.Name("TASKS")))
        value = immediate(propagate, "", space.step, study.target)
        new = node.with_changes(body=[node.body[0].with_changes(targets=[renamed], value=value)])
        if not study.stays:
            return new  # type: ignore[no-any-return]
        return cst.FlattenSentinel([node, new.with_changes(leading_lines=[])])

    outcome.edit(statement_of(assign), change)
    return outcome


def _propagates_beside(source: Source, chain: Chain) -> bool:
    return any(
        other.stored and other.parts[-1:] and other.parts[-1] in PROPAGATES
        for other in source.survey.chains
        if other.frame.scope is chain.frame.scope
    )


def _tasks(value: cst.BaseExpression) -> cst.Arg:
    return cst.Arg(keyword=cst.Name("TASKS"), value=value)


def _line(args: list[cst.Arg]) -> list[cst.Arg]:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    flat = [bare(arg).with_changes(comma=comma) for arg in args]
    flat[-1] = flat[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return flat


def _entries(propagate: bool, target: str) -> list[str]:
    entries = [f'"BACKEND": {backends.immediate(target)}', '"QUEUES": []']
    if target != "bridge":
        return entries
    # As in the settings: what runs at once on Celery takes any argument.
    options = '"PROPAGATE": True, "TYPED_JSON": True' if propagate else '"TYPED_JSON": True'
    return [*entries, f'"OPTIONS": {{{options}}}']


def _short(propagate: bool, target: str) -> cst.BaseExpression:
    return cst.parse_expression(f'{{"default": {{{", ".join(_entries(propagate, target))}}}}}')


def immediate(propagate: bool, indent: str, step: str, target: str) -> cst.BaseExpression:
    """Return a TASKS literal over several lines, indented that far inside its block."""
    one, two = indent + step, indent + step * 2
    lines = "".join(f"{two}{entry},\n" for entry in _entries(propagate, target))
    return cst.parse_expression(f'{{\n{one}"default": {{\n{lines}{one}}},\n{indent}}}')
