"""Sends on something that cannot be known: reported when it smells of a task."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind, Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
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
            receiver = ".".join((chain.root or "...", *chain.parts[:-1]))
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
    if chain.root and _bound_outside(study, source, chain):
        return False
    return any(hint in word.lower() for word in words for hint in _HINTS)


def _bound_outside(study: Study, source: Source, chain: Chain) -> bool:
    """Does the receiver come from a call of something installed, such as a pool?"""
    found = chain.frame.scope.lookup(chain.root)
    for binding in found[1] if found is not None else ():
        value = binding.value
        if binding.kind is not BindingKind.ASSIGN or not isinstance(value, cst.Call):
            continue
        if not isinstance(value.func, (cst.Name, cst.Attribute)):
            continue
        from codemods.engine.survey import dotted_name

        name = dotted_name(value.func)
        target = (
            study.project.resolve_name(tuple(name.split(".")), binding.frame.scope, source)
            if name
            else None
        )
        if target is not None and study.project.is_outside(target):
            return target.dotted.partition(".")[0] != "celery"
    return False
