"""state.sqlite: what is done of each file and document, so that a killed run goes on where it was.

One row a file, one row a document; each step is committed as soon as it is done. OUT is complete in itself: the
original bytes of every file with a suggestion are kept here, so that `apply` and `--revert` need no archive.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from repair.archive.fields import dump, parse
from repair.archive.out import OutFolder
from repair.archive.serial import (
    SourceFound,
    report_from_state,
    report_to_state,
    suggestion_from_json,
    suggestion_to_json,
)
from repair.errors import InputError, OutputError
from repair.records import CleanedDocument, Document, ScoreReport, Source, SourceMatch, Suggestion

_LAYOUT = 1
"""Raise it when the tables change: an older ledger is then refused by name, not misread."""
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE files (
    path TEXT PRIMARY KEY, position INTEGER NOT NULL, sha256 TEXT NOT NULL, signature TEXT NOT NULL,
    scored INTEGER NOT NULL DEFAULT 0, writable INTEGER NOT NULL DEFAULT 1, original BLOB, error TEXT);
CREATE TABLE documents (
    path TEXT NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL,
    sha256 TEXT NOT NULL, encoding TEXT NOT NULL, bom INTEGER NOT NULL, newline TEXT NOT NULL,
    score REAL, flagged INTEGER NOT NULL, threshold REAL NOT NULL, open INTEGER NOT NULL, text BLOB, report BLOB,
    repaired TEXT, suggestions BLOB, sources TEXT NOT NULL DEFAULT '[]',
    applied TEXT NOT NULL DEFAULT '[]', skipped TEXT NOT NULL DEFAULT '{}', sha256_out TEXT, score_after REAL,
    PRIMARY KEY (path, id));
CREATE TABLE written (path TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (path, sha256));
"""
_FILES = "SELECT path, sha256, signature, scored, writable, original IS NOT NULL AS kept, error FROM files"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one document, or of a file that could not be read."""

    id: str
    path: str
    original_text: str
    """Empty where nothing was found: such texts are not kept."""
    report: ScoreReport | None
    """Without sentences where nothing was found; None where the file could not be read."""
    applied_ids: tuple[str, ...]
    skipped: Mapping[str, str]
    """Reason by suggestion id."""
    error: str | None


@dataclass(frozen=True, slots=True)
class FileState:
    """What the ledger knows of one file. `path` is relative to the archive, with `/`."""

    path: str
    sha256: str
    signature: str
    scored: bool
    writable: bool
    """False where the format can be scored, not rewritten."""
    kept: bool
    """True where the original bytes are here: a document of the file has a suggestion."""
    error: str | None


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What the ledger knows of one document."""

    path: str
    id: str
    sha256: str
    score: float | None
    flagged: bool
    open: bool
    """True where there is anything to repair or to show."""
    repaired: str | None
    """The signature that it was repaired under; None where that is still to do."""
    sources: tuple[SourceFound, ...]
    suggestions: int
    applied: tuple[str, ...]
    sha256_out: str | None
    score_after: float | None


