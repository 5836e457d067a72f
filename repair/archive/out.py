"""The OUT folder: where its files lie, and its three tables: suggestions, documents, decisions."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from repair.archive.fields import Fields, JsonObject, dump, parse
from repair.archive.files import output_errors, write_atomic
from repair.archive.serial import (
    DocumentLine,
    decision_from_json,
    decision_to_json,
    document_from_json,
    suggestion_from_json,
)
from repair.errors import FormatError, InputError
from repair.records import Decision, Suggestion

log = logging.getLogger(__name__)
_LONGEST_ROW = 1 << 24
"""Bytes at the end of a file that are searched for the start of half a row."""
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class OutFolder:
    """The paths inside OUT."""

    root: Path

    @property
    def clean(self) -> Path:
        """The cleaned copies, at the same relative paths as in the archive."""
        return self.root / "clean"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.root / "report.html"

    @property
    def suggestions(self) -> Path:
        """One suggestion a line."""
        return self.root / "suggestions.jsonl"

    @property
    def documents(self) -> Path:
        """One document a line."""
        return self.root / "documents.jsonl"

    @property
    def decisions(self) -> Path:
        """One decision a line; the last one of an id counts."""
        return self.root / "decisions.jsonl"

    @property
    def state(self) -> Path:
        """The ledger."""
        return self.root / "state.sqlite"


# --- reading


def read_suggestions(path: Path) -> Iterator[Suggestion]:
    """The suggestions in a file, one by one; none where there is no file. Raises FormatError, InputError."""
    return _rows(path, suggestion_from_json)


def read_documents(path: Path) -> Iterator[DocumentLine]:
    """The document lines in a file, one by one; none where there is no file. Raises FormatError, InputError."""
    return _rows(path, document_from_json)


def read_decisions(path: Path) -> Iterator[Decision]:
    """The decisions in a file, oldest first; none where there is no file. Raises FormatError, InputError."""
    return _rows(path, decision_from_json)


def parse_decisions(data: bytes, where: str) -> tuple[Decision, ...]:
    """The decisions in the bytes of a decisions.jsonl. Raises FormatError, naming `where` and the line."""
    lines = enumerate(data.split(b"\n"), start=1)
    return tuple(decision_from_json(_line(raw, f"{where} line {n}")) for n, raw in lines if raw.strip())


def latest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The decision that counts for each suggestion: the last one."""
    return {decision.id: decision for decision in decisions}


def unknown_ids(decisions: Iterable[Decision], suggestions: Iterable[Suggestion]) -> tuple[str, ...]:
    """Ids that were decided but name none of the suggestions, each once, in order."""
    known = {suggestion.id for suggestion in suggestions}
    return tuple(dict.fromkeys(decision.id for decision in decisions if decision.id not in known))


def _rows(path: Path, read: Callable[[Fields], Row]) -> Iterator[Row]:
    try:
        with path.open("rb") as file:
            for n, raw in enumerate(file, start=1):
                where = f"{path} line {n}"
                if not raw.endswith(b"\n") and not _is_json(raw):
                    # A program killed while it wrote leaves such a tail; the row was never confirmed.
                    log.warning("%s: the last line is cut off and was left out", where)
                elif raw.strip():
                    yield read(_line(raw, where))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(str(path), error.strerror or str(error), "Check that the file can be read.") from error


def _line(raw: bytes, where: str) -> Fields:
    try:
        return parse(raw.decode("utf-8"), where)
    except UnicodeDecodeError as error:
        raise FormatError(where, f"not UTF-8 ({error.reason})", "Mend this line or delete it.") from error


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


# --- writing


def append_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Add decisions at the end of a file, on the disk when this returns.

    Raises OutputError, and then nothing was added.
    """
    _append(path, map(decision_to_json, decisions))


def take_back(path: Path, id: str) -> Decision | None:
    """Remove the last decision on a suggestion; the one before counts again. Returns the removed one.

    Raises OutputError, and then the file is as it was.
    """
    rows = list(read_decisions(path))
    at = next((n for n in reversed(range(len(rows))) if rows[n].id == id), None)
    if at is None:
        return None
    kept = _encode(decision_to_json(row) for n, row in enumerate(rows) if n != at)
    write_atomic(path, kept)
    return rows[at]


def _encode(rows: Iterable[JsonObject]) -> bytes:
    return "".join(f"{dump(row)}\n" for row in rows).encode("utf-8")


def _append(path: Path, rows: Iterable[JsonObject]) -> None:
    """One write for all rows, so that a reader or a second writer never sees half a row."""
    data = _encode(rows)
    with output_errors(path):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            _write_whole(file, data)
        finally:
            os.close(file)


def _write_whole(file: int, data: bytes) -> None:
    size = os.fstat(file).st_size
    whole, joint = _whole_rows(file, size)
    if whole < size:
        os.ftruncate(file, whole)
    try:
        if os.write(file, joint + data) != len(joint) + len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError:
        os.ftruncate(file, whole)
        raise


def _whole_rows(file: int, size: int) -> tuple[int, bytes]:
    """Where the last whole row ends, and the newline it lacks: a killed program may have left half a row."""
    os.lseek(file, max(0, size - 1), os.SEEK_SET)
    if os.read(file, 1) in (b"", b"\n"):
        return size, b""
    os.lseek(file, max(0, size - _LONGEST_ROW), os.SEEK_SET)
    tail = os.read(file, _LONGEST_ROW)
    half = tail[tail.rfind(b"\n") + 1 :]
    return (size, b"\n") if _is_json(half) else (size - len(half), b"")
