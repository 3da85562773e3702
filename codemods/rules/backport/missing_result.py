"""ResultDoesNotExist, which Django has split in two."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.respelling import dotted
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, Replacement
from codemods.rules.backport.reach import is_exported, uses
from codemods.rules.backport.study import Study

SPLIT = Rule(
    "DEP105",
    "ResultDoesNotExist has become two exceptions",
    "Django raises TaskResultDoesNotExist for an id nobody knows, and TaskResultMismatch for one "
    "of another task. Where either may arrive, both are caught; where one is raised or inherited "
    "it is the first. Neither is an ObjectDoesNotExist any more.",
    "except ResultDoesNotExist:",
    "except (TaskResultDoesNotExist, TaskResultMismatch):",
)
ONE, OTHER = "TaskResultDoesNotExist", "TaskResultMismatch"
_TAKE_CLASSES = frozenset(
    ["assertRaises", "assertRaisesMessage", "raises", "suppress", "isinstance", "issubclass"]
)


def replaced_by(study: Study, source: Source, frame: Frame, local: str) -> tuple[str, ...]:
    """Return the names to import for it, none when a person has to decide."""
    forms = [form(chain) for chain in uses(source, frame, local)]
    top = frame.scope is source.survey.scope
    if not all(forms) or (top and is_exported(study, source, local)) or not forms:
        reason = f"{ONE} and {OTHER} take its place; say here which of them is meant"
        study.outcome(source, frame, SPLIT, Kind.PERSON, reason)
        return ()
    return (ONE,) if all(one == "one" for one in forms) else (ONE, OTHER)


def rewrite_uses(source: Source, frame: Frame, local: str) -> list[Edit]:
    """Return the edits of every use of the imported name."""
    return [edit_of(chain, []) for chain in uses(source, frame, local)]


def form(chain: Chain) -> str:
    """Return "both" where either may arrive, "one" where one is raised, nothing elsewhere."""
    up = chain.frame.up
    if up is None or chain.stored:
        return ""
    node: Any = up.node
    if isinstance(node, cst.Raise) and node.exc is chain.frame.node:
        return "one"
    if isinstance(node, cst.Call) and node.func is chain.frame.node:
        return "one" if up.up is not None and isinstance(up.up.node, cst.Raise) else ""
    if isinstance(node, cst.ExceptHandler):
        return "both"
    if isinstance(node, cst.Element):
        return "both" if _is_caught(up) else ""
    if isinstance(node, cst.Arg):
        return _argument(up)
    return ""


def _is_caught(element: Frame) -> bool:
    """Is it one of a tuple of exceptions?"""
    group = element.up
    if group is None or not isinstance(group.node, cst.Tuple) or group.up is None:
        return False
    if isinstance(group.up.node, cst.ExceptHandler):
        return True
    return isinstance(group.up.node, cst.Arg) and _argument(group.up) == "both"


def _argument(arg: Frame) -> str:
    holder = arg.up
    assert isinstance(arg.node, cst.Arg)
    if holder is None or isinstance(holder.node, cst.ClassDef):
        return "one"
    if arg.node.keyword is not None:
        return "one" if arg.node.keyword.value == "side_effect" else ""
    name = dotted_name(getattr(holder.node, "func", None)).rpartition(".")[2]
    return "both" if name in _TAKE_CLASSES else ""


def edit_of(chain: Chain, prefix: list[str]) -> Edit:
    """Return the edit of one use; the prefix is how the file spells the module, if it must."""
    one, other = dotted([*prefix, ONE]), dotted([*prefix, OTHER])
    if form(chain) == "one":
        return Edit(chain.frame, lambda node: one)
    up = chain.frame.up
    if up is not None and isinstance(up.node, cst.Element):
        return Edit(up, lambda node: _elements(node, one, other))
    pair = cst.Tuple(
        elements=[
            cst.Element(one, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))),
            cst.Element(other),
        ]
    )
    return Edit(chain.frame, lambda node: pair)


def _elements(node: Any, one: cst.BaseExpression, other: cst.BaseExpression) -> Replacement:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    after = getattr(node.comma, "whitespace_after", None)
    if isinstance(after, cst.ParenthesizedWhitespace) and after.first_line.comment is None:
        comma = node.comma
    return cst.FlattenSentinel(
        [node.with_changes(value=one, comma=comma), node.with_changes(value=other)]
    )
