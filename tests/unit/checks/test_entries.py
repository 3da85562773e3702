"""E005, E006, W001 to W004: the entries of TASKS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from bridge.backends.database import DatabaseBackend
from bridge.backends.options import Option
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


def test_right_entries_are_not_spoken_of() -> None:
    options = {"LEASE": 20, "MAX_LOSSES": 2, "PGBOUNCER": False, "ON_LOST": "fail"}
    right = entry(ALIASES={}, DATABASE="default", **options)
    for each in ("E002", "E003", "E005", "E006", "W001", "W002", "W003", "W004"):
        assert find(each, default=right | {"ENQUEUE_ON_COMMIT": None}) == []


@pytest.mark.parametrize("queues", ["default", [""], [7]])
def test_queues_that_are_no_list_of_names(queues: Any) -> None:
    (error,) = find("E005", default=entry(queues=queues))

    assert error.msg == (f"QUEUES of TASKS['default'] must be a list of names, not {queues!r}.")
    assert find("E005", default=entry(queues=[])) == []


def test_options_that_are_no_dict_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"OPTIONS of TASKS\['default'\] must be a dict"):
        find("E005", default={"BACKEND": "bridge.DatabaseBackend", "OPTIONS": ["LEASE"]})


class NoTables:
    """A router that keeps the ledger out of every database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if app_label == "bridge" else None


def test_router_that_keeps_the_tables_away() -> None:
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.NoTables"]):
        (error,) = find("E006")

    assert (
        "TASKS['default'] is in 'default', where DATABASE_ROUTERS allow no migration" in error.msg
    )
    assert find("E006") == []


def test_unknown_option_comes_with_the_nearest_name() -> None:
    (warning,) = find("W001", default=entry(MAX_LOSS=2))

    assert warning.msg == "OPTIONS of TASKS['default'] has 'MAX_LOSS', which nothing reads."
    assert warning.hint == "Did you mean 'MAX_LOSSES'?"


def test_unknown_option_without_a_near_name_comes_with_all() -> None:
    (warning,) = find("W001", default=entry(COLOUR="red"))

    assert "LEASE" in str(warning.hint)


def test_option_of_another_backend_is_unknown() -> None:
    assert find("W001", default=entry(APP="shop.celery.app")) != []


def test_options_are_kept_when_tests_change_the_backend() -> None:
    assert find("W001", default=entry(PROPAGATE=True)) == []
    immediate = entry("bridge.ImmediateBackend", PROPAGATE=True, APP="shop.celery.app", LEASE=5)
    assert find("W001", default=immediate) == []


class OwnBackend(DatabaseBackend):
    """A backend of a project, with an option of its own."""

    known_options = (
        *DatabaseBackend.known_options,
        Option(name="COLOUR", means="its colour", rule="a colour", fits=lambda value: True),
    )


def test_option_of_a_subclass_is_known() -> None:
    assert find("W001", default=entry(f"{__name__}.OwnBackend", COLOUR="red")) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("QUEUE", "Did you mean 'QUEUES'?"),
        ("LEASE", "Move it into OPTIONS of TASKS['default']."),
        ("COLOUR", "Correct the name, move it into OPTIONS, or remove it."),
    ],
)
def test_unknown_key_of_an_entry(name: str, hint: str) -> None:
    (warning,) = find("W002", default=entry() | {name: 1})

    assert warning.msg == f"TASKS['default'] has {name!r}, which nothing reads."
    assert warning.hint == hint


def test_alias_that_leads_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text(
        '[aliases]\n"mail.send" = "tests.app.tasks.gone"\n"sum" = "tests.app.tasks.add"\n'
    )

    (warning,) = find("W003", default=entry(ALIASES=file), bulk=entry(ALIASES=file))

    assert warning.msg.startswith("ALIASES of TASKS['default'], TASKS['bulk'] leads 'mail.send' ")
    assert "leads 'mail.send' astray: Task 'tests.app.tasks.gone' cannot be imported" in warning.msg


@pytest.mark.parametrize("option", [{"LEASE": 5}, {"MAX_LOSSES": 1}, {"PGBOUNCER": True}])
def test_neighbours_that_apply_other_options_to_the_same_tasks(option: dict[str, Any]) -> None:
    (warning,) = find("W004", default=entry(), bulk=entry(queues=["mail"], **option))

    assert warning.msg == (
        "TASKS['default'] and TASKS['bulk'] share queues in 'default', and differ in "
        f"{next(iter(option))}."
    )


@pytest.fixture
def others() -> list[Any]:
    return [
        entry(queues=["bulk"], LEASE=5),  # queues of its own
        entry(LEASE=30.0),  # the same options
        entry("bridge.ImmediateBackend"),
        *(entry(DATABASE=name, LEASE=5) for name in settings.DATABASES if name != "default"),
    ]


def test_neighbours_that_share_nothing_or_agree(others: list[Any]) -> None:
    for other in others:
        assert find("W004", default=entry(), other=other) == []


def test_neighbour_that_takes_any_queue_shares_all() -> None:
    assert len(find("W004", default=entry(queues=[]), bulk=entry(queues=["bulk"], LEASE=5))) == 1
