"""`-i` asks about each task, and what is declined stays whole."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from codemods.celery_to_dep import command
from tests.codemods.support import run, tree, write

TOP = Path(__file__).parents[2]
TASK = "from celery import shared_task\n\n\n@shared_task\ndef {name}(pk):\n    pass\n"
VIEWS = (
    "from shop.bills import bill\nfrom shop.mail import send\n\n\ndef view():\n"
    "    send.delay(1)  # M\u00fcller\n\n\n\n\n\ndef other():\n    bill.delay(1)\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {
        "shop/__init__.py": "",
        "shop/bills.py": TASK.format(name="bill"),
        "shop/mail.py": TASK.format(name="send"),
        "shop/views.py": VIEWS,
    }
    return write(tmp_path / "project", files)


def answer(project: Path, text: str) -> Result:
    return CliRunner().invoke(command, [str(project), "-i"], input=text)


def test_yes_to_everything_is_a_run_without_questions(project: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", dict(tree(project)))
    assert answer(project, "y\ny\ny\ny\n").exit_code == 0
    run(other)
    assert tree(project) == tree(other)
    assert answer(project, "").exit_code == 0


def test_declined_task_stays_in_every_file(project: Path) -> None:
    result = answer(project, "n\ny\ny\n")
    assert result.exit_code == 0, result.output
    code = tree(project)
    assert code["shop/bills.py"] == TASK.format(name="bill").encode()
    assert b"bill.delay(1)" in code["shop/views.py"]
    assert b"send.enqueue(1)" in code["shop/views.py"]
    assert b"@task()" in code["shop/mail.py"]


def test_question_shows_the_lines_of_this_task_only(project: Path) -> None:
    shown = answer(project, "q\n").stderr
    assert "shop.bills.bill  (1/" in shown
    assert "+    bill.enqueue(1)" in shown
    assert "-@shared_task" in shown
    assert "send.enqueue" not in shown


@pytest.mark.parametrize("text", ["q\n", "", "?\nx\n\n\xff\nq\n", "n\nq\n"])
def test_quitting_and_the_end_of_input_decline_the_rest(text: str, project: Path) -> None:
    before = tree(project)
    result = answer(project, text)
    assert result.exit_code == 0, result.output
    assert tree(project) == before
    assert not (project / ".codemods").exists()


def test_all_accepts_the_rest(project: Path) -> None:
    assert answer(project, "n\na\n").exit_code == 0
    code = tree(project)
    assert b"@shared_task" in code["shop/bills.py"]
    assert b"@task()" in code["shop/mail.py"]


def test_quitting_keeps_what_was_accepted(project: Path) -> None:
    assert answer(project, "y\nq\n").exit_code == 0
    code = tree(project)
    assert b"@task()" in code["shop/bills.py"]
    assert b"@shared_task" in code["shop/mail.py"]


def test_rules_are_explained(project: Path) -> None:
    shown = answer(project, "e\nq\n").stderr
    assert "CEL101  " in shown
    assert shown.count("Do this [y,n,a,q,e,?]?") == 2


@pytest.mark.parametrize("mode", ["--check", "--diff"])
def test_modes_that_write_nothing_have_nothing_to_ask(mode: str, project: Path) -> None:
    result = run(project, "-i", mode)
    assert result.exit_code == 2
    assert "Leave -i out" in result.stderr


class Terminal:
    """The codemod on a terminal of its own."""

    def __init__(self, project: Path) -> None:
        self.master, slave = pty.openpty()
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "TERM": "dumb"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "codemods.celery_to_dep", str(project), "-i"],
            cwd=TOP,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        """Read until the text is there."""
        while text not in self.seen:
            assert select.select([self.master], [], [], 60)[0], self.seen
            self.seen += os.read(self.master, 4096).decode("ascii")

    def type(self, keys: bytes) -> None:
        self.seen = ""
        os.write(self.master, keys)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    started = Terminal(project)
    yield started
    started.process.kill()
    started.process.wait()
    os.close(started.master)


def test_terminal_that_knows_no_unicode_shows_the_code(terminal: Terminal, project: Path) -> None:
    terminal.wait_for("?]? ")
    terminal.type(b"n\n")
    terminal.wait_for("?]? ")
    assert "M\\xfcller" in terminal.seen
    terminal.type(b"\x04")
    assert terminal.process.wait(60) == 0
    assert b"@shared_task" in tree(project)["shop/mail.py"]


def test_control_c_at_a_question_writes_nothing(terminal: Terminal, project: Path) -> None:
    before = tree(project)
    terminal.wait_for("?]? ")
    terminal.type(b"y\n")
    terminal.wait_for("?]? ")
    terminal.type(b"\x03")
    terminal.wait_for("interrupted, nothing was changed")
    assert terminal.process.wait(60) == 130
    assert tree(project) == before
