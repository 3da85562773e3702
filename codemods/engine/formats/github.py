"""A plan as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.plan import Plan
from codemods.engine.site import Kind

_LEVELS = {Kind.REWRITE: "notice", Kind.CHANGE: "warning", Kind.PERSON: "error"}


def github(plan: Plan) -> Iterator[str]:
    """Yield one workflow command per problem and site."""
    for problem in plan.problems:
        yield _command("error", problem.path, problem.line, 0, "codemod", problem.reason)
    for site in plan.sites:
        level = _LEVELS[site.kind]
        yield _command(level, site.path, site.line, site.column, site.code, site.reason)


def _command(level: str, path: str, line: int, column: int, title: str, message: str) -> str:
    where = f"file={_property(path)},line={line}"
    if column:
        where += f",col={column}"
    return f"::{level} {where},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
