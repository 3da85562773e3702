"""The command line every codemod has."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from codemods.engine.diff import unified_diff
from codemods.engine.files import MissingPath
from codemods.engine.plan import Migration, Plan, Request
from codemods.engine.report import listing, report, rule_list
from codemods.engine.safety import Safety, safety_options, write_plan
from codemods.engine.site import Kind
from codemods.engine.stack import with_deep_stack
from codemods.engine.writing import WriteFailed
from codemods.engine.writing.signals import Stopped

DONE, WOULD_CHANGE, FAILED = 0, 1, 2


def build_command(migration: Migration) -> click.Command:
    """Return the click command of a codemod."""
    parameters: list[click.Parameter] = [
        click.Argument(["paths"], nargs=-1, type=click.Path(path_type=Path)),
        click.Option(["--check"], is_flag=True, help="Write nothing; list every site."),
        click.Option(["--diff"], is_flag=True, help="Write nothing; print a patch on stdout."),
        click.Option(["--strict"], is_flag=True, help="Exit 1 while a site needs a person."),
        click.Option(["--exclude"], multiple=True, metavar="GLOB", help="Leave these paths out."),
        click.Option(
            ["--broker"],
            type=click.Choice(["amqp", "redis"]),
            help="Which broker's priority numbers the code uses. Default: read from the settings.",
        ),
        click.Option(["--celery-app"], metavar="DOTTED", help="Where the Celery app is."),
        click.Option(["--no-todo"], is_flag=True, help="Leave no TODO comments in the code."),
        *safety_options(),
        click.Option(["--list-rules"], is_flag=True, help="List the rules and their codes."),
        click.Option(["--explain"], metavar="CODE", help="Explain one rule."),
    ]
    command = click.Command(
        migration.tool,
        params=parameters,
        callback=lambda **options: sys.exit(_run(migration, Safety.taken_from(options), **options)),
        help=f"Rewrite {migration.library} tasks under PATHS to django.tasks (default: here).",
    )
    add_version: Any = click.version_option(_version(), prog_name=migration.tool)
    add_version(command)
    return command


def _version() -> str:
    try:
        return version("django-task-bridge")
    except PackageNotFoundError:
        return "0+unknown"


def _run(
    migration: Migration,
    safety: Safety,
    *,
    paths: tuple[Path, ...],
    check: bool,
    diff: bool,
    strict: bool,
    exclude: tuple[str, ...],
    broker: str | None,
    celery_app: str | None,
    no_todo: bool,
    list_rules: bool,
    explain: str | None,
) -> int:
    if list_rules:
        return _print(rule_list(migration.rules))
    if explain:
        return _explain(migration, explain)
    request = Request(
        paths=paths or (Path(),),
        exclude=exclude,
        todo=not no_todo,
        broker=broker,
        celery_app=celery_app,
    )
    try:
        if safety.undo is not None:
            safety.undo_run(request.paths)
            return DONE
        safety.prepare(request.paths)
        plan = with_deep_stack(lambda: migration.plan(request))
        if not (check or diff):
            write_plan(plan, request.paths, migration.tool)
    except (MissingPath, WriteFailed) as error:
        click.echo(f"{migration.tool}: {error}", err=True)
        return FAILED
    except (KeyboardInterrupt, Stopped) as error:
        click.echo(f"{migration.tool}: interrupted, nothing was changed.", err=True)
        return 128 + getattr(error, "number", signal.SIGINT)
    except Exception:  # noqa: BLE001
        click.echo(traceback.format_exc(), err=True)
        click.echo(f"{migration.tool}: internal error, nothing was changed.", err=True)
        return FAILED
    _tell(migration, plan, check=check, diff=diff)
    return _exit_code(plan, dry=check or diff, strict=strict)


def _tell(migration: Migration, plan: Plan, *, check: bool, diff: bool) -> None:
    for problem in plan.problems:
        click.echo(f"{problem.path}:{problem.line}: error: {problem.reason}", err=True)
    if diff:
        click.echo(b"".join(unified_diff(plan.changes)), nl=False)
    if not plan.found:
        files = f"{plan.looked_at} Python file{'' if plan.looked_at == 1 else 's'}"
        click.echo(f"No {migration.library} found in {files}. Nothing to do.", err=True)
        return
    if check:
        _print(listing(plan))
        click.echo()
    lines = report(plan, done=not (check or diff))
    for text in lines:
        click.echo(text, err=diff)


def _exit_code(plan: Plan, *, dry: bool, strict: bool) -> int:
    if plan.problems:
        return FAILED
    if (dry and plan.changes) or (strict and plan.of_kind(Kind.PERSON)):
        return WOULD_CHANGE
    return DONE


def _explain(migration: Migration, code: str) -> int:
    rule = next((rule for rule in migration.rules if rule.code == code.upper()), None)
    if rule is None:
        click.echo(f"No rule {code!r}. --list-rules shows all codes.", err=True)
        return FAILED
    return _print([f"{rule.code}  {rule.title}", "", rule.explanation])


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        click.echo(line)
    return DONE
