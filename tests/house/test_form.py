"""The rules of form: each speaks of one broken notebook, and says what to do."""

import copy
import json
import re
from pathlib import Path

import nbformat
import pytest

from book import asking
from book.chapters import BY_NUMBER, DRAFT
from helpers import exercises
from tools import chapter, form

PATH = BY_NUMBER["02"].path
# What a sentence tells its reader to do; it comes after the semicolon.
VERBS = {
    "add", "begin", "break", "copy", "cut", "define", "delete", "end", "give", "leave",
    "make", "mend", "move", "open", "order", "print", "remove", "run", "save", "say",
    "show", "silence", "split", "store", "take", "write",
}  # fmt: skip


def good():
    """Return a chapter without a fault; its stamp is made to fit its code."""
    notebook = nbformat.read(PATH, as_version=4)
    notebook.metadata["book"]["code_hash"] = chapter.code_hash(notebook)
    return notebook


GOOD = good()


def cell_of(notebook, wanted, nth=0):
    """Return the nth cell that is so."""
    return [cell for cell in notebook.cells if wanted(cell)][nth]


def prose(notebook):
    return cell_of(notebook, lambda c: c.cell_type == "markdown", 3)


def code(notebook):
    return cell_of(notebook, lambda c: c.cell_type == "code", 4)


def proposed(notebook):
    return cell_of(notebook, lambda c: c.source.startswith(form.CHANGES))


def drawing(notebook):
    return cell_of(notebook, lambda c: c.cell_type == "code" and form.pictures(c))


def stub(notebook):
    return cell_of(notebook, lambda c: 'check("02.1"' in c.source, 0)


def quiz(notebook):
    return cell_of(notebook, lambda c: c.source.startswith("**Question 2.**"))


def task(notebook):
    return cell_of(notebook, lambda c: c.source.startswith("**Exercise 02.1.**"))


def solution(notebook):
    return cell_of(notebook, lambda c: 'check("02.1"' in c.source, 1)


def appended(pick, text):
    """Return a way to break a notebook: a cell's source goes on with `text`."""

    def breaks(notebook):
        pick(notebook).source += text

    return breaks


def replaced(pick, old, new):
    """Return a way to break a notebook: in a cell's source `old` becomes `new`."""

    def breaks(notebook):
        cell = pick(notebook)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return breaks


def first(notebook):
    return notebook.cells[0]


def headed(name):
    return lambda notebook: cell_of(notebook, lambda c: f"## {name}" in c.source)


def tagged(pick, *names):
    """Return a way to break a notebook: a cell has these tags."""

    def breaks(notebook):
        pick(notebook).metadata["tags"] = list(names)

    return breaks


def without(pick, *keys):
    """Return a way to break a notebook: something is gone from a cell or so."""

    def breaks(notebook):
        place = pick(notebook)
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]

    return breaks


def printing(pick, text, name="stdout"):
    """Return a way to break a notebook: a cell printed something else."""

    def breaks(notebook):
        pick(notebook).outputs = [
            nbformat.v4.new_output("stream", name=name, text=text)
        ]

    return breaks


def all_code_long(notebook):
    for _, cell in form.cells(notebook, "code"):
        cell.source += "\n" * 9 + "pass"


def a_second_stub(notebook):
    notebook.cells.append(copy.deepcopy(stub(notebook)))


def no_picture_first(notebook):
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("## Too early"))


def live_last(notebook):
    live = cell_of(notebook, lambda c: "live.figure(" in c.source)
    notebook.cells.remove(live)
    notebook.cells.append(live)


def no_picture(notebook):
    for _, cell in form.cells(notebook, "code"):
        cell.outputs = []
    for _, cell in form.cells(notebook, "markdown"):
        cell.source = cell.source.replace("\n## ", "\n")
        cell.source = cell.source.removeprefix("## ")


def an_error(notebook):
    code(notebook).outputs = [
        nbformat.v4.new_output("error", ename="E", evalue="no", traceback=["E: no"])
    ]


def a_counted_cell(notebook):
    code(notebook).execution_count = 7


def a_widget(notebook):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    code(notebook).outputs = [nbformat.v4.new_output("display_data", data=view)]


def picture_of(kind, data):
    def breaks(notebook):
        drawing(notebook).outputs = [
            nbformat.v4.new_output("display_data", data={kind: data})
        ]

    return breaks


def wide_picture(notebook):
    import base64

    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (900).to_bytes(4, "big")
    picture_of("image/png", base64.b64encode(head).decode())(notebook)


