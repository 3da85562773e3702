"""Code that nests deeper than a parser can follow is refused at once; what people write is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.engine.depth import too_deep
from codemods.engine.source import Unparsable, parse
from codemods.engine.stack import with_deep_stack

FLAT = {
    "elements": b"x = [" + b"a.b(c + d), " * 5_000 + b"]\n",
    "entries": b"x = {" + b"'a': b + c.d(e[0]),\n" * 5_000 + b"}\n",
    "statements": b"a.b(c) + d[e]\n" * 5_000,
    "strings": b"x = (" + b"'a.b((([[[' \n" * 5_000 + b")\n",
    "comments": b"# a.b((([[[\n" * 5_000,
    "a docstring": b'"""' + b"a.b(((" * 5_000 + b'"""\n',
}
DEEP = {
    "calls": b"x = a" + b".b()" * 20_000 + b"\n",
    "calls with arguments": b"x = a" + b".b(c, d=e)" * 20_000 + b"\n",
    "calls on lines": b"x = (a" + b"\n    .b()" * 20_000 + b"\n)\n",
    "subscripts": b"x = a" + b"[b]" * 20_000 + b"\n",
    "operators": b"x = a" + b" + b" * 20_000 + b"\n",
    "negations": b"x = " + b"not " * 20_000 + b"a\n",
    "conditions": b"x = a" + b" if b else c" * 20_000 + b"\n",
    "brackets": b"x = " + b"(" * 20_000 + b"a" + b")" * 20_000 + b"\n",
    "mixed brackets": b"x = " + b"f([{" * 100 + b"a" + b"}])" * 100 + b"\n",
}


@pytest.mark.parametrize("data", FLAT.values(), ids=FLAT)
def test_long_code_is_not_deep(data: bytes) -> None:
    assert too_deep(data) is None


@pytest.mark.parametrize("data", DEEP.values(), ids=DEEP)
def test_deep_code_is_refused_with_its_line(data: bytes) -> None:
    with pytest.raises(Unparsable, match="nested too deeply") as caught:
        parse(b"# A comment.\n\n" + data, Path("deep.py"))

    assert caught.value.line >= 3


def test_a_few_hundred_calls_of_calls_are_read() -> None:
    data = b"x = a" + b".b()" * 300 + b"\n"

    assert with_deep_stack(lambda: parse(data, Path("deep.py")).bytes) == data
