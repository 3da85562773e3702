from __future__ import annotations

import re
from pathlib import Path

from bridge.management.commands.db_worker import Command

PAGE = (Path(__file__).parents[3] / "docs" / "db_worker.md").read_text()


def test_operators_page_lists_every_option_and_no_other() -> None:
    parser = Command().create_parser("manage.py", "db_worker")
    ours = {
        option
        for group in parser._action_groups
        if group.title in {"what it runs", "how much at a time", "when"}
        for action in group._group_actions
        for option in action.option_strings
    }
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `--")]

    assert set(re.findall(r"--[a-z-]+", " ".join(rows))) == ours
    assert len(ours) > 10


def test_help_and_operators_page_tell_the_same_exit_codes() -> None:
    help_text = Command().create_parser("manage.py", "db_worker").format_help()

    codes = re.findall(r"^  (\d)  ", help_text, re.MULTILINE)
    assert codes == re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == ["0", "1", "2"]
