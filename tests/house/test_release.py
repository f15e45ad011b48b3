"""A release is made on a clone: every place carries it, and no stamp becomes false."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
import yaml

from book.chapters import CHAPTERS, ROOT

VERSION = "9.8.7"


def run(folder, *command):
    """Run a command in `folder` with the clone's own modules."""
    names = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "book"), ("EMAIL", "book@localhost"))
    }
    environment = {**os.environ, **names, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a clone of the working tree as it stands, committed."""
    folder = tmp_path_factory.mktemp("release") / "book"
    listed = run(ROOT, "git", "ls-files", "-co", "--exclude-standard", "-z").stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["commit", "-qm", "-"],
    ):
        assert run(folder, "git", *command).returncode == 0
    return folder


@pytest.fixture(scope="module")
def released(clone):
    """Return the clone after `make release`."""
    before = {p.name: stamp(p) for p in sorted((clone / "notebooks").glob("*.ipynb"))}
    done = run(clone, sys.executable, "-m", "tools.release", VERSION)
    assert done.returncode == 0, done.stderr
    return clone, before


def stamp(path):
    return nbformat.read(path, as_version=4).metadata["book"]


def test_a_wrong_number_is_refused_in_one_sentence(clone):
    for wrong in ("1", "v1.2.3", "0.0.1", "x.y.z"):
        done = run(clone, sys.executable, "-m", "tools.release", wrong)
        assert done.returncode == 1
        assert re.fullmatch(r"V must be [^\n]+\.\n", done.stderr), done.stderr


def test_a_tree_with_changes_is_refused(clone):
    (clone / "new.txt").write_text("not committed")
    done = run(clone, sys.executable, "-m", "tools.release", VERSION)
    (clone / "new.txt").unlink()
    assert done.returncode == 1
    assert "has changes" in done.stderr


def test_every_place_carries_the_release(released):
    folder, _ = released
    config = yaml.safe_load((folder / "_config.yml").read_text("utf8"))
    citation = yaml.safe_load((folder / "CITATION.cff").read_text("utf8"))
    assert f'version = "{VERSION}"' in (folder / "pyproject.toml").read_text("utf8")
    assert config["repository"]["branch"] == f"v{VERSION}"
    theme = config["sphinx"]["config"]["html_theme_options"]
    assert theme["repository_branch"] == f"v{VERSION}"
    assert citation["version"] == VERSION
    readme = (folder / "README.md").read_text("utf8")
    ready = {chapter.path.name for chapter in CHAPTERS if chapter.ready}
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        assert f"--branch=v{VERSION}" in path.read_text("utf8"), path.name
        listed = f"/blob/v{VERSION}/notebooks/{path.name}" in readme
        assert listed == (path.name in ready)  # no page lists a draft
    old = run(ROOT, sys.executable, "-c", "from book.identity import identity as i; "
              "print(i().tag)").stdout.strip()  # fmt: skip
    left = run(folder, "git", "grep", "-l", "-F", old).stdout.split()
    assert set(left) <= {"CHANGELOG.md", "tests/house/test_release.py"}, left


def test_no_stamp_becomes_false_and_nothing_was_trained(released):
    folder, before = released
    code = (
        "import json, nbformat; from pathlib import Path\n"
        "from tools.chapter import code_hash\n"
        "print(json.dumps({p.name: code_hash(nbformat.read(p, 4)) for p in "
        "Path('notebooks').glob('*.ipynb')}))"
    )
    now = json.loads(run(folder, sys.executable, "-c", code).stdout)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        assert stamp(folder / "notebooks" / path.name) == before[path.name]
    then = json.loads(run(ROOT, sys.executable, "-c", code).stdout)
    assert now == then
    changed = run(folder, "git", "diff", "--name-only", "HEAD~1").stdout.split()
    assert not [name for name in changed if name.startswith("helpers/")]


def test_it_is_committed_tagged_and_told(released):
    folder, _ = released
    assert run(folder, "git", "status", "--porcelain").stdout == ""
    assert run(folder, "git", "tag").stdout.split() == [f"v{VERSION}"]
    changes = (folder / "CHANGELOG.md").read_text("utf8")
    assert changes.index(f"## {VERSION}, ") < changes.index("## 0.1.0, ")
