"""How far expressions nest, counted in the bytes: a parser takes minutes over a deep one."""

from __future__ import annotations

import re

from codemods.engine.bare import STRING

_BRACKETS = 200
"""Python itself refuses more."""
_LINKS = 4_096
"""The time LibCST takes for calls of calls, or sums of sums, grows with the cube of their number:
this many take a quarter of a minute."""

_LINK_CHARACTERS = b".([+-*/|&^%@<>~"
_WORDS = (b"and", b"or", b"not", b"if", b"lambda")
_TOKEN = re.compile(
    rb"%b|#[^\r\n]*|\\\r?\n|[<>=!]=|[\[({]|[\])}]|[,;=\r\n]|[.+\-*/|&^%%@<>~]|\b(?:%b)\b"
    % (STRING, b"|".join(_WORDS)),
    re.DOTALL,
)
_STATEMENT = re.compile(rb"\n[ \t]*(?:assert|class|def|from|import|raise|return|with)\b")
_NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))


def too_deep(data: bytes) -> int | None:
    """Return the line on which something nests too deeply to be parsed, None if nothing does."""
    if not _may_nest(data) and not _may_be_long(data):
        return None
    at = _first_too_deep(data)
    return None if at is None else data.count(b"\n", 0, at) + 1


def _may_nest(data: bytes) -> bool:
    """Are there more brackets in brackets than Python reads? Those in strings count, too."""
    brackets = data.translate(None, _NO_BRACKETS)
    for _ in range(_BRACKETS):
        before = len(brackets)
        brackets = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if not brackets or len(brackets) == before:
            return len(brackets) > _BRACKETS
    return True


def _may_be_long(data: bytes) -> bool:
    """Are there enough links for a long chain without a word between that only statements have?"""
    return _links(data) > _LINKS and any(_links(part) > _LINKS for part in _STATEMENT.split(data))


def _links(data: bytes) -> int:
    signs = len(data) - len(data.translate(None, _LINK_CHARACTERS))
    return signs + sum(map(data.count, _WORDS))


def _first_too_deep(data: bytes) -> int | None:
    around: list[int] = []
    links = 0
    for match in _TOKEN.finditer(data):
        token = match.group()
        if token in b"([{":
            around.append(links + 1)
            links = 0
        elif token in b")]}":
            links = around.pop() if around else 0
        elif token in b",;=":
            links = 0
        elif token in b"\r\n":
            links = links if around else 0
        elif token[0] not in b"#\\\"'":
            links += 1
        if links > _LINKS or len(around) > _BRACKETS:
            return match.start()
    return None
