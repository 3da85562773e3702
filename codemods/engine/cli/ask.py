"""What the command line and pyproject.toml together ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from codemods.engine.cli.config import Config, read_config
from codemods.engine.cli.progress import progress_of
from codemods.engine.errors import Unusable
from codemods.engine.option import Option
from codemods.engine.plan import Choice, Migration, Request


def request_of(migration: Migration, given: Mapping[str, Any]) -> Request:
    """Return the request; the command line wins over pyproject.toml. Raises Unusable."""
    paths: tuple[Path, ...] = given["paths"]
    config = Config()
    if not given["isolated"]:
        config = read_config(paths, migration.section, migration.options)
    select = _codes(given["select"]) or config.select
    ignore = _codes(given["ignore"]) or config.ignore
    _require_known(migration, (*select, *ignore))
    todo = given["todo"]
    return Request(
        paths=paths or config.paths or (Path(),),
        exclude=tuple(given["exclude"]) or config.exclude,
        todo=config.todo if todo is None else todo,
        options={option.name: _value(option, given, config) for option in migration.options},
        choice=Choice(select=select, ignore=ignore),
        progress=progress_of(quiet=given["quiet"]),
    )


def _codes(values: Iterable[str]) -> tuple[str, ...]:
    codes = (code.strip().upper() for value in values for code in value.split(","))
    return tuple(code for code in codes if code)


def _require_known(migration: Migration, codes: tuple[str, ...]) -> None:
    for code in codes:
        if not any(rule.code.startswith(code) for rule in migration.rules):
            raise Unusable(f"No rule has a code that begins with {code!r}. See --list-rules.")


def _value(option: Option, given: Mapping[str, Any], config: Config) -> tuple[str, ...]:
    value = given[option.name.replace("-", "_")]
    if isinstance(value, bool):
        return ("true",) if value else config.own.get(option.name, ())
    if isinstance(value, str):
        return (value,)
    if value:
        return tuple(value)
    return config.own.get(option.name) or ((option.default,) if option.default else ())
