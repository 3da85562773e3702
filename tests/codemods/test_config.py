"""`[tool.codemods]` in pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codemods.plant import inside, made, plant
from tests.codemods.support import run, write


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    root = plant(tmp_path / "project")
    with inside(root):
        yield root


def configure(root: Path, text: str) -> None:
    write(root, {"pyproject.toml": text})


def test_general_keys_and_those_of_the_library(project: Path) -> None:
    configure(
        project,
        '[tool.codemods]\npaths = ["shop"]\nexclude = ["tests"]\ntodo = false\n'
        '[tool.codemods.celery]\nbroker = "redis"\nignore = ["cel5"]\n',
    )
    asked = made()["request"]
    assert asked["paths"] == ["shop"]
    assert asked["exclude"] == ["tests"]
    assert asked["todo"] is False
    assert asked["ignore"] == ["CEL5"]
    assert asked["options"]["broker"] == ["redis"]


def test_the_table_of_the_library_wins(project: Path) -> None:
    text = '[tool.codemods]\nignore = ["CEL5"]\n[tool.codemods.celery]\nignore = ["CEL6"]\n'
    configure(project, text)
    assert made()["request"]["ignore"] == ["CEL6"]


def test_the_command_line_wins(project: Path) -> None:
    configure(
        project,
        '[tool.codemods]\npaths = ["stock"]\ntodo = false\nignore = ["CEL5"]\n'
        '[tool.codemods.celery]\nbroker = "redis"\n',
    )
    asked = made("shop", "--ignore", "CEL6", "--broker", "amqp", "--todo")["request"]
    assert (asked["paths"], asked["ignore"], asked["todo"]) == (["shop"], ["CEL6"], True)
    assert asked["options"]["broker"] == ["amqp"]


def test_isolated_reads_nothing(project: Path) -> None:
    configure(project, '[tool.codemods]\npaths = ["stock"]\n')
    assert made("--isolated")["request"]["paths"] == ["."]


def test_file_above_the_paths_is_found_and_its_paths_are_beside_it(project: Path) -> None:
    configure(project, '[tool.codemods]\npaths = ["stock"]\n')
    with inside(project / "shop"):
        assert made()["request"]["paths"] == [(project / "stock").as_posix()]


def test_several_apps_can_be_named(project: Path) -> None:
    elsewhere = "from made.elsewhere import one, two\n\n\n@one.task\ndef a():\n    pass\n\n\n"
    files: dict[str, str | bytes] = {
        "made/elsewhere.py": "from somewhere import make\n\none = make()\ntwo = make()\n",
        "shop/more.py": elsewhere + "@two.task\ndef b():\n    pass\n",
    }
    write(project, files)
    apps = 'celery-apps = ["made.elsewhere:one", "made.elsewhere:two"]'
    configure(project, f"[tool.codemods.celery]\n{apps}\n")
    tasks = {task["key"]: task["converted"] for task in made()["tasks"]}
    assert tasks["shop.more.a"]
    assert tasks["shop.more.b"]


def test_line_length_of_the_codemods_comes_before_the_formatters(tmp_path: Path) -> None:
    added = {}
    for width in (40, 120):
        root = plant(tmp_path / f"wide{width}")
        length = f"line-length = {width}\n[tool.ruff]\nline-length = 79\n"
        configure(root, f"[tool.codemods]\n{length}")
        lines = run(root, "--diff").stdout.splitlines()
        added[width] = [line for line in lines if line.startswith("+")]
    assert '+        "BACKEND": "bridge.CeleryBackend",' in added[120]
    assert '+        "BACKEND": (' in added[40]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.codemods]\nexcludes = []\n", "no key 'excludes'. Did you mean 'exclude'?"),
        ("[tool.codemods.celery]\nbrokr = 'amqp'\n", "no key 'brokr'. Did you mean 'broker'?"),
        ("[tool.codemods.celry]\n", "no key 'celry'. Did you mean 'celery'?"),
        ("[tool.codemods]\nzzz = 1\n", "has no key 'zzz'. Known: backport, celery,"),
        ("[tool.codemods]\nexclude = 'x'\n", "exclude is 'x' and must be a list of strings"),
        ("[tool.codemods]\ntodo = 1\n", "todo is 1 and must be true or false"),
        ("[tool.codemods]\nline-length = 'x'\n", "line-length is 'x' and must be a number"),
        ("[tool.codemods.celery]\nbroker = 'sqs'\n", "broker is 'sqs' and must be 'amqp' or"),
        ("[tool.codemods]\ncelery = 3\n", "celery is 3 and must be a table"),
        ("[tool.codemods]\nselect = ['CEL9']\n", "No rule has a code that begins with 'CEL9'"),
        ("[tool]\ncodemods = 3\n", "tool.codemods is 3 and must be a table"),
        ("[tool.codemods\n", "pyproject.toml cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_said(project: Path, text: str, message: str) -> None:
    configure(project, text)
    result = run("--check")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_tables_of_other_codemods_are_theirs(project: Path) -> None:
    configure(project, "[tool.codemods.huey]\nanything = 1\n")
    assert run("--check").exit_code == 1
