"""How the names of one line are understood, what is decided there, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codemods.engine.explaining import decided_on, names_on, source_of
from codemods.engine.files import python_files
from codemods.engine.load import load
from codemods.engine.plan import Request
from codemods.rules.backport.migration import BackportPlaces, decide, read
from codemods.rules.backport.names import EVIDENCE, LIBRARIES


def explain_site(request: Request, path: Path, line: int) -> Iterator[str]:
    """Yield the way of every name on the line, then what is decided. Raises Unusable."""
    files = python_files(request.paths, request.exclude)
    project = load(list(request.paths), files, EVIDENCE, LIBRARIES)
    study = read(project, request)
    decided = decide(study, BackportPlaces(project), request.choice)
    source, text = source_of(project, path, line)
    yield f"{source.label}:{line}  {text}"
    yield from names_on(project, source, line)
    yield from ("", "Decided here")
    sites = list(decided_on(decided.active, decided.kept, source, line, "its file stays"))
    yield from (f"  {text}" for text in sites or ["nothing"])
