"""The `self` of a bound task: dropped when unused, else it becomes `context`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.imports import Need
from codemods.engine.layout import flat_args, statement_space
from codemods.engine.literals import integer, mapping
from codemods.engine.names import local_name
from codemods.engine.scope import BindingKind, Chain, Scope
from codemods.engine.site import Rule
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.definitions import ask, progress
from codemods.rules.celery.definitions.attempt import retries_edit
from codemods.rules.celery.definitions.bound import Bindings, asks_for, spelled, unreadable
from codemods.rules.celery.definitions.fitting import fitted
from codemods.rules.celery.definitions.handed import OF_MESSAGE, OF_REQUEST, hand_over
from codemods.rules.celery.definitions.request import advice, attribute
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

UNUSED = Rule(
    "CEL107",
    "An unused self of a bound task is removed",
    "bind=True passes the task as first argument. A function that never looks at it loses the "
    "parameter; callers never passed it.",
    "@shared_task(bind=True)\ndef send(self, pk): ...",
    "@task()\ndef send(pk): ...",
)
CONTEXT = Rule(
    "CEL108",
    "self becomes context",
    "self.request.id, .args and .kwargs are those of context.task_result, self.request.retries is "
    "context.attempt - 1 (attempts count from one), self.name and self.request.task are "
    "context.task_result.task.module_path, self.request.hostname is the last of its worker_ids, "
    "self.app is celery.current_app. Options such as self.max_retries become their numbers.",
    "@shared_task(bind=True)\ndef send(self, pk):\n    print(self.request.id)",
    "@task(takes_context=True)\ndef send(context, pk):\n    print(context.task_result.id)",
)
OTHER = Rule(
    "CEL109",
    "self is used in a way that has no counterpart",
    "request.chain, replace(), storing self or passing it on where it cannot be followed, and the "
    "like need Celery's task object. The task stays on Celery with all its calls. What the "
    "function learns there can mostly be an argument of it.",
)


@dataclass(slots=True, eq=False)
class Body:
    """How a function uses its `self`."""

    problem: tuple[str, str] | None = None
    uses: list[Chain] = field(default_factory=list)
    asks: bool = False
    asks_without_delay: bool = False
    changes: list[str] = field(default_factory=list)
    """What means something else afterwards."""
    reports: bool = False
    """Does it say how far it is?"""
    bound: Bindings = field(default_factory=Bindings)
    """The uses that need Celery's task object."""

    def refuse(self, code: str, reason: str) -> None:
        """Leave the task on Celery; the first reason counts."""
        if reason and self.problem is None:
            self.problem = (code, reason)

    @property
    def takes_context(self) -> bool:
        """Does the function look at its `self`?"""
        return bool(self.uses)


def read_body(study: Study, task: CeleryTask) -> Body:
    """Return what a bound task does with its first parameter."""
    body = Body()
    if not task.bound:
        return body
    params = task.node.params
    if params.posonly_params or not params.params:
        body.problem = (OTHER.code, "the first parameter is not a plain self")
        return body
    name = params.params[0].name.value
    inside = [chain for chain in task.source.survey.chains if _is_inside(chain.frame.scope, task)]
    for chain in inside:
        if chain.root == name and _is_parameter(chain, task):
            body.uses.append(chain)
    if body.uses and name != "context" and _mentions_context(inside, task):
        body.problem = (OTHER.code, "the function has a name `context` of its own")
    for chain in body.uses:
        _read_use(study, chain, body, task)
        if chain.parts[:1] == ("max_retries",) and max_retries_of(task) is None:
            body.problem = (OTHER.code, "self.max_retries is not a number that can be read here")
    if body.bound.uses and task.node.asynchronous is not None:
        body.refuse(OTHER.code, "a coroutine needs more of self than its context says")
    if _rebound(task, name):
        body.problem = (OTHER.code, f"{name} is given another value")
    return body


