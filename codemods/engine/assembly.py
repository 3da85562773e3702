"""Outcomes as the parts of a plan: sites, files before and after, what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import libcst as cst

from codemods.engine.draft import Draft, Refused
from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import FileChange, Progress, SeenFile
from codemods.engine.project import Project
from codemods.engine.site import Kind, Problem, Site
from codemods.engine.source import Source
from codemods.engine.todo import has_todo, statement_of


def sites(
    outcomes: Iterable[Outcome], places: Places, more: Iterable[Site] = ()
) -> tuple[Site, ...]:
    """Return outcomes as sites, less those that are part of a larger one."""
    found = {places.site(outcome) for outcome in outcomes if outcome.counted}
    return tuple(sorted(found.union(more)))


def drafts(active: Iterable[Outcome], tool: str, *, todo: bool) -> dict[Source, Draft]:
    """Return what is to happen to each file."""
    found: dict[Source, Draft] = {}
    marked: set[tuple[int, str]] = set()
    for outcome in active:
        draft = found.setdefault(outcome.source, Draft(outcome.source))
        if outcome.kind is not Kind.PERSON or not outcome.blocks:
            draft.edits.extend(outcome.edits)
            draft.needs |= outcome.needs
            draft.stale |= outcome.stale
        if outcome.kind is Kind.PERSON and todo:
            statement = statement_of(outcome.frame)
            key = (id(statement.node), outcome.code)
            if key not in marked and not has_todo(statement, tool, outcome.code):
                marked.add(key)
                draft.todos.append((outcome.frame, outcome.code, outcome.reason))
    return found


def changes(
    project: Project,
    drafts: dict[Source, Draft],
    problems: list[Problem],
    tool: str,
    progress: Progress,
) -> Iterator[FileChange]:
    """Yield each file that changes; those that would not be Python are added to the problems.

    The drafts are used up and no tree is kept: who wants to know more of one has asked before.
    """
    packages = frozenset(name.partition(".")[0] for name in project.modules)
    for source in project.relevant:
        if source not in drafts:
            source.forget()
    total = len(drafts)
    while drafts:
        progress("rewriting", total - len(drafts), total)
        source, draft = drafts.popitem()
        try:
            after = draft.render(tool, packages)
        except (Refused, cst.CSTValidationError, RecursionError) as error:
            reason = f"the rewrite would not be valid Python, so the file is left alone: {error}"
            problems.append(Problem(source.label, 1, reason))
            continue
        finally:
            del draft
            source.forget()
        if after != source.data:
            names = tuple(filter(None, source.names))
            yield FileChange(source.path, source.label, source.data, after, names)


def seen(project: Project) -> tuple[SeenFile, ...]:
    """Return every file the sites were judged by."""
    return tuple(
        SeenFile(source.label, hashlib.sha256(source.data).hexdigest())
        for source in project.relevant
    )


def unreadable(project: Project) -> list[Problem]:
    """Return the files that matter and are not Python."""
    return [
        Problem(source.label, error.line, f"cannot be parsed: {error.message}")
        for source, error in project.unparsable.items()
    ]
