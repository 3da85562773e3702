"""`.ci/python` finds an interpreter where the default one will not do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FINDER = Path(__file__).resolve().parents[2] / ".ci" / "python"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
REAL = Path(sys._base_executable)


@pytest.fixture
def machine(tmp_path):
    """A machine with a shell and no Python: the test adds what it wants found."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "grep", "ls", "sort", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    return tmp_path


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{shutil.which('sh')}\n{text}\n")
    path.chmod(0o755)


def find(machine, *arguments, **variables):
    env = {"PATH": str(machine / "bin"), "HOME": str(machine / "home"), **variables}
    command = [shutil.which("sh"), str(FINDER), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def found(result):
    return os.path.realpath(result.stdout.strip())


def test_a_python_too_old_is_passed_over_for_a_versioned_name_on_the_path(machine):
    script(machine / "bin" / "python3", "exit 1")
    script(machine / "bin" / f"python{MINOR}", f'exec {REAL} "$@"')
    result = find(machine)
    assert result.returncode == 0, result.stderr
    assert found(result) == os.path.realpath(REAL)


def test_a_shim_that_fails_is_passed_over_for_pyenvs_own_folder(machine):
    script(machine / "bin" / "python3", "echo 'version is not installed' >&2; exit 127")
    script(machine / "home/.pyenv/versions" / f"{MINOR}.9/bin/python", f'exec {REAL} "$@"')
    assert found(find(machine)) == os.path.realpath(REAL)


def test_pyenv_root_names_another_pyenv_folder(machine):
    script(machine / "elsewhere/versions" / f"{MINOR}.9/bin/python", f'exec {REAL} "$@"')
    result = find(machine, PYENV_ROOT=str(machine / "elsewhere"))
    assert found(result) == os.path.realpath(REAL)


def test_uv_is_asked_last(machine):
    script(machine / "bin" / "uv", f'[ "$3" = {MINOR} ] && echo {REAL}')
    assert found(find(machine)) == os.path.realpath(REAL)


def test_no_python_at_all_says_what_to_install(machine):
    result = find(machine)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "pyenv install" in result.stderr


def test_a_version_asked_for_by_name_is_not_replaced_by_another(machine):
    script(machine / "bin" / "python3", f'exec {REAL} "$@"')
    result = find(machine, "3.99")
    assert result.returncode == 1
    assert "3.99" in result.stderr


def test_an_unfit_python_variable_is_an_error_and_not_ignored(machine):
    script(machine / "bin" / "python3", f'exec {REAL} "$@"')
    script(machine / "old", "exit 1")
    result = find(machine, PYTHON=str(machine / "old"))
    assert result.returncode == 1
    assert str(machine / "old") in result.stderr