def _read_use(study: Study, chain: Chain, body: Body, task: CeleryTask) -> None:
    new = attribute(chain.parts, task)
    if not chain.parts:
        _read_handed(study, chain, body, task)
    elif chain.parts[:1] == ("retry",):
        _read_ask(chain, body, task)
    elif chain.parts == ("update_state",):
        body.refuse(progress.PROGRESS.code, progress.problem(chain))
        body.reports = True
    elif new is not None:
        if new.change and new.change not in body.changes:
            body.changes.append(new.change)
    elif chain.parts[:1] == ("request",) and set(chain.parts[1:2]) & (OF_MESSAGE | OF_REQUEST):
        if chain.parts[1] != "retries":
            body.bound.add(chain)
    elif not ask.is_spread(chain) and chain.parts[:1] != ("max_retries",):
        used = ".".join(("self", *chain.parts[:2]))
        body.refuse(OTHER.code, f"{used} has no counterpart{advice(chain.parts)}")
    if chain.stored:
        body.refuse(OTHER.code, f"{chain.dotted} is assigned to")


def _read_handed(study: Study, chain: Chain, body: Body, task: CeleryTask) -> None:
    handed = hand_over(study, task.source, chain, retry_kwargs_of(task))
    body.refuse(OTHER.code, body.bound.take(chain, handed, task))
    body.asks |= handed.asks


def _read_ask(chain: Chain, body: Body, task: CeleryTask) -> None:
    asking = ask.Asking("self.retry is passed on")
    if chain.parts == ("retry",):
        asking = ask.read_ask(chain, retry_kwargs_of(task))
    body.refuse(ask.ASK.code, asking.problem)
    body.asks = True
    if asking.of_celery:
        name = unreadable(task)
        body.refuse(ask.ASK.code, f"{name}= is not a number that can be read here" if name else "")
        body.bound.add(chain, asks_for(task))
    else:
        body.asks_without_delay |= not ask.has_delay(chain, retry_kwargs_of(task))


def retry_kwargs_of(task: CeleryTask) -> dict[str, cst.BaseExpression] | None:
    """Return the entries of retry_kwargs=, None when they cannot be read."""
    given = task.option("retry_kwargs")
    return {} if given is None else mapping(given)


def max_retries_of(task: CeleryTask) -> int | None:
    """Return what self.max_retries is, None when it is not a literal.

    What retry_kwargs= has counts for the retries that autoretry_for= makes.
    """
    given = task.option("max_retries")
    return 3 if given is None else integer(given)


def _defaults(task: CeleryTask) -> dict[str, cst.BaseExpression]:
    """Return what self.retry() goes by where nothing is given, and where the policy says else."""
    found = {}
    if task.option("autoretry_for") is not None:
        found["countdown"] = task.option("default_retry_delay") or cst.Integer("180")
    if "max_retries" in (retry_kwargs_of(task) or {}):
        found["max_retries"] = task.option("max_retries") or cst.Integer("3")
    return found


@dataclass(slots=True, eq=False)
class Rewrite:
    """The edits of a bound function."""

    edits: list[Edit] = field(default_factory=list)
    needs: set[Need] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    """Names the annotation of self used."""


def drop_self(task: CeleryTask) -> Rewrite:
    """Return the edit that removes the first parameter."""

    def change(node: cst.Parameters) -> cst.CSTNode:
        return node.with_changes(params=node.params[1:])

    return Rewrite([Edit(_parameters(task), change)], stale=_annotation_names(task))


def use_context(task: CeleryTask, body: Body, *, keep_parameter_only: bool = False) -> Rewrite:
    """Return the edits that turn self into context."""
    rewrite = Rewrite(stale=_annotation_names(task))
    params = _parameters(task)
    first = Frame(task.node.params.params[0], params, task.frame.scope)
    rewrite.edits.append(Edit(first, _rename_parameter))
    if keep_parameter_only:
        return rewrite
    limit = max_retries_of(task)
    extra = retry_kwargs_of(task)
    bound = {id(chain): options for chain, options in body.bound.uses}
    for chain in body.uses:
        if id(chain) in bound:
            new, need = spelled(task, bound[id(chain)])
            rewrite.needs |= {need} if need is not None else set()
            rewrite.edits.append(_prefix(chain, 0, new))
        elif chain.parts == ("retry",):
            name, need = local_name(task.source, "bridge", "Retry")
            rewrite.needs |= {need} if need is not None else set()
            space = statement_space(task.source, chain.frame)
            rewrite.edits.append(ask.retry_edit(chain, name, _defaults(task), extra, space))
        elif chain.parts == ("update_state",):
            space = statement_space(task.source, chain.frame)
            rewrite.edits.append(progress.progress_edit(chain, space))
        elif chain.parts[:2] == ("request", "retries"):
            rewrite.edits.append(retries_edit(chain, limit))
        elif chain.parts[:1] == ("max_retries",):
            rewrite.edits.append(_prefix(chain, 1, str(limit)))
        elif not ask.is_spread(chain):
            _use_attribute(chain, task, rewrite)
        elif _is_in_any(chain, body.bound):
            rewrite.edits.append(_written_out(chain, extra or {}))
    rewrite.edits.extend(fitted(task.source, body.uses))
    return rewrite


