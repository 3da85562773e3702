"""Sends on something that cannot be known: reported when it smells of a task."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import string
from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind, Chain, Scope
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import descendants
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study

UNRESOLVED = Rule(
    "CEL210",
    "A task that cannot be told from the code",
    "`.delay()` on a variable, an attribute or the like is left as it is. When what arrives there "
    "is converted, write .enqueue() by hand. multiprocessing's pool.apply_async and other "
    "look-alikes are not reported.",
)

_HINTS = ("task", "job", "callback", "handler", "func", "celery", "sig")
_SHOWN = 40


def report_unresolved(study: Study, sources: list[Source], followed: set[int]) -> None:
    """Report the sends nobody can resolve."""
    for source in sources:
        if source.is_test:
            continue
        for chain in source.survey.chains:
            last = chain.parts[-1] if chain.parts else ""
            if last not in SEND or id(chain.frame.node) in followed or chain.stored:
                continue
            if not _called(chain) or not _smells(study, source, chain):
                continue
            receiver = ".".join((chain.root or _shown(chain), *chain.parts[:-1]))
            study.outcomes.append(
                Outcome(
                    source,
                    chain.frame,
                    UNRESOLVED.code,
                    Kind.PERSON,
                    f"cannot tell which task {receiver} is; the call is left alone",
                )
            )


def _called(chain: Chain) -> bool:
    up = chain.frame.up
    return up is not None and isinstance(up.node, (cst.Call, cst.Arg))


def _smells(study: Study, source: Source, chain: Chain) -> bool:
    """Is it plausible that the receiver is a task of this project?"""
    target = study.project.resolve(chain, source)
    if target is not None:
        # What resolves and is no task is something else, or was reported where it is defined.
        return False
    words = [chain.root, *chain.parts[:-1]]
    if not chain.root:
        start = _start(chain)
        if _looks_up(study, source, start, chain.frame.scope):
            return True
        if _is_known(study, source, start, chain.frame.scope):
            return False
        words.extend(_words(start))
    elif _bound_outside(study, source, chain):
        return False
    return any(hint in word.lower() for word in words for hint in _HINTS)


def _start(chain: Chain) -> cst.BaseExpression:
    """Return what the attributes of a chain without a name are read from."""
    node = cst.ensure_type(chain.frame.node, cst.Attribute).value
    for _ in chain.parts[1:]:
        node = cst.ensure_type(node, cst.Attribute).value
    return node


def _shown(chain: Chain) -> str:
    text = code(_start(chain))
    return text if len(text) <= _SHOWN and "\n" not in text else "..."


def _looks_up(study: Study, source: Source, node: cst.BaseExpression, scope: Scope) -> bool:
    """Is a name looked up in a module of tasks: getattr(tasks, name), import_module(path)?"""
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Call):
        return dotted_name(node.value.func) == "globals"
    if not isinstance(node, cst.Call) or not node.args:
        return False
    if dotted_name(node.func).rpartition(".")[2] not in {"getattr", "import_module"}:
        return False
    first = node.args[0].value
    module = string(first) or ""
    if _looks_up(study, source, first, scope):
        return True
    if not module and (name := dotted_name(first)):
        target = study.project.resolve_name(tuple(name.split(".")), scope, source)
        module = target.full if target is not None else ""
    return bool(module) and any(key.rpartition(".")[0] == module for key in study.tasks)


def _is_known(study: Study, source: Source, node: cst.BaseExpression, scope: Scope) -> bool:
    """Is it a signature of a task, or what something installed returns?"""
    if any(id(inner) in study.used for inner in (node, *descendants(node))):
        return True
    while isinstance(node, (cst.Attribute, cst.Call)):
        node = node.func if isinstance(node, cst.Call) else node.value
        name = dotted_name(node)
        if name:
            target = study.project.resolve_name(tuple(name.split(".")), scope, source)
            return target is not None and study.project.is_outside(target)
    return False


def _words(node: cst.BaseExpression) -> list[str]:
    """Return the names a receiver is called by, those of its arguments aside."""
    if isinstance(node, cst.Call):
        return _words(node.func)
    if isinstance(node, (cst.Subscript, cst.Attribute)):
        own = [node.attr.value] if isinstance(node, cst.Attribute) else []
        return [*_words(node.value), *own]
    return [node.value] if isinstance(node, cst.Name) else []


def _bound_outside(study: Study, source: Source, chain: Chain) -> bool:
    """Does the receiver come from a call of something installed, such as a pool?"""
    found = chain.frame.scope.lookup(chain.root)
    for binding in found[1] if found is not None else ():
        value = binding.value
        if binding.kind is not BindingKind.ASSIGN or not isinstance(value, cst.Call):
            continue
        if not isinstance(value.func, (cst.Name, cst.Attribute)):
            continue
        name = dotted_name(value.func)
        target = (
            study.project.resolve_name(tuple(name.split(".")), binding.frame.scope, source)
            if name
            else None
        )
        if target is not None and study.project.is_outside(target):
            return target.dotted.partition(".")[0] != "celery"
    return False