BROKEN = [
    (form.valid, lambda notebook: notebook.cells[3].update(surplus=1)),
    (form.title, replaced(first, "# How", "How")),
    (form.title, appended(prose, "\n\n# And one more")),
    (form.time_told, replaced(first, "needs:", "wants:")),
    (form.time_told, replaced(first, "Time: quick", "Time: about")),
    (form.set_up, appended(lambda notebook: notebook.cells[1], "\n")),
    (form.set_up, appended(code, '\n"google.colab"')),
    (form.sections, replaced(headed("Summary"), "## Summary", "## In short")),
    (form.sections, appended(headed("Summary"), "\n\n## Check yourself")),
    (form.length, appended(prose, " word" * 3000)),
    (form.length, lambda notebook: notebook.cells.__delitem__(slice(5, None))),
    (form.proposes, lambda notebook: notebook.cells.remove(proposed(notebook))),
    (form.proposes, replaced(proposed, "- `", "- ")),
    (form.written, appended(prose, "\n\nWrite here: why.")),
    (form.markdown, appended(prose, "\n\n```{note}\nSee.\n```")),
    (form.markdown, appended(prose, " As {ref}`there` says.")),
    (form.markdown, appended(prose, "\n\n(label)=\n")),
    (form.links, appended(prose, " [So](99_nothing.ipynb).")),
    (form.alt_texts, appended(prose, " ![](https://example.org/a.png)")),
    (form.alt_texts, appended(prose, ' <img src="a.png">')),
    (form.alt_texts, appended(prose, ' <img src="a.png" alt="">')),
    (form.long_cells, appended(code, "\npass" * 41)),
    (form.short_cells, all_code_long),
    (form.wide_lines, appended(code, "  #" + "x" * 120)),
    (form.empty_cells, lambda notebook: prose(notebook).update(source=" \n")),
    (form.known_tags, tagged(code, "hide_input")),
    (form.fetches, appended(code, "\n!pip install x")),
    (form.fetches, appended(code, "\nimport pickle")),
    (form.hidden_modules, appended(code, "\ndef plots():\n    pass")),
    (form.hidden_modules, appended(code, "\nfor plots in range(3):\n    pass")),
    (form.hidden_modules, appended(code, "\nimport json\n(json, a), b = (1, 2), 3")),
    (form.opening, tagged(drawing, "hide-input")),
    (form.opening, tagged(code, "opening")),
    (form.opening, lambda notebook: notebook.cells.pop(3)),
    (form.live_first, live_last),
    (form.clocks, appended(code, "\nimport time\ntime.process_time()")),
    (form.clocks, appended(code, "\nfrom time import perf_counter_ns as now")),
    (form.clocks, appended(code, "\nhalf = watch.cpu_seconds / 2")),
    (form.clocks, appended(code, "\nprint(f\"{card['cpu_seconds'] / 2:.0f} s\")")),
    (form.clocks, appended(code, "\n'seconds of two cores'")),
    (form.exercises, replaced(stub, "02.1", "02.9")),
    (form.exercises, a_second_stub),
    (form.asked, replaced(headed("Check yourself"), "Put your", "Write your")),
    (form.asked, replaced(quiz, "**Question 2.**", "**Question 3.**")),
    (form.asked, replaced(quiz, "**Question 2.**", "**02.q2**")),
    (form.asked, replaced(quiz, "- (a)", "- a)")),
    (form.asked, replaced(quiz, "\n\n- (a)", " (a)")),
    (form.asked, replaced(quiz, "\n- (b)", " (b)")),
    (form.asked, replaced(quiz, "\n\n- (a)", "\n\nWell:\n\n- (a)")),
    (form.asked, replaced(quiz, "- (c)", "- (d)")),
    (form.asked, appended(quiz, "\n\nWhich?")),
    (form.asked, replaced(task, "02.1.**", "02.1**")),
    (form.asked, replaced(task, "02.1.", "02.2.")),
    (form.asked, lambda notebook: notebook.cells.remove(task(notebook))),
    (form.stub_form, tagged(stub)),
    (form.stub_form, appended(stub, "\nprint(answer)")),
    (form.solution_form, replaced(solution, "#@title Solution 02.1\n", "")),
    (form.solution_form, appended(solution, "\nprint(answer)")),
    (form.solution_form, tagged(solution, "solution", "nbval-check-output")),
    (form.solution_form, without(solution, "metadata", "jupyter")),
    (form.solution_form, without(solution, "metadata", "cellView")),
    (form.solved, lambda notebook: notebook.cells.remove(stub(notebook))),
    (form.opening_picture, no_picture_first),
    (form.opening_picture, no_picture),
    (form.stub_lines, printing(stub, "02.1 · right.")),
    (form.solution_lines, printing(solution, "02.1 · not yet.")),
    (form.stamp, without(lambda notebook: notebook.metadata["book"], "profile")),
    (form.stamp, appended(code, "\n1 + 1")),
    (form.stamp, without(lambda notebook: notebook.metadata["book"], "versions")),
    (
        form.stamp,
        without(lambda notebook: notebook.metadata["book"], "seconds", "quick"),
    ),
    (form.times, replaced(first, "quick 19 s", "quick 20 s")),
    (form.normalised, without(lambda notebook: notebook.metadata, "kernelspec")),
    (form.normalised, lambda notebook: notebook.metadata.update(widgets={})),
    (form.normalised, a_counted_cell),
    (form.normalised, lambda nb: code(nb).metadata.update(execution={"shell": "1"})),
    (form.normalised, a_widget),
    (form.errors, an_error),
    (form.errors, tagged(code, "raises-exception")),
    (form.noise, printing(code, "UserWarning: x", name="stderr")),
    (form.noise, printing(code, "kept in /home/somebody/x")),
    (form.figure_texts, without(drawing, "metadata", "mystnb")),
    (
        form.figure_texts,
        lambda nb: drawing(nb).metadata.mystnb.image.update(alt="x" * 9),
    ),
    (form.weights, picture_of("image/svg+xml", "<svg/>" * 40_000)),
    (form.weights, picture_of("image/svg+xml", "<svg/>" * 300_000)),
    (form.weights, wide_picture),
]
ELSEWHERE = {form.listed, form.enough}  # what they read is no part of the notebook


