"""`TaskResult[int]`: Django's classes take no parameters when the program runs."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.backport.names import GENERIC
from codemods.rules.backport.study import Study

PARAMETERS = Rule(
    "DEP107",
    "Task, TaskResult and TaskContext of Django take no type parameters at run time",
    "The backport's classes are generic. Django's are so for type checkers only, so an annotation "
    "that is evaluated is put in quotes. Elsewhere, in an alias or a base class, a person has to "
    "decide.",
    "def last() -> TaskResult[int]:",
    'def last() -> "TaskResult[int]":',
)


def judge_generics(study: Study) -> None:
    """Quote annotations that would no longer run."""
    for source, mentions in study.mentions.items():
        if _postponed(source):
            continue
        quoted: set[int] = set()
        for mention in mentions:
            frame = mention.chain.frame
            up = frame.up
            if mention.full not in GENERIC or up is None:
                continue
            if not isinstance(up.node, cst.Subscript) or up.node.value is not frame.node:
                continue
            if _is_checked_only(frame):
                continue
            annotation = frame.enclosing(cst.Annotation)
            text = code(annotation.node.annotation) if annotation is not None else ""  # type: ignore[attr-defined]
            if annotation is None or '"' in text or "\n" in text or "\\" in text:
                reason = (
                    f"{mention.chain.dotted}[...] fails when it runs: leave the parameters out, or "
                    "take the class from bridge, whose classes have them"
                )
                study.outcome(source, up, PARAMETERS, Kind.PERSON, reason)
            elif id(annotation.node) not in quoted:
                quoted.add(id(annotation.node))
                reason = "the annotation is put in quotes, as Django's class takes no parameters"
                outcome = study.outcome(source, annotation, PARAMETERS, Kind.REWRITE, reason)
                outcome.edit(annotation, _quoted)


def _quoted(node: cst.Annotation) -> cst.CSTNode:
    # The text is taken now, when names in it have been rewritten.
    text = code(node.annotation)
    return node.with_changes(annotation=cst.SimpleString(f'"{text}"'))


def _postponed(source: Source) -> bool:
    """Are annotations of the file not evaluated?"""
    return any(
        binding.target == "__future__.annotations"
        for binding in source.survey.scope.bindings.get("annotations", ())
    )


def _is_checked_only(frame: Frame) -> bool:
    """Is the code below `if TYPE_CHECKING`?"""
    for up in frame.ancestors():
        if isinstance(up.node, cst.If) and code(up.node.test).endswith("TYPE_CHECKING"):
            return True
    return False
