"""docs/howto/codemod.md has every option there is, and none that is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click

from codemods.celery_to_dep import command
from codemods.engine.cli.config import read_config
from codemods.engine.command import Codemod
from codemods.rules.celery.codemod import CeleryMigration
from tests.codemods.plant import inside

PAGE = (Path(__file__).parents[2] / "docs/howto/codemod.md").read_text()


def options() -> set[str]:
    assert isinstance(command, Codemod)
    commands: list[click.Command] = [command, *command.commands.values()]
    return {
        option
        for one in commands
        for parameter in one.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_option_is_on_the_page_and_no_other() -> None:
    named = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", PAGE))
    long = {option for option in options() if option.startswith("--")}
    # The page says what each does; that --todo undoes --no-todo and --version need no word.
    assert long - named - {"--todo", "--version", "--output"} == set()
    assert {name for name in named if name.startswith("--")} <= long


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    tomllib.loads(example)
    (tmp_path / "pyproject.toml").write_text(example)
    migration = CeleryMigration()
    with inside(tmp_path):
        config = read_config((), migration.section, migration.options)
    assert config.paths == (Path("src"),)
    assert set(config.own) == {option.name for option in migration.options}
