"""Write the `task(...)` call in a decorator's place."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.build import Build, NewArg, Values
from codemods.engine.layout import Space, flat_args, space_for, spans_lines
from codemods.engine.tree import Change, Frame


def decorator_change(build: Build, frame: Frame) -> Change:
    """Return the change of a Decorator node."""
    space = space_for(build.options.source, frame)
    build.decorator()  # which notes the import it takes

    def change(node: cst.Decorator) -> cst.CSTNode:
        old = node.decorator if isinstance(node.decorator, cst.Call) else None
        call = _task_call(build, build.decorator(), old, space, len("@"))
        return node.with_changes(decorator=call)

    return change


def alias_change(build: Build, frame: Frame) -> Change:
    """Return the change of the call an alias is made with."""
    space = space_for(build.options.source, frame)
    build.decorator()

    def change(node: cst.Call) -> cst.CSTNode:
        return _task_call(build, build.decorator(), node, space, 0)

    return change


def _task_call(build: Build, func: str, old: cst.Call | None, space: Space, taken: int) -> cst.Call:
    values: Values = {
        **{name: option.value for name, option in build.options.found.items()},
        **{arg.keyword.value: arg.value for arg in (old.args if old else ()) if arg.keyword},
    }
    name = cst.parse_expression(func)
    if old is None:
        args = flat_args([_keyword(new, values) for new in build.args])
        return space.fit(cst.Call(func=name, args=args), taken)
    args = _merged(build, old, values)
    if build.options.leading:
        # partial(shared_task, ...): the decorator is the first argument, not what is called.
        name, decorator = old.func, old.args[0].with_changes(value=name)
        comma = decorator.comma if args and len(old.args) > 1 else cst.MaybeSentinel.DEFAULT
        args.insert(0, decorator.with_changes(comma=comma))
    call = old.with_changes(func=name, args=args)
    if not args:
        empty = cst.SimpleWhitespace("")
        return call.with_changes(whitespace_before_args=empty, whitespace_after_func=empty)
    return space.fit(call, taken)


def _merged(build: Build, old: cst.Call, values: Values) -> list[cst.Arg]:
    """Return the new arguments, each in the place and layout of the one it comes from."""
    anchored: dict[int, list[NewArg]] = {}
    for new in build.args:
        if new.anchor is not None:
            anchored.setdefault(new.anchor, []).append(new)
    between = _separator(old)
    args: list[cst.Arg] = []
    for index, arg in enumerate(old.args):
        for new in anchored.get(index, ()):
            fresh = {"keyword": cst.Name(new.keyword), "value": new.make(values)}
            made = arg.with_changes(**fresh, star="", equal=_EQUAL if arg.star else arg.equal)
            args.append(made)
    added = [_keyword(new, values) for new in build.args if new.anchor is None]
    args.extend(arg.with_changes(comma=between) for arg in added)
    for index, arg in enumerate(args[:-1]):
        if not isinstance(arg.comma, cst.Comma) or arg is old.args[-1] or index >= 0:
            args[index] = _followed(arg, between, old)
    if args:
        args[-1] = _last(args[-1], old)
    return args


def _separator(old: cst.Call) -> cst.Comma:
    for arg in old.args[:-1]:
        if isinstance(arg.comma, cst.Comma) and not _has_comment(arg.comma):
            return arg.comma
    if spans_lines(old) and old.args:
        return cst.Comma(whitespace_after=old.whitespace_before_args)
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _followed(arg: cst.Arg, between: cst.Comma, old: cst.Call) -> cst.Arg:
    """Return an argument that another one follows."""
    if isinstance(arg.comma, cst.Comma) and arg.comma is not old.args[-1].comma:
        return arg
    if isinstance(arg.comma, cst.Comma) and _has_comment(arg.comma):
        return arg
    return arg.with_changes(comma=between)


def _last(arg: cst.Arg, old: cst.Call) -> cst.Arg:
    """Return the argument that ends the call."""
    end = old.args[-1].comma if old.args else cst.MaybeSentinel.DEFAULT
    whitespace = old.args[-1].whitespace_after_arg if old.args else cst.SimpleWhitespace("")
    if isinstance(arg.comma, cst.Comma) and _has_comment(arg.comma):
        end = arg.comma
    return arg.with_changes(comma=end, whitespace_after_arg=whitespace)


def _has_comment(comma: cst.Comma) -> bool:
    after = comma.whitespace_after
    return isinstance(after, cst.ParenthesizedWhitespace) and after.first_line.comment is not None


def _keyword(new: NewArg, values: Values) -> cst.Arg:
    return cst.Arg(
        keyword=cst.Name(new.keyword),
        value=new.make(values),
        equal=_EQUAL,
    )


_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