class Ledger:
    """The ledger of one OUT folder. Every method raises OutputError where it cannot be read or written."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def open(cls, out: Path, *, create: bool = False) -> Self:
        """The ledger in OUT. Raises InputError where there is none and `create` is not set."""
        path = OutFolder(out).state
        if not create and not path.is_file():
            raise InputError(str(out), "no `repair clean` has written here", "Run `repair clean ARCHIVE -o OUT` first.")
        with _errors(path):
            ledger = cls(path, sqlite3.connect(path, isolation_level=None, timeout=30))
            ledger._prepare()
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _prepare(self) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_LAYOUT}; COMMIT;")
        elif found != _LAYOUT:
            cause = f"it was written by another version (layout {found}, this one reads {_LAYOUT})"
            raise OutputError(str(self.path), cause, "Clean into a new OUT folder.")

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with _errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled back already
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        with _errors(self.path):
            cursor = self._db.cursor()
            cursor.row_factory = sqlite3.Row
            yield from cursor.execute(sql, values)

    # --- the run

    def get(self, key: str) -> str | None:
        """A fact about the run: `archive`, `apply`, `text_field`."""
        row = next(self._rows("SELECT value FROM meta WHERE key = ?", key), None)
        return None if row is None else str(row["value"])

    def set(self, **facts: str) -> None:
        """Remember facts about the run."""
        with self._write() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    # --- files

    def files(self) -> Iterator[FileState]:
        """All files, in input order."""
        for row in self._rows(f"{_FILES} ORDER BY position"):
            yield _file(row)

    def file(self, path: str) -> FileState | None:
        """One file."""
        row = next(self._rows(f"{_FILES} WHERE path = ?", path), None)
        return None if row is None else _file(row)

    def keep_only(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Forget files that are not in `paths`, put the others in that order; returns what was forgotten."""
        order = {path: position for position, path in enumerate(paths)}
        gone = tuple(state.path for state in self.files() if state.path not in order)
        with self._write() as db:
            for table in ("files", "documents"):
                db.executemany(f"DELETE FROM {table} WHERE path = ?", [(path,) for path in gone])  # noqa: S608
            db.executemany("UPDATE files SET position = ? WHERE path = ?", [(n, path) for path, n in order.items()])
        return gone

    def begin_file(self, path: str, position: int, sha256: str, signature: str, *, writable: bool = True) -> None:
        """A new or changed file: nothing of it is done."""
        with self._write() as db:
            db.execute("DELETE FROM documents WHERE path = ?", (path,))
            db.execute(
                "INSERT OR REPLACE INTO files (path, position, sha256, signature, writable) VALUES (?, ?, ?, ?, ?)",
                (path, position, sha256, signature, writable),
            )

    def end_file(self, path: str) -> None:
        """All documents of the file are scored, and nothing is wrong with it (any more)."""
        with self._write() as db:
            db.execute("UPDATE files SET scored = 1, error = NULL WHERE path = ?", (path,))

    def fail_file(self, path: str, error: str) -> None:
        """The file, or one of its documents, could not be done."""
        with self._write() as db:
            db.execute("UPDATE files SET error = ? WHERE path = ?", (error, path))

    def keep_original(self, path: str, data: bytes) -> None:
        """Keep the original bytes of a file, for `apply` and `--revert`."""
        with self._write() as db:
            db.execute("UPDATE files SET original = ? WHERE path = ?", (zlib.compress(data), path))

    def original(self, path: str) -> bytes | None:
        """The original bytes of a file, where they were kept."""
        row = next(self._rows("SELECT original FROM files WHERE path = ?", path), None)
        return None if row is None or row["original"] is None else zlib.decompress(row["original"])

    def wrote(self, path: str, sha256: str) -> None:
        """Remember what is about to be written under `clean/`, so that a stranger's file is told from ours."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO written VALUES (?, ?)", (path, sha256))

    def has_written(self, path: str, sha256: str) -> bool:
        """True where we once wrote just these bytes under this path."""
        return any(self._rows("SELECT 1 FROM written WHERE path = ? AND sha256 = ?", path, sha256))

    # --- documents

    def documents(self, path: str | None = None) -> Iterator[DocumentState]:
        """The documents of one file, or of all, in input order."""
        rows = self._rows(
            "SELECT d.* FROM documents d JOIN files f USING (path) WHERE ?1 IS NULL OR d.path = ?1"
            " ORDER BY f.position, d.row",
            path,
        )
        for row in rows:
            yield _document_state(row)

    def scored_ids(self, path: str) -> frozenset[str]:
        """Ids of the documents of a file that are scored."""
        return frozenset(row["id"] for row in self._rows("SELECT id FROM documents WHERE path = ?", path))

    def put_scored(self, path: str, row: int, report: ScoreReport) -> None:
        """A document is scored. Text and report are kept only where there is something to repair or to show."""
        document, source = report.document, report.document.source
        keep = report.flagged or bool(report.findings or report.flagged_sentences)
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO documents (path, id, row, sha256, encoding, bom, newline, score, flagged,"
                " threshold, open, text, report, score_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(path, document.id, row, source.sha256, source.encoding, source.bom, source.newline),
                    *(report.score, report.flagged, report.threshold, keep),
                    *((_pack(document.text), _pack(dump(report_to_state(report)))) if keep else (None, None)),
                    report.score,
                ),
            )

    def keep(self, state: DocumentState, report: ScoreReport) -> None:
        """Keep text and report of a document, with what was found since it was scored."""
        packed = (_pack(report.document.text), _pack(dump(report_to_state(report))))
        with self._write() as db:
            db.execute(
                "UPDATE documents SET open = 1, text = ?, report = ? WHERE path = ? AND id = ?",
                (*packed, state.path, state.id),
            )

    def put_repaired(
        self, state: DocumentState, signature: str, suggestions: Iterable[Suggestion], sources: Iterable[SourceMatch]
    ) -> None:
        """What could be changed in a document, and the sources that were found for it."""
        lines = "\n".join(dump(suggestion_to_json(s)) for s in suggestions)
        found = [[match.source.source.path, match.score] for match in sources]
        with self._write() as db:
            db.execute(
                "UPDATE documents SET repaired = ?, suggestions = ?, sources = ? WHERE path = ? AND id = ?",
                (signature, _pack(lines), json.dumps(found), state.path, state.id),
            )

    def put_cleaned(self, path: str, cleaned: CleanedDocument, sha256_out: str, score_after: float | None) -> None:
        """What was applied and what was skipped, and why."""
        applied = json.dumps([s.id for s in cleaned.applied])
        skipped = json.dumps({s.suggestion.id: s.reason for s in cleaned.skipped})
        with self._write() as db:
            db.execute(
                "UPDATE documents SET applied = ?, skipped = ?, sha256_out = ?, score_after = ?"
                " WHERE path = ? AND id = ?",
                (applied, skipped, sha256_out, score_after, path, cleaned.document.id),
            )

    def report(self, state: DocumentState) -> ScoreReport:
        """The report of an open document. Raises FormatError where it does not fit the text."""
        row = next(self._rows("SELECT * FROM documents WHERE path = ? AND id = ?", state.path, state.id))
        return _report(row, self.path)

    def suggestions(self, state: DocumentState) -> tuple[Suggestion, ...]:
        """The suggestions for a document."""
        rows = self._rows("SELECT suggestions FROM documents WHERE path = ? AND id = ?", state.path, state.id)
        packed = next(rows)["suggestions"]
        where = f"{self.path} ({state.path})"
        return tuple(suggestion_from_json(parse(line, where)) for line in _lines(packed))

    def entries(self) -> Iterator[Entry]:
        """All documents, and files that could not be read, in input order."""
        rows = self._rows(
            "SELECT d.*, f.path AS file, f.signature, f.error FROM files f LEFT JOIN documents d USING (path)"
            " ORDER BY f.position, d.row"
        )
        for row in rows:
            if row["id"] is None:
                if row["error"]:
                    yield Entry(row["file"], row["file"], "", None, (), {}, row["error"])
                continue
            report = _report(row, self.path) if row["open"] else _bare_report(row)
            applied, skipped = tuple(json.loads(row["applied"])), json.loads(row["skipped"])
            yield Entry(row["id"], row["file"], report.document.text, report, applied, skipped, row["error"])


def _file(row: sqlite3.Row) -> FileState:
    return FileState(
        path=row["path"],
        sha256=row["sha256"],
        signature=row["signature"],
        scored=bool(row["scored"]),
        writable=bool(row["writable"]),
        kept=bool(row["kept"]),
        error=row["error"],
    )


def _document_state(row: sqlite3.Row) -> DocumentState:
    packed = row["suggestions"]
    return DocumentState(
        path=row["path"],
        id=row["id"],
        sha256=row["sha256"],
        score=row["score"],
        flagged=bool(row["flagged"]),
        open=bool(row["open"]),
        repaired=row["repaired"],
        sources=tuple(SourceFound(path, score) for path, score in json.loads(row["sources"])),
        suggestions=len(_lines(packed)),
        applied=tuple(json.loads(row["applied"])),
        sha256_out=row["sha256_out"],
        score_after=row["score_after"],
    )


def _document(row: sqlite3.Row) -> Document:
    source = Source(row["path"], row["encoding"], bool(row["bom"]), row["newline"], row["sha256"])
    return Document(row["id"], _unpack(row["text"]), source)


def _report(row: sqlite3.Row, ledger: Path) -> ScoreReport:
    return report_from_state(parse(_unpack(row["report"]), f"{ledger} ({row['path']})"), _document(row))


def _bare_report(row: sqlite3.Row) -> ScoreReport:
    return ScoreReport(_document(row), (), row["score"], bool(row["flagged"]), None, row["threshold"], row["signature"])


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def _lines(packed: bytes | None) -> list[str]:
    """Rows of JSON; not `splitlines`, which would also cut at U+2028 inside a string."""
    return [line for line in _unpack(packed).split("\n") if line]


def _unpack(packed: bytes | None) -> str:
    return "" if packed is None else zlib.decompress(packed).decode("utf-8", "surrogatepass")


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says into an OutputError that names the next step."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC):
            step = "Free some space, then run the same command again: it goes on where it was."
            raise OutputError(str(path), "the disk is full", step) from error
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise OutputError(str(path), "it is damaged, or no ledger", "Clean into a new OUT folder.") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise OutputError(str(path), "another run is writing here", "Wait for it to end.") from error
        raise OutputError(str(path), f"the ledger cannot be used ({error})", "Check the folder's rights.") from error
