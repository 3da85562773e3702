"""What the system checks say of a HueyBackend."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from huey import Huey, RedisHuey, SqliteHuey

from bridge.interface import InvalidTask
from compat.huey.backend import HueyBackend
from tests.app import tasks
from tests.unit.huey import hueys

Configure = Callable[..., HueyBackend]
PLACES = {"first": "one", "mail": "two"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"default": "tests.unit.huey.nowhere.one"}, "cannot be imported"),
        ({"default": "tests.unit.huey.hueys.text"}, "which is str, not a Huey"),
        ({"default": "unheard"}, "django-huey"),
        ({"default": 3}, "a dict of queue names and paths"),
        ("tests.unit.huey.hueys.one", "a dict of queue names and paths"),
        ({"default": "tests.unit.huey.hueys.one", "nail": "tests.unit.huey.hueys.two"}, "'nail'"),
    ],
)
def test_wrong_hueys_are_told(configure: Configure, value: object, words: str) -> None:
    (message,) = configure(HUEYS=value).check()

    assert message.id == "bridge.E012"
    assert words in message.msg


def test_right_hueys_are_not_mentioned(configure: Configure) -> None:
    assert configure(HUEYS={"mail": "tests.unit.huey.hueys:two"}).check() == []


def test_deployment_check_tells_of_memory_and_of_immediate_mode(
    configure: Configure, huey: Huey
) -> None:
    (in_memory,) = configure().check_deployment()
    huey.immediate = True
    (at_once,) = configure().check_deployment()

    assert [in_memory.id, at_once.id] == ["bridge.W020"] * 2
    assert "MemoryStorage" in in_memory.msg
    assert "immediate" in at_once.msg


def test_deployment_check_tells_that_results_are_off(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(hueys, "one", SqliteHuey("x", filename=f"{tmp_path}/huey"))
    assert configure().check_deployment() == []

    monkeypatch.setattr(hueys, "one", SqliteHuey("x", filename=f"{tmp_path}/huey", results=False))
    assert [message.id for message in configure().check_deployment()] == ["bridge.W022"]


def test_priorities_are_for_storages_that_have_them(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configure().supports_priority
    tasks.note.using(priority=5)

    monkeypatch.setattr(hueys, "one", RedisHuey("x"))
    assert not configure().supports_priority
    with pytest.raises(InvalidTask, match="priority"):
        tasks.note.using(priority=5)


def test_immediate_mode_has_no_more_priorities_than_its_storage(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hueys, "one", RedisHuey("x", immediate=True))

    assert not configure().supports_priority


@pytest.mark.parametrize("policy", ["hard_timeout", "concurrency", "rate_limit"])
def test_policies_that_huey_cannot_keep_are_not_honoured(policy: str) -> None:
    assert policy not in HueyBackend.honours


class TestDjangoHuey:
    """What django-huey has is found by the names of its queues."""

    @pytest.fixture(autouse=True)
    def _django_huey(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        # The package reads its settings once, when it is imported: this stands in for it.
        package = ModuleType("django_huey")
        package.get_queue = lambda name: getattr(hueys, PLACES[name])  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "django_huey", package)
        settings.DJANGO_HUEY = {"default": "first", "queues": {"first": {}, "mail": {}}}

    def test_queues_of_the_same_name_need_not_be_named(self, configure: Configure) -> None:
        backend = configure(HUEYS={})

        assert [backend.hueys.of(name) for name in ("default", "mail")] == [hueys.one, hueys.two]
        assert [backend.hueys.queue_of(huey) for huey in backend.hueys.all()] == ["default", "mail"]

    def test_a_name_leads_to_its_queue(self, configure: Configure) -> None:
        assert configure(HUEYS={"default": "mail"}).hueys.of("default") is hueys.two

    def test_a_name_that_it_has_not_is_told(self, configure: Configure) -> None:
        (message,) = configure(HUEYS={"default": "nail"}).check()

        assert message.id == "bridge.E012"
        assert "'nail'" in message.msg
