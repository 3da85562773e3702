"""The plan command, and what applies its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from codemods.engine.cli.ask import request_of
from codemods.engine.cli.exits import DONE, FAILED
from codemods.engine.cli.making import make_plan
from codemods.engine.cli.progress import progress_of
from codemods.engine.errors import Unusable
from codemods.engine.formats.markdown import markdown
from codemods.engine.plan import Migration, Plan
from codemods.engine.planfile import agreement, runtime
from codemods.engine.planfile.blockers import blockers, sentence
from codemods.engine.planfile.document import document
from codemods.engine.planfile.readiness import tally
from codemods.engine.planfile.reviewed import Reviewed, decisions, read_plan

_FIXED = ("paths", "exclude", "select", "ignore")


def run(migration: Migration, given: Mapping[str, Any]) -> int:
    """Write the plan and return the exit code."""
    if not given["paths"] and Path("plan").is_dir():
        click.echo("Planning for this directory; the directory plan alone is ./plan.", err=True)
    output: Path | None = given["output"]
    name = given["format_"] or _format(output)
    request = request_of(migration, given)
    plan = make_plan(migration, request)
    logs: tuple[Path, ...] = given["runtime_log"]
    found = runtime.read_logs(logs, request, plan) if logs else None
    if name == "json":
        values = document(migration, request, plan)
        if found is not None:
            values["runtime"] = runtime.values(found)
        _keep_decisions(values, output)
        text = json.dumps(values, indent=2, ensure_ascii=False)
    else:
        text = "\n".join(markdown(migration, plan, found))
    if output is None:
        click.echo(text)
    else:
        _write(output, text)
    if not given["quiet"]:
        told = [*plan.summary, f"Readiness: {tally(plan).arithmetic}.", sentence(blockers(plan))]
        told += [found.sentence] if found is not None else []
        click.echo(" ".join(filter(None, told)), err=True)
    for problem in plan.problems:
        click.echo(f"{problem.path}:{problem.line}: error: {problem.reason}", err=True)
    return FAILED if plan.problems else DONE


def reviewed_request(migration: Migration, given: Mapping[str, Any]) -> Reviewed:
    """Return what a reviewed file asks for. Raises Unusable."""
    own = [option.name.replace("-", "_") for option in migration.options]
    if any(given[name] for name in (*_FIXED, *own)) or given["todo"] is not None:
        raise Unusable("--plan says which paths and options: give it without others.")
    reviewed = read_plan(given["plan_file"], migration)
    request = replace(reviewed.request, progress=progress_of(quiet=given["quiet"]))
    return replace(reviewed, request=request)


def agreed_plan(migration: Migration, reviewed: Reviewed) -> Plan:
    """Return the plan of a reviewed file, less what is skipped. Raises Unusable."""
    agreement.require_unchanged(reviewed)
    plan = make_plan(migration, reviewed.request)
    agreement.require_same_sites(reviewed, plan)
    if reviewed.skipped:
        plan = make_plan(migration, reviewed.less_skipped)
        agreement.require_subset(reviewed, plan)
    return plan


def _format(output: Path | None) -> str:
    return "markdown" if output is not None and output.suffix in {".md", ".markdown"} else "json"


def _keep_decisions(values: dict[str, Any], output: Path | None) -> None:
    taken = decisions(output) if output is not None else {}
    for site in values["sites"]:
        site["decision"] = taken.get(site["id"], site["decision"])


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise Unusable(f"{output} cannot be written: {error.strerror}.") from error
