"""What cannot be proven is not written, and nothing that shares its tasks is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from codemods.engine.command import build_command
from codemods.engine.option import Option
from codemods.engine.plan import FileChange, Plan, Request
from codemods.engine.proof.names import names_of
from codemods.engine.site import Kind, Rule, Site
from tests.codemods.support import run, tree, write


@dataclass
class Rewriter:
    """A migration that makes of each file what a function says, a file being its own task."""

    rewrite: Callable[[str, bytes], bytes]
    together: frozenset[str] = frozenset()
    tool: str = "rewriter"
    library: str = "Celery"
    section: str = "rewriter"
    rules: tuple[Rule, ...] = ()
    options: tuple[Option, ...] = ()
    passes: list[Request] = field(default_factory=list)

    def plan(self, request: Request) -> Plan:
        self.passes.append(request)
        (root,) = request.paths
        kept = {name for name in self.together if name in request.choice.skipped}
        changes, sites = [], []
        for path in sorted(root.resolve().glob("*.py")):
            before = request.overlay.get(path, path.read_bytes())
            after = self.rewrite(path.name, before)
            declined = path.name in request.choice.skipped or (kept and path.name in self.together)
            if after != before and not declined:
                changes.append(FileChange(path, path.name, before, after, (path.stem,)))
                sites.append(Site(path.name, 1, "CEL1", Kind.REWRITE, "so", id=path.name))
        return Plan(sites=tuple(sites), changes=tuple(changes))

    def explain_site(self, request: Request, path: Path, line: int) -> Iterator[str]:
        yield from ()


def apply(rewriter: Rewriter, *arguments: object) -> Result:
    return CliRunner().invoke(build_command(rewriter), [str(arg) for arg in arguments])


def replacing(name: str, old: bytes, new: bytes) -> Rewriter:
    """Rewrite every `old_task` to `new_task`, and in one file something else as well."""

    def rewrite(path: str, data: bytes) -> bytes:
        data = data.replace(b"old_task", b"new_task")
        return data.replace(old, new) if path == name else data

    return Rewriter(rewrite)


@pytest.mark.parametrize(
    ("before", "old", "new", "reason"),
    [
        ("x = old_task\n", b"x = ", b"return ", "it would not compile: 'return' outside function"),
        (
            "import os\n\nprint(os, old_task)\n",
            b"import os\n",
            b"",
            "it would use 'os', which is removed from it",
        ),
        (
            "from a import b\n__all__ = ['b']\nold_task()\n",
            b"from a import b\n",
            b"",
            "it would use 'b', which is removed from it",
        ),
        ("x = old_task\n", b"x = ", b"# old_task\nx = ", "a second pass would change it again"),
    ],
    ids=["syntax", "name", "all", "again"],
)
def test_file_in_doubt_is_left_alone_and_the_others_are_written(
    before: str, old: bytes, new: bytes, reason: str, tmp_path: Path
) -> None:
    write(tmp_path, {"bad.py": before, "good.py": "old_task()\n"})
    result = apply(replacing("bad.py", old, new), tmp_path)
    assert result.exit_code == 2
    assert f"error: {reason}" in result.stderr
    assert "so the file is left alone" in result.stderr
    assert (tmp_path / "bad.py").read_text() == before
    assert (tmp_path / "good.py").read_text() == "new_task()\n"


@pytest.mark.parametrize(
    "statement",
    ["from bad import os", "from .bad import (\n    os as system,\n)", "from . bad import os"],
)
def test_module_keeps_what_another_imports_from_it(statement: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "bad.py": "import os\n\nold_task()\n",
        "good.py": "old_task()\n",
        "user.py": f"def later():\n    {statement.replace(chr(10), chr(10) + '    ')}\n",
    }
    write(tmp_path, files)
    result = apply(replacing("bad.py", b"import os\n", b""), tmp_path)
    assert result.exit_code == 2
    assert "it would lose 'os', which" in result.stderr
    assert (tmp_path / "bad.py").read_text() == files["bad.py"]
    assert (tmp_path / "good.py").read_text() == "new_task()\n"


def test_files_with_the_same_tasks_are_left_alone_together(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "bad.py": "x = old_task\n",
        "caller.py": "old_task()\n",
        "good.py": "old_task()\n",
    }
    write(tmp_path, files)
    rewriter = replacing("bad.py", b"x = ", b"return ")
    rewriter.together = frozenset(["bad.py", "caller.py"])
    assert apply(rewriter, tmp_path).exit_code == 2
    assert (tmp_path / "caller.py").read_text() == "old_task()\n"
    assert (tmp_path / "good.py").read_text() == "new_task()\n"


def test_nothing_is_written_when_declining_sites_does_not_help(tmp_path: Path) -> None:
    write(tmp_path, {"bad.py": "x = old_task\n", "good.py": "old_task()\n"})
    before = tree(tmp_path)
    rewriter = replacing("bad.py", b"x = ", b"return ")
    plan = rewriter.plan
    rewriter.plan = lambda request: plan(Request(paths=request.paths))  # type: ignore[method-assign]
    assert apply(rewriter, tmp_path).exit_code == 2
    assert tree(tmp_path) == before


def test_no_verify_spares_the_second_pass_and_not_the_rest(tmp_path: Path) -> None:
    write(tmp_path, {"again.py": "x = old_task\n", "bad.py": "y = old_task\n"})

    def rewrite(name: str, data: bytes) -> bytes:
        data = data.replace(b"x = old", b"# old_task\nx = old").replace(b"y = ", b"return ")
        return data.replace(b"x = old_task", b"x = new_task")

    rewriter = Rewriter(rewrite)
    assert apply(rewriter, tmp_path, "--no-verify").exit_code == 2
    assert (tmp_path / "again.py").read_text() == "# old_task\nx = new_task\n"
    assert (tmp_path / "bad.py").read_text() == "y = old_task\n"
    assert not any(request.overlay for request in rewriter.passes)


def test_file_newer_than_this_python_is_said_not_to_be_compiled(tmp_path: Path) -> None:
    task = "from celery import shared_task\n\n\n@shared_task\ndef send(pk):\n    send.delay(pk)\n"
    later = "def later():\n    try:\n        pass\n    except KeyError, ValueError:\n        pass\n"
    write(tmp_path, {"tasks.py": f"{task}\n\n{later}"})
    try:
        compile(later, "later", "exec")
    except SyntaxError:
        expected = "tasks.py has syntax that this Python does not know"
    else:
        expected = ""
    result = run(tmp_path)
    assert result.exit_code == 0, result.output
    assert expected in result.stderr
    assert "send.enqueue(pk)" in (tmp_path / "tasks.py").read_text()


NAMES = '''
import os.path, sys as system
from a import b, c as d
def f(p, q=r):
    global made
    made = p
    inner = 1
    def g(): return u + inner
    return [i for i in os if i] + lambda z: z
class K(base):
    attribute = own
    def m(self): return attribute, K
x: int = y
'''.replace("+ lambda z: z", "+ (lambda z: z)")  # fmt: skip


@pytest.mark.parametrize("newer", ["", "try: pass\nexcept A, B: pass\n"])
def test_names_of_a_module_are_those_python_sees(newer: str) -> None:
    found = names_of((NAMES + newer).encode(), Path("module.py"))
    assert {"os", "system", "b", "d", "f", "made", "K", "x"} <= found.bound
    assert not {"inner", "g", "p", "attribute", "m", "i", "c", "sys"} & found.bound
    assert {"r", "u", "os", "base", "own", "y", "K", "attribute"} <= found.used
    assert not {"inner", "p", "i", "z", "self", "b"} & found.used


def test_names_follow_the_encoding_cookie() -> None:
    found = names_of("# coding: latin-1\nm\u00fc = 1\n".encode("latin-1"), Path("module.py"))
    assert found.bound == {"m\u00fc"}
