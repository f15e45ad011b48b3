"""manifest: files are replaced whole or not at all, and nobody's entries are lost."""

import errno
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.store import manifest


def no_space(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(*arguments, **options):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_added_files_are_listed_with_hash_size_and_facts(empty_zoo):
    manifest.add({"05/a.npz": b"abc", "05/a.json": b"{}"}, licence="MIT")
    manifest.add({"06/b.npz": b""}, licence="CC0")
    entries = manifest.read()
    assert entries["05/a.npz"] == {
        "sha256": hashlib.sha256(b"abc").hexdigest(),
        "bytes": 3,
        "licence": "MIT",
    }
    assert set(entries) == {"05/a.npz", "05/a.json", "06/b.npz"}
    assert manifest.verified("05/a.npz").read_bytes() == b"abc"
    assert sorted(p.name for p in empty_zoo.iterdir()) == ["05", "06", "manifest.json"]


def test_replaced_file_is_verified_anew(empty_zoo):
    manifest.add({"x": b"one"})
    manifest.verified("x")
    manifest.add({"x": b"two"})
    assert manifest.verified("x").read_bytes() == b"two"
    (empty_zoo / "x").write_bytes(b"one")
    with pytest.raises(ValueError, match="x has been altered: expected SHA-256"):
        manifest.verified("x")


def test_hash_is_computed_once_per_process(empty_zoo, monkeypatch):
    manifest.add({"x": b"one"})
    manifest.verified("x")
    monkeypatch.setattr(manifest, "sha256", lambda data: pytest.fail("hashed twice"))
    manifest.verified("x")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, FileNotFoundError),
        ("{", ValueError),
        ("[]", ValueError),
        ("{}", ValueError),
    ],
)
def test_missing_or_broken_manifest_is_one_sentence(empty_zoo, text, error):
    (empty_zoo / "manifest.json").unlink()
    if text is not None:
        (empty_zoo / "manifest.json").write_text(text)
    with pytest.raises(error, match=r"manifest.*git checkout") as caught:
        manifest.read()
    assert "\n" not in str(caught.value)


def test_unlisted_asset(empty_zoo):
    with pytest.raises(FileNotFoundError, match="data/x is not an asset of this book"):
        manifest.verified("data/x")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (no_space, OSError, "disk is full: .*file needs 5 bytes"),
        (read_only, PermissionError, "cannot be written"),
    ],
)
def test_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path, monkeypatch, moment, failure, error, message
):
    path = tmp_path / "file"
    manifest.write_bytes(path, b"old")
    monkeypatch.setattr(os, moment, failure)
    with pytest.raises(error, match=message):
        manifest.write_bytes(path, b"newer")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("nth", range(3))
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "fault", [OSError(errno.EIO, "gone"), no_space, KeyboardInterrupt()]
)
def test_several_files_are_replaced_together_or_not_at_all(
    tmp_path, monkeypatch, nth, there, fault
):
    paths = [tmp_path / name for name in ("a", "b", "sub/c")]
    if there:
        manifest.write_all(dict.fromkeys(paths, b"old"))
    count, replace = [], os.replace

    def fail(old, new):
        count.append(new)
        if len(count) == nth + 1:
            if callable(fault):
                fault()
            raise fault
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((OSError, KeyboardInterrupt)):
        manifest.write_all(dict.fromkeys(paths, b"new"))
    found = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == (dict.fromkeys(paths, b"old") if there else {})
    monkeypatch.setattr(os, "replace", replace)
    manifest.write_all(dict.fromkeys(paths, b"new"))
    assert {path.read_bytes() for path in paths} == {b"new"}
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 3  # no litter


def test_one_file_is_not_copied_to_be_replaced(tmp_path, monkeypatch):
    """A training state of many megabytes is written after each epoch: once, not twice."""
    (tmp_path / "state").write_bytes(b"old")
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), fsync(file)))
    manifest.write_bytes(tmp_path / "state", b"new")
    assert len(synced) == 1
    assert (tmp_path / "state").read_bytes() == b"new"


