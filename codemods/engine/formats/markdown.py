"""A plan for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from codemods.engine.plan import Fate, Migration, Plan
from codemods.engine.planfile.blockers import blockers, sentence
from codemods.engine.planfile.readiness import Tally, tally, tally_by
from codemods.engine.planfile.runtime import RunTime, reason
from codemods.engine.site import Kind, Site

_TITLES = {
    Kind.PERSON: "Needs a person",
    Kind.CHANGE: "Rewritten with a change of meaning",
    Kind.REWRITE: "Rewritten",
}
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")
_FILES = 10


def markdown(migration: Migration, plan: Plan, runtime: RunTime | None = None) -> Iterator[str]:
    """Yield the lines of the plan."""
    yield f"# {migration.library} to django.tasks"
    yield ""
    yield from plan.summary
    if not plan.found:
        yield f"No {migration.library} found."
        return
    yield f"Readiness: **{tally(plan).score} %**. {sentence(blockers(plan))}".rstrip()
    yield ""
    yield from _readiness(plan)
    yield from _blockers(plan)
    yield from _staying([fate for fate in plan.tasks if not fate.converted])
    if runtime is not None:
        yield from _runtime(runtime)
    for kind, title in _TITLES.items():
        yield from _sites(title, plan.of_kind(kind), closed=kind is Kind.REWRITE)
    yield from _sites("Stays as it is", plan.kept, closed=True)
    yield from _rest(plan)


def _readiness(plan: Plan) -> Iterator[str]:
    yield "## Readiness"
    yield ""
    yield "| | score | rewritable ÷ all, production sites weigh 4 and test sites 1 |"
    yield "|---|---:|---|"
    yield _figures("all", tally(plan))
    for what, groups in (
        ("app", tally_by(plan, lambda site: site.app)),
        ("queue", tally_by(plan, lambda site: site.queue)),
    ):
        for name, figures in groups.items():
            yield _figures(f"{what} {_code(name) if name else '(not known)'}", figures)
    yield ""


def _figures(name: str, figures: Tally) -> str:
    return f"| {name} | {figures.score} % | {figures.arithmetic} |"


def _blockers(plan: Plan) -> Iterator[str]:
    found = blockers(plan)
    if not found:
        return
    yield "## What blocks most"
    yield ""
    yield "| file | keeps tasks | keeps sites | of the rest |"
    yield "|---|---:|---:|---:|"
    for blocker in found[:_FILES]:
        share = f"{blocker.share * 100:.1f} %"
        yield f"| {_code(blocker.path)} | {blocker.tasks} | {blocker.sites} | {share} |"
    if len(found) > _FILES:
        yield f"| and {len(found) - _FILES} more files | | | |"
    yield ""


def _staying(fates: list[Fate]) -> Iterator[str]:
    if not fates:
        return
    yield f"## Tasks that stay ({len(fates)})"
    yield ""
    yield "| task | because of | |"
    yield "|---|---|---|"
    for fate in fates:
        yield f"| {_code(fate.key)} | {_code(fate.cause_place)} | {_text(fate.reason)} |"
    yield ""


def _runtime(found: RunTime) -> Iterator[str]:
    yield "## Seen at run time"
    yield ""
    yield found.sentence
    yield ""
    for call in found.more:
        yield f"- {_code(f'{call.path}:{call.line}')} {call.code} {_text(reason(call))}"
    if found.more:
        yield ""
    if found.seen:
        yield "<details>"
        yield ""
        for site in found.seen:
            yield f"- {_code(site.where)} {site.code} {_text(site.reason)}"
        yield ""
        yield "</details>"
        yield ""


def _sites(title: str, sites: tuple[Site, ...], *, closed: bool) -> Iterator[str]:
    if not sites:
        return
    yield f"## {title} ({len(sites)})"
    yield ""
    if closed:
        yield "<details>"
        yield ""
    for path, group in groupby(sites, key=lambda site: site.path):
        yield f"- {_code(path)}"
        yield from _lines(group)
    yield ""
    if closed:
        yield "</details>"
        yield ""


def _lines(sites: Iterable[Site]) -> Iterator[str]:
    for site in sites:
        yield f"  - line {site.line}: {site.code} {_text(site.reason)}"


def _rest(plan: Plan) -> Iterator[str]:
    if plan.notes:
        yield "## Kept as it is"
        yield ""
        for note in plan.notes:
            first, *more = note.text.splitlines()
            yield f"- {note.code} {_text(first)}"
            if more:
                yield from ("", "  ```python", *(f"  {line}".rstrip() for line in more), "  ```")
        yield ""
    if plan.problems:
        yield "## Could not be processed"
        yield ""
        for problem in plan.problems:
            yield f"- {_code(f'{problem.path}:{problem.line}')} {_text(problem.reason)}"
        yield ""


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Return text as code that a table cell can hold."""
    return "`" + text.replace("`", "'").replace("|", "\\|").replace("\n", " ") + "`"
