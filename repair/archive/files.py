"""Files and folders: walking an archive, keeping OUT and ARCHIVE apart, writing whole files or none.

An original is only ever opened for reading. What is written appears under its name when all of it is on the disk.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from repair.errors import InputError, OutputError

PART = ".repair-"
"""What the name of a file begins with that is not yet whole."""

_VERSION_CONTROL = frozenset({"CVS", "RCS", "SCCS", "_darcs"})
"""Folders of version control that are not hidden; .git, .hg and .svn are."""
_NAMING_COLUMNS = ("file", "file_name", "filename", "path")
_DISK = {
    errno.ENOSPC: ("the disk is full", "Free some space, then run the same command again: it goes on where it was."),
    errno.EDQUOT: ("your quota is used up", "Free some space, then run the same command again."),
    errno.EFBIG: ("the file is larger than this system allows", "Raise the limit (`ulimit -f`), then run it again."),
    errno.EROFS: ("the file system is read-only", "Name a folder that can be written."),
    errno.EACCES: ("it may not be written", "Name a folder that you may write to."),
    errno.EPERM: ("it may not be written", "Name a folder that you may write to."),
    errno.ENOTDIR: ("a file is in the way", "Name a folder, or move that file."),
    errno.EEXIST: ("a file is in the way", "Name a folder, or move that file."),
}


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Something in a folder that is not read, and why."""

    path: Path
    reason: str
    failed: bool
    """True where it may hold an article that could not be reached."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder that may hold articles, sorted, and what was passed over."""

    root: Path
    files: tuple[Path, ...]
    passed_over: tuple[PassedOver, ...] = ()


@dataclass(slots=True)
class _Walk:
    files: list[Path] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)


def walk(root: Path) -> Listing:
    """The files under `root`, in the order of their names, folder by folder.

    Hidden files and those of version control are skipped. Links are followed, but never into a folder that the
    walk is already in. A table whose rows name files beside it (labels, metadata) describes articles and is passed
    over. Raises InputError where `root` is no folder that can be read, or holds no article.
    """
    if not root.is_dir():
        cause = "it is no folder" if root.exists() else "there is no such folder"
        raise InputError(str(root), cause, "Name the folder that holds the articles.")
    found = _Walk()
    _descend(root, frozenset(), found)
    if not found.files:
        seen = f" ({found.passed_over[0].reason})" if found.passed_over else ""
        raise InputError(str(root), f"the folder holds no articles{seen}", "Name a folder with text, HTML or tables.")
    return Listing(root, tuple(found.files), tuple(found.passed_over))


def _descend(folder: Path, above: frozenset[tuple[int, int]], found: _Walk) -> None:
    try:
        here = folder.stat()
        names = sorted(os.listdir(folder))
    except OSError as error:
        found.passed_over.append(PassedOver(folder, f"cannot be read ({error.strerror})", failed=True))
        return
    identity = (here.st_dev, here.st_ino)
    if identity in above:
        found.passed_over.append(PassedOver(folder, "a link back into a folder above it", failed=False))
        return
    for name in names:
        if not name.startswith(".") and name not in _VERSION_CONTROL:
            _visit(folder / name, above | {identity}, found)


def _visit(path: Path, above: frozenset[tuple[int, int]], found: _Walk) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        found.passed_over.append(PassedOver(path, f"cannot be read ({error.strerror})", failed=True))
        return
    if stat.S_ISDIR(mode):
        _descend(path, above, found)
    elif not stat.S_ISREG(mode):
        found.passed_over.append(PassedOver(path, "no regular file", failed=False))
    elif (named := named_sibling(path)) is not None:
        found.passed_over.append(PassedOver(path, f"a table about other files here ({named}, …)", failed=False))
    else:
        found.files.append(path)


def named_sibling(path: Path) -> str | None:
    """The file beside a table that its first row names, where it does: the table then describes that file."""
    try:
        row = _first_row(path)
    except (OSError, ValueError, csv.Error):
        return None  # whoever reads the file as a document says what is wrong with it
    for column in _NAMING_COLUMNS:
        value = row.get(column)
        if isinstance(value, str) and value and Path(value).name != path.name and _is_file(path.parent / value):
            return value
    return None


def _first_row(path: Path) -> dict[str, object]:
    suffix = path.suffix.lower()
    if suffix not in (".jsonl", ".ndjson", ".csv", ".tsv"):
        return {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        if suffix in (".csv", ".tsv"):
            return dict(next(csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ","), {}))
        row = json.loads(stream.readline())
    return row if isinstance(row, dict) else {}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises InputError where it is gone, a folder, a loop of links or may not be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(str(path), "there is no such file", "Check the path; it may have been moved.") from error
    except OSError as error:
        cause = f"it cannot be read ({error.strerror})"
        raise InputError(str(path), cause, "Check what it is and who may read it.") from error


def sha256(data: bytes) -> str:
    """The hexadecimal sha256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def keep_apart(archive: Path, out: Path, listing: Listing | None = None) -> None:
    """Refuse an OUT that is, holds or lies in the archive, links resolved; also by a link inside the archive.

    Raises OutputError. Writes nothing.
    """
    source, target = archive.resolve(), out.resolve()
    step = "Name an OUT folder outside the archive: originals are never touched."
    if source == target:
        raise OutputError(str(out), "OUT and ARCHIVE are the same folder", step)
    if target.is_relative_to(source):
        raise OutputError(str(out), f"OUT lies inside ARCHIVE ({archive})", step)
    if source.is_relative_to(target):
        raise OutputError(str(out), f"ARCHIVE ({archive}) lies inside OUT", step)
    for path in listing.files if listing else ():
        if path.resolve().is_relative_to(target):
            raise OutputError(str(out), f"{path} in ARCHIVE is a link into OUT", step)


def make_folder(folder: Path) -> None:
    """Create `folder` and what is missing above it. Raises OutputError."""
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a whole file or none: a temporary file beside it, fsync, rename, fsync of the folder.

    Raises OutputError; what stood under the name before then still stands there.
    """
    chunks = (data,) if isinstance(data, bytes) else data
    make_folder(path.parent)
    with output_errors(path):
        handle, name = tempfile.mkstemp(prefix=PART, suffix=".part", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                for chunk in chunks:
                    stream.write(chunk)
                stream.flush()
                os.fchmod(stream.fileno(), 0o666 & ~_umask())
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)


def remove_parts(folder: Path) -> None:
    """Remove what a killed run left half written under `folder`."""
    with output_errors(folder):
        for path in folder.rglob(f"{PART}*.part"):
            path.unlink(missing_ok=True)


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn what the system says about writing `path` into an OutputError that names the next step."""
    try:
        yield
    except OSError as error:
        cause, step = _DISK.get(
            error.errno or 0, (error.strerror or str(error), "Check the disk and the folder, then run it again.")
        )
        raise OutputError(str(path), cause, step) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current
