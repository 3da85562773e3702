from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings, override_settings

import bridge
from bridge import registry

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


@pytest.fixture(autouse=True)
def _no_task_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which tasks other tests have declared on backends that ignore their policies."""
    monkeypatch.setattr(registry, "_ignored", {})


def ids() -> list[str]:
    return [str(message.id) for message in run_checks() if str(message.id).startswith("bridge.")]


def test_right_settings_pass() -> None:
    assert ids() == []


@modify_settings(INSTALLED_APPS={"remove": ["bridge"]})
def test_missing_app_is_reported() -> None:
    assert ids() == ["bridge.E001"]


@pytest.mark.parametrize("options", [{"ON_LOST": "explode"}, {"ALIASES": "/no/such/file.toml"}])
def test_wrong_option_is_reported(options: dict[str, str]) -> None:
    with override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    ):
        assert ids() == ["bridge.E002"]


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("LEASE", "30", "a number of seconds, at least 2"),
        ("LEASE", 0, "a number of seconds, at least 2"),
        (
            "LEASE",
            1.9,
            "a number of seconds, at least 2 (others would take over tasks that still run",
        ),
        ("LEASE", True, "a number of seconds, at least 2"),
        ("LEASE", float("inf"), "a number of seconds, at least 2"),
        ("MAX_LOSSES", 0, "a whole number over 0"),
        ("MAX_LOSSES", 2.5, "a whole number over 0"),
        ("PGBOUNCER", "yes", "True or False"),
        ("RETENTION", "7d", "a dict of SUCCESSFUL and FAILED"),
        ("RETENTION", {"FAILED": 7}, "a dict of SUCCESSFUL and FAILED"),
        ("DATABASE", "archive", "one of DATABASES (default"),
        ("DATABASE", "", "one of DATABASES (default"),
    ],
)
def test_wrong_option_of_the_ledger_is_reported(option: str, value: object, rule: str) -> None:
    with override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": {option: value}}}
    ):
        (error,) = [message for message in run_checks() if message.id == "bridge.E003"]

    assert f"{option} of TASKS['default'] must be {rule}" in error.msg
    assert error.msg.endswith(f"not {value!r}.")


def test_every_wrong_option_is_reported() -> None:
    options = {"LEASE": -1, "MAX_LOSSES": -1, "ON_LOST": "explode"}
    with override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    ):
        assert ids() == ["bridge.E002", "bridge.E003", "bridge.E003"]


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compat.celery.backend", None)
    monkeypatch.delitem(vars(bridge), "CeleryBackend", raising=False)

    def no_celery(name: str) -> None:
        raise ModuleNotFoundError("No module named 'celery'", name="celery")

    monkeypatch.setattr(bridge, "import_module", no_celery)
    with pytest.raises(ImproperlyConfigured, match=r"django-task-bridge\[celery\]"):
        bridge.CeleryBackend  # noqa: B018


def test_importing_bridge_imports_no_task_library() -> None:
    program = (
        "import sys, bridge, bridge.backends.database; "
        "print([m for m in ('celery', 'huey', 'django_q', 'libcst') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
