"""What the page about typing shows is what mypy and pyright say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.typing.checkers import Found, mypy_errors, pyright_errors

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "typing.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("page")
    paths = []
    for number, text in enumerate(EXAMPLE.findall(PAGE.read_text())):
        paths.append(folder / f"example_{number}.py")
        paths[-1].write_text(text)
    assert len(paths) == 3
    return paths


@pytest.mark.parametrize("check", [mypy_errors, pyright_errors])
def test_errors_are_found_where_the_page_says_so(check: Found, examples: list[Path]) -> None:
    announced = {
        path.name: [
            number
            for number, line in enumerate(path.read_text().splitlines(), start=1)
            if "# error: " in line
        ]
        for path in examples
    }

    found = check(examples)

    assert {name: sorted(lines) for name, lines in found.items()} == announced
    assert sum(map(len, announced.values())) == 7
