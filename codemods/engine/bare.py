"""Source as bytes, without the parts in which a word means nothing: comments and docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TRIPLE = rb'"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*+\'\'\''
_SINGLE = rb'"(?:[^"\\\r\n]|\\.)*+"|\'(?:[^\'\\\r\n]|\\.)*+\''
STRING = b"(?:%b|%b)" % (_TRIPLE, _SINGLE)
_NOISE = re.compile(
    rb"((?:\b[fF][rR]?|\b[rR][fF])(?:%b)|(?!\"\"\"|''')(?:%b))|#[^\r\n]*|%b"
    % (_TRIPLE, _SINGLE, _TRIPLE),
    re.DOTALL,
)
_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t]*(?:"
    rb"from[ \t]*(\.*)[ \t]*([\w.]*)[ \t]*import[ \t]*(\([^)]*\)|(?:[^\r\n;\\]|\\\r?\n)+)"
    rb"|import[ \t]+((?:[^\r\n;\\]|\\\r?\n)+))",
    re.MULTILINE,
)
_SPACED = bytes(
    code if code == ord("_") or bytes([code]).isalnum() else ord(" ") for code in range(256)
)
_DOTTED = re.compile(rb"[\"']((?:\w+\.)+\w+)[\"']")


def bare(data: bytes) -> bytes:
    """Return the code with its short strings, without comments and multi-line strings.

    Multi-line f-strings stay, as they hold code. What the host's Python cannot parse is read too.
    """
    return _NOISE.sub(rb"\1", data)


def imported(code: bytes, package: str) -> Iterator[str]:
    """Yield the absolute dotted name of everything that bare code imports, `module.*` for stars."""
    for dots, module, names, modules in _IMPORT.findall(code):
        for clause in modules.split(b","):
            name = _first_word(clause)
            if name:
                yield name
        if not names:
            continue
        base = absolute(package, len(dots), module.decode("utf-8", "ignore"))
        for clause in names.strip(b"()").split(b","):
            name = _first_word(clause)
            if name:
                yield f"{base}.{name}" if base else name


def words(data: bytes) -> list[bytes]:
    """Return every word of some source: names, keywords, numbers, what strings are made of."""
    return data.translate(_SPACED).split()


def dotted_texts(code: bytes) -> Iterator[str]:
    """Yield the strings of bare code that look like dotted paths."""
    for text in _DOTTED.findall(code):
        yield text.decode("utf-8", "ignore")


def _first_word(clause: bytes) -> str:
    words = clause.replace(b"\\", b" ").split()
    return words[0].decode("utf-8", "ignore") if words else ""


def absolute(package: str, level: int, module: str) -> str:
    """Return the name of the module that `from <level dots><module>` means in a package.

    One above the top package keeps its dots, as it names nothing.
    """
    if not level:
        return module
    parents = package.split(".") if package else []
    if level - 1 > len(parents):
        return "." * level + module
    base = ".".join(parents[: len(parents) - (level - 1)])
    return ".".join(part for part in (base, module) if part)
