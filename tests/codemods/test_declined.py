"""Whatever a person declines, no task is half converted."""

from __future__ import annotations

import tempfile
from collections.abc import Set as AbstractSet
from pathlib import Path

import libcst as cst
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.plan import Choice, Plan, Request
from codemods.engine.site import Kind
from codemods.rules.celery.codemod import CeleryMigration
from tests.codemods.plant import FILES, inside
from tests.codemods.support import write

CANVAS = """from celery import chain, shared_task
from shop.tasks import bill, greet


@shared_task(bind=True, max_retries=3)
def pack(self, pk):
    try:
        greet.delay(pk)
    except OSError as error:
        raise self.retry(exc=error)


@shared_task
def weigh(pk):
    return pk


@shared_task
def label(pk):
    weigh.delay(pk)


def later(pk):
    chain(greet.s(pk), bill.si(pk)).delay()
    pack.apply_async((pk,), link=bill.si(pk))
    pack.apply_async((pk,), headers={"trace": 1})
"""
PROJECT = {**FILES, "shop/packing.py": CANVAS}


def planned(skipped: AbstractSet[str]) -> Plan:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), PROJECT)
        with inside(Path(directory)):
            choice = Choice(skipped=frozenset(skipped))
            return CeleryMigration().plan(Request(paths=(Path(),), choice=choice))


WHOLE = planned(frozenset())
IDS = sorted({site.id for site in (*WHOLE.sites, *WHOLE.kept)})


@settings(max_examples=40, deadline=None)
@given(skipped=st.sets(st.sampled_from(IDS), max_size=6))
def test_sites_of_a_task_are_rewritten_together_or_not_at_all(skipped: set[str]) -> None:
    plan = planned(skipped)
    staying = {fate.key for fate in plan.tasks if not fate.converted}
    for site in plan.sites:
        assert site.id not in skipped
        if site.kind is not Kind.PERSON and staying.intersection(site.tasks):
            # What is rewritten although a task stays is written for exactly that.
            assert not staying.issuperset(site.tasks), site
    for site in plan.kept:
        if site.id in skipped:
            assert staying.issuperset(site.tasks), site
    for change in plan.changes:
        if change.path.suffix == ".py":
            code = change.after.decode()
            compile(code, change.label, "exec")
            assert cst.parse_module(change.after).bytes == change.after
            for key in staying:
                name = key.rpartition(".")[2]
                assert f"{name}.enqueue(" not in code, (name, code)


def test_there_is_something_to_decline() -> None:
    assert len(IDS) > 15
    assert sum(fate.converted for fate in WHOLE.tasks) == 5


@settings(max_examples=10, deadline=None)
@given(skipped=st.sets(st.sampled_from(IDS), min_size=1, max_size=4))
def test_what_was_declined_is_declined_by_the_same_ids_afterwards(skipped: set[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = write(Path(directory), PROJECT)
        with inside(root):
            choice = Choice(skipped=frozenset(skipped))
            request = Request(paths=(Path(),), choice=choice)
            for change in CeleryMigration().plan(request).changes:
                change.path.write_bytes(change.after)
            assert CeleryMigration().plan(request).changes == ()
