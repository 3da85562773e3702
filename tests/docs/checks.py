"""The page of system checks."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.checks.kinds import KINDS
from tests.docs.markdown import code, table


def page() -> str:
    """Return the page."""
    return f"""\
# System checks

    python manage.py check                           # with every command that checks
    python manage.py check --tag tasks               # ours only
    python manage.py check --tag tasks --deploy      # also what production needs; asks the databases
    python manage.py check --deploy --database default

Without `--deploy` no connection is made. The checks import the module `tasks` of every installed app, so that they know each task.
With `--deploy` they also ask the databases of ledgers how they are and what waits in them: with `--tag tasks` all of these, else those
named by `--database`, as Django does it. Run it where the workers run, before and after a release.

An error stops the command. Silence one that you know better about with `SILENCED_SYSTEM_CHECKS = ["bridge.W041"]`.

{table(["id", "what is wrong", "way out"], _rows(deploy=False))}
## With --deploy

{table(["id", "what is wrong", "way out"], _rows(deploy=True))}
Ids that begin with E are errors, those with W warnings. The message itself names the entry of `TASKS`, the task or the value.
"""


def _rows(*, deploy: bool) -> Iterator[list[str]]:
    for kind in KINDS:
        if kind.deploy == deploy:
            yield [code(kind.id), kind.rule, kind.hint]
