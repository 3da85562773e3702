"""How the names of one line are understood, what is decided there, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import libcst as cst

from codemods.engine.explaining import decided_on, source_of
from codemods.engine.plan import Fate, Request
from codemods.engine.position import positions
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.trail import Trail
from codemods.rules.celery.migration import understand
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask


def explain_site(request: Request, path: Path, line: int) -> Iterator[str]:
    """Yield the way of every name on the line, then what is decided. Raises Unusable."""
    study, places, decided = understand(request)
    source, text = source_of(study.project, path, line)
    yield f"{source.label}:{line}  {text}"
    fates = {fate.key: fate for fate in places.fates(decided.stays)}
    named = list(_names(study, source, line, fates))
    yield from named
    sites = list(decided_on(decided.active, decided.kept, source, line, "its task stays"))
    yield from ("", "Decided here")
    yield from (f"  {text}" for text in sites)
    if not sites:
        yield "  nothing: no rule has to do with this line" if named else "  nothing"


def _names(study: Study, source: Source, line: int, fates: dict[str, Fate]) -> Iterator[str]:
    trail = Trail(study.project)
    survey = source.survey
    tasks = {id(task.decorator_frame.node): task for task in study.tasks.values()}
    tasks |= {id(task.node): task for task in study.tasks.values()}
    frames = [chain.frame for chain in survey.chains]
    frames += [text.frame for text in survey.texts]
    own = [task for task in study.tasks.values() if task.source is source]
    frames += [frame for task in own for frame in (task.frame, task.decorator_frame)]
    found = positions(source.tree, source.data, frames)
    for task in own:
        if line in {found[id(node)][0] for node in (task.node, task.decorator_frame.node)}:
            yield from ("", f"{task.name} is defined here")
            yield from _task(trail, task, fates)
    for chain in survey.chains:
        if found.get(id(chain.frame.node), (0, 0))[0] != line or not chain.root:
            continue
        yield from ("", chain.dotted)
        steps = trail.steps((chain.root, *chain.parts), chain.frame.scope, source)
        yield from (f"  {step}" for step in steps)
        target = study.project.resolve(chain, source)
        yield f"  so it is {target.full}" if target is not None else "  so it cannot be told"
        used = study.tasks.get(target.dotted) if target is not None else None
        if used is not None:
            yield from _task(trail, used, fates)
    for text in survey.texts:
        if found.get(id(text.frame.node), (0, 0))[0] == line:
            used = _named_by(study, text.value)
            if used is not None:
                yield from ("", f'"{text.value}" names {used.key}')
                yield from _task(trail, used, fates)


def _named_by(study: Study, value: str) -> CeleryTask | None:
    for dotted in (value, value.rpartition(".")[0]):
        target = study.project.resolve_dotted(dotted) if dotted else None
        if target is not None and target.dotted in study.tasks:
            return study.tasks[target.dotted]
    return None


def _task(trail: Trail, task: CeleryTask, fates: dict[str, Fate]) -> Iterator[str]:
    decorator = task.node.decorators[task.decorator].decorator
    func = decorator.func if isinstance(decorator, cst.Call) else decorator
    name = dotted_name(func)
    place = trail.place(task.source, task.frame)
    yield f"  {task.key} is a Celery task: @{name} at {place}"
    steps = trail.steps(tuple(name.split(".")), task.frame.scope, task.source)
    yield from (f"    {step}" for step in steps)
    fate = fates[task.key]
    if fate.converted:
        yield "  it is converted"
    else:
        yield f"  it stays on Celery because of {fate.cause_place}: {fate.reason}"
