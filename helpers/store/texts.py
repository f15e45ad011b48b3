"""Which text made a result: a hash of what code says, not of how it is written.

A text is hashed by its syntax tree, docstrings left out, so that a formatter, a comment
or a release changes nothing. Of a chapter only those statements count that lead to the
result, and of the helpers only the files that these reach.
"""

import ast
import functools
import hashlib
import re
from pathlib import Path

from helpers.store import slices
from helpers.store.names import IMPORTS, bound

HELPERS = Path(__file__).resolve().parents[1]
SET_UP = "# Set-up:"  # how the cell begins that fetches the book in Colab
# They keep, show or ask, and change no number.
KEEPERS = ("zoo", "live", "exercises", "plots", "_figures")
_IGNORED = ("ctx", "kind", "type_comment", "type_params", "type_ignores", "returns")


def of(source):
    """Return 16 hexadecimal digits for what Python code says."""
    return _digest([ast.parse(source)])


def of_cells(cells):
    """Return the hash of a chapter's code cells (strings), the set-up cell left out."""
    trees = [parsed(cell) for cell in cells if not cell.startswith(SET_UP)]
    return _digest(node for tree in trees for node in tree.body)


def of_result(name, cells):
    """Return {"cells": hash, "helpers": {file: hash}} of what makes result `name`.

    `cells` are the code cells as far as they ran. The call of `zoo.trained`,
    `zoo.measured` or `zoo.sweep` with that name counts, and all that leads to it; where
    no such call is found, all cells do.
    """
    statements = [s for c in cells if not c.startswith(SET_UP) for s in parsed(c).body]
    used, asked = slices.slice_of(name, statements) or (statements, None)
    kept = [s for s in used if not isinstance(s, IMPORTS)]
    imports = [s for s in used if isinstance(s, IMPORTS)]
    modules = {m for s in imports for m in _imported(s, asked)}
    modules |= {m for s in kept for part in ast.walk(s) for m in _imported(part, None)}
    brought = sorted({line for s in imports for line in _brought(s, asked)})
    return {"cells": _digest(kept, brought), "helpers": of_helpers(modules)}


def of_helpers(modules):
    """Return {file: hash} of helpers' `modules` and of all that these import."""
    found, todo = {}, sorted(modules)
    while todo:
        module = todo.pop()
        path = HELPERS / f"{module}.py"
        if module in found or module in KEEPERS or not path.exists():
            continue
        found[module], imported = _helper(path.read_text("utf8"))
        todo += imported
    return dict(sorted(found.items()))


@functools.lru_cache
def _helper(source):
    """Return (hash, the helpers it imports) of a helper's source."""
    tree = ast.parse(source)
    imported = {m for node in ast.walk(tree) for m in _imported(node, None)}
    return _digest([tree]), sorted(imported)


def session():
    """Return the code cells that this Jupyter session has run; none in a script."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    ran = [] if shell is None else shell.history_manager.input_hist_raw
    return [cell for cell in ran if cell]


def _digest(nodes, lines=()):
    text = "\n".join([*lines, *filter(None, map(_said, nodes))])
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
        if isinstance(node, ast.JoinedStr):
            value = _pieces(value)
        if isinstance(node, ast.arg) and field == "annotation":
            continue  # types of arguments and results are words for the reader
        if field not in _IGNORED and value is not None and value != []:
            parts.append(f"{field}={_said(value)}")
    return "" if _is_words(node) else f"{type(node).__name__}({','.join(parts)})"


def _pieces(values):
    """Return the parts of an f-string, its text in as few as can be: Pythons differ."""
    found = []
    for value in values:
        for part in (
            _pieces(value.values) if isinstance(value, ast.JoinedStr) else [value]
        ):
            last = found[-1] if found else None
            if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
                found[-1] = ast.Constant(last.value + part.value)
            elif not isinstance(part, ast.Constant) or part.value:
                found.append(part)
    return found


def _is_words(node):
    """Tell whether a statement is a string alone, which says nothing to the machine."""
    string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return string and isinstance(node.value.value, str)


@functools.lru_cache(maxsize=500)
def parsed(cell):
    """Return the syntax tree of a cell; what is no Python does nothing for a result."""
    python = re.sub(r"^([ \t]+)[%!].*$", r"\1pass", cell, flags=re.MULTILINE)
    python = re.sub(r"^[%!].*$", "", python, flags=re.MULTILINE)
    for text in (cell, python):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return ast.Module([], [])


def _brought(statement, asked):
    """Return what an import says of the names that are asked for (None: of all)."""
    module = "." * getattr(statement, "level", 0) + (
        f"{statement.module or ''}." if isinstance(statement, ast.ImportFrom) else ""
    )
    return {
        f"{bound(alias)} is {module}{alias.name}"
        for alias in statement.names
        if _wanted(alias, asked)
    }


def _wanted(alias, asked):
    return asked is None or alias.name == "*" or bound(alias) in asked


def _imported(node, asked):
    """Return the helpers that an import brings in (`asked`: as for `_brought`)."""
    if isinstance(node, ast.Import):
        names = [a.name for a in node.names if a.name.startswith("helpers.")]
        return {name.split(".")[1] for name in names}
    if not isinstance(node, ast.ImportFrom) or node.level:
        return set()
    wanted = {alias.name for alias in node.names if _wanted(alias, asked)}
    if node.module == "helpers":
        return wanted
    if (node.module or "").startswith("helpers.") and wanted:
        return {node.module.split(".")[1]}
    return set()
