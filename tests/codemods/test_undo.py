"""A run is recorded before it changes anything, and taken back whole, whatever ended it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codemods.support import copied, run, tree, write

TASK = "from celery import shared_task\n\n\n@shared_task\ndef send(pk):\n    send.delay(pk)\n"
ALIASED = TASK.replace("@shared_task", '@shared_task(name="mail.send")')
SETTINGS = """from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["shop"]
"""
TOP = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {
        "shop/tasks.py": ALIASED.replace("\n", "\r\n"),
        "shop/settings.py": b"\xef\xbb\xbf" + SETTINGS.encode().rstrip(),
        "shop/celery.py": 'from celery import Celery\n\napp = Celery("shop")\n',
    }
    return write(tmp_path / "project", files)


def journals(project: Path) -> list[str]:
    return sorted(path.name for path in (project / ".codemods").iterdir())


@pytest.mark.parametrize("what", ["kill", "kill-undo", "full", "stays-full", "interrupt"])
def test_disaster_at_any_step_can_be_taken_back(what: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.codemods.disaster", what, str(tmp_path)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def test_undo_restores_every_byte_and_mode_and_removes_what_was_created(project: Path) -> None:
    (project / "shop/tasks.py").chmod(0o750)
    before = tree(project)
    assert "is recorded; --undo takes it back" in run(project).stderr
    assert "task_aliases.toml" in tree(project)
    result = run(project, "--undo")
    assert result.exit_code == 0, result.output
    assert "3 files are as they were" in result.stdout
    assert tree(project) == before
    assert stat.S_IMODE((project / "shop/tasks.py").stat().st_mode) == 0o750


def test_journals_are_ignored_by_git(project: Path) -> None:
    run(project)
    assert (project / ".codemods/.gitignore").read_text() == "*\n"


def test_undo_twice_does_nothing_and_names_the_run_before(project: Path) -> None:
    run(project)
    write(project, {"shop/more.py": TASK})
    run(project)
    between = tree(project)
    run(project, "--undo")
    result = run(project, "--undo")
    assert result.exit_code == 0
    assert "is undone already" in result.stdout
    earlier = result.stdout.split("--undo ")[1].strip()
    assert tree(project)["shop/more.py"] == TASK.encode()
    assert between["shop/more.py"] != TASK.encode()
    assert run(project, "--undo", earlier).exit_code == 0
    assert tree(project)["shop/tasks.py"] == ALIASED.replace("\n", "\r\n").encode()


def test_undo_refuses_files_edited_since_and_names_them(project: Path) -> None:
    run(project)
    path = project / "shop/tasks.py"
    path.write_bytes(path.read_bytes() + b"# mine\n")
    (project / "task_aliases.toml").unlink()
    before = tree(project)
    result = run(project, "--undo")
    assert result.exit_code == 2
    assert "edited since:\n  shop/tasks.py\nNothing was changed." in result.stderr
    assert tree(project) == before


def test_forced_undo_keeps_a_copy_of_the_edits(project: Path) -> None:
    before = tree(project)
    run(project)
    path = project / "shop/tasks.py"
    path.write_bytes(b"mine\n")
    assert run(project, "--undo", "--force").exit_code == 0
    assert tree(project) == before
    (copy,) = (project / ".codemods").glob("*.edited.zip")
    with zipfile.ZipFile(copy) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == b"mine\n"


def test_undo_without_a_run(project: Path) -> None:
    result = run(project, "--undo")
    assert result.exit_code == 2
    assert "nothing to undo: no run is recorded" in result.stderr


def test_undo_of_an_unknown_run(project: Path) -> None:
    run(project)
    result = run(project, "--undo", "yesterday")
    assert result.exit_code == 2
    assert "no run 'yesterday'" in result.stderr


def test_undo_refuses_when_an_original_is_lost(project: Path) -> None:
    run(project)
    done = tree(project)
    next((project / ".codemods").glob("*.zip")).unlink()
    result = run(project, "--undo")
    assert result.exit_code == 2
    assert "Nothing was changed" in result.stderr
    assert tree(project) == done


@pytest.mark.parametrize("mode", [(), ("--check",), ("--diff",)])
def test_next_run_refuses_while_a_killed_one_is_unfinished(
    project: Path, mode: tuple[str, ...]
) -> None:
    before = tree(project)
    run(project)
    _unfinish(project)
    result = run(project, *mode)
    assert result.exit_code == 2
    assert "did not finish writing" in result.stderr
    assert "--undo" in result.stderr
    assert run(project, "--undo").exit_code == 0
    assert tree(project) == before


def test_keep_takes_the_files_of_a_killed_run_as_they_are(project: Path) -> None:
    run(project)
    after = tree(project)
    _unfinish(project)
    result = run(project, "--keep")
    assert result.exit_code == 0, result.output
    assert "stay as they are" in result.stderr
    assert tree(project) == after
    assert run(project, "--check").exit_code == 0


def _unfinish(project: Path) -> None:
    """Make the last run look as if it had been killed."""
    (journal,) = (project / ".codemods").glob("*.json")
    journal.rename(journal.with_name(journal.name.replace(".json", ".writing.json")))


def test_link_stays_a_link_and_its_target_is_rewritten(project: Path) -> None:
    real = project / "aliases" / "names.toml"
    real.parent.mkdir()
    real.write_text("[tasks]\n")
    (project / "linked").symlink_to(project / "shop", target_is_directory=True)
    before = tree(project)
    assert run(project / "linked").exit_code == 0
    assert (project / "linked").is_symlink()
    assert not (project / "shop/tasks.py").is_symlink()
    assert b"@task" in (project / "shop/tasks.py").read_bytes()
    run(project / "linked", "--undo")
    assert tree(project) == before


def test_second_name_of_a_file_is_noted(project: Path) -> None:
    os.link(project / "shop/tasks.py", project.parent / "other.py")
    result = run(project)
    assert result.exit_code == 0
    assert "shop/tasks.py had a second name (a hard link)" in result.stderr
    assert (project.parent / "other.py").read_bytes() == ALIASED.replace("\n", "\r\n").encode()


def test_full_disk_leaves_everything_as_it_was(project: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        write(disk, dict(tree(project)))
        (disk / "ballast").write_bytes(os.urandom(64 * 1024 - 6 * 4096))
        before = tree(disk)
        result = run(disk)
        assert result.exit_code == 2
        assert "No space left on device" in result.stderr
        assert tree(disk) == before
        (disk / "ballast").unlink()
        assert run(disk).exit_code == 0
        assert b"@task" in (disk / "shop/tasks.py").read_bytes()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


LIMITED = """
import contextlib, os, resource, shutil, sys, tempfile
from codemods.celery_to_dep import command
if sys.argv[1] == "size":
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
elif os.getuid() == 0:
    # Import everything first: another user may not be able to read this Python's library.
    with tempfile.TemporaryDirectory() as directory, contextlib.suppress(SystemExit):
        command([shutil.copytree(sys.argv[2], directory + "/copy")])
    os.setgid(65534)
    os.setuid(65534)
