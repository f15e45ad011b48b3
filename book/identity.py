"""The book's name, address and release, read from pyproject.toml: the one place for
them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

SETUP_CELL = """\
# Set-up: in Colab this fetches the book; anywhere else it does nothing.
import sys
if "google.colab" in sys.modules:
    import os, subprocess
    repository = "{repository}"
    if not os.path.isdir("{folder}"):
        subprocess.run(["git", "clone", "-q", "--depth=1", "-c", "advice.detachedHead=false",
                        "--branch={tag}", repository], check=True)
    sys.path.insert(0, os.path.abspath("{folder}"))
    os.chdir("{folder}/notebooks")"""


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
            repository=self.repository, folder=self.folder, tag=self.tag
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
