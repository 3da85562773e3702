"""A file can be judged unimportant, and an import followed through it, without its tree."""

from __future__ import annotations

import re
from pathlib import Path

import libcst as cst
import pytest

from codemods.engine.bare import bare, dotted_texts, imported
from codemods.engine.outline import outline
from codemods.engine.project import Project
from codemods.engine.scope import BindingKind
from codemods.engine.source import Source
from codemods.engine.survey import survey
from tests.codemods.support import CASES

INPUTS = sorted(CASES.glob("*/*/input/**/*.py"))


def source(name: str, code: str) -> Source:
    path = Path(name.replace(".", "/") + ".py")
    return Source(path, path.as_posix(), [name], code.encode())


def links(code: str, name: str) -> list[tuple[BindingKind, str]]:
    found = outline(code.encode(), "shop")
    assert found is not None
    return [(link.kind, link.target) for link in found.links.get(name, [])]


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("x = 1  # celery\n", "x = 1  \n"),
        ('"""Runs in celery."""\nx = 1\n', "\nx = 1\n"),
        ("x = 'a # celery'\n", "x = 'a # celery'\n"),
        ('x = "it\'s"  # celery\ny = "# kept"\n', 'x = "it\'s"  \ny = "# kept"\n'),
        ('x = f"""{send.delay}"""\n', 'x = f"""{send.delay}"""\n'),
        ("x = r'\\'  # celery'\n", "x = r'\\'  # celery'\n"),
        ('x = """a \\""" celery"""\ny = 2\n', "x = \ny = 2\n"),
    ],
)
def test_bare_code_has_no_comments_and_no_long_strings(code: str, left: str) -> None:
    assert bare(code.encode()).decode() == left


def test_imports_are_read_from_bare_code() -> None:
    code = (
        b"import a.b as c, d\nfrom . import tasks\n"
        b"from ..mail.tasks import (\n    send,\n    lost as l,\n)\n"
        b"from x import \\\n    y\ntry: from z import *\nexcept ImportError: pass\n"
    )

    assert set(imported(code, "shop.web")) == {
        "a.b",
        "d",
        "shop.web.tasks",
        "shop.mail.tasks.send",
        "shop.mail.tasks.lost",
        "x.y",
        "z.*",
    }


def test_dotted_strings_are_read_from_bare_code() -> None:
    assert list(dotted_texts(b'patch("shop.tasks.send.delay", "a b.c", x)')) == [
        "shop.tasks.send.delay"
    ]


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.relative_to(CASES).as_posix())
def test_an_outline_binds_what_the_survey_binds(path: Path) -> None:
    data = path.read_bytes()
    found = outline(data, "shop")
    scope = survey(cst.parse_module(data), "shop").scope

    assert found is not None
    assert found.links.keys() == scope.bindings.keys()
    for name, bindings in scope.bindings.items():
        assert [link.kind for link in found.links[name]] == [b.kind for b in bindings]
        imports = [b.target for b in bindings if b.kind is BindingKind.IMPORT]
        assert [x.target for x in found.links[name] if x.kind is BindingKind.IMPORT] == imports


def test_an_outline_knows_imports_aliases_and_globals() -> None:
    assert links("from .a import b as c\n", "c") == [(BindingKind.IMPORT, "shop.a.b")]
    assert links("send = tasks.send\n", "send") == [(BindingKind.ASSIGN, "tasks.send")]
    assert links("x = None\ndef f():\n    global x\n    x = g()\n", "x") == [
        (BindingKind.ASSIGN, "None"),
        (BindingKind.OTHER, ""),
    ]


def test_syntax_newer_than_this_python_has_an_outline() -> None:
    code = "try:\n    import a\nexcept ImportError, ValueError:\n    b = 1\n"

    assert links(code, "b") == [(BindingKind.ASSIGN, "")]


def test_source_that_cannot_be_read_has_no_outline() -> None:
    assert outline(b"def (:\n", "shop") is None


@pytest.mark.parametrize(
    "code",
    [
        "from shop.tasks import send\n",
        "from shop import send\n",
        "from shop import tasks\ntasks.send()\n",
        "import shop.tasks\nshop.tasks.send()\n",
        "from shop.tasks import *\nsend()\n",
        "from .tasks import send\n",
        "def f():\n    from shop.tasks import send\n    send()\n",
        'patch("shop.tasks.send.delay")\n',
        'patch("shop.send.delay")\n',
    ],
)
def test_a_file_that_reaches_a_task_is_selected(code: str) -> None:
    project = Project(
        [
            source("shop.tasks", "def send(): ...\n"),
            Source(Path("shop/__init__.py"), "shop/__init__.py", ["shop"], b"from .tasks import *"),
            source("shop.web", code),
        ],
        frozenset(),
    )
    project.select(re.compile(rb"def send"))

    assert "shop/web.py" in {one.label for one in project.select_users(["shop.tasks.send"])}


@pytest.mark.parametrize(
    "code",
    [
        "from shop.mail import send\n",
        "from django.core.mail import send\n",
        "import shop.tasks  # send\n",
        'def send(tasks):\n    """shop.tasks.send"""\n',
        'patch("shop.mail.send.delay")\n',
        'log("tasks send")\n',
    ],
)
def test_a_file_that_only_has_the_words_is_not_read(code: str) -> None:
    mail = source("shop.mail", "def send(): ...\n")
    web = source("shop.web", code)
    project = Project([source("shop.tasks", "def send(): ...\n"), mail, web], frozenset())

    assert web not in project.select_users(["shop.tasks.send"])
    assert not web.is_read
    assert not mail.is_read
