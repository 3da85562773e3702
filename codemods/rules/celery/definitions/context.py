"""The `self` of a bound task: dropped when unused, else it becomes `context`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.imports import Need
from codemods.engine.layout import statement_space
from codemods.engine.literals import integer, mapping
from codemods.engine.names import local_name
from codemods.engine.scope import BindingKind, Chain, Scope
from codemods.engine.site import Rule
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.definitions import ask, progress
from codemods.rules.celery.definitions.attempt import retries_edit
from codemods.rules.celery.definitions.fitting import fitted
from codemods.rules.celery.definitions.request import advice, attribute
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
    "request.chain, request.headers, request.delivery_info, called_directly, replace(), passing "
    "self on and the like need Celery's task object. The task stays on Celery with all its calls. "
    "What the function learns there can mostly be an argument of it.",
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

    @property
    def takes_context(self) -> bool:
        """Does the function look at its `self`?"""
        return bool(self.uses)


def read_body(task: CeleryTask) -> Body:
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
        _read_use(chain, body, task)
        if chain.parts[:1] == ("max_retries",) and max_retries_of(task) is None:
            body.problem = (OTHER.code, "self.max_retries is not a number that can be read here")
    if _rebound(task, name):
        body.problem = (OTHER.code, f"{name} is given another value")
    return body


def _read_use(chain: Chain, body: Body, task: CeleryTask) -> None:
    head = chain.parts[:2]
    new = attribute(chain.parts, task)
    if chain.parts[:1] == ("retry",):
        problem = "self.retry is passed on"
        if chain.parts == ("retry",):
            problem = ask.problem(chain, retry_kwargs_of(task))
        if problem and body.problem is None:
            body.problem = (ask.ASK.code, problem)
        body.asks = True
        body.asks_without_delay |= not ask.has_delay(chain, retry_kwargs_of(task))
    elif chain.parts == ("update_state",):
        problem = progress.problem(chain)
        if problem and body.problem is None:
            body.problem = (progress.PROGRESS.code, problem)
        body.reports = True
    elif new is not None:
        if new.change and new.change not in body.changes:
            body.changes.append(new.change)
    elif ask.is_spread(chain):
        pass  # the rewrite of the retry writes its entries out
    elif head != ("request", "retries") and chain.parts[:1] != ("max_retries",):
        used = ".".join(("self", *chain.parts[:2]))
        what = f"{used} has no counterpart" if chain.parts else "self itself is passed on"
        if body.problem is None:
            body.problem = (OTHER.code, what + advice(chain.parts))
    if chain.stored and body.problem is None:
        body.problem = (OTHER.code, f"{chain.dotted} is assigned to")


def retry_kwargs_of(task: CeleryTask) -> dict[str, cst.BaseExpression] | None:
    """Return the entries of retry_kwargs=, None when they cannot be read."""
    given = task.option("retry_kwargs")
    return {} if given is None else mapping(given)


def max_retries_of(task: CeleryTask) -> int | None:
    """Return Celery's retry limit for the task, None when it is not a literal."""
    given = task.option("max_retries")
    if given is None:
        given = (retry_kwargs_of(task) or {}).get("max_retries")
    return 3 if given is None else integer(given)


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
    default = task.option("default_retry_delay") or cst.Integer("180")
    automatic = task.option("autoretry_for") is not None
    for chain in body.uses:
        if chain.parts == ("retry",):
            spelled, need = local_name(task.source, "bridge", "Retry")
            if need is not None:
                rewrite.needs.add(need)
            space = statement_space(task.source, chain.frame)
            extra = retry_kwargs_of(task)
            edit = ask.retry_edit(chain, spelled, default if automatic else None, extra, space)
            rewrite.edits.append(edit)
        elif chain.parts == ("update_state",):
            space = statement_space(task.source, chain.frame)
            rewrite.edits.append(progress.progress_edit(chain, space))
        elif chain.parts[:2] == ("request", "retries"):
            rewrite.edits.append(retries_edit(chain, limit))
        elif chain.parts[:1] == ("max_retries",):
            rewrite.edits.append(_prefix(chain, 1, str(limit)))
        elif not ask.is_spread(chain):
            _use_attribute(chain, task, rewrite)
    rewrite.edits.extend(fitted(task.source, body.uses))
    return rewrite


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
