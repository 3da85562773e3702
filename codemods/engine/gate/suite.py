"""One run of a test command, and the names of the tests that failed in it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PYTEST = re.compile(
    r"^(?:FAILED|ERROR) (\S*\.py(?:::[^\[\s]+(?:\[.*?\])?)?)(?: - .*)?$", re.MULTILINE
)
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (\S+ \([\w.]+\)(?: .*)?)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """How a test command ended."""

    code: int
    failing: frozenset[str]
    output: str

    @property
    def said(self) -> str:
        """Return the outcome in words."""
        if not self.code:
            return "passed"
        names = len(self.failing)
        count = f"{names} failing test{'' if names == 1 else 's'}" if names else "no test named"
        return f"exit code {self.code}, {count}"


def run_tests(command: str, junit: Path | None = None) -> SuiteRun:
    """Run a shell command and return what failed, by its output and its JUnit report."""
    if junit is not None:
        junit.unlink(missing_ok=True)  # that of an earlier run would be taken for this one's
    done = subprocess.run(
        command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    output = _COLOUR.sub("", done.stdout.decode(errors="replace")).replace("\r\n", "\n")
    failing = {*_PYTEST.findall(output), *_UNITTEST.findall(output)}
    if junit is not None and junit.exists():
        failing = set(_reported(junit))
    return SuiteRun(done.returncode, frozenset(failing), output)


def _reported(junit: Path) -> Iterator[str]:
    from xml.etree import ElementTree as ET

    try:
        root = ET.parse(junit).getroot()
    except ET.ParseError:
        return
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            yield f"{case.get('classname', '')}::{case.get('name', '')}"
