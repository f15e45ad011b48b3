"""The tools on the command line: a taken port, Ctrl-C, a folder that takes no file."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from book.chapters import ROOT
from tools import chapter, form, live, serve, site


def started(*command, **environment):
    """Start a Python of its own in the book's folder."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# ---- make serve ---------------------------------------------------------------------

# Who starts tests in the background has Ctrl-C ignored in all that they start.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
SERVE = HEARS + (
    "import sys; from pathlib import Path; from tools import serve\n"
    "serve.SITE = Path(sys.argv[2]); sys.exit(serve.main([sys.argv[1]]))"
)


@pytest.fixture
def built(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("a page")
    monkeypatch.setattr(serve, "SITE", tmp_path)
    return tmp_path


def test_a_taken_port_is_told_with_one_that_is_free(built, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert serve.main([str(taken)]) == 1
        out, err = capsys.readouterr()
    assert out == ""  # no address is promised
    assert err.startswith(f"Port {taken} is taken: make serve PORT=")
    assert err.count("\n") == 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", int(err.split("=")[1])))


@pytest.mark.parametrize("port", ["x", "0", "-1", "65536", "80.5"])
def test_what_is_no_port_is_refused(built, capsys, port):
    assert serve.main([port]) == 1
    assert f"from 1 to 65535, got '{port}'" in capsys.readouterr().err


def test_without_a_site_it_says_what_to_do_first(built, capsys):
    (built / "index.html").unlink()
    assert serve.main(["8000"]) == 1
    assert capsys.readouterr().err == "There is no built site yet: make book first.\n"


def test_it_serves_and_ends_by_ctrl_c_in_one_line(built):
    port = serve.free(18000)
    process = started("-c", SERVE, str(port), str(built))
    address = process.stdout.readline().split()[0]
    assert urllib.request.urlopen(address, timeout=60).read() == b"a page"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err.strip().startswith("Stopped: ") and "Traceback" not in err


# ---- Ctrl-C -------------------------------------------------------------------------

CHAPTER = (
    HEARS
    + """
import sys
from pathlib import Path
from tools import chapter, form
chapter.NOTEBOOKS, form.BEFORE = Path(sys.argv[1]), ()
STOPPED = chapter.STOPPED
sys.exit(chapter.main(["98", "--profile", "full"]))
"""
)


@pytest.mark.slow
def test_ctrl_c_in_a_run_leaves_the_notebook_and_says_so(tmp_path):
    flag, path = tmp_path / "flag", tmp_path / "98_small.ipynb"
    code = f"open({str(flag)!r}, 'w').close(); import time; time.sleep(600)"
    cells = [
        nbformat.v4.new_markdown_cell(
            "# S\n\nTime: quick N s · full N min on 2 CPU cores"
        ),
        nbformat.v4.new_code_cell(code),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    process = started("-c", CHAPTER, str(tmp_path))
    while not flag.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert err.strip() == (
        "Stopped: the notebook was left as it was; models that were finished are kept "
        "in runs/, and the next run takes them from there."
    )
    assert "Traceback" not in out
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["98_small.ipynb", "flag"]


@pytest.mark.slow
def test_a_kernel_that_died_tells_its_last_words(tmp_path, monkeypatch, capsys):
    code = "import os; os.write(2, b'out of memory'); os._exit(1)"
    cells = [nbformat.v4.new_markdown_cell("# S"), nbformat.v4.new_code_cell(code)]
    path = tmp_path / "98_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setattr(chapter, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(form, "BEFORE", ())
    assert chapter.main(["98"]) == 1
    assert "98_small.ipynb stopped: Kernel died" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    ["chapter", "live", "make_pages", "make_pdf", "mutants", "new", "prove_notebooks",
     "release", "site", "tidy", "tinker"],
)  # fmt: skip
def test_ctrl_c_ends_each_tool_with_one_sentence(name):
    """The tool is stopped as its arguments are read, after all that it imports."""
    code = (
        "import argparse, runpy, sys\n"
        "def stop(*given, **options): raise KeyboardInterrupt\n"
        "argparse.ArgumentParser.parse_args = stop\n"
        "from tools import live, prove_notebooks; live.build = stop\n"
        "prove_notebooks.cut_off = stop; import subprocess; subprocess.run = stop\n"
        f"sys.argv = ['tools.{name}']\n"
        f"runpy._run_module_as_main('tools.{name}')\n"
    )
    process = started("-W", "ignore", "-c", code)
    _, err = process.communicate(timeout=300)
    assert process.returncode != 0
    said = err.strip()
    assert said.startswith("Stopped: ") and said.endswith(".") and "\n" not in said, err


def test_another_error_is_shown_as_it_is():
    process = started("-c", "import tools; 1/0")
    _, err = process.communicate(timeout=60)
    assert "Traceback" in err and "ZeroDivisionError" in err


# ---- make book ----------------------------------------------------------------------

CRASHED = """
Traceback (most recent call last):
  File "sphinx.py", line 114, in build_sphinx
OSError: [Errno 28] No space left on device: '/book/_build/html/a.html'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
RuntimeError:
=====
There was an error in building your book. Look above for the cause.
"""
FAULTY = """
/book/a.md:3: WARNING: undefined label
build finished with problems, 1 warning (with warnings treated as errors).
RuntimeError:
There was an error in building your book. Look above for the cause.
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Return the folder that the site would be built in; nothing builds."""
    monkeypatch.setattr(site, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(live, "build", lambda: None)
    return tmp_path / "_build"


def test_a_build_that_crashed_is_not_called_built(desk, monkeypatch, capsys):
    monkeypatch.setattr(site, "sphinx", lambda: (1, CRASHED))
    assert site.main() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "Sphinx stopped, and there is no new site: OSError: [Errno 28]"
    )
    assert "/book/_build/html" in err and "Traceback" not in err


@pytest.mark.parametrize("said", ["", "Killed", "MemoryError"])
def test_a_build_that_ended_without_a_word_is_not_called_built(
    desk, monkeypatch, capsys, said
):
    monkeypatch.setattr(site, "sphinx", lambda: (-9, said))
    assert site.main() == 1
    out, err = capsys.readouterr()
    assert out == "" and "there is no new site: " + (said or "it ended with -9") in err


def test_a_build_with_warnings_is_called_built_and_fails(desk, monkeypatch, capsys):
    monkeypatch.setattr(site, "sphinx", lambda: (1, FAULTY))
    assert site.main() == 1
    out = capsys.readouterr().out
    assert "undefined label" in out and "built all the same" in out


def test_where_nothing_can_be_written_the_folder_is_named_first(
    desk, monkeypatch, capsys
):
    desk.write_text("a file in the folder's place")
    for name in ("sphinx", "lively"):
        monkeypatch.setattr(site, name, lambda: pytest.fail("it went on"))
    assert site.main() == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"Nothing can be written into {desk} (")


def test_figures_that_cannot_be_written_are_named(desk, monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device", "/book/_build/live-data/x.bin")

    monkeypatch.setattr(live, "build", full)
    monkeypatch.setattr(site, "sphinx", lambda: pytest.fail("it went on"))
    assert site.main() == 1
    assert "No space left on device: '/book/_build" in capsys.readouterr().err
