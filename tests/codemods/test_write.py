"""Files are replaced as a whole, all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.engine.plan import FileChange
from codemods.engine.writing import Journals, WriteFailed, write


def change(path: Path, before: bytes | None, after: bytes) -> FileChange:
    return FileChange(path, path.name, before, after)


def test_failure_restores_what_was_written(tmp_path: Path) -> None:
    first, new, last = tmp_path / "a.py", tmp_path / "b.toml", tmp_path / "c.py"
    first.write_bytes(b"old")
    last.write_bytes(b"edited meanwhile")
    changes = [change(first, b"old", b"new"), change(new, None, b"x"), change(last, b"old", b"new")]
    with pytest.raises(WriteFailed, match=r"c\.py was edited while the plan was made"):
        write(changes, Journals(tmp_path), "test")
    assert first.read_bytes() == b"old"
    assert not new.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "c.py"]


def test_interrupt_restores_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = tmp_path / "a.py", tmp_path / "b.py"
    first.write_bytes(b"old")
    last.write_bytes(b"old")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target == last:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(
            [change(first, b"old", b"new"), change(last, b"old", b"new")],
            Journals(tmp_path),
            "test",
        )
    assert (first.read_bytes(), last.read_bytes()) == (b"old", b"old")
    assert len(list(tmp_path.iterdir())) == 2


def test_two_changes_of_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/a.py").write_bytes(b"old")
    (tmp_path / "link").symlink_to("code", target_is_directory=True)
    places = [tmp_path / "code/a.py", tmp_path / "link/a.py"]
    with pytest.raises(WriteFailed, match=r"a\.py is the same file as"):
        write([change(path, b"old", b"new") for path in places], Journals(tmp_path), "test")
    assert places[0].read_bytes() == b"old"


def test_file_behind_a_link_is_rewritten_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_bytes(b"old")
    (tmp_path / "link.py").symlink_to("real.py")
    write([change(tmp_path / "link.py", b"old", b"new")], Journals(tmp_path), "test")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_bytes() == b"new"


def test_file_to_create_must_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "task_aliases.toml"
    path.write_bytes(b"mine")
    with pytest.raises(WriteFailed, match="exists already"):
        write([change(path, None, b"x")], Journals(tmp_path), "test")
    assert path.read_bytes() == b"mine"
