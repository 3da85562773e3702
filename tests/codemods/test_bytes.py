"""What is not rewritten stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codemods.support import run, write

CODE = (
    "from celery import shared_task\n\n\n@shared_task(queue='mail')\ndef send(pk):\n"
    "    send.apply_async((pk,), countdown=5)  # later\n"
)
DONE = (
    "from datetime import timedelta\n\nfrom bridge import task\n\n\n@task(queue_name='mail')\n"
    "def send(pk):\n    send.using(run_after=timedelta(seconds=5)).enqueue(pk)  # later\n"
)
FED = CODE.replace("\n\n\n", "\n\x0c\n\n")
FED_DONE = DONE.replace("task\n\n\n", "task\n\x0c\n\n")
COOKIE = "# -*- coding: latin-1 -*-\nNAME = 'M\u00fcller'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CODE.encode(), DONE.encode()),
        (CODE.replace("\n", "\r\n").encode(), DONE.replace("\n", "\r\n").encode()),
        (b"\xef\xbb\xbf" + CODE.encode(), b"\xef\xbb\xbf" + DONE.encode()),
        (CODE.rstrip("\n").encode(), DONE.rstrip("\n").encode()),
        (CODE.replace("    ", "\t").encode(), DONE.replace("    ", "\t").encode()),
        (FED.encode(), FED_DONE.encode()),
    ],
    ids=["plain", "crlf", "bom", "no-final-newline", "tabs", "form-feed"],
)
def test_file_keeps_its_own_bytes(before: bytes, after: bytes, tmp_path: Path) -> None:
    write(tmp_path, {"tasks.py": before})
    assert run(tmp_path).exit_code == 0
    assert (tmp_path / "tasks.py").read_bytes() == after


def test_latin_1_file_keeps_its_encoding(tmp_path: Path) -> None:
    write(tmp_path, {"tasks.py": (COOKIE + CODE).encode("latin-1")})
    assert run(tmp_path).exit_code == 0
    data = (tmp_path / "tasks.py").read_bytes()
    assert data.startswith(COOKIE.encode("latin-1"))
    assert b"@task(queue_name='mail')" in data


def test_unchanged_file_is_not_written(tmp_path: Path) -> None:
    write(tmp_path, {"tasks.py": CODE, "views.py": "import celery\n"})
    inode = (tmp_path / "views.py").stat().st_ino
    run(tmp_path)
    assert (tmp_path / "views.py").stat().st_ino == inode


def test_diff_says_when_a_file_has_no_final_newline(tmp_path: Path) -> None:
    write(tmp_path, {"tasks.py": CODE.rstrip("\n")})
    assert run(tmp_path, "--diff").stdout.count("\\ No newline at end of file") == 2
