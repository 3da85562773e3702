"""`group(...)` of signatures whose results nobody collects, as `enqueue_many`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from codemods.engine.layout import call, code
from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind
from codemods.engine.site import Rule
from codemods.rules.celery.calls.shape import Shape
from codemods.rules.celery.canvas.form import STEP, Form
from codemods.rules.celery.canvas.hook import configured
from codemods.rules.celery.canvas.step import Step, read_step
from codemods.rules.celery.canvas.work import Stays, Work, require_discarded, uses_of

GROUPED = Rule(
    "CEL404",
    "A group of one task becomes enqueue_many",
    "Every call is a tuple of arguments, a dict when all have names, or a Call with both. All are "
    "enqueued or none. A group of several tasks, one whose results are read, and one with "
    "signatures that come from elsewhere stay on Celery.",
    "group(resize.s(pk) for pk in ids).delay()",
    "resize.enqueue_many((pk,) for pk in ids)",
)


def group(work: Work) -> Outcome:
    """Return the outcome for a group. Raise Stays."""
    _require_unread(work)
    if work.shape.args:
        raise Stays("the group is started with arguments for all its tasks")
    held = work.form.calls if isinstance(work.form.calls, cst.Name) else None
    form = _held_form(work) if held is not None else work.form
    if not form.parts or any(part.kind != STEP for part in form.parts):
        raise Stays("the group is not made of signatures that can be read here")
    work.uses = uses_of(work, form)
    steps = list(form.steps())
    if len({code(step.task) for step in steps}) > 1 or len({u.task.key for u in work.uses}) > 1:
        raise Stays("the group has several tasks; call enqueue() for each")
    own = _own_options(steps)
    using = work.using(steps[0], {**own, **work.shape.options})
    named = work.bridge("Call") if any(map(_mixed, steps)) else ""

    def build(now: Form, shape: Shape) -> cst.BaseExpression:
        inside = list(now.steps())
        task = inside[0].task if inside else steps[0].task
        calls = held if held is not None else _calls(now, named)
        options = {**(_own_options(inside) if inside else own), **shape.options}
        sender = cst.Attribute(configured(task, using, options), cst.Name("enqueue_many"))
        return call(sender, [cst.Arg(value=calls)])

    reason = "the group is enqueue_many()"
    outcome = work.outcome(GROUPED.code, reason, build)
    if held is not None:
        outcome.edit(work.place.variables[-1][0], lambda node: _as_calls(node, named))
    return outcome


def _held_form(work: Work) -> Form:
    """Return the shape of a group whose signatures are in a list with a name."""
    if len(work.place.variables) != 1 or work.moved:
        raise Stays("the group is not made of signatures that can be read here")
    assign = work.place.variables[0][0].node
    assert isinstance(assign, cst.Assign)
    if isinstance(assign.value, (cst.ListComp, cst.GeneratorExp)):
        return Form("group", [work.read(assign.value.elt)])
    if isinstance(assign.value, (cst.List, cst.Tuple)):
        return Form("group", [work.read(each.value) for each in assign.value.elements])
    raise Stays("the group is not made of signatures that can be read here")


def _require_unread(work: Work) -> None:
    """Require that at most the number of results is looked at."""
    up = work.start.up
    if up is None or not isinstance(up.node, cst.Assign) or work.moved:
        require_discarded(work)
        return
    target = up.node.targets[0].target
    name = target.value if isinstance(target, cst.Name) else ""
    bindings = up.scope.bindings.get(name, [])
    counted = len(bindings) == 1 and bindings[0].kind is BindingKind.ASSIGN
    for chain in work.place.source.survey.chains:
        found = chain.frame.scope.lookup(name) if chain.root == name else None
        if found is not None and found[0] is up.scope:
            counted = counted and not chain.parts and _is_counted(chain.frame.up)
    if not counted or len(up.node.targets) != 1 or up.scope.parent is None:
        raise Stays("the result of the group is used")


def _is_counted(arg: Any) -> bool:
    outer = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    return (
        outer is not None
        and isinstance(outer.node, cst.Call)
        and isinstance(outer.node.func, cst.Name)
        and outer.node.func.value == "len"
    )


def _own_options(steps: Sequence[Step]) -> dict[str, cst.BaseExpression]:
    """Return the options that every signature has; raise Stays when they differ."""
    texts = [{name: code(value) for name, value in step.options.items()} for step in steps]
    simple = (cst.SimpleString, cst.Integer, cst.Float)
    if any(each != texts[0] for each in texts) or not all(
        isinstance(value, simple) for value in steps[0].options.values()
    ):
        raise Stays("the signatures of the group have options of their own")
    return dict(steps[0].options)


def _mixed(step: Step) -> bool:
    named = [arg for arg in step.args if arg.keyword is not None or arg.star == "**"]
    return bool(named) and len(named) < len(step.args)


def _calls(form: Form, named: str) -> cst.BaseExpression:
    if isinstance(form.calls, (cst.ListComp, cst.GeneratorExp)):
        step = form.parts[0].step
        assert step is not None
        bare: Any = form.calls.with_changes(elt=_call(step, named))
        return bare  # type: ignore[no-any-return]
    return cst.List([cst.Element(_call(step, named)) for step in form.steps()])


def _as_calls(node: cst.Assign, named: str) -> cst.Assign:
    """Return the assignment of a list of signatures with calls in their place."""
    value: Any = node.value
    if isinstance(value, (cst.ListComp, cst.GeneratorExp)):
        step = read_step(value.elt)
        assert step is not None
        return node.with_changes(value=value.with_changes(elt=_call(step, named)))
    elements = []
    for element in value.elements:
        step = read_step(element.value)
        assert step is not None
        elements.append(element.with_changes(value=_call(step, named)))
    return node.with_changes(value=value.with_changes(elements=elements))


def _call(step: Step, named: str) -> cst.BaseExpression:
    """Return the arguments of one call as enqueue_many takes them."""
    if _mixed(step):
        return call(cst.parse_expression(named), step.args)
    if step.args and (step.args[0].keyword is not None or step.args[0].star == "**"):
        return cst.Dict([_entry(arg) for arg in step.args])
    if len(step.args) == 1:
        first = step.args[0]
        comma = cst.Comma()
        if first.star:
            return cst.Tuple([cst.StarredElement(first.value, comma=comma)])
        return cst.Tuple([cst.Element(first.value, comma=comma)])
    return cst.Tuple(
        [cst.StarredElement(arg.value) if arg.star else cst.Element(arg.value) for arg in step.args]
    )


def _entry(arg: cst.Arg) -> cst.BaseDictElement:
    if arg.keyword is None:
        return cst.StarredDictElement(arg.value)
    return cst.DictElement(cst.SimpleString(f'"{arg.keyword.value}"'), arg.value)
