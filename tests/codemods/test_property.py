"""Whatever the code looks like: no crash, valid output, and a second run changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import libcst as cst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.codemods.support import run, tree, write

OPTIONS = [
    "bind=True",
    "queue='mail'",
    "queue=QUEUE",
    "priority=3",
    "name='custom'",
    "ignore_result=True",
    "acks_late=True",
    "acks_late=LATE",
    "time_limit=60",
    "soft_time_limit=50,  # seconds",
    "max_retries=None",
    "max_retries=2",
    "autoretry_for=(OSError,)",
    "retry_backoff=True",
    "retry_backoff=5",
    "retry_kwargs={'max_retries': 4}",
    "default_retry_delay=9",
    "rate_limit='1/m'",
    "**DEFAULTS",
]
BODIES = [
    "pass",
    '"""Do it."""',
    "return self.request.id",
    "return self.request.retries + 1, -self.request.retries",
    "raise self.retry(exc=error, countdown=2 ** self.request.retries)",
    "self.retry()",
    "return self.retry(eta=when) if args else None",
    "context = self.name\nreturn context",
    "self.update_state(state='X')",
    "try:\n    work()\nexcept SoftTimeLimitExceeded:\n    raise",
    "while self.request.retries < self.max_retries: work()",
    "return [self.request.id for self in args]",
    "other.delay(*args); other.apply_async(args)",
]
USES = [
    "{name}.delay(1, *args, a=2)",
    "{name}.apply_async(args=(1,), kwargs={{'a': 2}}, countdown=5)",
    "{name}.apply_async((1,), dict(a=2), queue='x', priority=1)",
    "{name}.apply_async(args=args or [], kwargs=kwargs)",
    "{name}.apply_async(\n    args=[1],  # one\n    eta=when,\n)",
    "{name}.apply_async(expires=5)",
    "x = {name}.delay(); print(x.id)",
    "x = {name}.delay().get()",
    "on_commit(lambda: {name}.delay({name}.delay(1).id))",
    "on_commit(partial({name}.apply_async, args=(1,)))",
    "if args: {name}.delay()",
    "later = {name}.delay; later(1); later.x",
    "later = {name}.apply_async; later(args=[1])",
    "later = {name} if args else None; later.delay()",
    "sent = [{name}.delay(a) for a in args]; sent[0].get()",
    "{name}.run(1); {name}.apply(args=(1,)).get(); {name}.apply().status",
    "{name}(1)",
    "print({name}, {name}.name)",
    "chain({name}.s(1), {name}.si()).delay()",
    "helper({name})",
    "tasks = [{name}]",
    "{name}.delay = print",
    "{name}.delay.assert_called_once_with(1)",
    "patch('pkg.tasks.{name}.delay')",
    "with patch.object({name}, 'apply_async') as m: m.assert_called_with(args=[1], countdown=2)",
    "{name} = {name}",
    "del {name}",
]
DECORATORS = ["@shared_task", "@shared_task()", "@app.task", "@current_app.task", "@critical"]
IMPORTS = [
    "from celery import shared_task, current_app, chain",
    "from celery import (\n    chain,\n    current_app,  # why\n    shared_task,\n)",
    "import celery\nfrom celery import *\nshared_task = celery.shared_task",
    "try:\n    from celery import current_app, shared_task\nexcept ImportError:\n    raise",
]
HEADS = [
    "",
    '"""Tasks."""\n',
    "from __future__ import annotations\n\n",
    "# -*- coding: utf-8 -*-\nimport os\n",
    "from datetime import timedelta as td\nfrom bridge import exponential\n",
    "task = Retry = timedelta = 1\n",
]


def indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


@st.composite
def functions(draw: st.DrawFn, name: str) -> str:
    """Return a function under a task decorator, inside a class, a function or a try at times."""
    decorator = draw(st.sampled_from(DECORATORS))
    options = draw(
        st.lists(st.sampled_from(OPTIONS), max_size=4, unique_by=lambda o: o.partition("=")[0])
    )
    if options and decorator in {"@shared_task", "@app.task", "@current_app.task"}:
        bare = [option.partition(",  #")[0] for option in options]
        spread = draw(st.booleans())
        lines = "".join(f"    {option if '#' in option else option + ','}\n" for option in options)
        decorator += f"(\n{lines})" if spread else f"({', '.join(bare)})"
    above = draw(st.sampled_from(["", "# A comment.\n", "@outer\n"]))
    below = draw(st.sampled_from(["", "@transaction.atomic\n", "@inner(1)\n"]))
    first = draw(st.sampled_from(["self", "self: Task", "self, error=None"]))
    body = indented(draw(st.sampled_from(BODIES)), "    ")
    code = f"{above}{decorator}\n{below}def {name}({first}, *args, when=None, **kwargs):\n{body}"
    around = draw(st.sampled_from(["", "", "", "class Holder:", "try:", "if args:"]))
    if around:
        code = f"{around}\n{indented(code, '    ')}"
        code += "except ValueError:\n    pass\n" if around == "try:" else ""
    return code


@st.composite
def modules(draw: st.DrawFn) -> dict[str, str]:
    """Return a package with a tasks module and a module that uses the tasks."""
    names = ["send", "other", "task"][: draw(st.integers(1, 3))]
    parts = [draw(st.sampled_from(HEADS)), draw(st.sampled_from(IMPORTS)), "\n\n"]
    parts.append("critical = shared_task(acks_late=True, max_retries=2)\n\n\n")
    for name in names:
        parts += [draw(functions(name)), "\n\n"]
    uses = draw(st.lists(st.sampled_from(USES), max_size=5))
    body = "".join(indented(use.format(name=draw(st.sampled_from(names))), "    ") for use in uses)
    user = f"def view(args, kwargs, when=None):\n{body or '    pass'}\n"
    imported = draw(
        st.sampled_from([f"from .tasks import {', '.join(names)}\n", "from .tasks import *\n"])
    )
    tail = "\n" if draw(st.booleans()) else ""
    return {
        "pkg/__init__.py": "",
        "pkg/celery.py": "from celery import Celery\n\napp = Celery()\n",
        "pkg/tasks.py": "".join(parts) + "from .celery import app\n" + user,
        "pkg/test_views.py": f"{imported}\n\n{user.rstrip()}{tail}",
    }


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(modules())
def test_any_project_stays_valid_and_settles(files: dict[str, str]) -> None:
    for code in files.values():
        compile(code, "generated", "exec")
    with tempfile.TemporaryDirectory() as directory:
        root = write(Path(directory), dict(files))
        first = run(root)
        assert first.exit_code == 0, first.output
        after = tree(root)
        for path, data in after.items():
            cst.parse_module(data)
            compile(data, path, "exec")
        second = run(root)
        assert second.exit_code == 0, second.output
        assert tree(root) == after
