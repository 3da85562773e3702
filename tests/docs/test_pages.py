"""What holds for every page a reader may open."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def title(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text())
    links = [link for link in _LINK.findall(text) if "://" not in link]

    for link in links:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_python_example_is_python(page: Path) -> None:
    for number, example in enumerate(_examples(page.read_text()), start=1):
        compile(textwrap.dedent(example), f"{page}, example {number}", "exec")


def test_every_page_of_docs_can_be_found_from_its_index() -> None:
    docs = ROOT / "docs"
    linked = {
        docs / link.partition("#")[0] for link in _LINK.findall((docs / "README.md").read_text())
    }

    assert set(docs.rglob("*.md")) - linked == {docs / "README.md"}


def test_links_and_examples_are_found() -> None:
    text = "see [it](a.md#b)\n\n    from x import y\n\n```python\nz = 1\n```\n\n    make test\n"

    assert _LINK.findall(text) == ["a.md#b"]
    assert [each.strip() for each in _examples(text)] == ["z = 1", "from x import y"]


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def _examples(text: str) -> list[str]:
    """Return the fenced blocks of Python, and the indented ones that begin as Python does."""
    fenced = [body for language, body in _FENCED.findall(text) if language == "python"]
    rest = _FENCED.sub("", text)
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", rest, re.MULTILINE)
    begins = re.compile(r"    (from \w|import \w|@|def |async def |class |[A-Z_]+ = )")
    return [*fenced, *(block for block in blocks if begins.match(block))]
