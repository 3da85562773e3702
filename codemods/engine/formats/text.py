"""A plan in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from codemods.engine.plan import Plan
from codemods.engine.site import Kind, Rule, Site


def report(plan: Plan, *, done: bool, verbose: bool = False) -> Iterator[str]:
    """Yield the lines of the report; done says whether the changes are on disk."""
    if verbose:
        yield from _section("Rewritten", plan.of_kind(Kind.REWRITE))
        yield from _section("Stays with its task", tuple(s for s in plan.kept if not s.declined))
        yield from _section("Declined", tuple(site for site in plan.kept if site.declined))
    yield from _section("Needs a person", plan.of_kind(Kind.PERSON))
    yield from _section("Rewritten with a change of meaning", plan.of_kind(Kind.CHANGE))
    if plan.notes:
        yield "Kept as it is"
        for note in plan.notes:
            yield f"  {note.code}  {note.text}"
        yield ""
    if plan.problems:
        yield "Could not be processed"
        for problem in plan.problems:
            yield f"  {problem.path}:{problem.line}  {problem.reason}"
        yield ""
    yield from plan.summary
    verb = "changed" if done else "would change"
    files = len(plan.changes)
    sites = {kind: len(plan.of_kind(kind)) for kind in Kind}
    yield (
        f"{files} file{'' if files == 1 else 's'} {verb}; {sites[Kind.REWRITE]} sites rewritten, "
        f"{sites[Kind.CHANGE]} with a change of meaning, {sites[Kind.PERSON]} for a person."
    )


def listing(plan: Plan) -> Iterator[str]:
    """Yield one line per site."""
    for site in plan.sites:
        yield f"{site.path}:{site.line}: {site.code} {site.kind} {site.reason}"


def statistics(plan: Plan, rules: tuple[Rule, ...]) -> Iterator[str]:
    """Yield one line per code, the most frequent first."""
    titles = {rule.code: rule.title for rule in rules}
    for code, count in sorted(plan.counts().items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:6}  {code}  {titles.get(code, '')}".rstrip()


def _section(title: str, sites: tuple[Site, ...]) -> Iterator[str]:
    if not sites:
        return
    yield f"{title} ({len(sites)})"
    for path, group in groupby(sorted(sites), key=lambda site: site.path):
        for site in group:
            yield f"  {path}:{site.line}  {site.code}  {site.reason}"
    yield ""
