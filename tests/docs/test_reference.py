from __future__ import annotations

import pytest

from bridge.checks.kinds import KINDS
from bridge.policies import POLICIES
from tests.docs import commands, policies, settings
from tests.docs.reference import FOLDER, pages


@pytest.mark.parametrize("name", pages())
def test_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run `make docs` and commit the pages"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(pages())


def test_every_policy_has_a_question() -> None:
    assert [name for name, _, question in policies.fields() if question] == list(POLICIES)


def test_pages_name_every_check_option_and_command() -> None:
    text = "".join(pages().values())
    options = [option.name for option in settings.known()]

    assert len(options) > 8
    for word in (*(kind.id for kind in KINDS), *options, "--min-age", *commands.names()):
        assert word in text