def _is_in_any(chain: Chain, bound: Bindings) -> bool:
    """Does a `**self.retry_kwargs` belong to a retry that stays a call?"""
    above = {id(frame.node) for frame in chain.frame.ancestors()}
    return any(use.frame.up is not None and id(use.frame.up.node) in above for use, _ in bound.uses)


def _written_out(chain: Chain, entries: dict[str, cst.BaseExpression]) -> Edit:
    """Return the edit that gives the entries of `**self.retry_kwargs` one by one."""
    arg = chain.frame.up
    assert arg is not None

    def change(node: cst.Arg) -> cst.CSTNode:
        made = [cst.Arg(keyword=cst.Name(name), value=value) for name, value in entries.items()]
        *first, last = flat_args(made)
        return cst.FlattenSentinel([*first, last.with_changes(comma=node.comma)])  # type: ignore[return-value]

    return Edit(arg, change)


def _use_attribute(chain: Chain, task: CeleryTask, rewrite: Rewrite) -> None:
    known = attribute(chain.parts, task)
    assert known is not None
    new = known.new
    if known.module:
        new, need = local_name(task.source, known.module, known.new)
        if need is not None:
            rewrite.needs.add(need)
    rewrite.edits.append(_prefix(chain, known.count, new))


def _annotation_names(task: CeleryTask) -> set[str]:
    annotation = task.node.params.params[0].annotation
    if annotation is None:
        return set()
    return {node.value for node in descendants(annotation) if isinstance(node, cst.Name)}


def _rename_parameter(node: cst.Param) -> cst.CSTNode:
    return node.with_changes(name=cst.Name("context"), annotation=None)


def _prefix(chain: Chain, count: int, new: str) -> Edit:
    """Return the edit that replaces the first attributes of a chain."""
    rest = len(chain.parts) - count

    def replaced(node: Any, depth: int) -> Any:
        if depth:
            return node.with_changes(value=replaced(node.value, depth - 1))
        return cst.parse_expression(new).with_changes(lpar=node.lpar, rpar=node.rpar)

    change: Callable[[Any], Any] = lambda node: replaced(node, rest)  # noqa: E731
    return Edit(chain.frame, change)


def _parameters(task: CeleryTask) -> Frame:
    return Frame(task.node.params, task.frame, task.frame.scope)


def _is_inside(scope: Scope, task: CeleryTask) -> bool:
    found: Scope | None = scope
    while found is not None:
        if found.frame is not None and found.frame.node is task.node:
            return True
        found = found.parent
    return False


def _is_parameter(chain: Chain, task: CeleryTask) -> bool:
    found = chain.frame.scope.lookup(chain.root)
    owner = found[0] if found is not None else None
    return owner is not None and owner.frame is not None and owner.frame.node is task.node


def _mentions_context(inside: list[Chain], task: CeleryTask) -> bool:
    if any(chain.root == "context" for chain in inside):
        return True
    scopes = {id(chain.frame.scope): chain.frame.scope for chain in inside}
    return any("context" in scope.bindings for scope in _function_scopes(scopes, task))


def _function_scopes(scopes: dict[int, Scope], task: CeleryTask) -> list[Scope]:
    found: dict[int, Scope] = {}
    for scope in scopes.values():
        step: Scope | None = scope
        while step is not None and step.frame is not None and step.parent is not None:
            found[id(step)] = step
            if step.frame.node is task.node:
                break
            step = step.parent
    return list(found.values())


def _rebound(task: CeleryTask, name: str) -> bool:
    """Does the function give its first parameter another value?"""
    for chain in task.source.survey.chains:
        found = chain.frame.scope.lookup(name) if _is_inside(chain.frame.scope, task) else None
        if found is not None and found[0].frame is not None and found[0].frame.node is task.node:
            kinds = {binding.kind for binding in found[1]}
            return kinds != {BindingKind.PARAMETER}
    return False
