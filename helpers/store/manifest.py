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
    fcntl = None

ASSETS = Path(__file__).resolve().parents[1] / "assets"
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Path -> (modification time, size, hash) when it was last found in order
_read = {}  # path -> ((modification time, size), files) when it was last read
_verified = {}


def read():
    """Return the manifest's `files`: a dict from relative path to a dict of facts."""
    path = ASSETS / "manifest.json"
    try:
        stat = path.stat()
        state = (stat.st_mtime_ns, stat.st_size)
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


def verified(name):
    """Return the path of asset `name` after checking its SHA-256, once per process and
    version.

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
        stat = path.stat()
        state = (stat.st_mtime_ns, stat.st_size, expected)
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
    """Return whether asset `name` is there, unaltered, and (if given) has this
    SHA-256."""
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
    path, temporary = Path(path), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}."
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if error.errno in _FULL:
            raise OSError(
                error.errno,
                f"The disk is full: {path} needs {len(data):,} bytes; free some space "
                f"and run "
                "again, nothing was changed.",
            ) from None
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise PermissionError(_no_write(path.parent)) from None
        raise


def json_bytes(value, sort=True):
    """Return `value` as indented JSON in UTF-8, keys sorted, each row of numbers a line."""
    text = json.dumps(value, indent=1, sort_keys=sort, ensure_ascii=False)
    rows = re.compile(r"\[\s*([-+.\deE]+(?:,\s+[-+.\deE]+)*)\s*\]")
    text = rows.sub(
        lambda row: f"[{', '.join(row[1].replace(',', ' ').split())}]", text
    )
    return (text + "\n").encode()


def add(files, **facts):
    """Write `files` (relative path -> bytes) into the assets and list them in the
    manifest.

    `facts` are stored with every one of them. The manifest is read again under a lock,
    so that two chapters that write one after another keep each other's entries.
    """
    for name, data in files.items():
        write_bytes(ASSETS / name, data)
    with _locked(ASSETS):
        entries = dict(read()) if (ASSETS / "manifest.json").exists() else {}
        for name, data in files.items():
            entries[name] = {"sha256": sha256(data), "bytes": len(data), **facts}
        write_bytes(ASSETS / "manifest.json", json_bytes({"files": entries}))


def check_writable(folder, needed=20_000_000):
    """Raise now, not after hours of work, if `folder` cannot be written or has no
    space.

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
            f"free some "
            "space and run again.",
        )


def _no_write(folder):
    return (
        f"{folder} cannot be written: give yourself the right to write there, or work "
        f"in your own "
        "copy of the book."
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
    """Return `arrays` (name -> array without objects) as the bytes of a compressed .npz
    file.

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
    """Return the arrays of the .npz file at `path` as a dict (no pickled objects are
    loaded)."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
