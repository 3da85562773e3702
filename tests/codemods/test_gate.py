"""The project's own tests say whether a change stays."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codemods.engine.gate import Comparison, SuiteRun, run_tests
from tests.codemods.support import run, tree, write

TASK = "from celery import shared_task\n\n\n@shared_task\ndef send(pk):\n    send.delay(pk)\n"
SUITE = """
import pathlib, sys, unittest

CODE = pathlib.Path(__file__).with_name("tasks.py").read_text()


class Tests(unittest.TestCase):
    def test_broken_anyway(self):
        self.fail("since last year")

    def test_celery_is_there(self):
        self.assertIn({word!r}, CODE)


unittest.main()
"""


def project(root: Path, word: str) -> tuple[Path, str]:
    """Write a project with a suite that wants this word in its code."""
    write(root, {"tasks.py": TASK, "suite.py": SUITE.format(word=word)})
    return root, f"{sys.executable} {root / 'suite.py'}"


def test_change_stays_when_nothing_new_fails(tmp_path: Path) -> None:
    root, command = project(tmp_path, "send")
    result = run(root, "--test-cmd", command)
    assert result.exit_code == 0, result.output
    assert "Tests before: exit code 1, 1 failing test; after: exit code 1" in result.stderr
    assert "@task()" in (root / "tasks.py").read_text()


def test_new_failure_is_named_and_the_change_can_be_taken_back(tmp_path: Path) -> None:
    root, command = project(tmp_path, "shared_task")
    before = tree(root)
    result = run(root, "--test-cmd", command)
    assert result.exit_code == 1
    assert "New failures (1):\n  test_celery_is_there (__main__.Tests" in result.stderr
    assert "test_broken_anyway (" not in result.stderr
    assert "the change is in place; --undo takes it back" in result.stderr
    assert "@task()" in (root / "tasks.py").read_text()
    run(root, "--undo")
    assert tree(root) == before


def test_new_failure_takes_the_change_back_by_itself_when_asked_to(tmp_path: Path) -> None:
    root, command = project(tmp_path, "shared_task")
    before = tree(root)
    result = run(root, "--test-cmd", command, "--test-cmd-undo")
    assert result.exit_code == 1
    assert "the files are as they were" in result.stderr
    assert "0 files changed" in result.stdout
    assert tree(root) == before


def test_tests_are_not_run_when_there_is_nothing_to_change(tmp_path: Path) -> None:
    write(tmp_path, {"views.py": "def view(): pass\n"})
    result = run(tmp_path, "--test-cmd", f"touch {tmp_path / 'ran'}")
    assert result.exit_code == 0
    assert not (tmp_path / "ran").exists()


PYTEST_OUTPUT = """
FAILED tests/test_a.py::test_one[a - b] - AssertionError: no
\x1b[31mFAILED\x1b[0m tests/test_a.py::\x1b[1mTestA::test_two\x1b[0m
ERROR tests/test_b.py - ModuleNotFoundError: No module named 'x'
FAILED (failures=2)
"""
DJANGO_OUTPUT = """
FAIL: test_three (shop.tests.Tests.test_three) (n=1)
ERROR: setUpClass (shop.tests.Other)
FAILED (failures=1, errors=1)
"""


def printed(text: str, root: Path) -> SuiteRun:
    path = root / "output.txt"
    path.write_text(text)
    return run_tests(f"cat {path}; exit 1")


def test_names_are_read_from_what_pytest_prints(tmp_path: Path) -> None:
    assert printed(PYTEST_OUTPUT, tmp_path).failing == {
        "tests/test_a.py::test_one[a - b]",
        "tests/test_a.py::TestA::test_two",
        "tests/test_b.py",
    }


def test_names_are_read_from_what_django_prints(tmp_path: Path) -> None:
    assert printed(DJANGO_OUTPUT, tmp_path).failing == {
        "test_three (shop.tests.Tests.test_three) (n=1)",
        "setUpClass (shop.tests.Other)",
    }


def test_names_are_read_from_a_junit_report_and_never_from_an_old_one(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    suite = (
        '<testsuites><testsuite><testcase classname="a.T" name="x"><failure/></testcase>'
        '<testcase classname="a.T" name="y"/></testsuite></testsuites>'
    )
    write(tmp_path, {"made.xml": suite})
    first = run_tests(f"cp {tmp_path / 'made.xml'} {report}; exit 1", report)
    assert first.failing == {"a.T::x"}
    assert run_tests("exit 1", report).failing == set()


@pytest.mark.parametrize(
    ("before", "after", "failed"),
    [
        ((0, ""), (0, ""), False),
        ((0, ""), (1, ""), True),
        ((1, "a"), (1, "a"), False),
        ((1, "ab"), (1, "a"), False),
        ((1, "a"), (1, "b"), True),
        ((1, "a"), (2, ""), True),
        ((1, "a"), (0, ""), False),
    ],
)
def test_change_is_broken_by_a_new_name_or_a_worse_end(
    before: tuple[int, str], after: tuple[int, str], failed: bool
) -> None:
    runs = [SuiteRun(code, frozenset(names), "") for code, names in (before, after)]
    assert Comparison(*runs).failed is failed
