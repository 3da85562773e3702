"""Modules get the names the project imports them by, wherever the codemod is pointed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codemods.support import run, write

TASKS = "from celery import shared_task\n\n\n@shared_task(name='send')\ndef send(pk):\n    pass\n"
VIEW = "from {module} import send\n\n\ndef view(pk):\n    send.delay(pk)\n"
SETTINGS = "INSTALLED_APPS = []\n"


@pytest.mark.parametrize(
    ("layout", "module", "start"),
    [
        ("shop/mail/tasks.py", "shop.mail.tasks", "."),
        ("src/shop/mail/tasks.py", "shop.mail.tasks", "."),
        ("src/shop/mail/tasks.py", "shop.mail.tasks", "src"),
        ("backend/shop/mail/tasks.py", "shop.mail.tasks", "."),
        ("backend/shop/mail/tasks.py", "shop.mail.tasks", "backend"),
        ("backend/shop/mail/tasks.py", "shop.mail.tasks", "backend/shop"),
        ("shop/apps/mail/tasks.py", "mail.tasks", "."),
        ("tasks.py", "tasks", "."),
    ],
)
def test_calls_find_their_task(layout: str, module: str, start: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    beside = Path(layout).parent
    (project / beside).mkdir(parents=True)
    (project / ".git").mkdir()
    code = VIEW.format(module=module)
    write(project / beside, {"tasks.py": TASKS, "views.py": code, "settings.py": SETTINGS})
    result = run(project / start)
    assert result.exit_code == 0, result.output
    assert "send.enqueue(pk)" in (project / beside / "views.py").read_text()
    assert f'"send": "{module}.send"' in (project / beside / "settings.py").read_text()


def test_module_called_celery_does_not_hide_celery(tmp_path: Path) -> None:
    app = "from celery import Celery\n\napp = Celery()\n"
    write(tmp_path, {"celery.py": app, "tasks.py": TASKS})
    assert run(tmp_path).exit_code == 0
    assert "@task()" in (tmp_path / "tasks.py").read_text()


def test_package_given_by_itself_keeps_its_name(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "shop/__init__.py": "",
        "shop/mail/__init__.py": "",
        "shop/mail/tasks.py": TASKS,
        "shop/mail/views.py": VIEW.format(module="shop.mail.tasks"),
    }
    write(tmp_path, files)
    assert run(tmp_path / "shop" / "mail").exit_code == 0
    assert "send.enqueue(pk)" in (tmp_path / "shop/mail/views.py").read_text()