def told(sentences):
    """Hold sentences to their form: where, what, and after a semicolon what to do."""
    assert sentences
    for sentence in sentences:
        assert sentence.endswith(".") and "\n" not in sentence
        assert re.search(r"; (\w+)\b", sentence), sentence
        assert {*re.findall(r"; (\w+)\b", sentence)} & VERBS, sentence
        where = sentence.split(" (")[0]
        assert re.match(r"cell \d+$|the |book/|checks/", where), sentence
    return sentences


def test_every_rule_is_broken_once():
    assert {rule for rule, _ in BROKEN} | ELSEWHERE == {*form.BEFORE, *form.AFTER}


@pytest.mark.parametrize("rule", form.BEFORE + form.AFTER, ids=lambda r: r.__name__)
def test_the_good_notebook_keeps_it_and_it_says_what_it_wants(rule):
    assert list(rule(GOOD, PATH)) == []
    assert rule.__doc__.endswith(".")


@pytest.mark.parametrize(
    ("rule", "breaks"),
    BROKEN,
    ids=[f"{i}-{r.__name__}" for i, (r, _) in enumerate(BROKEN)],
)
def test_it_speaks_of_a_broken_one(rule, breaks):
    notebook = copy.deepcopy(GOOD)
    breaks(notebook)
    told(list(rule(notebook, PATH)))


def test_a_chapter_that_the_list_lacks_is_told():
    told(list(form.listed(GOOD, PATH.with_name("98_small.ipynb"))))
    silent = next(one for one in BY_NUMBER.values() if not one.makes)
    assert "`makes`" in told(list(form.listed(GOOD, silent.path)))[0]


def test_too_few_questions_are_told(monkeypatch):
    monkeypatch.setattr(form, "defined", lambda path: {"02.q1", "02.1", "02.2"})
    said = told(list(form.enough(GOOD, PATH)))
    assert "1 questions" in said[0] and "2 exercises" in said[1]


def test_a_question_may_have_lines_and_a_text_before_it():
    text = "It ends here.\n\n**Question 1.** So\nwhat is $a$?\n\n- (a) One.\n- (b) Two."
    assert asking.question(text) == asking.question(f"{text}\n") == (1, ["a", "b"])
    assert asking.exercise("## 9\n\n**Exercise 02.4, a small project.** Do.") == "02.4"


def test_an_exercise_that_no_cell_asks_is_told():
    notebook = copy.deepcopy(GOOD)
    notebook.cells.remove(stub(notebook))
    said = told(list(form.exercises(notebook, PATH)))
    assert said[0].startswith("checks/ch02.py defines 02.1")


def test_placeholders_in_the_checks_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(form, "ROOT", tmp_path)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/ch02.py").write_text("a) Write here: why\nb) Write here: why")
    assert "2 placeholders" in told(list(form.written(GOOD, PATH)))[0]


def test_a_name_inside_a_function_hides_nothing_of_the_chapter():
    notebook = copy.deepcopy(GOOD)
    code(
        notebook
    ).source += "\ndef draw(plots):\n    zoo = plots\n    return [live for live in zoo]"
    assert not list(form.hidden_modules(notebook, PATH))


