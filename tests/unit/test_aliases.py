"""Legacy names of tasks."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from bridge.aliases import Aliases, declare_alias

PATH = "shop.tasks.send"


def test_names_are_those_of_the_table_then_those_declared_then_the_path() -> None:
    declare_alias("aliases.declared", "shop.tasks.declared")
    aliases = Aliases({"old": PATH, "other": "shop.tasks.other", "older": PATH})

    assert aliases.names(PATH) == ["old", "older", PATH]
    assert aliases.names("shop.tasks.declared") == ["aliases.declared", "shop.tasks.declared"]
    assert (aliases.wire_name(PATH), aliases.wire_name("shop.tasks.new")) == (
        "old",
        "shop.tasks.new",
    )
    assert (aliases.path("older"), aliases.path("unknown")) == (PATH, "unknown")


def test_table_has_the_last_word_on_a_name_that_is_declared_too() -> None:
    declare_alias("aliases.contested", "shop.tasks.declared_here")
    aliases = Aliases({"aliases.contested": PATH})

    assert aliases.path("aliases.contested") == PATH
    assert aliases.names("shop.tasks.declared_here") == ["shop.tasks.declared_here"]


def test_two_tasks_cannot_declare_one_name() -> None:
    declare_alias("aliases.twice", PATH)
    declare_alias("aliases.twice", PATH)

    with pytest.raises(ImproperlyConfigured, match=r"'shop.tasks.send' and 'shop.tasks.other'"):
        declare_alias("aliases.twice", "shop.tasks.other")


def test_name_leads_through_others_to_the_task() -> None:
    path = "shop.tasks.moved_twice"
    aliases = Aliases({"first": "second", "second": "third", "third": path, "same": "same"})

    assert [aliases.path(name) for name in ("first", "second", "third")] == [path] * 3
    assert aliases.names(path) == ["first", "second", "third", path]
    assert aliases.path("same") == "same"


def test_circle_of_names_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"'a' -> 'b' -> 'a'"):
        Aliases({"a": "b", "b": "a"})
