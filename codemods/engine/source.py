"""One Python file: its bytes, and once someone needs them its tree and survey."""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from pathlib import Path

import libcst as cst

from codemods.engine.depth import too_deep
from codemods.engine.lean import parse_lean
from codemods.engine.outline import Outline, outline, parsed
from codemods.engine.scope import Survey
from codemods.engine.survey import survey

_TEST_FILE = re.compile(
    r"(^|/)(tests?|testing)(/|\.py$)|(^|/)(test_[^/]*|[^/]*_tests?|conftest)\.py$"
)
_LINE_LENGTH = 88
_LONGEST_LINE = 120
_TOO_DEEP = "is nested too deeply to be read"


class Unparsable(Exception):
    """A file is not valid Python."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.line = line
        self.message = message


class Source:
    """A file with its module name."""

    def __init__(self, path: Path, label: str, names: list[str], data: bytes) -> None:
        self.path = path
        self.label = label
        """The path as reports and diffs show it."""
        self.names = names
        """The module's names, the preferred one first."""
        self.name = names[0]
        self.data = data
        self._tree: cst.Module | None = None
        self._survey: Survey | None = None

    def __repr__(self) -> str:
        return f"Source({self.label!r})"

    @property
    def package(self) -> str:
        """Return the package that relative imports start from."""
        if self.path.name == "__init__.py":
            return self.name
        return self.name.rpartition(".")[0]

    @property
    def is_test(self) -> bool:
        """Does the file belong to the tests?"""
        return _TEST_FILE.search(self.label) is not None

    @property
    def is_read(self) -> bool:
        """Was the file surveyed?"""
        return self._survey is not None

    @cached_property
    def outline(self) -> Outline | None:
        """Return the module-level names without parsing the tree, None when that fails."""
        return outline(self.data, self.package)

    @property
    def line_length(self) -> int:
        """Return the line length the project asks its formatter for, or lives by."""
        asked = _line_length(self.path.parent)
        if asked is None:
            longest = max(map(len, self.data.splitlines()), default=0)
            asked = min(max(longest, _LINE_LENGTH), _LONGEST_LINE)
        return asked

    @property
    def tree(self) -> cst.Module:
        """Return the parsed module. Raises Unparsable."""
        if self._tree is None:
            self._tree = parse(self.data, self.path)
        return self._tree

    @property
    def survey(self) -> Survey:
        """Return the names of the module. Raises Unparsable."""
        if self._survey is None:
            self._survey = survey(self.tree, self.package)
        return self._survey

    def forget(self) -> None:
        """Let go of the tree and the names."""
        self._tree = self._survey = None


@cache
def _line_length(directory: Path) -> int | None:
    for candidate in (directory, *directory.parents):
        try:
            tools = tomllib.loads((candidate / "pyproject.toml").read_text("utf-8")).get("tool", {})
        except (OSError, ValueError):
            continue
        for name in ("codemods", "ruff", "black"):
            length = tools.get(name, {}).get("line-length")
            if isinstance(length, int):
                return length
    return None


def verify(data: bytes, path: Path) -> None:
    """Raise Unparsable unless the source is valid Python, of the host's version or a newer one."""
    if parsed(data) is None:
        parse(data, path)


def parse(data: bytes, path: Path) -> cst.Module:
    """Return the tree of some source. Raises Unparsable."""
    line = too_deep(data)
    if line is not None:
        raise Unparsable(path, line, _TOO_DEEP)
    try:
        return parse_lean(data)
    except cst.ParserSyntaxError as error:
        raise Unparsable(path, error.raw_line, error.message) from error
    except (UnicodeError, LookupError, SyntaxError) as error:
        raise Unparsable(path, 1, f"cannot be decoded: {error}") from error
    except RecursionError as error:
        raise Unparsable(path, 1, _TOO_DEEP) from error
