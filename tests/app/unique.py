"""Tasks that are unique in every way there is."""

from __future__ import annotations

from datetime import timedelta

from bridge import Unique, task
from tests.app.models import Run


@task(unique=True)
def sync(account: int, full: bool = False) -> int:
    return account


@task(unique=Unique(key="account"))
def sync_account(account: int, reason: str = "") -> None:
    Run.objects.create(name=f"{account} {reason}")


@task(unique=Unique(key=lambda path, **rest: path.lower() or None))
def index(path: str, force: bool = False) -> None: ...


@task(unique=Unique(key=("year", "month"), period=timedelta(hours=1)))
def report(year: int, month: int, day: int = 1) -> None: ...
