"""The shop's own tests pass before the rewrite, and after it."""

import re

import pytest

from .by_hand import EDITS
from .processes import Crew, StepFailed
from .shop import Shop

pytestmark = pytest.mark.process


@pytest.fixture
def shop(tmp_path):
    for name in ("logs", "tmp"):
        (tmp_path / name).mkdir()
    with Crew(tmp_path / "logs") as crew:
        yield Shop.copy("shop", shared=tmp_path, crew=crew)


def run_suite(shop):
    """Run the suite, which fails this test if one of its own fails; return how many ran."""
    output = shop.manage("its tests", "test", "--settings", "shop.settings_test")
    return int(re.search(r"^Ran (\d+) tests", output, re.MULTILINE)[1])


def test_suite_is_green_before_the_rewrite(shop):
    assert run_suite(shop) >= 60


def test_suite_is_green_after_the_rewrite_and_the_edits_its_report_asks_for(shop):
    report = shop.run("codemod", "-m", "codemods.celery_to_dep", ".")
    for edit in EDITS:
        edit.apply(shop.folder, report)
    assert run_suite(shop) >= 60
    assert len(EDITS) <= 3


def test_an_edit_that_the_report_does_not_ask_for_is_refused(shop):
    with pytest.raises(StepFailed, match="does not name"):
        EDITS[0].apply(shop.folder, report="nothing needs a person")
