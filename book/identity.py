"""The book's name, address and release, read from pyproject.toml: the one place for
them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

# Before the helpers are found the cell can ask nobody; helpers/_set_up.py does the rest.
# git clones into a free or an empty folder and touches no other, so nothing is lost, and
# it writes pyproject.toml after the helpers, so a clone that broke off does not fit.
SETUP_CELL = """\
# Set-up: in Colab this fetches the book; anywhere else it only looks where the book is.
profile = "quick"  #@param ["quick", "full"]
import contextlib, importlib.util, os, subprocess, sys
from pathlib import Path

def find_book(url="{repository}"):
    colab, loaded = "google.colab" in sys.modules, sys.modules.get("helpers")
    why = (f"The book's helpers are not here (pip's `helpers` is another package): clone {{url}} "
           "and run `make lab` in its folder, or open this chapter in Colab.")
    def fits(book):
        facts, release = book / "pyproject.toml", b'name = "helpers"\\nversion = "{release}"'
        there = facts.is_file() and (book / "helpers/_set_up.py").is_file()
        return there and release in facts.read_bytes()
    if loaded and fits(Path(loaded.__file__ or "").parent.parent):
        return  # this cell has run before
    for name in ("..", ".", "{folder}", "{folder}-2", "{folder}-3"):
        book = Path(name).resolve()
        if colab and name[0] != "." and not fits(book):
            said = subprocess.getoutput(f"git clone --depth=1 --branch={tag} {{url}} {{name}}")
            reason = said.split("fatal: ")[-1].partition("\\n")[0].rstrip(".")
            why = f"The book could not be fetched ({{reason}}): mend that, and run this cell again."
        if fits(book):
            sys.modules.pop("helpers", None)  # another package of that name
            sys.path.insert(0, str(book))
            return os.chdir(book / "notebooks") if colab else None
    with contextlib.suppress(ImportError):
        if not colab and importlib.util.find_spec("helpers._set_up"):
            return  # it is installed
    problem = RuntimeError(why)
    problem._render_traceback_ = lambda: [why]  # the sentence alone
    raise problem

find_book()
from helpers import _set_up
_set_up.begin(profile, "{release}")"""


class Identity(NamedTuple):
    """Who this book is."""

    title: str
    repository: str  # without a slash at the end
    site: str
    tag: str

    @property
    def folder(self) -> str:
        """Return the folder that a clone of the book makes."""
        return self.repository.rsplit("/", 1)[1]

    @property
    def slug(self) -> str:
        """Return owner/name."""
        return self.repository.removeprefix("https://github.com/")

    @property
    def setup_cell(self) -> str:
        """Return the set-up cell that every chapter carries, letter by letter."""
        return SETUP_CELL.format(
            repository=self.repository,
            folder=self.folder,
            tag=self.tag,
            release=self.tag.removeprefix("v"),
        )

    def colab(self, notebook: str) -> str:
        """Return the address under which Colab opens a notebook of the release."""
        return (
            f"https://colab.research.google.com/github/{self.slug}/blob/{self.tag}"
            f"/notebooks/{notebook}"
        )


def identity() -> Identity:
    """Read the book's identity from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    return Identity(
        title=project["tool"]["book"]["title"],
        repository=project["project"]["urls"]["repository"],
        site=project["tool"]["book"]["site"],
        tag="v" + project["project"]["version"],
    )
