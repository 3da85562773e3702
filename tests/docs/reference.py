"""The pages of the reference."""

from __future__ import annotations

from pathlib import Path

from tests.docs import checks, commands, exceptions, policies, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
NOTE = "<!-- Made from the code by `make docs`. Change the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Return each page by its file name."""
    modules = (settings, policies, checks, commands, exceptions)
    return {
        f"{module.__name__.rpartition('.')[2]}.md": NOTE + module.page().rstrip() + "\n"
        for module in modules
    }