command(sys.argv[2:])
"""


def limited(what: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the codemod with a limit on the size of files, or as an ordinary user."""
    command = [sys.executable, "-c", LIMITED, what, *map(str, arguments)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)


def test_file_that_grows_too_large_leaves_everything_as_it_was(project: Path) -> None:
    write(project, {"shop/large.py": TASK + "# The same line.\n" * 1000})
    before = tree(project)
    done = limited("size", project)
    assert done.returncode == 2, done.stderr
    assert "File too large. Nothing was changed." in done.stderr.replace("'", "")
    assert tree(project) == before
    assert not (project / ".codemods").exists()


@pytest.fixture
def open_project(project: Path) -> Iterator[Path]:
    """Return a copy of the project that every user may reach and write."""
    with tempfile.TemporaryDirectory() as directory:
        copy = copied(project, Path(directory) / "project")
        for path in [Path(directory), copy, *copy.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield copy


@pytest.mark.parametrize("name", ["shop/tasks.py", "shop"])
def test_read_only_file_or_directory_leaves_everything_as_it_was(
    open_project: Path, name: str
) -> None:
    (open_project / name).chmod(0o555)
    before = tree(open_project)
    done = limited("user", open_project)
    assert done.returncode == 2, done.stderr
    assert "is read-only" in done.stderr
    assert "Nothing was changed." in done.stderr
    assert tree(open_project) == before


STOPPED = """
import os, signal, sys
from pathlib import Path
from codemods.celery_to_dep import command
replace = Path.replace
def stopping(self, target):
    if Path(target).name == "tasks.py":
        os.kill(os.getpid(), int(sys.argv[1]))
    return replace(self, target)
Path.replace = stopping
command(sys.argv[2:])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_files_are_written_puts_them_back(number: int, project: Path) -> None:
    before = tree(project)
    command = [sys.executable, "-c", STOPPED, str(int(number)), str(project)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 128 + number, done.stderr
    assert "interrupted, nothing was changed" in done.stderr
    assert tree(project) == before
    assert not (project / ".codemods").exists()


def test_files_are_recorded_at_the_top_of_the_repository(project: Path) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    before = tree(project)
    assert run(project / "shop").exit_code == 0
    assert len(journals(project)) == 3
    assert run(project, "--undo").exit_code == 0
    assert tree(project) == before
