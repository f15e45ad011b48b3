"""The assets' one list: every bundled file with its hash, and safe ways to read and
write them.

`assets/manifest.json` maps a file's path below `assets/` to its SHA-256, its size in
bytes and what else is known of it. Readers check the hash before they use a file;
writers replace a file as a whole or not at all.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np

try:
    import fcntl
except ImportError:  # Windows has no flock; there two chapters should not write at once
    fcntl = None  # type: ignore[assignment]

ASSETS = Path(__file__).resolve().parents[1] / "assets"
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Of each path: (state of the file, its `files`) when it was last read,
_read: dict[Path, tuple] = {}
# and (state of the file, hash) when it was last found in order.
_verified: dict[Path, tuple] = {}


def read():
    """Return the manifest's `files`: a dict from relative path to a dict of facts."""
    path = ASSETS / "manifest.json"
    try:
        state = _state(path)
        known, files = _read.get(path, (None, None))
        if known != state:
            files = json.loads(path.read_text(encoding="utf-8"))["files"]
            _read[path] = state, files
        return files
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing: fetch the book's helpers/assets folder again (git "
            "checkout)."
        ) from None
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError):
        raise ValueError(
            f"{path} is not a readable manifest: fetch it again (git checkout)."
        ) from None


def _state(path):
    """Return what changes when a file is written anew: no file is parsed twice."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def verified(name):
    """Return the path of asset `name`, its SHA-256 checked once a process and version.

    Raises FileNotFoundError if the manifest or the folder lacks it, ValueError if it
    was altered.
    """
    entry = read().get(name)
    if entry is None:
        raise FileNotFoundError(
            f"{name} is not an asset of this book: manifest.json lists none."
        )
    path, expected = ASSETS / name, entry["sha256"]
    advice = f"bring it back with: git checkout -- helpers/assets/{name}"
    try:
        state = (_state(path), expected)
        if _verified.get(path) != state:
            found = sha256(path.read_bytes())
            if found != expected:
                raise ValueError(
                    f"{path} has been altered: expected SHA-256 {expected}, found "
                    f"{found}; {advice}"
                )
            _verified[path] = state
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing (expected SHA-256 {expected}); {advice}"
        ) from None
    return path


def holds(name, sha256=None):
    """Tell whether asset `name` is there, unaltered, and has this hash (if given)."""
    try:
        verified(name)
    except (ValueError, FileNotFoundError):
        return False
    return sha256 is None or read()[name]["sha256"] == sha256


def sha256(data):
    """Return the SHA-256 of `data` (bytes) as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_bytes(path, data):
    """Replace the file at `path` by `data` (bytes) as a whole, or leave it as it was.

    Raises OSError (or PermissionError) with one sentence if the disk is full or
    read-only.
    """
    write_all({path: data})


def write_all(files):
    """Replace several files (path -> bytes) as `write_bytes` does one: all or none.

    They are written beside the old ones first and then renamed, one after another; if
    that fails in the middle, the old ones come back.
    """
    ready, spare, done = {}, [], {}
    try:
        for path, data in files.items():
            ready[Path(path)] = _beside(Path(path), data)
        *before, last = ready
        for path, temporary in ready.items():
            old = None
            if path in before and path.exists():
                old = _beside(path, path.read_bytes())
                spare.append(old)
            os.replace(temporary, path)
            done[path] = old
    except BaseException as error:
        for path, old in done.items():
            if path != last:
                with contextlib.suppress(OSError):
                    os.replace(old, path) if old else path.unlink()
        if isinstance(error, OSError):
            _tell(error, Path(path), sum(map(len, files.values())))
        raise
    finally:
        for left in [*ready.values(), *spare]:
            with contextlib.suppress(OSError):
                os.unlink(left)


def _beside(path, data):
    """Write `data` into a new file beside `path`; return its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
    except BaseException:
        os.unlink(name)
        raise
    return name


def _tell(error, path, size):
    """Raise an error of writing in one sentence, where it is one of those we know."""
    if error.errno in _FULL:
        raise OSError(
            error.errno,
            f"The disk is full: {path} needs {size:,} bytes; free some space and run "
            "again, nothing was changed.",
        ) from None
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        raise PermissionError(_no_write(path.parent)) from None
    raise error


def json_bytes(value, sort=True):
    """Return `value` as indented JSON in UTF-8; a row of numbers is one line.

    `sort`: by key. Raises ValueError for NaN and infinity, which JSON does not know.
    """
    text = json.dumps(
        value, indent=1, sort_keys=sort, ensure_ascii=False, allow_nan=False
    )
    return (_ROWS.sub(_on_one_line, text) + "\n").encode()


# A string, which stays as it is, or a list of nothing but numbers.
_ROWS = re.compile(r'"(?:[^"\\]|\\.)*"|\[\s*([-+.\deE]+(?:,\s+[-+.\deE]+)*)\s*\]')


def _on_one_line(found):
    if found[1] is None:
        return found[0]
    return f"[{', '.join(found[1].replace(',', ' ').split())}]"


def add(files, **facts):
    """Write `files` (relative path -> bytes) into the assets and their manifest.

    `facts` are stored with every one of them. The manifest is read again under a lock,
    so that two chapters that write one after another keep each other's entries.
    """
    path = ASSETS / "manifest.json"
    with _locked(ASSETS):
        _read.pop(path, None)
        entries = dict(read()) if path.exists() else {}
        for name, data in files.items():
            entries[name] = {"sha256": sha256(data), "bytes": len(data), **facts}
        listed = {path: json_bytes({"files": entries})}
        write_all({**{ASSETS / name: data for name, data in files.items()}, **listed})


def check_writable(folder, needed=20_000_000):
    """Raise now, not after hours of work, if `folder` has no space or no rights.

    Raises PermissionError, or OSError if fewer than `needed` bytes are free.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno not in _FULL:
            raise PermissionError(_no_write(folder)) from None
        free = 0
    else:
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f"The disk of {folder} has {free:,} bytes free, and {needed:,} are needed: "
            "free some space and run again.",
        )


def _no_write(folder):
    return (
        f"{folder} cannot be written: give yourself the right to write there, or work "
        "in your own copy of the book."
    )


@contextlib.contextmanager
def _locked(folder):
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def npz_bytes(arrays):
    """Return `arrays` (name -> array without objects) as bytes of a compressed .npz.

    Unlike numpy.savez_compressed the bytes depend on nothing but the arrays: no clock
    inside.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.asarray(array, order="C"), allow_pickle=False
            )
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def read_npz(path):
    """Return the arrays of the .npz file at `path` as a dict; nothing is unpickled."""
    if hasattr(path, "read"):
        return _arrays(path)
    with open(path, "rb") as file:  # np.load would leave a broken one open
        return _arrays(file)


def _arrays(file):
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
