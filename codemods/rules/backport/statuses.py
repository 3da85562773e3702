"""Members of ResultStatus that were renamed."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.literals import renamed_string
from codemods.engine.outcome import rename_part
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.backport.names import STATUS_CLASSES, STATUSES, counterpart
from codemods.rules.backport.study import Mention, Study, bindings_of

MEMBER = Rule(
    "DEP110",
    "A status has another name",
    "NEW is READY, COMPLETE and SUCCEEDED are SUCCESSFUL; RUNNING and FAILED are what they were. "
    "What is stored as text in tables or files keeps its old value.",
    "ResultStatus.COMPLETE",
    "TaskResultStatus.SUCCESSFUL",
)


def judge_statuses(study: Study) -> None:
    """Rename the members of the statuses, wherever the class was imported from."""
    for mentions in study.mentions.values():
        for mention in mentions:
            found = counterpart(mention.full, study.target)
            if found is None or found.old not in STATUS_CLASSES or study.is_kept(mention):
                continue
            if found.rest:
                _attribute(study, mention, found.rest)
            else:
                _by_name(study, mention)
            if not mention.direct:
                _together(study, mention)


def _attribute(study: Study, mention: Mention, rest: tuple[str, ...]) -> None:
    chain, new = mention.chain, STATUSES.get(rest[0])
    if new is None or len(rest) > len(chain.parts):
        return
    outcome = study.outcome(
        mention.source, chain.frame, MEMBER, Kind.REWRITE, f"{rest[0]} is {new}"
    )
    outcome.edits.append(rename_part(chain, len(chain.parts) - len(rest), new))


def _by_name(study: Study, mention: Mention) -> None:
    """Rename in `ResultStatus("NEW")` and `ResultStatus["NEW"]`."""
    place = _literal(mention.chain)
    if place is None:
        return
    assert isinstance(place.node, cst.SimpleString)
    old = place.node.raw_value
    new = STATUSES.get(old)
    if new is not None:
        outcome = study.outcome(
            mention.source, mention.chain.frame, MEMBER, Kind.REWRITE, f"{old!r} is {new!r}"
        )
        outcome.edit(place, renamed_string(new))


def _literal(chain: Chain) -> Frame | None:
    """Return the string a class is called or subscripted with."""
    up = chain.frame.up
    node: Any = up.node if up is not None else None
    if isinstance(node, cst.Call) and node.func is chain.frame.node and len(node.args) == 1:
        arg = node.args[0]
        if isinstance(arg.value, cst.SimpleString):
            return Frame(arg.value, Frame(arg, up, chain.frame.scope), chain.frame.scope)
    if isinstance(node, cst.Subscript) and node.value is chain.frame.node:
        element = node.slice[0]
        index = element.slice
        if isinstance(index, cst.Index) and isinstance(index.value, cst.SimpleString):
            scope = chain.frame.scope
            return Frame(index.value, Frame(index, Frame(element, up, scope), scope), scope)
    return None


def _together(study: Study, mention: Mention) -> None:
    """Tie the file to the one that imports the class for it."""
    for binding in bindings_of(mention.chain):
        words = [*binding.target.split("."), *mention.chain.parts]
        for length in range(len(words), 0, -1):
            source = study.project.modules.get(".".join(words[:length]))
            if source is not None and source is not mention.source:
                study.groups.append(frozenset({source.label, mention.source.label}))
                break
