"""Sites keep their ids while what they are about stays: decisions outlive edits elsewhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.plan import Plan, Request
from codemods.rules.celery.codemod import CeleryMigration
from tests.codemods.plant import FILES, VIEWS, inside
from tests.codemods.support import write

fillers = st.sampled_from(["", "x = 1", "# a comment", "def other():\n    return 2"])


def planned(files: dict[str, Any]) -> Plan:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), files)
        with inside(Path(directory)):
            return CeleryMigration().plan(Request(paths=(Path(),)))


def ids(plan: Plan) -> set[tuple[str, str]]:
    return {(site.id, site.reason) for site in (*plan.sites, *plan.kept)}


BEFORE = ids(planned(FILES))


@settings(max_examples=12, deadline=None)
@given(above=st.lists(fillers, max_size=3), below=st.lists(fillers, max_size=3))
def test_lines_around_a_site_do_not_change_its_id(above: list[str], below: list[str]) -> None:
    text = "\n".join([*above, VIEWS, *below, ""])
    assert ids(planned({**FILES, "shop/views.py": text})) == BEFORE


def test_every_site_has_its_own_id() -> None:
    repeated = VIEWS + "    greet.delay(1)\n    greet.delay(1); greet.delay(1)\n"
    plan = planned({**FILES, "shop/views.py": repeated})
    found = [site.id for site in (*plan.sites, *plan.kept)]
    assert all(found)
    assert len(found) == len(set(found))
