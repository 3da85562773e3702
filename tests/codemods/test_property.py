"""Whatever the code looks like: no crash, valid output, nothing else touched, and back again.

CODEMOD_EXAMPLES=5000 looks longer.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import libcst as cst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.codemods.support import run, tree, write

EXAMPLES = int(os.environ.get("CODEMOD_EXAMPLES", "60"))
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
CANVASES = [
    "group({name}.s(a) for a in args)()",
    "chord([{name}.s(1), other.si()])({name}.s())",
    "{name}.apply_async((1,), link={name}.s(), headers={{'a': 1}})",
    "({name}.s(1) | other.s()).apply_async(countdown=3)",
    "{name}.signature((1,), immutable=True).delay()",
    "from celery import chain; chain({name}.s())()",
    "AsyncResult({name}.delay().id).revoke(); {name}.AsyncResult('x').get(timeout=1)",
]
NESTED = [
    "[{name}.delay(a) for a in args if {name}.delay(a)]",
    "async def inner():\n    await sync_to_async({name}.delay)(1)",
    "def inner({name}=None):\n    return {name}.delay(1)",
    "class Inner:\n    {name} = {name}\n    def go(self): self.{name}.delay(1)",
    "lambda {name}=1: {name}.delay()",
    "match args:\n    case [{name}]: {name}.delay()\n    case _: pass",
    "@patch('pkg.tasks.{name}.apply_async')\ndef inner(m): m.assert_called_with((1,), {{'a': 2}})",
    "({name}\n    .delay(  # why\n        1 ,\n    ))",
    "{name}.delay(f'{{args!r}}', *args, **{{'a': 1, **kwargs}}); {name} . delay ( 2 )",
    "assert {name}.delay(1) or {name}.apply_async([1]), {name}.delay",
]
BYSTANDERS = [
    "x  =  ( 1,2 ,3 ) ; y=[ ]  # odd",
    "def  odd ( a,b = 1 , * , c ) : return  a+ b",
    "if x :\n  pass\nelse :\n        y  =  2",
    "s = '''a\n  b\t c\n'''  ;  t = 's'",
    "z = 1 + \\\n  2",
    "class   Odd ( object ) :\n\n\n    a : int=1\n    # trailing comment",
    "@ staticmethod\ndef delay( ) : ...",
    "u = { 'delay':1 , **{ } , } ; del u",
    "# only a comment \\",
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
    *CANVASES,
    *NESTED,
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


BETWEEN = re.compile(rb"# \[\[.*?# \]\]", re.DOTALL)


@st.composite
def projects(draw: st.DrawFn) -> dict[str, bytes]:
    """Return a package in an odd hand: its own line ends, indents, encoding and comments."""
    files = draw(modules())
    odd = draw(st.sets(st.sampled_from(["crlf", "tabs", "feed", "joined", "comments", "no end"])))
    cookie, encoding = draw(
        st.sampled_from([("", "utf-8"), ("", "utf-8-sig"), ("# coding: latin-1\n", "latin-1")])
    )
    around = draw(st.lists(st.sampled_from(BYSTANDERS), min_size=2, max_size=2))
    result = {}
    for path, text in files.items():
        first, second = (f"\n# [[\n{bystander}\n# ]]\n" for bystander in around)
        code = _in_odd_hand(text, odd)
        if path == "pkg/tasks.py":
            place = code.index("critical = ")
            code = (
                f"{cookie}{code[:place]}{first}\n\n{code[place:]}\nNAME = 'M\u00fcller'\n{second}"
            )
        code = code.rstrip("\n") if "no end" in odd else code
        code = code.replace("\n", "\r\n") if "crlf" in odd else code
        result[path] = code.encode(encoding if path == "pkg/tasks.py" else "utf-8")
    return result


def _in_odd_hand(code: str, odd: set[str]) -> str:
    if "joined" in odd:
        code = re.sub(r"^( *\w+) = (?=\S)", r"\1 = \\\n        ", code, flags=re.MULTILINE)
    if "comments" in odd:
        code = re.sub(r"(?<=[):\w])$", "  # a note: x.delay(1)", code, flags=re.MULTILINE)
    if "tabs" in odd:
        code = re.sub(r"^(?: {4})+", lambda m: "\t" * (len(m[0]) // 4), code, flags=re.MULTILINE)
    return code.replace("\n\n\n", "\n\x0c\n\n") if "feed" in odd else code


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(projects())
def test_any_project_stays_valid_settles_and_can_be_taken_back(files: dict[str, bytes]) -> None:
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
        assert BETWEEN.findall(after["pkg/tasks.py"]) == BETWEEN.findall(files["pkg/tasks.py"])
        ends = b"\r\n" if b"\r\n" in files["pkg/tasks.py"] else b"\n"
        assert all(data.count(b"\n") == data.count(ends) for data in after.values())
        second = run(root, "--check")
        assert second.exit_code == 0, second.output
        if after != files:
            assert run(root, "--undo").exit_code == 0
            assert tree(root) == files
