"""What models answered, kept on disk by the digest of all that they were asked: no run asks anything twice.

The file lies in the user's cache and holds answers alone, in clear text; those that are old are forgotten.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repair.errors import OutputError

logger = logging.getLogger(__name__)

KEPT_DAYS = 90
"""Days that an answer is kept."""
_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, at REAL NOT NULL)"


def cache_path() -> Path:
    """Where the answers lie: in the cache of the models."""
    from repair.lm.cache import cache_dir

    return cache_dir() / "answers.sqlite"


def key_of(*asked: object) -> str:
    """The sha256 of everything that an answer hangs on: model, messages, settings; as JSON."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class AnswerCache:
    """Answers by key. Several runs may share the file. For use in the thread that opened it."""

    def __init__(self, path: Path) -> None:
        """Where the file cannot be used, a warning says so, and answers are kept for this run alone."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _open(path)
        except (OSError, sqlite3.DatabaseError) as error:
            logger.warning("%s: answers are not kept on disk (%s). Remove it, or free it, to keep them.", path, error)
            self._db = _open(":memory:")

    def get(self, key: str) -> str | None:
        """The answer, or None where nobody asked."""
        with self._errors():
            row = self._db.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, answer: str) -> None:
        """Keep an answer; it is on disk when this returns."""
        with self._errors():
            self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, answer, time.time()))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise OutputError(str(self.path), f"answers cannot be kept ({error})", "Free some space.") from error


def _open(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute(_TABLE)
    connection.execute("DELETE FROM answers WHERE at < ?", (time.time() - KEPT_DAYS * 86_400,))
    return connection
