"""`[tool.codemods]` in pyproject.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from codemods.engine.errors import Unusable
from codemods.engine.option import Option

_SECTIONS = ("backport", "celery", "django-q2", "huey")
_LISTS = ("paths", "exclude", "select", "ignore")
_COMMON = (*_LISTS, "todo", "line-length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a project has written down."""

    paths: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    todo: bool = True
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The options of one codemod, by name."""


def read_config(paths: tuple[Path, ...], section: str, options: tuple[Option, ...]) -> Config:
    """Return the settings of the nearest pyproject.toml that has some. Raises Unusable."""
    file, table = _find(_start(paths))
    if file is None:
        return Config()
    own = table.get(section, {})
    if not isinstance(own, dict):
        raise _wrong(file, section, own, "a table")
    general = {key: value for key, value in table.items() if not isinstance(value, dict)}
    _require_known(file, "tool.codemods", table, (*_COMMON, *_SECTIONS))
    keys = {option.config_key: option for option in options}
    _require_known(file, f"tool.codemods.{section}", own, (*_COMMON, *keys))
    config = _common(file, _common(file, Config(), general), own)
    read = {
        keys[key].name: _own(file, keys[key], value) for key, value in own.items() if key in keys
    }
    return replace(config, own=read)


def _start(paths: tuple[Path, ...]) -> Path:
    if not paths:
        return Path.cwd()
    common = Path(os.path.commonpath([path.resolve() for path in paths]))
    return common if common.is_dir() else common.parent


def _find(start: Path) -> tuple[Path | None, dict[str, Any]]:
    for directory in (start, *start.parents):
        file = directory / "pyproject.toml"
        try:
            data = tomllib.loads(file.read_text("utf-8"))
        except OSError:
            continue
        except ValueError as error:
            raise Unusable(
                f"{file} cannot be read: {error}. Mend it, or add --isolated."
            ) from error
        table = data.get("tool", {}).get("codemods")
        if isinstance(table, dict):
            return file, table
        if table is not None:
            raise _wrong(file, "tool.codemods", table, "a table")
    return None, {}


def _common(file: Path, config: Config, table: Mapping[str, Any]) -> Config:
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key in _LISTS:
            changes[key] = _texts(file, key, value)
        elif key == "todo":
            if not isinstance(value, bool):
                raise _wrong(file, key, value, "true or false")
            changes[key] = value
        elif key == "line-length" and (not isinstance(value, int) or isinstance(value, bool)):
            # The value itself is read where lines are laid out, for each file anew.
            raise _wrong(file, key, value, "a number")
    if "paths" in changes:
        changes["paths"] = tuple(_shown(file.parent / path) for path in changes["paths"])
    for key in ("select", "ignore"):
        if key in changes:
            changes[key] = tuple(code.upper() for code in changes[key])
    return replace(config, **changes)


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _own(file: Path, option: Option, value: object) -> tuple[str, ...]:
    if option.flag:
        if not isinstance(value, bool):
            raise _wrong(file, option.config_key, value, "true or false")
        return ("true",) if value else ()
    if option.multiple:
        return _texts(file, option.config_key, value)
    if not isinstance(value, str) or (option.choices and value not in option.choices):
        raise _wrong(
            file, option.config_key, value, " or ".join(map(repr, option.choices)) or "text"
        )
    return (value,)


def _texts(file: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(file, key, value, "a list of strings")
    return tuple(value)


def _wrong(file: Path, key: str, value: object, wanted: str) -> Unusable:
    return Unusable(f"{file}: {key} is {value!r} and must be {wanted}.")


def _require_known(
    file: Path, where: str, table: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, 1)
            way_out = (
                f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."
            )
            raise Unusable(f"{file}: [{where}] has no key {key!r}. {way_out}")
