"""Mock paths that are put together, and patches of several names at once."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.mocks.paths import patches
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.huey.study import Study
from codemods.rules.huey.testing.paths import PERSON


def report_computed(study: Study, sources: list[Source]) -> None:
    """Report patches whose path ends in the name of a task and cannot be rewritten."""
    by_name: dict[str, set[str]] = {}
    for key, task in study.tasks.items():
        by_name.setdefault(task.name, set()).add(key)
    for source in sources:
        seen: set[int] = set()
        for chain in source.survey.chains:
            call = chain.frame.up
            if call is None or id(call.node) in seen or not isinstance(call.node, cst.Call):
                continue
            seen.add(id(call.node))
            for name in set(_names(call)) & by_name.keys():
                outcome = Outcome(source, call, PERSON.code, Kind.PERSON, "")
                outcome.any_of = frozenset(by_name[name])
                outcome.reason = f"patches {name}, which is not called any more; patch its enqueue"
                study.outcomes.append(outcome)


def _names(call: Frame) -> Iterator[str]:
    """Yield the last names of what a call patches, where no plain string says them."""
    node = call.node
    assert isinstance(node, cst.Call)
    if patches(node) and node.args:
        ending = _ending(node.args[0].value)
        if "." in ending:
            yield ending.rpartition(".")[2]
    elif isinstance(node.func, cst.Attribute) and node.func.attr.value == "multiple":
        yield from (arg.keyword.value for arg in node.args if arg.keyword is not None)


def _ending(node: cst.BaseExpression) -> str:
    """Return the written end of a string that is put together."""
    if isinstance(node, cst.FormattedString) and node.parts:
        last = node.parts[-1]
        return last.value if isinstance(last, cst.FormattedStringText) else ""
    if isinstance(node, cst.BinaryOperation):
        return string(node.right) or ""
    return ""
