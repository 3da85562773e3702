"""How the names of one line are understood, what is decided there, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codemods.engine.explaining import decided_on, names_on, source_of
from codemods.engine.plan import Fate, Request
from codemods.rules.huey.migration import understand


def explain_site(request: Request, path: Path, line: int) -> Iterator[str]:
    """Yield the way of every name on the line, then what is decided. Raises Unusable."""
    study, places, decided = understand(request)
    source, text = source_of(study.project, path, line)
    yield f"{source.label}:{line}  {text}"
    fates = {fate.key: fate for fate in places.fates(decided.stays)}
    yield from names_on(study.project, source, line)
    for key, task in study.tasks.items():
        named = any(
            use.source is source and places.place(source, use.chain.frame)[0] == line
            for use in study.uses[key]
        )
        if named or (task.source is source and fates[key].line == line):
            yield from ("", f"{key} is a Huey task: @{task.maker.name}", _fate(fates[key]))
    sites = list(decided_on(decided.active, decided.kept, source, line, "its task stays"))
    yield from ("", "Decided here")
    yield from (f"  {said}" for said in sites)
    if not sites:
        yield "  nothing: no rule has to do with this line"


def _fate(fate: Fate) -> str:
    if fate.converted:
        return "  it is converted"
    return f"  it stays on Huey because of {fate.cause_place}: {fate.reason}"
