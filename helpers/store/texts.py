"""Which text made a result: a hash of what code says, not of how it is written.

A text is hashed by its syntax tree, docstrings left out, so that a formatter, a comment
or a release changes nothing. Of a chapter only those statements count that lead to the
result, and of the helpers only the files that these reach.
"""

import ast
import hashlib
import re
from pathlib import Path

HELPERS = Path(__file__).resolve().parents[1]
SET_UP = "# Set-up:"  # how the cell begins that fetches the book in Colab
# They keep, show or ask, and change no number.
KEEPERS = ("zoo", "live", "exercises", "plots", "_figures")
_DOORS = ("trained", "measured", "sweep")
_IGNORED = ("ctx", "kind", "type_comment", "type_params", "type_ignores")


def of(source):
    """Return 16 hexadecimal digits for what Python code says."""
    return _digest([ast.parse(source)])


def of_cells(cells):
    """Return the hash of a chapter's code cells (strings), the set-up cell left out."""
    trees = [_parsed(cell) for cell in cells if not cell.startswith(SET_UP)]
    return _digest(node for tree in trees for node in tree.body)


def of_result(name, cells):
    """Return {"cells": hash, "helpers": {file: hash}} of what makes result `name`.

    `cells` are the code cells as far as they ran. The call of `zoo.trained`,
    `zoo.measured` or `zoo.sweep` with that name counts, and all that it uses; where no
    such call is found, all cells do.
    """
    statements = [s for c in cells if not c.startswith(SET_UP) for s in _parsed(c).body]
    used, words = _slice(name, statements)
    modules = {m for s in used for m in _imported(s, words)}
    kept = [s for s in used if not isinstance(s, (ast.Import, ast.ImportFrom))]
    return {"cells": _digest(kept), "helpers": of_helpers(modules)}


def of_helpers(modules):
    """Return {file: hash} of helpers' `modules` and of all that these import."""
    found, todo = {}, sorted(modules)
    while todo:
        module = todo.pop()
        path = HELPERS / f"{module}.py"
        if module in found or module in KEEPERS or not path.exists():
            continue
        tree = ast.parse(path.read_text("utf8"))
        found[module] = _digest([tree])
        todo += [m for s in ast.walk(tree) for m in _imported(s, None)]
    return dict(sorted(found.items()))


def session():
    """Return the code cells that this Jupyter session has run; none in a script."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    ran = [] if shell is None else shell.user_ns.get("In", [])
    return [cell for cell in ran if cell]


def _digest(nodes):
    text = "\n".join(said for node in nodes if (said := _said(node)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _said(node):
    """Write a syntax tree down in a form that every version of Python agrees on."""
    if isinstance(node, list):
        return "[" + ",".join(filter(None, map(_said, node))) + "]" if node else ""
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for field, value in ast.iter_fields(node):
        if field == "body" and isinstance(value, list):
            value = [part for part in value if not _is_words(part)]
        if field not in _IGNORED and value is not None and value != []:
            parts.append(f"{field}={_said(value)}")
    return "" if _is_words(node) else f"{type(node).__name__}({','.join(parts)})"


def _is_words(node):
    """Tell whether a statement is a string alone, which says nothing to the machine."""
    string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return string and isinstance(node.value.value, str)


def _parsed(cell):
    try:
        return ast.parse(cell)
    except SyntaxError:  # a line magic; what it does is no part of a result
        return ast.parse(re.sub(r"^[%!].*$", "", cell, flags=re.MULTILINE))


def _slice(name, statements):
    """Return the statements that lead to result `name`, and the words they use."""
    site = _site(name, statements)
    if site is None:
        return statements, {w for s in statements for w in _words(s)}
    before = statements[: site + 1]
    used, words, todo = {site}, set(), _words(statements[site])
    while todo:
        word = todo.pop()
        if word in words:
            continue
        words.add(word)
        for index, statement in enumerate(before):
            if index not in used and word in _bound(statement):
                used.add(index)
                if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                    todo |= _words(statement)
    return [statements[index] for index in sorted(used)], words


def _site(name, statements):
    """Return the index of the statement that asks for result `name`, or None."""
    doors = dict.fromkeys(_DOORS, 0)
    for statement in statements:  # a chapter's own function may pass a name on
        if isinstance(statement, ast.FunctionDef):
            arguments = [argument.arg for argument in statement.args.args]
            for asked in _asked(statement, doors):
                if isinstance(asked, ast.Name) and asked.id in arguments:
                    doors[statement.name] = arguments.index(asked.id)
    best, found = 0, None
    for index, statement in enumerate(statements):
        for pattern in filter(None, map(_pattern, _asked(statement, doors))):
            literal = len(pattern.replace(".+", ""))  # the name in full fits best
            if literal > best and re.fullmatch(pattern, name):
                best, found = literal, index
    return found


def _asked(statement, doors):
    """Yield what stands where a call of one of `doors` has a result's name."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            place = doors.get(called)
            if place is not None and len(node.args) > place:
                yield node.args[place]


def _pattern(node):
    """Return a regular expression for the strings an expression can give, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value) + "(-[a-z0-9.]+)*" * node.value.endswith("*")
    if isinstance(node, ast.JoinedStr):
        return "".join(_pattern(v) or ".+" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_pattern(side) for side in (node.left, node.right)]
        return None if parts == [None, None] else "".join(p or ".+" for p in parts)
    return None


def _words(statement):
    """Return every name that a statement reads, inside its functions too."""
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _bound(statement):
    """Return the names that a statement gives a value at the top level."""
    found, todo = set(), [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name).split(".")[0] for a in node.names}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        todo += ast.iter_child_nodes(node)
    return found


def _imported(node, words):
    """Return the helpers that an import brings in; of `words` only, if given."""
    if isinstance(node, ast.Import):
        names = [a.name for a in node.names if a.name.startswith("helpers.")]
        return {name.split(".")[1] for name in names}
    if not isinstance(node, ast.ImportFrom) or node.level:
        return set()
    wanted = [a for a in node.names if words is None or (a.asname or a.name) in words]
    if node.module == "helpers":
        return {a.name for a in wanted}
    if (node.module or "").startswith("helpers.") and wanted:
        return {node.module.split(".")[1]}
    return set()
