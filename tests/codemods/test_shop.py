"""The codemod on a whole project."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from tests.codemods.support import SHOP, copied, run, tree


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    project = copied(SHOP, tmp_path_factory.mktemp("shop") / "project")
    return project, run(project)


def test_every_task_is_converted(shop: tuple[Path, Result]) -> None:
    project, result = shop
    assert result.exit_code == 0, result.output
    assert "0 stay." in result.stdout
    code = b"".join(data for path, data in tree(project).items() if path.endswith(".py"))
    assert b"import shared_task" not in code
    assert b".delay(" not in code
    assert b".apply_async(" not in code


def test_every_file_compiles(shop: tuple[Path, Result]) -> None:
    for path, data in tree(shop[0]).items():
        if path.endswith(".py"):
            compile(data, path, "exec")


def test_second_run_changes_nothing(shop: tuple[Path, Result]) -> None:
    project, _ = shop
    before = tree(project)
    assert run(project).exit_code == 0
    assert tree(project) == before


def test_at_most_three_places_need_a_person(shop: tuple[Path, Result]) -> None:
    _, result = shop
    heads = [line for line in result.stdout.splitlines() if line.startswith("Needs a person")]
    assert heads in ([], ["Needs a person (1)"], ["Needs a person (2)"], ["Needs a person (3)"])


def test_settings_name_every_queue_and_alias(shop: tuple[Path, Result]) -> None:
    project, _ = shop
    settings = (project / "shop/settings.py").read_text()
    assert '"QUEUES": ["default", "billing", "mail", "reports", "search", "shipping"]' in settings
    assert '"APP": "shop.celery.app"' in settings
    aliases = (project / "task_aliases.toml").read_text()
    assert '"mail.send" = "customers.tasks.send_email"' in aliases
