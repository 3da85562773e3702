"""Immediate mode in tests."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import code, exploded, flat_args, statement_space
from codemods.engine.literals import is_true, mapping
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.settings.homes import Settings
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.huey.settings.mode import IMMEDIATE
from codemods.rules.huey.study import Study

MODE = Rule(
    "HUE603",
    "Immediate mode in tests becomes the immediate backend",
    'override_settings(HUEY={"immediate": True}) gets a TASKS with bridge.ImmediateBackend, which '
    "runs a task where it is sent; an empty QUEUES accepts every queue. HUEY.immediate = True "
    "says nothing of converted tasks: give the test settings a TASKS with ImmediateBackend, or use "
    "override_tasks() and run_tasks of bridge.testing.",
    'override_settings(HUEY={"immediate": True})',
    '"BACKEND": "bridge.ImmediateBackend"',
)
_CALLS = frozenset({"override_settings", "settings"})
_ENTRIES = (f'"BACKEND": {IMMEDIATE}', '"QUEUES": []', '"OPTIONS": {"TYPED_JSON": True}')
_LINE = f'{{"default": {{{", ".join(_ENTRIES)}}}}}'


def judge_modes(study: Study, sources: list[Source], settings: Settings) -> None:
    """Judge the places where tests switch immediate mode."""
    homes = {home.source for home in settings.homes}
    for source in sources:
        for chain in source.survey.chains:
            outcome = _override(study, source, chain)
            if outcome is None and source.is_test and source not in homes:
                outcome = _switch(study, source, chain)
            if outcome is not None:
                study.outcomes.append(outcome)


def _override(study: Study, source: Source, chain: Chain) -> Outcome | None:
    last = chain.parts[-1] if chain.parts else chain.root
    up = chain.frame.up
    if last not in _CALLS or up is None or not isinstance(up.node, cst.Call):
        return None
    if up.node.func is not chain.frame.node:
        return None
    given = {arg.keyword.value: arg.value for arg in up.node.args if arg.keyword is not None}
    said = (mapping(given.get("HUEY")) or {}).get("immediate")
    if not is_true(said) or "TASKS" in given:
        return None
    outcome = Outcome(source, up, MODE.code, Kind.REWRITE, "immediate mode is ImmediateBackend")
    outcome.any_of = frozenset(study.tasks)
    space = statement_space(source, up)

    def change(node: Any) -> cst.CSTNode:
        args = flat_args([_tasks(_LINE), *node.args])
        short = node.with_changes(args=args)
        if len(code(short)) + 1 <= space.room:
            return short  # type: ignore[no-any-return]
        value = _LINE
        if len(space.indent) + len(space.step) + len(f"TASKS={_LINE},") > space.limit:
            value = _spread(space.step)
        args = [_tasks(value), *node.args]
        return exploded(node.with_changes(args=args), space.indent, space.step)

    outcome.edit(up, change)
    return outcome


def _switch(study: Study, source: Source, chain: Chain) -> Outcome | None:
    """Judge `HUEY.immediate = True`, and monkeypatch.setattr(HUEY, "immediate", True)."""
    target = study.project.resolve(chain, source)
    if target is None:
        return None
    method = study.census.method(target)
    if method not in {"immediate", "HUEY.immediate"} or not chain.stored:
        return None
    reason = "says nothing of converted tasks; name bridge.ImmediateBackend in TASKS of the tests"
    outcome = Outcome(source, chain.frame, MODE.code, Kind.PERSON, reason)
    outcome.any_of = frozenset(study.tasks)
    return outcome


def _tasks(value: str) -> cst.Arg:
    return cst.Arg(keyword=cst.Name("TASKS"), value=cst.parse_expression(value))


def _spread(step: str) -> str:
    """Return the literal over several lines, as its block indents it."""
    one, two = step * 2, step * 3
    lines = "".join(f"{two}{entry},\n" for entry in _ENTRIES)
    return f'{{\n{one}"default": {{\n{lines}{one}}},\n{step}}}'
