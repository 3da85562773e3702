"""What is read from a holder of tasks, and whether anything else is put there."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.scope import Binding, BindingKind, Chain, ScopeKind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.arguments import fills, given
from codemods.rules.celery.calls.holder import Holder
from codemods.rules.celery.calls.holders import Holders
from codemods.rules.celery.calls.known import Known

Read = tuple[Source, Chain, tuple[str, ...]]
_GIVERS = (cst.For, cst.CompFor, cst.Assign, cst.AnnAssign, cst.NamedExpr)


def reads(holders: Holders, holder: Holder) -> Iterator[Read]:
    """Yield every place that reads a holder, with the attributes read from its value."""
    if holder.function is not None:
        yield from _of_scope(holder)
    elif holder.scope is not None:
        yield from _of_scope(holder)
        if holder.dotted:
            for source, chain in holders.study.chains_to(holder.dotted):
                if source is not holder.source:
                    target = holders.study.project.resolve(chain, source)
                    yield source, chain, target.rest if target is not None else ()
    else:
        for source, chain, rest in _of_attribute(holders, holder):
            if not chain.stored or rest:
                yield source, chain, rest


def problem_of(holders: Holders, holder: Holder, known: Known) -> str:
    """Say what else than a known task may be in a holder, if anything."""
    if holder.function is not None:
        return _other_callers(holders, holder, known)
    if holder.scope is not None:
        bindings = holder.scope.bindings.get(holder.name, [])
        good = all(_is_known(binding, holder, holder.source, known) for binding in bindings)
    else:
        good = all(_stored_well(each, holder, known) for each in _stores(holders, holder))
        good = good and any(True for _ in reads(holders, holder))
    if not good:
        return f"{holder.called} may hold something else than a task that is known here"
    for source, chain, rest in reads(holders, holder):
        if not source.is_test and not _filled_well(source, chain, rest, holder, known):
            return f"{holder.called} gets something else than a task that is known here"
    return ""


def _of_scope(holder: Holder) -> Iterator[Read]:
    for chain in holder.source.survey.chains:
        if chain.root != holder.name:
            continue
        found = chain.frame.scope.lookup(chain.root)
        if found is None:
            continue
        owner = found[0].frame
        if found[0] is holder.scope or (
            holder.function is not None and owner is not None and owner.node is holder.function.node
        ):
            yield holder.source, chain, chain.parts


def _of_attribute(holders: Holders, holder: Holder) -> Iterator[Read]:
    """Yield every use of an attribute of that name, on whatever object."""
    project = holders.study.project
    for source in project.relevant:
        for chain in source.survey.chains:
            if chain.root == holder.name:
                found = chain.frame.scope.lookup(chain.root)
                if found is not None and found[0].kind is ScopeKind.CLASS:
                    yield source, chain, chain.parts
            elif holder.name in chain.parts:
                at = chain.parts.index(holder.name)
                words = (chain.root, *chain.parts[: at + 1])
                target = (
                    project.resolve_name(words, chain.frame.scope, source) if chain.root else None
                )
                binding = target.binding if target is not None else None
                if target is None or (binding is not None and binding.kind is BindingKind.CLASS):
                    yield source, chain, chain.parts[at + 1 :]


def _stores(holders: Holders, holder: Holder) -> Iterator[tuple[Source, Binding | Frame]]:
    """Yield what gives an attribute its value, in classes and on objects."""
    for source, chain, rest in _of_attribute(holders, holder):
        if chain.stored and not rest:
            yield source, chain.frame
    for source in holders.study.project.relevant:
        for inner in source.survey.class_scopes:
            for binding in inner.bindings.get(holder.name, []):
                yield source, binding


def _stored_well(store: tuple[Source, Binding | Frame], holder: Holder, known: Known) -> bool:
    source, place = store
    if source.is_test:
        return True
    if isinstance(place, Binding):
        return _is_known(place, holder, source, known)
    giver = place.enclosing(*_GIVERS)
    return giver is not None and _gives_known(giver, holder, source, known)


def _gives_known(giver: Frame, holder: Holder, source: Source, known: Known) -> bool:
    if id(giver.node) in holder.fed:
        return True
    value = getattr(giver.node, "value", None)
    return value is None or known(value, giver.scope, source, holder.path)


def _is_known(binding: Binding, holder: Holder, source: Source, known: Known) -> bool:
    if binding.kind is BindingKind.ASSIGN and binding.value is not None:
        return known(binding.value, binding.frame.scope, source, holder.path)
    giver = binding.frame.enclosing(*_GIVERS)
    return binding.kind is BindingKind.OTHER and giver is not None and id(giver.node) in holder.fed


def _filled_well(
    source: Source, chain: Chain, rest: tuple[str, ...], holder: Holder, known: Known
) -> bool:
    """Is what a place puts into a container a task as well?"""
    up = chain.frame.up
    if up is None or not holder.path:
        return True
    if not rest and isinstance(up.node, cst.Subscript):
        giver = up.up.up if up.up is not None and isinstance(up.up.node, cst.AssignTarget) else None
        value = getattr(giver.node, "value", None) if giver is not None else None
        return value is None or known(value, up.scope, source, holder.path[1:])
    if rest and isinstance(up.node, cst.Call) and fills(up.node, holder.path) is not None:
        extends = rest[0] in {"extend", "update"}
        way = holder.path if extends else holder.path[1:]
        args = up.node.args[1:] if rest[0] in {"insert", "setdefault"} else up.node.args
        return all(not arg.star and known(arg.value, up.scope, source, way) for arg in args)
    return True


def _other_callers(holders: Holders, holder: Holder, known: Known) -> str:
    """Say whether somebody calls the function without a known task."""
    assert holder.function is not None
    skipped = int(holder.function.scope.kind is ScopeKind.CLASS)
    for source, chain in holders.study.chains_to(holder.dotted):
        if source.is_test:
            continue
        call, args = _arguments(chain.frame)
        if call is None:
            return f"{holder.called} is itself passed on"
        value = given(holder.function, holder.name, args, skipped)
        if value is None or not known(
            value, call.scope if call else holder.function.scope, source, holder.path
        ):
            return f"{holder.called} is also called without a task"
    return ""


def _arguments(name: Frame) -> tuple[Frame | None, list[cst.Arg]]:
    """Return the call a function gets its arguments from, by way of partial too."""
    up = name.up
    if up is None:
        return None, []
    if isinstance(up.node, cst.Call) and up.node.func is name.node:
        return up, list(up.node.args)
    outer = up.up
    if isinstance(up.node, cst.Arg) and outer is not None and isinstance(outer.node, cst.Call):
        first, *rest = outer.node.args
        if first is up.node and dotted_name(outer.node.func).rpartition(".")[2] == "partial":
            return outer, rest
    return None, []
