"""Let a process meet a disaster at each step it takes on the file system, one after the other.

`python -m tests.codemods.disaster WHAT DIRECTORY`. With `kill` and `kill-undo` a child is forked
per step and killed there, and the tree must be what it was after an undo. With `full` (one step
fails), `stays-full` (every later one does too, but for removals) and `interrupt`, the tree must be
what it was at once, or after an undo where the files cannot be put back. It prints how many steps
it has tried.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from codemods.engine.plan import FileChange
from codemods.engine.writing import Journals, WriteFailed, undo, write
from tests.codemods.support import tree

_GROWING = {"open", "os.rename", "os.mkdir"}
_STEPS = {*_GROWING, "os.remove", "os.rmdir", "os.chmod"}
_FILES = {
    "shop/tasks.py": b"from celery import shared_task\r\n",
    "shop/views.py": b"\xef\xbb\xbfimport shop\n",
    "settings.py": b"NAME = 'M\xfcller'",
}
_armed: list[Callable[[str], None]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _armed and event in _STEPS:
        reads = event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not reads:
            _armed[0](event)


sys.addaudithook(_hook)


@contextlib.contextmanager
def disaster_at(
    step: int, disaster: Callable[[], None], *, lasting: bool = False
) -> Iterator[list[int]]:
    """Meet the disaster just before the step of this number, or before each from there on."""
    left = [step]

    def count(event: str) -> None:
        left[0] -= 1
        if not left[0] or (lasting and left[0] < 0 and event in _GROWING):
            disaster()

    _armed.append(count)
    try:
        yield left
    finally:
        _armed.clear()


def make_tree(root: Path) -> list[FileChange]:
    """Write some files and return changes for them, with one file to create."""
    for name, data in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    changes = [FileChange(root / name, name, data, data * 2) for name, data in _FILES.items()]
    return [*changes, FileChange(root / "made/here/aliases.toml", "aliases.toml", None, b"[a]\n")]


def everything(root: Path) -> set[str]:
    """Return every path below a directory but the journals."""
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if ".codemods" not in path.relative_to(root).parts
    }


def put_back(root: Path, changes: list[FileChange]) -> None:
    """Undo what is left unfinished, or a run that was killed after its last file."""
    unfinished = Journals(root).unfinished()
    written = all(
        change.path.exists() and change.path.read_bytes() == change.after for change in changes
    )
    assert len(unfinished) < 2
    assert unfinished or not written or Journals(root).all(), "changed, and not recorded"
    if unfinished or written:
        undo(Journals(root).find(None))


def _killed(work: Callable[[], object], step: int) -> bool:
    child = os.fork()
    if not child:
        with disaster_at(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _try_kill(root: Path, step: int, *, undoing: bool) -> bool:
    changes = make_tree(root)
    before, paths = tree(root), everything(root)
    if undoing:
        write(changes, Journals(root), "test")
        killed = _killed(lambda: undo(Journals(root).find(None)), step)
    else:
        killed = _killed(lambda: write(changes, Journals(root), "test"), step)
    if killed:
        put_back(root, changes)
        assert tree(root) == before, (step, tree(root))
        assert everything(root) == paths, (step, everything(root) - paths)
    return killed


def _try_error(root: Path, step: int, error: BaseException, *, lasting: bool) -> bool:
    changes = make_tree(root)
    before, paths = tree(root), everything(root)

    def disaster() -> None:
        raise error

    failed = False
    with disaster_at(step, disaster, lasting=lasting) as left:
        try:
            write(changes, Journals(root), "test")
        except (WriteFailed, KeyboardInterrupt) as raised:
            failed = True
            described = "--undo" in str(raised)
    if failed:
        if described:
            put_back(root, changes)
        assert not Journals(root).unfinished()
        assert tree(root) == before, (step, tree(root))
        assert everything(root) == paths, (step, everything(root) - paths)
        assert described or not (root / ".codemods").exists()
    else:
        assert all(change.path.read_bytes() == change.after for change in changes)
    return left[0] <= 0


def main(what: str, directory: Path) -> None:
    """Try each step until no step is left."""
    full = OSError(errno.ENOSPC, "No space left on device")
    tries: dict[str, Callable[[Path, int], bool]] = {
        "kill": partial(_try_kill, undoing=False),
        "kill-undo": partial(_try_kill, undoing=True),
        "full": partial(_try_error, error=full, lasting=False),
        "stays-full": partial(_try_error, error=full, lasting=True),
        "interrupt": partial(_try_error, error=KeyboardInterrupt(), lasting=False),
    }
    step = 1
    while tries[what](directory / str(step), step):
        shutil.rmtree(directory / str(step))
        step += 1
    print(step - 1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
