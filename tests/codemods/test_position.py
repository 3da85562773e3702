"""Where nodes are: the same as LibCST says, found without printing the whole file."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from codemods.engine.lean import parse_lean
from codemods.engine.position import positions
from codemods.engine.survey import survey
from codemods.engine.tree import Frame

ODD = b'''# A header.

"""Of two
lines."""
import a; b.c(d)


# Before the decorator.
@first
# Between decorators.
@second(x.y,
        z.w)

# Before the function.
async def f(p=q.r, *,
            s: t = u) -> v.w:
    """Of three

    lines."""
    if a.b: c.d()
    elif e.f(g):
        # Of the block.
        h.i = j.k; l.m()
    else:
        with n.o() as p, q.r as s:
            for t in u.v:
                w.x
            else: y.z
            # A footer.
    while a1:
        b1.c1
    try:
        (
            d1.e1
        )
    except (f1.g1, h1):
        i1.j1
    else:
        k1.l1
    finally:
        m1.n1(lambda o1: p1.q1)
    # Another footer.

class G(h.i):
\tj: k.l = m

\tclass N(o.p):
\t\tq = [r.s for t in u.v
\t\t     if w.x]
\n\tmatch y:
\t\tcase z.a:
\t\t\tb.c
\t\tcase d.e if f.g: h.i
x = \\
  y.z
'''
NEWER = b"try:\n    a.b\nexcept c.d, e.f:\n    g.h(i.j)\n"
FORM_FEED = b"a.b\n\x0c\nclass C:\n    d.e\n"


def found_and_expected(data: bytes) -> tuple[list[object], list[object]]:
    wrapper = MetadataWrapper(cst.parse_module(data), unsafe_skip_copy=True)
    ranges = wrapper.resolve(PositionProvider)
    seen = survey(wrapper.module, "")
    frames = [
        *(chain.frame for chain in seen.chains),
        *seen.functions,
        *seen.imports,
        *(
            binding.frame
            for scope in [seen.scope]
            for b in scope.bindings.values()
            for binding in b
        ),
    ]
    found = positions(wrapper.module, data, frames)
    expected = [ranges[frame.node].start for frame in frames]
    return (
        [found[id(frame.node)] for frame in frames],
        [(place.line, place.column + 1) for place in expected],
    )


@pytest.mark.parametrize(
    "data",
    [ODD, ODD.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + ODD, NEWER, FORM_FEED],
    ids=["lf", "crlf", "bom", "newer", "form-feed"],
)
def test_places_are_those_that_libcst_gives(data: bytes) -> None:
    found, expected = found_and_expected(data)

    assert found
    assert found == expected


def test_the_module_itself_begins_at_its_first_character() -> None:
    module = cst.parse_module(b"\n\na.b\n")
    frame = Frame(module, None, survey(module, "").scope)

    assert positions(module, b"\n\na.b\n", [frame]) == {id(module): (1, 1)}


def test_every_case_is_printed_as_it_was_read_with_shared_whitespace() -> None:
    cases = Path(__file__).parents[2] / "fixtures" / "codemods"
    for path in sorted(cases.rglob("*.py"))[::20]:
        assert parse_lean(path.read_bytes()).bytes == path.read_bytes()


def test_whitespace_without_a_comment_is_one_object_and_the_classes_are_put_back() -> None:
    module = parse_lean(b"a = 1\nb = 2  # why\nc = 3\n")
    first, second, third = (statement.trailing_whitespace for statement in module.body)  # type: ignore[union-attr]

    assert first is third
    assert second.comment is not None
    assert isinstance(cst.SimpleWhitespace, type)
    assert isinstance(first, cst.TrailingWhitespace)
