"""What a run with DEP_MIGRATION_WARN=1 has shown, beside what the plan has found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.engine.errors import Unusable
from codemods.engine.files import python_files
from codemods.engine.outline import parsed
from codemods.engine.plan import Plan, Request
from codemods.engine.site import Site

_LINE = re.compile(
    r"^(?P<before>.*\.py):(?P<line>\d+): (?:[\w.]+\.)?LegacyCallWarning: "
    r"(?P<code>[A-Z]+\d+) (?P<what>.*?)\s*$"
)
_TASK = re.compile(r" of (?P<task>[\w.]+):")
_INSTALLED = ("/site-packages/", "/dist-packages/")


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A call of the legacy API that some run has warned of."""

    path: str
    line: int
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class RunTime:
    """The calls of a log, by whether the plan has their sites."""

    seen: tuple[Site, ...] = ()
    """Sites of the plan that have run."""
    more: tuple[Call, ...] = ()
    """Calls of this project that the plan has no site for."""

    @property
    def sentence(self) -> str:
        """Return what it comes to."""
        more = f"{len(self.more)} more call{'' if len(self.more) == 1 else 's'}"
        known = f"{len(self.seen)} site{'' if len(self.seen) == 1 else 's'} of the plan"
        return f"Seen at run time: {known}, and {more} that it has no site for."


def read_logs(logs: Iterable[Path], request: Request, plan: Plan) -> RunTime:
    """Return what logs show of a project. Raises Unusable for one that cannot be read.

    A log is any text with the warnings in it as Python, logging or pytest writes them; lines of
    other kinds, and of files outside the project, count for nothing.
    """
    labels = _labels(request)
    calls: set[Call] = set()
    for log in logs:
        try:
            text = log.read_text("utf-8", "replace")
        except OSError as error:
            raise Unusable(f"{log} cannot be read: {error.strerror}.") from error
        calls |= {call for line in text.splitlines() if (call := _call(line, labels)) is not None}
    files = {label: full for full, label in labels.items()}
    seen: set[Site] = set()
    more = []
    for call in sorted(calls):
        found = _sites(call, plan, files)
        seen.update(found)
        if not found:
            more.append(call)
    return RunTime(tuple(sorted(seen)), tuple(more))


def values(found: RunTime) -> dict[str, object]:
    """Return it as plain values, for the plan as a document."""
    return {
        "seen": [site.id for site in found.seen],
        "more": [
            {"path": call.path, "line": call.line, "code": call.code, "reason": reason(call)}
            for call in found.more
        ],
    }


def reason(call: Call) -> str:
    """Return what a call says of itself."""
    return f"seen at run time: {call.what}"


def _call(line: str, labels: Mapping[str, str]) -> Call | None:
    match = _LINE.match(line)
    label = _label(match["before"], labels) if match is not None else None
    if match is None or label is None:
        return None
    return Call(label, int(match["line"]), match["code"], match["what"])


def _labels(request: Request) -> dict[str, str]:
    """Return how the plan calls each file, by its full path."""
    bases = [path.resolve() if path.is_dir() else path.resolve().parent for path in request.paths]
    found = {}
    for file in python_files(request.paths, request.exclude):
        full = file.resolve()
        base = next((base for base in (Path.cwd(), *bases) if full.is_relative_to(base)), None)
        found[full.as_posix()] = full.relative_to(base).as_posix() if base else full.as_posix()
    return found


def _label(before: str, labels: Mapping[str, str]) -> str | None:
    """Return the file of the project that a line ends its path with.

    The run may have been on another machine: then the path ends as the plan has it, and with a
    directory at least, since every project has a `tasks.py`.
    """
    text = before.replace("\\", "/")
    for full, label in labels.items():
        if text.endswith(full) or text.split()[-1:] == [label]:
            return label
    if any(place in text for place in _INSTALLED):
        return None
    alike = [label for label in labels.values() if "/" in label and text.endswith(f"/{label}")]
    return max(alike, key=len, default=None)


def _sites(call: Call, plan: Plan, files: Mapping[str, str]) -> list[Site]:
    """Return the sites a call is one of: on its line, or where its expression begins."""
    here = [site for site in (*plan.sites, *plan.kept) if site.path == call.path]
    exact = [site for site in here if site.line == call.line]
    if exact or not here:
        return [site for site in exact if site.code == call.code] or exact
    match = _TASK.search(call.what)
    task = match["task"] if match is not None else ""
    begins = _beginnings(Path(files[call.path]), call.line)
    return [site for site in here if site.line in begins and task in site.tasks]


def _beginnings(file: Path, line: int) -> set[int]:
    """Return the first line of every call that goes on to a line."""
    tree = parsed(file.read_bytes())
    return {
        node.lineno
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call) and node.lineno < line <= (node.end_lineno or line)
    }
