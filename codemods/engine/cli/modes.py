"""The modes of the default command: look things up, only tell, or write."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from codemods.engine.applying import apply_plan
from codemods.engine.cli.ask import request_of
from codemods.engine.cli.exits import DONE, FAILED, WOULD_CHANGE
from codemods.engine.cli.making import make_plan
from codemods.engine.cli.plan_command import agreed_plan, reviewed_request
from codemods.engine.cli.progress import clear
from codemods.engine.errors import Unusable
from codemods.engine.files import python_files
from codemods.engine.plan import Migration, Plan, Request
from codemods.engine.safety import Safety
from codemods.engine.site import Kind


def run(migration: Migration, given: dict[str, Any]) -> int:
    """Do what the options say and return the exit code."""
    safety = Safety.taken_from(given)
    if given["list_rules"]:
        return show(f"{rule.code}  {rule.title}" for rule in migration.rules)
    if given["explain"]:
        return _explain(migration, given["explain"])
    if given["diff"] and (given["format_"] != "text" or given["statistics"]):
        raise Unusable("--diff prints a patch; --format and --statistics go with --check.")
    if safety.interactive and (given["check"] or given["diff"]):
        raise Unusable(
            "--check and --diff write nothing, so there is nothing to ask. Leave -i out."
        )
    if given["plan_file"] is not None:
        reviewed = reviewed_request(migration, given)
        request = reviewed.request
    else:
        reviewed = None
        request = request_of(migration, given)
    if safety.undo is not None:
        safety.undo_run(request.paths)
        return DONE
    if given["show_files"]:
        return show(str(path) for path in python_files(request.paths, request.exclude))
    if given["explain_site"]:
        return _explain_site(migration, request, given["explain_site"])
    safety.prepare(request.paths)
    if reviewed is not None:
        plan = agreed_plan(migration, reviewed)
    else:
        plan = make_plan(migration, request)
    code = DONE
    dry = given["check"] or given["diff"]
    if not dry:
        asked = request if reviewed is None else reviewed.less_skipped
        plan, code = apply_plan(migration, asked, plan, safety)
    try:
        tell(migration, request, plan, given)
    except KeyboardInterrupt:
        if dry or not plan.changes:
            raise
        told = "interrupted; the change is in place, --undo takes it back."
        click.echo(f"{migration.tool}: {told}", err=True)
        return 128 + signal.SIGINT
    return max(code, exit_code(plan, dry=dry, strict=given["strict"]))


def tell(migration: Migration, request: Request, plan: Plan, given: Mapping[str, Any]) -> None:
    """Print the plan: data on stdout, the rest on stderr."""
    name = "listing" if given["check"] and given["format_"] == "text" else given["format_"]
    for problem in plan.problems:
        click.echo(f"{problem.path}:{problem.line}: error: {problem.reason}", err=True)
    if given["diff"]:
        from codemods.engine.diff import unified_diff

        click.echo(b"".join(unified_diff(plan.changes)), nl=False)
    if given["statistics"]:
        from codemods.engine.formats.text import statistics

        show(statistics(plan, migration.rules))
        return
    if name not in {"text", "listing"}:
        from codemods.engine.formats.render import render

        show(render(name, migration, request, plan))
        return
    if not plan.found:
        if not given["quiet"]:
            files = f"{plan.looked_at} Python file{'' if plan.looked_at == 1 else 's'}"
            click.echo(f"No {migration.library} found in {files}. Nothing to do.", err=True)
        return
    _tell_text(plan, given)


def _tell_text(plan: Plan, given: Mapping[str, Any]) -> None:
    from codemods.engine.formats.text import listing, report

    if given["check"]:
        show(listing(plan))
        click.echo()
    if given["quiet"]:
        return
    lines = report(plan, done=not (given["check"] or given["diff"]), verbose=given["verbose"])
    for text in lines:
        click.echo(text, err=given["diff"])


def exit_code(plan: Plan, *, dry: bool, strict: bool) -> int:
    """Return what a finished run ends with."""
    if plan.problems:
        return FAILED
    if (dry and plan.changes) or (strict and plan.of_kind(Kind.PERSON)):
        return WOULD_CHANGE
    return DONE


def show(lines: Iterable[str]) -> int:
    """Print lines on stdout."""
    for line in lines:
        click.echo(line)
    return DONE


def _explain(migration: Migration, code: str) -> int:
    rule = next((rule for rule in migration.rules if rule.code == code.upper()), None)
    if rule is None:
        raise Unusable(f"No rule {code!r}. --list-rules shows all codes.")
    lines = [f"{rule.code}  {rule.title}", "", rule.explanation]
    for title, code_block in (("Before", rule.before), ("After", rule.after)):
        if code_block:
            lines += ["", f"{title}:", "", *(f"    {line}" for line in code_block.splitlines())]
    return show(lines)


def _explain_site(migration: Migration, request: Request, place: str) -> int:
    from codemods.engine.stack import with_deep_stack

    path, _, line = place.rpartition(":")
    if not path or not line.isdigit():
        raise Unusable(f"--explain-site takes FILE:LINE, not {place!r}.")
    if not Path(path).is_file():
        raise Unusable(f"{path!r} is no file. Give it as FILE:LINE from here.")
    try:
        lines = with_deep_stack(
            lambda: list(migration.explain_site(request, Path(path), int(line)))
        )
    finally:
        clear(request.progress)
    return show(lines)
