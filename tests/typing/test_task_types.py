"""What mypy and pyright say about tasks: the errors that `cases/` expects, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typing.checkers import Errors, mypy_errors, pyright_errors

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))


@pytest.fixture(scope="module")
def mypy() -> Errors:
    return mypy_errors(CASES)


@pytest.fixture(scope="module")
def pyright() -> Errors:
    return pyright_errors(CASES)


def expected(path: Path, column: int) -> dict[int, str]:
    """Return the errors that the comments `# E: <code of mypy> <rule of pyright>` announce."""
    lines = enumerate(path.read_text().splitlines(), start=1)
    return {
        number: line.split("# E: ")[1].split()[column] for number, line in lines if "# E: " in line
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_mypy_finds_the_expected_errors_and_no_other(path: Path, mypy: Errors) -> None:
    assert mypy[path.name] == expected(path, 0)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pyright_finds_the_expected_errors_and_no_other(path: Path, pyright: Errors) -> None:
    assert pyright[path.name] == expected(path, 1)
