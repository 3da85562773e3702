from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.ledgers import Ledgers
from tests.process.project import Project


@pytest.fixture(scope="session")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledgers]:
    """Databases for one test after another."""
    ledgers = Ledgers(tmp_path_factory.mktemp("ledgers"))
    yield ledgers
    ledgers.close()


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def project(request: pytest.FixtureRequest, tmp_path: Path, ledgers: Ledgers) -> Iterator[Project]:
    """A project whose ledger is in the named database; its workers die with the test."""
    with ledgers.lend(request.param) as ledger:
        project = Project(ledger.environment, tmp_path, ledger.console)
        yield project
        project.end()
