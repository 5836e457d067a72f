"""The documents of an index on disk: texts, terms and the matrix of words, so that memory holds none of them.

SQLite keeps each document with its text packed, and its terms as numbers; the matrix that bm25s makes of them lies
beside it in NumPy files that are mapped, not read. What a document has for terms hangs on the sha256 of its text: only
new texts are read again, and the matrix is made anew only where a text came or went.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import weakref
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repair.errors import OutputError
from repair.records import Document, Source

if TYPE_CHECKING:
    import bm25s

_LAYOUT = 1
"""Raise it when tables or terms change: an older store is then made anew."""
_SCHEMA = f"""
CREATE TABLE documents (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, encoding TEXT NOT NULL,
    bom INTEGER NOT NULL, newline TEXT NOT NULL, sha256 TEXT NOT NULL,
    key BLOB NOT NULL, text BLOB NOT NULL, seen INTEGER NOT NULL);
CREATE TABLE terms (key BLOB PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE vocabulary (term TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE matrix (stamp TEXT NOT NULL);
PRAGMA user_version = {_LAYOUT};
"""
_MATRIX = ("data", "indices", "indptr")
_BATCH = 200
"""Documents in one transaction."""
_K1, _B = 1.2, 0.75
"""The common choice for BM25 (Robertson and Zaragoza 2009)."""

Terms = Callable[[str], list[str]]


class Store:
    """Documents by place, 0 to `len(store)` - 1, in the order in which they first came."""

    def __init__(self, folder: Path | None) -> None:
        """Open the store in `folder`, made where it is not there; None is a temporary one that goes with this object.

        A store that cannot be read is made anew: all of it can be.
        """
        self._folder = folder or Path(mkdtemp(prefix="repair-index-"))
        self._db = _opened(self._folder)
        weakref.finalize(self, _closed, self._db, None if folder else self._folder)
        self._places: NDArray[np.int64] = np.zeros(0, np.int64)
        self.retriever: bm25s.BM25 | None = None

    def __len__(self) -> int:
        return len(self._places)

    def fill(self, documents: Iterable[Document], terms: Terms) -> None:
        """Make the store hold these documents and no others. Of two with one id the last one stays.

        Raises OutputError where the disk is full or the folder cannot be written.
        """
        with _errors(self._folder):
            self._db.execute("UPDATE documents SET seen = 0")
            vocabulary = dict(self._db.execute("SELECT term, number FROM vocabulary"))
            for batch in _batches(documents):
                with self._written():
                    for document in batch:
                        self._put(document, terms, vocabulary)
            with self._written():
                self._db.execute("DELETE FROM documents WHERE seen = 0")
                self._db.execute("DELETE FROM terms WHERE key NOT IN (SELECT key FROM documents)")
            places = self._db.execute("SELECT place FROM documents ORDER BY place")
            self._places = np.fromiter((row[0] for row in places), np.int64)
            known = len(vocabulary)
            del vocabulary  # the matrix takes memory enough
            self.retriever = self._retriever(known)

    def document(self, at: int) -> Document:
        """The document at a place."""
        return self._one("place = ?", int(self._places[at]))[1]

    def find(self, id: str) -> tuple[int, Document] | None:
        """The document with this id and its place, or None."""
        if not self._db.execute("SELECT 1 FROM documents WHERE id = ?", (id,)).fetchone():
            return None
        place, document = self._one("id = ?", id)
        return int(np.searchsorted(self._places, place)), document

    def numbers(self, terms: Sequence[str]) -> list[int]:
        """The numbers of the terms that any document has, in order; unknown ones are left out."""
        found: dict[str, int] = {}
        distinct = list(dict.fromkeys(terms))
        for start in range(0, len(distinct), 500):
            part = distinct[start : start + 500]
            marks = ",".join("?" * len(part))
            found |= dict(self._db.execute(f"SELECT term, number FROM vocabulary WHERE term IN ({marks})", part))  # noqa: S608
        return [found[term] for term in terms if term in found]

    def terms_of(self, at: int) -> NDArray[np.int32]:
        """The numbers of the terms of the document at a place, with repeats."""
        sql = "SELECT numbers FROM terms JOIN documents USING (key) WHERE place = ?"
        return np.frombuffer(self._db.execute(sql, (int(self._places[at]),)).fetchone()[0], np.int32)

    def _one(self, where: str, value: object) -> tuple[int, Document]:
        sql = f"SELECT place, id, text, path, encoding, bom, newline, sha256 FROM documents WHERE {where}"  # noqa: S608
        place, id, text, path, encoding, bom, newline, sha256 = self._db.execute(sql, (value,)).fetchone()
        plain = zlib.decompress(text).decode("utf-8", "surrogatepass")
        return place, Document(id, plain, Source(path, encoding, bool(bom), newline, sha256))

    def _put(self, document: Document, terms: Terms, vocabulary: dict[str, int]) -> None:
        data, source = document.text.encode("utf-8", "surrogatepass"), document.source
        key = hashlib.sha256(data).digest()
        if not self._db.execute("SELECT 1 FROM terms WHERE key = ?", (key,)).fetchone():
            numbers = array("i")
            for term in terms(document.text):
                if term not in vocabulary:
                    vocabulary[term] = len(vocabulary)
                    self._db.execute("INSERT INTO vocabulary VALUES (?, ?)", (term, vocabulary[term]))
                numbers.append(vocabulary[term])
            self._db.execute("INSERT INTO terms VALUES (?, ?)", (key, numbers.tobytes()))
        self._db.execute(
            "INSERT INTO documents (id, path, encoding, bom, newline, sha256, key, text, seen)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET path = excluded.path,"
            " encoding = excluded.encoding, bom = excluded.bom, newline = excluded.newline, sha256 = excluded.sha256,"
            " key = excluded.key, text = excluded.text, seen = 1",
            (
                *(document.id, source.path, source.encoding, source.bom, source.newline, source.sha256),
                *(key, zlib.compress(data)),
            ),
        )

    @contextmanager
    def _written(self) -> Iterator[None]:
        """One transaction; a process that dies inside it leaves the store as it was before."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has rolled back already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- the matrix

    def _retriever(self, vocabulary: int) -> bm25s.BM25 | None:
        """The words of all documents as bm25s weighs them; None where there are none."""
        if not self._db.execute("SELECT 1 FROM terms WHERE length(numbers) > 0").fetchone():
            return None
        import bm25s  # a second: it brings scipy

        stamp = self._stamp()
        if self._db.execute("SELECT 1 FROM matrix WHERE stamp = ?", (stamp,)).fetchone() is None:
            self._db.execute("DELETE FROM matrix")
            self._make_matrix(bm25s.BM25(k1=_K1, b=_B, csc_backend="scipy"), vocabulary)
            self._db.execute("INSERT INTO matrix VALUES (?)", (stamp,))
        retriever = bm25s.BM25()
        retriever.nonoccurrence_array = None  # what only other variants of the method have
        retriever.scores = {name: np.load(self._folder / f"{name}.npy", mmap_mode="r") for name in _MATRIX}
        retriever.scores["num_docs"] = len(self)
        return retriever

    def _make_matrix(self, retriever: bm25s.BM25, vocabulary: int) -> None:
        """Write the weights; by the low-level call, which keeps no second vocabulary in memory."""
        rows = [array("i", row) for row in self._term_rows()]
        scores = retriever.build_index_from_ids(range(vocabulary), rows, show_progress=False)
        for name in _MATRIX:
            np.save(self._folder / f"{name}.npy", scores[name])

    def _stamp(self) -> str:
        digest = hashlib.sha256()
        for (key,) in self._db.execute("SELECT key FROM documents ORDER BY place"):
            digest.update(key)
        return digest.hexdigest()

    def _term_rows(self) -> Iterator[bytes]:
        for (numbers,) in self._db.execute("SELECT numbers FROM documents JOIN terms USING (key) ORDER BY place"):
            yield numbers


def _opened(folder: Path) -> sqlite3.Connection:
    """The database in `folder`, empty where it was not there, is damaged or was made by another version."""
    path = folder / "documents.sqlite"
    with _errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
        if not _readable(connection):
            connection.close()
            for name in (path.name, f"{path.name}-journal"):
                (folder / name).unlink(missing_ok=True)
            connection = sqlite3.connect(path, isolation_level=None)
            connection.executescript(_SCHEMA)
        return connection


def _closed(connection: sqlite3.Connection, temporary: Path | None) -> None:
    connection.close()
    if temporary:
        shutil.rmtree(temporary)


def _readable(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _LAYOUT)
    except sqlite3.DatabaseError:  # damaged, or no database: all that it held can be made again
        return False


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    every = iter(documents)
    while batch := list(islice(every, _BATCH)):
        yield batch


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into an OutputError that names the next step."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        step = "Free some space or check the folder's rights, then run the same command again."
        raise OutputError(str(folder), f"the index of sources cannot be kept there ({error})", step) from error
