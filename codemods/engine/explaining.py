"""What is said of one line of a file: where it is, and what is decided there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from codemods.engine.errors import Unusable
from codemods.engine.outcome import Outcome
from codemods.engine.position import positions
from codemods.engine.project import Project
from codemods.engine.source import Source, Unparsable
from codemods.engine.trail import Trail


def source_of(project: Project, path: Path, line: int) -> tuple[Source, str]:
    """Return the file and the text of the line. Raises Unusable."""
    source = next((s for s in project.sources if s.path == path.resolve()), None)
    if source is None:
        raise Unusable(f"{str(path)!r} is not among the files read; give a path that has it.")
    try:
        _ = source.survey
    except Unparsable as error:
        raise Unusable(f"{source.label}:{error.line} cannot be parsed: {error.message}") from error
    lines = source.data.splitlines()
    if not 0 < line <= len(lines):
        raise Unusable(f"{source.label} has {len(lines)} lines; there is no line {line}.")
    return source, lines[line - 1].decode(errors="replace").strip()


def names_on(project: Project, source: Source, line: int) -> Iterator[str]:
    """Yield the way of every name on the line."""
    trail = Trail(project)
    chains = [chain for chain in source.survey.chains if chain.root]
    found = positions(source.tree, source.data, [chain.frame for chain in chains])
    for chain in chains:
        if found.get(id(chain.frame.node), (0, 0))[0] != line:
            continue
        yield from ("", chain.dotted)
        steps = trail.steps((chain.root, *chain.parts), chain.frame.scope, source)
        yield from (f"  {step}" for step in steps)
        target = project.resolve(chain, source)
        yield f"  so it is {target.full}" if target is not None else "  so it cannot be told"


def decided_on(
    active: Iterable[Outcome], kept: Iterable[Outcome], source: Source, line: int, staying: str
) -> Iterator[str]:
    """Yield what is decided on the line; staying says why a place that nobody declined is kept."""
    for outcome in active:
        if outcome.source is source and outcome.line == line and outcome.counted:
            yield f"{outcome.code} {outcome.kind}: {outcome.reason}"
    for outcome in kept:
        if outcome.source is source and outcome.line == line and outcome.counted:
            why = "declined" if outcome.declined else staying
            yield f"{outcome.code} stays as it is ({why}): {outcome.reason}"
