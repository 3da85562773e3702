"""The readiness score and what blocks most: arithmetic on made-up plans."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from codemods.engine.plan import Choice, Fate, Plan, Request
from codemods.engine.planfile.blockers import blockers, most, sentence
from codemods.engine.planfile.document import document
from codemods.engine.planfile.readiness import tally, tally_by
from codemods.engine.planfile.reviewed import read_plan
from codemods.engine.site import Kind, Site
from codemods.rules.celery.codemod import CeleryMigration


def site(
    path: str, kind: Kind, *, test: bool = False, task: str = "", blocks: bool = False
) -> Site:
    tasks = (task,) if task else ()
    made = Site(path, 1, "CEL1", kind, "why", tasks=tasks, is_test=test, blocks=blocks)
    return replace(made, app=path.partition("/")[0], id=f"{path}{kind}{task}")


def test_production_weighs_four_times_a_test() -> None:
    sites = (
        site("a/x.py", Kind.REWRITE),
        site("a/y.py", Kind.CHANGE),
        site("a/z.py", Kind.PERSON),
        site("a/tests.py", Kind.REWRITE, test=True),
        site("a/test_b.py", Kind.PERSON, test=True),
    )
    figures = tally(Plan(sites=sites))
    assert figures.arithmetic == "(4·2 + 1·1) ÷ (4·3 + 1·2) = 9 ÷ 14 = 64.2 %"


def test_what_stays_counts_against_the_score() -> None:
    plan = Plan(sites=(site("a/x.py", Kind.REWRITE),), kept=(site("b/x.py", Kind.REWRITE),))
    assert tally(plan).score == 50.0
    scores = {name: figures.score for name, figures in tally_by(plan, lambda s: s.app).items()}
    assert scores == {"a": 100.0, "b": 0.0}


def test_a_definition_that_stays_for_a_call_elsewhere_counts_once() -> None:
    cause = site("a/views.py", Kind.PERSON, task="t", blocks=True)
    echo = site("a/tasks.py", Kind.PERSON, task="t")
    definition = site("a/tasks.py", Kind.REWRITE, task="t")
    fate = Fate("t", "a/tasks.py", 1, "a", "", False, cause.id, "a/views.py:1", "why")
    plan = Plan(sites=(cause, echo), kept=(definition,), tasks=(fate,))
    assert tally(plan).weight_of == 8
    (blocker,) = blockers(plan)
    assert (blocker.path, blocker.sites, blocker.tasks, blocker.share) == ("a/views.py", 2, 1, 1.0)


def test_the_files_that_block_most_are_told() -> None:
    sites = [
        site(f"a/{name}.py", Kind.PERSON, task=f"{name}{n}") for name in "bcd" for n in range(3)
    ]
    sites += [site("a/e.py", Kind.PERSON, task="e")]
    found = blockers(Plan(sites=tuple(sites)))
    assert [blocker.path for blocker in found] == ["a/b.py", "a/c.py", "a/d.py", "a/e.py"]
    assert most(found) == (3, 90)
    assert sentence(found) == "3 files block 90 % of the rest."
    assert sentence([]) == ""


names = st.sampled_from(["a/x.py", "a/tests/y.py", "b/z.py", "c.py"])
made_sites = st.builds(
    site, names, st.sampled_from(Kind), test=st.booleans(), task=st.sampled_from(["", "t", "u"])
)


@given(sites=st.lists(made_sites), kept=st.lists(made_sites))
def test_figures_agree_with_each_other(sites: list[Site], kept: list[Site]) -> None:
    plan = Plan(sites=tuple(sites), kept=tuple(kept))
    whole = tally(plan)
    parts = tally_by(plan, lambda one: one.app).values()
    assert whole.weight == sum(part.weight for part in parts)
    assert whole.weight_of == sum(part.weight_of for part in parts)
    assert 0 <= whole.score <= 100
    assert (whole.score == 100) == (whole.weight == whole.weight_of)
    found = blockers(plan)
    assert sum(blocker.weight for blocker in found) == whole.weight_of - whole.weight
    assert abs(sum(blocker.share for blocker in found) - bool(found)) < 1e-9


words = st.lists(st.text(max_size=8), max_size=3).map(tuple)


@given(
    sites=st.lists(made_sites),
    asked=st.builds(
        Request,
        paths=st.lists(st.sampled_from([Path("a"), Path("b/c")])).map(tuple),
        exclude=words,
        todo=st.booleans(),
        options=st.dictionaries(st.sampled_from(["broker", "celery-app"]), words),
        choice=st.builds(Choice, select=words, ignore=words),
    ),
)
def test_a_plan_file_gives_back_what_was_asked(sites: list[Site], asked: Request) -> None:
    migration = CeleryMigration()
    values = document(migration, asked, Plan(sites=tuple(sites)))
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "plan.json")
        file.write_text(json.dumps(values))
        reviewed = read_plan(file, migration)
    assert reviewed.request == asked
    assert list(reviewed.sites) == values["sites"]
    assert reviewed.skipped == frozenset()
