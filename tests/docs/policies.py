"""The page of policies."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from bridge.backends.base import BridgeBackend
from bridge.base import Task
from bridge.decorator import Options
from bridge.limits import Concurrency, RateLimit
from bridge.policies import POLICIES, Policies
from bridge.retry import Retry
from bridge.unique import Unique
from tests.docs.markdown import code, prose, table
from tests.docs.settings import BACKENDS

_FIELD = re.compile(r"    (\w+): .+? = (.+)")


def page() -> str:
    """Return the page."""
    honoured = table(
        ["policy", *(kind.__name__ for kind in BACKENDS), "other backends"], _honours()
    )
    return f"""\
# Policies

What a task says about its own execution, in `@task(...)` of `bridge`:

    from bridge import Retry, task

    @task(queue_name="mail", retry=Retry(max_attempts=6), timeout=30, unique=True)
    def send_receipt(order_id: int) -> None: ...

{table(["policy", "type", "default", "answers"], _fields())}
Durations are seconds or a `timedelta`. A policy that nobody could follow raises `InvalidTask` where the task is declared.
`using()` changes some of them for one call:

    task{_signature(Task.using)}

{prose(Task.using)}
## Who honours what

{honoured}
`yes`: as [guarantees.md](../guarantees.md) says. `in part`: as the page of the policy says, and `bridge.W013` where a task has it. `no`: a system check names the task and the policy, `bridge.W010` of
[checks.md](checks.md), except on the backends for tests and development. On other backends, whose tasks are not ours, all policies are
left out of the task; the import succeeds.

{"".join(_classes())}"""


def fields() -> Iterator[tuple[str, str, str]]:
    """Yield name, default and question of each policy, from the source."""
    question: list[str] = []
    fresh = True
    for line in inspect.getsource(Policies).splitlines():
        if line.startswith("    # "):
            question = [line.removeprefix("    # ")] if fresh else [*question, line[6:]]
            fresh = False
        elif match := _FIELD.fullmatch(line):
            fresh = True
            if match[1] in POLICIES:
                yield match[1], match[2], " ".join(question)


def _fields() -> Iterator[list[str]]:
    for name, default, question in fields():
        kind = Options.__annotations__[name].__forward_arg__
        yield [code(name), code(kind), code(default), question]


def _honours() -> Iterator[list[str]]:
    for name in POLICIES:
        yield [code(name), *(_honour(name, kind) for kind in BACKENDS), "no"]


def _honour(name: str, kind: type[BridgeBackend]) -> str:
    return "yes" if name in kind.honours else "in part" if name in kind.in_part else "no"


def _classes() -> Iterator[str]:
    for kind in (Retry, Unique, Concurrency, RateLimit):
        yield f"## {kind.__name__}\n\n    {kind.__name__}{_signature(kind)}\n\n{prose(kind)}\n"


def _signature(thing: object) -> str:
    signature = inspect.signature(thing)  # type: ignore[arg-type]
    parts: list[str] = []
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        if each.name != "self":
            part = re.sub(r"<class '(\w+)'>|'([^']*)'", r"\1\2", str(each))
            parts.append(part.replace("= Ellipsis", "= ..."))
    text = ", ".join(parts)
    if len(text) <= 100:
        return f"({text})"
    lines = "".join(f"        {part},\n" for part in parts)
    return f"(\n{lines}    )"
