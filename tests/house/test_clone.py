"""A clone is the same on every machine: also where git turns line endings."""

import os
import subprocess

import pytest

from book.chapters import ROOT
from tools.prove_notebooks import git, released_copy


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])
def test_no_setting_of_git_changes_a_byte(tmp_path, setting):
    bare, folder = released_copy(tmp_path), tmp_path / "clone"
    git("-c", setting, "clone", "-q", "-c", setting, f"file://{bare}", str(folder))
    listed = subprocess.run(
        ["git", "-C", folder, "ls-files", "-z"], capture_output=True, check=True
    ).stdout.decode()
    names = [n for n in listed.split("\0") if n and not (folder / n).is_symlink()]
    assert "tools/browser.sh" in names and len(names) > 400
    changed = [n for n in names if (folder / n).read_bytes() != (ROOT / n).read_bytes()]
    assert not changed
    done = subprocess.run(
        [folder / "tools/browser.sh"],
        env={**os.environ, "BOOK_CHROMIUM": "/bin/true"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
