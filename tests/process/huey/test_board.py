"""The fixture board, before and after the codemod, on one queue."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.project import ROOT, Process, wait_for

pytestmark = pytest.mark.process
SOURCE = ROOT / "fixtures/projects/huey_board"
SEND = """
from links.services import comment, submit, vote
from members.models import Member

member, _ = Member.objects.get_or_create(name="ann", defaults={"email": "ann@example.com"})
link = submit(member, "https://example.com/tea")
comment(link, member, "for @ann")
vote(link, member)
"""
EFFECTS = {
    "links_snapshot": 1,
    "links_entry": 1,
    "members_message": 1,
}
"""What one run of SEND leaves, by table; @ann is told through a task with a custom name."""


class Board:
    """The code before and after the rewrite, sharing a database and a queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "board.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "BOARD_DB": str(folder / "board.sqlite3"),
            "BOARD_QUEUE": str(folder / "queue.sqlite3"),
        }
        for side in ("before", "after"):
            shutil.copytree(SOURCE, folder / side, ignore=shutil.ignore_patterns("__pycache__"))
        self.consumers: list[Process] = []

    def run(self, side: str, *arguments: str) -> str:
        """Run Python on one side to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=self.folder / side,
            text=True,
            capture_output=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def send(self, side: str) -> None:
        """Do with one side's code what causes tasks."""
        self.run(side, "-c", f"import django\ndjango.setup()\n{SEND}")

    def consume(self, side: str) -> None:
        """Start Huey's own consumer on one side."""
        words = [sys.executable, "manage.py", "run_huey", "--no-periodic"]
        log = self.folder / f"{side}.log"
        self.consumers.append(
            Process(words, self.environment, log, cwd=self.folder / side, fresh=True)
        )

    def count(self, table: str, where: str = "1") -> int:
        """Return how many rows of a table there are."""
        with sqlite3.connect(self.folder / "board.sqlite3", timeout=20) as connection:
            return int(
                connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]
            )

    def wait_for_effects(self, times: int) -> None:
        """Wait until all that was sent so many times has been done."""
        for table, number in EFFECTS.items():
            wait_for(lambda t=table, n=number: self.count(t) >= n * times, f"{table} {times} times")
        wait_for(lambda: self.count("links_link", "score = 1 AND title <> ''") == times, "scores")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    found = Board(tmp_path)
    try:
        yield found
    finally:
        for consumer in found.consumers:
            consumer.kill_all()


def test_messages_of_both_sides_are_run_after_the_rewrite(board: Board) -> None:
    board.run("before", "manage.py", "migrate", "-v0")
    board.send("before")

    board.run("after", "-m", "codemods.huey_to_dep", ".", "--quiet")
    board.run("after", "manage.py", "migrate", "-v0")
    board.run("after", "manage.py", "check", "--tag", "tasks")
    board.send("after")
    board.consume("after")

    board.wait_for_effects(2)
    wait_for(lambda: not board.count("bridge_task", "status <> 'SUCCESSFUL'"), "every row")
    assert board.count("bridge_task", "task_path = 'members.tasks.notify_mentions'") == 2
    assert board.count("links_snapshot") == 2


def test_a_consumer_of_the_old_code_runs_what_the_new_code_sends(board: Board) -> None:
    board.run("after", "-m", "codemods.huey_to_dep", ".", "--quiet")
    board.run("after", "manage.py", "migrate", "-v0")
    board.send("after")
    board.consume("before")

    board.wait_for_effects(1)
