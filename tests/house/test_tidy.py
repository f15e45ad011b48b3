"""A chapter that an editor saved is tidied without a run, and no result is made up."""

import copy
import subprocess

import nbformat
import pytest

from book.chapters import BY_NUMBER
from book.identity import identity
from tools import chapter, form, tidy

NAME = BY_NUMBER["02"].path.name


def git(folder, *arguments):
    name = ["-c", "user.name=book", "-c", "user.email=book@localhost"]
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Return a repository of one chapter, committed as its full run left it."""
    monkeypatch.setattr(chapter, "NOTEBOOKS", tmp_path)
    path = tmp_path / NAME
    path.write_bytes(BY_NUMBER["02"].path.read_bytes())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "-")
    return path


def saved_by_an_editor(path, change=lambda notebook: None):
    """Run the chapter as in VS Code: counts, times, widgets, a warning, other numbers."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["kernelspec"] = {"name": ".venv", "display_name": ".venv"}
    for count, (_, cell) in enumerate(form.cells(notebook, "code"), 1):
        cell.execution_count = count
        cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
        cell.metadata["vscode"] = {"languageId": "python"}
        new = nbformat.v4.new_output
        cell.outputs = [
            new("stream", name="stdout", text="a quick run's number\n"),
            new("stream", name="stderr", text="WARNING: something\n"),
        ]
    form.cells(notebook, "code")[0][1].source = identity().setup_cell.replace(
        'profile = "quick"  #@param', 'profile = "full" # @param'
    )
    nbformat.write(notebook, path)


def faults(path):
    return form.faults(nbformat.read(path, as_version=4), path)


def test_a_chapter_whose_text_alone_changed_is_as_it_was(desk, capsys):
    before = nbformat.read(desk, as_version=4)

    def other_words(notebook):
        notebook.cells[0].source = notebook.cells[0].source.replace(
            "# ", "# Really ", 1
        )

    saved_by_an_editor(desk, other_words)
    messy = "\n".join(faults(desk))
    assert messy.count("make tidy N=02") >= 4
    assert tidy.main(["02"]) == 0
    assert "last commit's outputs again" in capsys.readouterr().out
    wanted = copy.deepcopy(before)
    other_words(wanted)
    assert nbformat.read(desk, as_version=4) == wanted
    assert faults(desk) == form.faults(before, desk)
    assert tidy.main(["02"]) == 0
    assert "tidy as it is" in capsys.readouterr().out


def test_outputs_of_changed_code_are_not_passed_off_as_a_full_run_s(desk, capsys):
    changed = form.cells(nbformat.read(desk, as_version=4), "code")[3][0]

    def other_code(notebook):
        notebook.cells[changed].source += "\nprint(1)"

    saved_by_an_editor(desk, other_code)
    assert tidy.main(["02"]) == 0
    said = capsys.readouterr().out
    assert f"cells {changed} were run by hand" in said
    assert "make chapter N=02 PROFILE=full" in said
    made = nbformat.read(desk, as_version=4)
    assert "profile" not in made.metadata["book"]
    assert [o.name for o in made.cells[changed].outputs] == ["stdout"]
    left = faults(desk)
    assert any("has no full run's outputs" in one for one in left)


def test_a_full_run_s_new_outputs_are_kept(desk):
    """They have no count, so a later change of text does not bring the old ones back."""
    notebook = nbformat.read(desk, as_version=4)
    index, cell = form.cells(notebook, "code")[5]
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="new\n")]
    notebook.metadata["widgets"] = {}
    nbformat.write(notebook, desk)
    tidy.main(["02"])
    assert nbformat.read(desk, as_version=4).cells[index].outputs[0].text == "new\n"


def test_a_chapter_in_no_commit_is_tidied_too(desk, tmp_path_factory, monkeypatch):
    alone = tmp_path_factory.mktemp("alone") / NAME
    alone.write_bytes(desk.read_bytes())
    monkeypatch.setattr(chapter, "NOTEBOOKS", alone.parent)
    saved_by_an_editor(alone)
    assert tidy.main(["02"]) == 0
    assert not [one for one in faults(alone) if "stores a" in one or "an editor" in one]


def test_the_marks_of_a_merge_are_named_and_left(desk, capsys):
    broken = "<<<<<<< HEAD\n" + desk.read_text("utf8")
    desk.write_text(broken, "utf8")
    assert tidy.main(["02"]) == 1
    assert "is no notebook as it stands" in capsys.readouterr().err
    assert desk.read_text("utf8") == broken


def test_every_chapter_is_tidy():
    for path in sorted(chapter.NOTEBOOKS.glob("*.ipynb")):
        was = path.read_text("utf8")
        notebook = nbformat.reads(was, as_version=4)
        assert (
            tidy.tidied(notebook, None) == []
            and nbformat.writes(notebook) + "\n" == was
        ), f"{path.name}: run `make tidy N={path.stem[:2]}`"
