"""The two type checkers that users have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from mypy import api

Errors: TypeAlias = dict[str, dict[int, str]]
"""By the name of a file and the number of a line: the code of the error."""
Found: TypeAlias = Callable[[Sequence[Path]], Errors]


def mypy_errors(paths: Sequence[Path], *options: str) -> Errors:
    """Return the errors that mypy finds in files."""
    options = ("--no-incremental", "--hide-error-context", "--no-color-output", *options)
    output, errors, _ = api.run([*map(str, paths), *options])
    assert not errors
    found: Errors = {path.name: {} for path in paths}
    for path, line, code in re.findall(
        r"^(.+):(\d+): error: .*\[([\w-]+)\]$", output, re.MULTILINE
    ):
        found[Path(path).name][int(line)] = code
    return found


def pyright_errors(paths: Sequence[Path], python: str = sys.executable) -> Errors:
    """Return the errors that pyright finds in files; `python` has the packages they import."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", python]
    report = subprocess.run(
        [*command, *map(str, paths)],
        # It would ask a registry whether there is a newer one.
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.returncode in (0, 1), report.stderr or report.stdout
    found: Errors = {path.name: {} for path in paths}
    for each in json.loads(report.stdout)["generalDiagnostics"]:
        if each["severity"] == "error":
            line = each["range"]["start"]["line"] + 1
            found[Path(each["file"]).name][line] = each.get("rule", each["message"])
    return found
