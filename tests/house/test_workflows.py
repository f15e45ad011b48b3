"""The workflows: pinned by hash, allowed the least, and with no list kept by hand."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / ".github"
WORKFLOWS = sorted((HERE / "workflows").glob("*.yml"))
READ = {"contents": "read"}
# Every permission above reading the code, by job, and what it is for.
MORE = {"publish.yml/deploy": {"pages": "write", "id-token": "write"}}


def load(path):
    """Return a workflow as data; YAML takes its key `on` for a truth value."""
    workflow = yaml.safe_load(path.read_text("utf8"))
    workflow["on"] = workflow.pop(True)
    return workflow


def jobs():
    """Return every job with its name and its file."""
    return [
        pytest.param(path, name, job, id=f"{path.name}/{name}")
        for path in WORKFLOWS
        for name, job in load(path)["jobs"].items()
    ]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def path(request):
    return request.param


def test_every_action_is_pinned_by_hash_with_its_version_beside(path):
    """A tag can be moved to other code; a commit's hash cannot."""
    for line in path.read_text("utf8").splitlines():
        if re.match(r"\s*(- )?uses:", line):
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), (
                f"{line.strip()}: write uses: OWNER/NAME@HASH # vX.Y.Z, with the full "
                "hash of the commit that the release's tag names."
            )


def test_an_action_has_one_version_in_all_workflows():
    text = "\n".join(path.read_text("utf8") for path in WORKFLOWS)
    pins = set(re.findall(r"uses: ([\w./-]+)@(.+)$", text, re.MULTILINE))
    names = [name for name, _ in pins]
    assert len(names) == len(set(names)), sorted(pins)


def test_a_workflow_is_allowed_nothing_of_itself(path):
    assert load(path)["permissions"] == {}, f"{path.name}: write permissions: {{}}"


def test_a_newer_push_ends_the_run_of_an_older_one_on_pull_requests(path):
    workflow = load(path)
    cancel = workflow["concurrency"]["cancel-in-progress"]
    if "pull_request" in workflow["on"]:
        assert cancel == "${{ github.event_name == 'pull_request' }}"
    else:
        assert cancel is False


def test_no_workflow_runs_a_stranger_s_change_with_our_rights(path):
    assert not {"pull_request_target", "workflow_run"} & set(load(path)["on"])


@pytest.mark.parametrize(("path", "name", "job"), jobs())
def test_a_job_has_an_end_and_the_least_rights(path, name, job):
    assert job["timeout-minutes"] <= 120
    assert job["permissions"] == MORE.get(f"{path.name}/{name}", READ)


@pytest.mark.parametrize(("path", "name", "job"), jobs())
def test_a_step_takes_no_word_from_outside_into_its_script(path, name, job):
    """What a stranger may write (a branch's name) reaches a script as a variable."""
    for step in job["steps"]:
        assert "${{" not in step.get("run", ""), f"{step['name']}: hand it over by env."
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("path", "name", "job"), jobs())
def test_a_log_that_is_kept_does_not_hide_a_failure(path, name, job):
    """Without pipefail, which naming bash brings, `| tee` makes every command pass."""
    for step in job["steps"]:
        if "| tee" in step.get("run", ""):
            assert step["shell"] == "bash", step["name"]


def test_chapters_are_listed_by_the_book_and_not_by_hand(path):
    for line in path.read_text("utf8").splitlines():
        found = re.search(r"\b[01]\d([ ,\"']+[0-2]\d\b)+", line)
        assert not found, f"{line.strip()}: `python -m book.chapters` has the list."


def test_what_readme_promises_is_run():
    """Python 3.11 to 3.13 on Linux, and macOS, each in some job."""
    promised = re.search(
        r"You need Python (.+?), `make`", (ROOT / "README.md").read_text("utf8")
    )
    pythons, systems = set(), set()
    for param in jobs():
        _, _, job = param.values
        matrix = job.get("strategy", {}).get("matrix", {})
        rows = matrix.get("include", [])
        pythons |= {*matrix.get("python", []), *(row["python"] for row in rows)}
        systems |= {job["runs-on"], *(row["os"] for row in rows)}
    assert pythons == set(re.findall(r"3\.\d+", promised[1]))
    assert {"ubuntu-latest", "macos-latest"} <= systems


def test_the_bug_form_asks_for_what_is_always_asked_back():
    form = yaml.safe_load((HERE / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf8"))
    asked = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert asked == ["chapter", "profile", "platform", "expected"]
    assert all(
        field["validations"]["required"]
        for field in form["body"]
        if field["type"] != "markdown"
    )


def test_every_form_has_what_the_host_wants():
    for path in (HERE / "ISSUE_TEMPLATE").glob("*.yml"):
        if path.name != "config.yml":
            form = yaml.safe_load(path.read_text("utf8"))
            assert {"name", "description", "body"} <= set(form), path.name
