"""The form of a chapter: every rule of tools/form.py, asked of every notebook.

That the code runs is proven elsewhere, once per chapter: tools/prove_notebooks.py.
"""

from functools import cache

import nbformat
import pytest

from book.identity import ROOT
from tools import form

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@cache
def book(path):
    """Return a notebook, read once in a session."""
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("rule", form.BEFORE + form.AFTER, ids=lambda r: r.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem[:2])
def test_form(path, rule):
    found = form.faults(book(path), path, [rule])
    assert not found, "\n".join(found)