def test_other_errors_are_not_renamed(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        manifest.write_bytes(tmp_path / "file" / "below", b"")


def test_lack_of_rights_or_space_is_told_before_the_work(tmp_path, monkeypatch):
    manifest.check_writable(tmp_path / "new")
    with pytest.raises(OSError, match=r"bytes free, and .* are needed"):
        manifest.check_writable(tmp_path, needed=10**18)
    for failure, error, message in (
        (read_only, PermissionError, "cannot be written"),
        (no_space, OSError, "0 bytes free"),
    ):
        monkeypatch.setattr(manifest.tempfile, "TemporaryFile", failure)
        with pytest.raises(error, match=message):
            manifest.check_writable(tmp_path)


def test_writers_at_once_keep_each_others_entries(empty_zoo):
    """Eight processes, each adding five files: all forty are listed."""
    code = (
        "import sys, importlib.util, pathlib\n"
        "spec = importlib.util.spec_from_file_location('manifest', sys.argv[1])\n"
        "m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m)\n"
        "m.ASSETS = pathlib.Path(sys.argv[2])\n"
        "for i in range(5): m.add({f'x/{sys.argv[3]}-{i}': b'y'}, by=sys.argv[3])\n"
    )
    command = [sys.executable, "-c", code, manifest.__file__, str(empty_zoo)]
    running = [subprocess.Popen([*command, str(number)]) for number in range(8)]
    assert [process.wait() for process in running] == [0] * 8
    assert len(manifest.read()) == 40


ARRAYS = st.dictionaries(
    st.text("abcxyz_0", min_size=1, max_size=5),
    hnp.arrays(
        st.sampled_from([np.float32, np.float16, np.uint8, np.int64, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
    ),
    max_size=4,
)


@given(ARRAYS)
def test_npz_gives_back_the_arrays_and_the_same_bytes(arrays):
    data = manifest.npz_bytes(arrays)
    assert data == manifest.npz_bytes(arrays)
    back = manifest.read_npz(io.BytesIO(data))  # it takes what numpy.load takes
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_npz_holds_no_clock_and_refuses_pickle(tmp_path):
    (tmp_path / "a.npz").write_bytes(manifest.npz_bytes({"a": np.arange(3)}))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {info.date_time for info in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }
    with pytest.raises(ValueError, match="allow_pickle"):
        manifest.npz_bytes({"a": np.array([{}], dtype=object)})
    np.savez(tmp_path / "evil.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        manifest.read_npz(tmp_path / "evil.npz")


def test_json_is_stable_and_readable():
    text = '{\n "a": "é",\n "b": 1\n}\n'
    assert manifest.json_bytes({"b": 1, "a": "é"}) == text.encode()
    as_given = manifest.json_bytes({"b": 1, "a": "é"}, sort=False)
    assert list(json.loads(as_given)) == ["b", "a"]
    rows = manifest.json_bytes({"x": [[1.5, -2e-7], [3, 4]], "y": []}).decode()
    assert rows == '{\n "x": [\n  [1.5, -2e-07],\n  [3, 4]\n ],\n "y": []\n}\n'


@pytest.mark.parametrize(
    "text", ["[1,  2]", "a [ 1 ] b", '"[ 1,\n 2 ]', "\\", '\\"[ 3 ]', "[ 1 ]]"]
)
def test_text_that_looks_like_numbers_stays_as_it_is(text):
    value = {"text": text, text: [1, 2], "rows": [text, [1, 2]]}
    assert json.loads(manifest.json_bytes(value)) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_does_not_know_is_not_written(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        manifest.json_bytes({"a": [1.0, number]})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('[]{}",:\\ 0123.eé\n', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_gives_back_what_it_was_given(value):
    assert repr(json.loads(manifest.json_bytes(value, sort=False))) == repr(value)
