"""Which statements of a chapter lead to one of its results.

A result's name is found where `zoo` is asked for it. From there the names that are read
lead back to what gave them their values or changed them, and so on. Of a name that was
given anew only what is valid where it is read counts. Out of sight is what is done to a
library as a whole (a policy, a seed), and to a value under another name.
"""

import ast
import functools
import re

from helpers.store.names import IMPORTS, defines, facts_of

DOORS = {"trained": False, "measured": False, "sweep": True}  # True: adds to the name


def slice_of(name, statements):
    """Return the statements that lead to result `name`, and the names they ask for.

    None where no call asks for it by a name that can be read off.
    """
    facts = facts_of(tuple(statements))
    found = _sites(name, statements, facts)
    if not found:
        return None
    slices = [_back(site, statements, facts) for site in found]
    shared = set.intersection(*(used for used, _ in slices))
    scores = [
        (
            _score(name, statements[site : site + 1]),
            _score(name, [statements[i] for i in used - shared - {site}]),
        )
        for site, (used, _) in zip(found, slices, strict=True)
    ]
    used, asked = slices[scores.index(max(scores))]
    return [statements[index] for index in sorted(used)], asked


def _back(site, statements, facts):
    """Return (indices of the statements that lead to `site`, names asked for)."""
    makers = {}  # name -> indices of the statements that give or alter it, last first
    for index in range(site - 1, -1, -1):
        for name in facts[index].gives | facts[index].alters:
            makers.setdefault(name, []).append(index)
    used = {i for i in range(site) if "*" in facts[i].gives} | {site}
    asked = facts[site].now | facts[site].later
    todo = {(name, site) for name in asked}
    seen = set(todo)
    while todo:
        name, place = todo.pop()
        for index in makers.get(name, ()):
            if index >= place:
                continue
            fact = facts[index]
            used.add(index)
            asked.add(name)
            if not isinstance(statements[index], IMPORTS):
                more = {(other, index) for other in fact.now}
                more |= {(o, p) for o in fact.later for p in (place, site)}
                todo |= more - seen
                seen |= more
            if name in fact.gives and _afresh(statements[index]):
                break
    return used, asked


def _afresh(statement):
    """Tell whether what a statement gives has nothing left of what was there before."""
    plain = (*IMPORTS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)
    return isinstance(statement, plain)


def _sites(name, statements, facts):
    """Return the indices of the statements that make result `name`: the best fits."""
    doors = {door: (0, "name", many) for door, many in DOORS.items()}
    for statement in statements:  # a chapter's own function may pass a name on
        if isinstance(statement, ast.FunctionDef):
            arguments = [argument.arg for argument in statement.args.args]
            for asked, many in _asked(statement, doors):
                if isinstance(asked, ast.Name) and asked.id in arguments:
                    place = arguments.index(asked.id)
                    doors[statement.name] = (place, asked.id, many)
    found = {}
    for index, statement in enumerate(statements):
        for asked, many in _asked(statement, doors):
            pattern = _pattern(asked)
            if pattern and re.fullmatch(pattern + "(-.+)?" * many, name):
                literal = len(re.sub(r"\.\+|\\", "", pattern))  # the full name is best
                found.setdefault(literal, []).append(index)
    best = found[max(found)] if found else []
    return sorted({call for site in best for call in _calls(site, statements, facts)})


def _calls(site, statements, facts):
    """Return where a statement's work is done: itself, or what calls its function."""
    if not defines(statements[site]):
        return [site]
    names, found = set(facts[site].gives), []
    for index in range(site + 1, len(statements)):
        if names & (facts[index].now | facts[index].later):
            if defines(statements[index]):
                names |= facts[index].gives
            else:
                found.append(index)
    return found or [site]


def _score(name, statements):
    """Return how many words of a result's name are said in `statements`."""
    said = {word for s in statements for word in _words(ast.unparse(s))}
    return len({*_words(name)} & said)


def _words(text):
    return re.findall(r"[a-z]+", text.lower())


def _asked(statement, doors):
    """Yield (what stands for a result's name in a call of one of `doors`, many)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            place, parameter, many = doors.get(called, (None, None, False))
            if place is not None and len(node.args) > place:
                yield node.args[place], many
            for keyword in node.keywords:
                if place is not None and keyword.arg == parameter:
                    yield keyword.value, many


@functools.singledispatch
def _pattern(node):
    """Return a regular expression for the strings an expression can give, or None."""
    return None


@_pattern.register
def _(node: ast.Constant):
    return re.escape(node.value) if isinstance(node.value, str) else None


@_pattern.register
def _(node: ast.JoinedStr):
    return "".join(_pattern(value) or ".+" for value in node.values)


@_pattern.register
def _(node: ast.BinOp):
    parts = [_pattern(side) for side in (node.left, node.right)]
    if not isinstance(node.op, ast.Add) or parts == [None, None]:
        return None
    return "".join(part or ".+" for part in parts)