def test_an_empty_notebook_is_one_sentence():
    assert len(told(form.faults(nbformat.v4.new_notebook(), PATH))) == 1
    alone = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Alone")])
    told(form.faults(alone, PATH))


def test_checks_that_cannot_be_imported_are_one_sentence(monkeypatch):
    def broken(chapter):
        raise SyntaxError("invalid syntax (ch02.py, line 3)")

    monkeypatch.setattr(exercises, "_load", broken)
    said = form.faults(GOOD, PATH, [form.exercises])
    assert len(told(said)) == 1 and "line 3" in said[0]


# ---- drafts, and what tools.chapter asks ------------------------------------------


def draft(**stamp):
    notebook = copy.deepcopy(GOOD)
    notebook.metadata["book"].update(draft=True, **stamp)
    return notebook


def test_a_draft_is_let_off_what_it_may_lack_and_nothing_else():
    notebook = draft(profile="quick")
    notebook.cells[0].source += "\n\nWrite here: more." + " word" * 3000
    assert form.faults(notebook, PATH) == []
    notebook.cells[0].source += "\n\n# And one more"
    assert len(form.faults(notebook, PATH)) == 1


def test_the_mark_of_a_draft_in_the_file_is_that_in_the_notebook(tmp_path):
    for notebook, marked in ((GOOD, False), (draft(), True)):
        notebook = copy.deepcopy(notebook)
        notebook.cells[0].source += '\n"draft": true'  # words of a cell do not count
        file = tmp_path / "a.ipynb"
        nbformat.write(notebook, file)
        assert (
            bool(DRAFT.search(file.read_bytes())) is form.is_draft(notebook) is marked
        )


def test_a_full_run_wants_the_rules_kept_and_a_quick_one_tells_them(tmp_path, capsys):
    notebook = copy.deepcopy(GOOD)
    notebook.cells[0].source = notebook.cells[0].source.replace("# How", "How")
    path = Path(tmp_path) / PATH.name
    nbformat.write(notebook, path)
    assert not form.may_run(path, "full")
    assert "Nothing was run" in capsys.readouterr().out
    assert form.may_run(path, "quick")
    assert "open the chapter with" in capsys.readouterr().out


def test_a_draft_without_fault_is_none_after_its_full_run(capsys):
    notebook = draft()
    assert form.settle(notebook, PATH) is True
    assert "draft" not in notebook.metadata["book"]
    assert "no draft any more" in capsys.readouterr().out


def test_a_draft_with_faults_stays_one_and_hears_them_all(capsys):
    notebook = draft()
    notebook.cells[0].source += "\n\nWrite here: more."
    assert form.settle(notebook, PATH) is False
    assert notebook.metadata["book"]["draft"] is True
    assert "placeholder" in capsys.readouterr().out


@pytest.mark.parametrize("notebook", [GOOD, draft(code_hash="0" * 16)])
def test_what_is_no_draft_or_has_run_in_quick_alone_is_not_settled(notebook):
    before = copy.deepcopy(notebook)
    assert form.settle(notebook, PATH) is False
    assert notebook == before


def test_a_quick_run_stores_outputs_only_where_no_full_run_has():
    assert not form.takes_quick(copy.deepcopy(GOOD), PATH)
    assert not form.takes_quick(draft(), PATH)
    stale = draft(code_hash="0" * 16)
    assert form.takes_quick(stale, PATH)
    assert {"profile", "code_hash"}.isdisjoint(stale.metadata["book"])


def test_the_command_prints_faults_and_fails(monkeypatch, tmp_path, capsys):
    notebook = copy.deepcopy(GOOD)
    path = tmp_path / PATH.name
    monkeypatch.setattr(form, "find", lambda number: path)
    monkeypatch.setattr(form, "links", lambda notebook, path: [])
    rules = tuple(rule for rule in form.BEFORE if rule.__name__ != "links")
    monkeypatch.setattr(form, "BEFORE", rules)  # links lead nowhere from here
    nbformat.write(notebook, path)
    assert form.main(["02"]) == 0
    assert "no fault" in capsys.readouterr().out
    notebook.cells[0].source += "\n\n# And one more"
    nbformat.write(notebook, path)
    assert form.main(["02"]) == 1
    assert "one more title" in capsys.readouterr().out


def test_a_notebook_that_never_ran_is_one_sentence(monkeypatch, tmp_path, capsys):
    bare = json.loads(nbformat.writes(GOOD))
    for cell in bare["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    (tmp_path / PATH.name).write_text(json.dumps(bare))
    monkeypatch.setattr(form, "find", lambda number: tmp_path / PATH.name)
    assert form.main(["02"]) == 1
    assert capsys.readouterr().out.count("stores no outputs; run") == 1
