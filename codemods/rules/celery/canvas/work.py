"""What the rules of single signatures, chains and groups share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.comments import move_comments
from codemods.engine.imports import Need
from codemods.engine.layout import code, comments_in, space_for
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind
from codemods.engine.survey import dotted_name
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.calls.shape import Shape, read_shape
from codemods.rules.celery.calls.using import Using, read_using
from codemods.rules.celery.canvas.form import Form, read_form
from codemods.rules.celery.canvas.hook import laid_out
from codemods.rules.celery.canvas.place import Place, primitive
from codemods.rules.celery.canvas.step import Step
from codemods.rules.celery.study import Study, Use


class Stays(Exception):
    """A canvas stays on Celery; the message is the reason."""


Build = Callable[[Form, Shape], cst.BaseExpression]


@dataclass(slots=True)
class Work:
    """A canvas that is to become calls of enqueue."""

    study: Study
    place: Place
    form: Form
    shape: Shape
    kinds: dict[str, str]
    uses: list[Use] = field(default_factory=list)
    """The tasks of its signatures, in order."""
    needs: set[Need] = field(default_factory=set)
    change: str = ""
    """What means something else afterwards."""

    @property
    def start(self) -> Frame:
        """Return the call that starts the canvas."""
        assert self.place.start is not None
        return self.place.start

    @property
    def moved(self) -> bool:
        """Is the canvas held by a variable that is started?"""
        return bool(self.place.variables) and bool(self.place.variables[-1][1].parts)

    def read(self, node: cst.BaseExpression) -> Form:
        """Return the shape of an expression of this canvas, edited or not."""
        return read_form(node, lambda func: self.kinds.get(dotted_name(func), ""))

    def using(self, step: Step, options: dict[str, cst.BaseExpression]) -> Using:
        """Return what says the options of one step. Raise Stays."""
        scope = self.place.top.scope
        using = read_using(self.study, self.place.source, scope, options)
        if step.problem or using.problem:
            raise Stays(step.problem or using.problem)
        self.needs |= using.needs
        return using

    def bridge(self, name: str) -> str:
        """Return how the file spells a name of the bridge."""
        spelled, need = local_name(self.place.source, "bridge", name)
        if need is not None:
            self.needs.add(need)
        return spelled

    def outcome(self, code: str, reason: str, build: Build) -> Outcome:
        """Return the outcome that puts the built expression in the place of the canvas."""
        source = self.place.source
        outcome = Outcome(
            source,
            self.start,
            code,
            Kind.CHANGE if self.change else Kind.REWRITE,
            self.change or reason,
            frozenset(use.task.key for use in self.uses),
            needs=set(self.needs),
            stale={name.partition(".")[0] for name in self.kinds},
        )
        holder = self.place.variables[-1][0] if self.moved else self.start
        space = space_for(source, self.start)
        comments: list[cst.Comment] = []

        def change(node: Any) -> cst.CSTNode:
            new = build(self.read(canvas_in(node)), self._started(node))
            fitted = laid_out(space, new)
            kept = [comment.value for comment in comments_in(fitted)]
            comments.extend(each for each in comments_in(node) if each.value not in kept)
            if isinstance(node, cst.Assign):
                return cst.Expr(fitted)
            return fitted.with_changes(lpar=node.lpar, rpar=node.rpar)  # type: ignore[no-any-return]

        outcome.edit(holder, change)
        move_comments(outcome, holder, comments)
        if self.moved:
            outcome.edit(statement_of(self.start), lambda node: cst.RemoveFromParent())
        return outcome

    def _started(self, node: cst.CSTNode) -> Shape:
        return started(node, self.place.method) if isinstance(node, cst.Call) else self.shape


def prepare(study: Study, place: Place) -> Work:
    """Return a canvas ready for the rules. Raise Stays."""
    assert place.start is not None
    assert isinstance(place.start.node, cst.Call)
    kinds = {
        name: primitive(study, place.source, place.top, node.func)
        for node in descendants(place.top.node)
        if isinstance(node, cst.Call) and (name := dotted_name(node.func))
    }
    kinds = {name: kind for name, kind in kinds.items() if kind}
    work = Work(study, place, Form(""), started(place.start.node, place.method), kinds)
    assert isinstance(place.top.node, cst.BaseExpression)
    work.form = work.read(place.top.node)
    if work.shape.problem:
        raise Stays(work.shape.problem)
    if work.moved:
        _require_next_line(work)
    return work


def started(node: cst.Call, method: str) -> Shape:
    """Return the arguments and options a canvas is started with."""
    return read_shape(node.args) if method == "apply_async" else Shape(args=list(node.args))


def canvas_in(node: cst.CSTNode) -> Any:
    """Return the canvas of the statement or call that holds it."""
    if isinstance(node, cst.Assign):
        return node.value
    assert isinstance(node, cst.Call)
    return (
        node.func.value
        if isinstance(node.func, cst.Attribute) and _starts(node.func)
        else node.func
    )


def _starts(func: cst.Attribute) -> bool:
    return func.attr.value in {"delay", "apply_async"}


def _require_next_line(work: Work) -> None:
    """Require that a canvas in a variable is started by the next statement."""
    assign, chain = work.place.variables[-1]
    first, second = statement_of(assign), statement_of(work.start)
    siblings = getattr(first.up.node, "body", ()) if first.up is not None else ()
    at = [index for index, each in enumerate(siblings) if each is first.node]
    following = siblings[at[0] + 1] if at and at[0] + 1 < len(siblings) else None
    alone = work.start.up is not None and isinstance(work.start.up.node, cst.Expr)
    plain = isinstance(second.node, cst.SimpleStatementLine) and len(second.node.body) == 1
    if following is not second.node or not alone or not plain or comments_in(second.node):
        raise Stays(f"{chain.root} is not started right where it is made")


def require_discarded(work: Work) -> None:
    """Require that nobody looks at the result of the canvas. Raise Stays."""
    up = work.start.up
    if up is None or not isinstance(up.node, (cst.Expr, cst.Lambda)):
        raise Stays(f"the result of the {work.form.kind} is used")


def uses_of(work: Work, form: Form) -> list[Use]:
    """Return the tasks of the signatures. Raise Stays for what is none."""
    found = []
    for step in form.steps():
        use = work.study.used.get(id(step.maker.func))
        if use is None:
            raise Stays(f"{code(step.maker.func)} is no task that is known here")
        found.append(use)
    return found
