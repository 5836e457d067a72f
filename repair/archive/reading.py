"""Files, folders and stdin as documents, in order; what cannot be read comes as an error in its place.

With more than one job, files are read and parsed by other processes, a few ahead; the order stays.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from repair.archive import files
from repair.archive.formats import Container, parse_container
from repair.errors import ConfigError, InputError
from repair.records import Document

STDIN = Path("-")
TABLES = frozenset({".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"})
"""Endings of files that hold many documents."""
MOST_NEIGHBOURS = 200
"""Articles of a folder that `explain` searches for a source; a larger folder wants `--sources`."""

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read. `shown` is its path for people, `name` the id of a document without one of its own."""

    path: Path
    shown: str
    name: str
    text_field: str | None
    known_sha256: str | None = None
    """Where the file still has it, nothing is parsed."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read. `documents` is None where it is what was known; `writable` as its format says."""

    task: Task
    sha256: str
    documents: tuple[Document, ...] | None
    writable: bool = True


def load(task: Task) -> Loaded | InputError:
    """Read and parse one file; an error comes back as a value, so that it keeps its place in the order."""
    try:
        data = files.read_bytes(task.path)
        digest = files.sha256(data)
        if digest == task.known_sha256:
            return Loaded(task, digest, None)
        container = parse(data, task.shown, name=task.name, text_field=task.text_field)
        return Loaded(task, digest, container.documents, container.writable)
    except InputError as error:
        return error


def load_all(tasks: Iterable[Task], jobs: int = 1) -> Iterator[Loaded | InputError]:
    """`load` of each, in order; `jobs` processes do it a few files ahead."""
    with _mapper(jobs) as each:
        yield from each(load, tasks)


def parse(data: bytes, shown: str, *, name: str | None = None, text_field: str | None = None) -> Container:
    """The documents in the bytes of a file. Raises InputError."""
    return parse_container(data, path=shown, name=name, text_field=text_field)


def read_inputs(
    paths: Sequence[Path], *, text_field: str | None = None, jobs: int = 1
) -> Iterator[Document | InputError]:
    """The documents that paths name: files, folders, tables, `-` for one text from stdin.

    An id is the path inside the folder that was named, or the table's own; what failed comes as an InputError.
    """
    for path in paths:
        if path == STDIN:
            yield from _stdin()
        elif path.is_dir():
            yield from _folder(path, text_field, jobs)
        else:
            yield from _documents(load(Task(path, path.as_posix(), path.name, text_field)))


def is_single(paths: Sequence[Path]) -> bool:
    """True where the paths name one plain document, not a folder or a table."""
    return len(paths) == 1 and not paths[0].is_dir() and paths[0].suffix.lower() not in TABLES


def read_folder(folder: str, *, text_field: str | None = None, jobs: int = 1) -> Iterator[Document]:
    """The articles of a folder of sources; what cannot be read is warned of and left out.

    Their ids are their paths, so that they cannot be taken for documents of an archive. Raises InputError where it is
    no folder or holds no article.
    """
    listing = files.walk(Path(folder))
    tasks = (Task(path, path.as_posix(), path.as_posix(), text_field) for path in listing.files)
    for loaded in load_all(tasks, jobs):
        for document in _documents(loaded):
            if isinstance(document, InputError):
                log.warning("source left out: %s", document)
            else:
                yield document


def neighbours(path: Path, *, text_field: str | None = None) -> Iterator[Document]:
    """Where `explain` looks for the source of one document: the other articles beside it."""
    if not path.is_file():
        return
    beside = [other for other in files.walk(path.parent).files if other != path and other.parent == path.parent]
    if len(beside) > MOST_NEIGHBOURS:
        log.warning("%s holds %d articles: name those to search with --sources", path.parent, len(beside))
        return
    for other in beside:
        for document in _documents(load(Task(other, other.as_posix(), other.as_posix(), text_field))):
            if isinstance(document, Document):
                yield document


def _stdin() -> Iterator[Document | InputError]:
    if sys.stdin.isatty():
        raise ConfigError("-", "stdin is the keyboard", "Pipe a text into it, or name a file.")
    try:
        yield from parse(sys.stdin.buffer.read(), "-").documents
    except InputError as error:
        yield error


def _folder(folder: Path, text_field: str | None, jobs: int) -> Iterator[Document | InputError]:
    try:
        listing = files.walk(folder)
    except InputError as error:
        yield error
        return
    for each in listing.passed_over:
        if each.failed:
            yield InputError(str(each.path), each.reason, "Check what it is and who may read it.")
        else:
            log.warning("%s: left out, %s", each.path, each.reason)
    tasks = (Task(path, path.as_posix(), path.relative_to(folder).as_posix(), text_field) for path in listing.files)
    for loaded in load_all(tasks, jobs):
        yield from _documents(loaded)


def _documents(loaded: Loaded | InputError) -> Iterator[Document | InputError]:
    if isinstance(loaded, InputError):
        yield loaded
    else:
        yield from loaded.documents or ()


@contextmanager
def _mapper(jobs: int) -> Iterator[Callable[[Callable[[Item], Result], Iterable[Item]], Iterator[Result]]]:
    """A lazy `map` that keeps the order: here, or in `jobs` processes that work at most four items ahead each."""
    if jobs == 1:
        yield map
        return
    # Spawned, not forked: a fork copies the locks of torch's threads, held or not.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:

        def ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
            waiting: deque[Future[Result]] = deque()
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 4 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield ahead
