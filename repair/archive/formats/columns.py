"""Which column of a table holds the text, what its documents are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from repair.archive.formats.container import Raw
from repair.errors import FormatError
from repair.records import Document, Source
from repair.text.codec import main_newline

TEXT_FIELDS = ("text", "content", "body", "article")
ID_FIELD = "id"

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def text_column(path: str, columns: Iterable[str], text_field: str | None) -> str:
    """The column with the text: `text_field`, else the first of `TEXT_FIELDS` that is there.

    Raises FormatError that names the columns where it is not.
    """
    present = list(columns)
    wanted = TEXT_FIELDS if text_field is None else (text_field,)
    found = next((field for field in wanted if field in present), None)
    if found is None:
        names = ", ".join(present) or "none"
        missing = f"no column {text_field}" if text_field is not None else f"no column {', '.join(TEXT_FIELDS)}"
        raise FormatError(path, f"{missing}; its columns are {names}", "Name the column of the text with --text-field.")
    return found


def table_documents(raw: Raw, source: Source, ids: Sequence[object], texts: Sequence[str]) -> tuple[Document, ...]:
    """The rows of a table as documents. `source` is the file's; each row's sha256 is that of its text in UTF-8.

    An empty or missing id becomes `name:row`, counted from 1. An id that was there before gets `#2`, `#3` …, so that no
    row is lost to another.

    Raises FormatError for a text that is no valid Unicode.
    """
    taken: dict[str, int] = {}
    documents = []
    for row, (id, text) in enumerate(zip(ids, texts, strict=True), start=1):
        if _SURROGATE.search(text):
            raise FormatError(raw.path, f"row {row} has half a surrogate pair in its text", "Write the row again.")
        name = _unused(f"{raw.name}:{row}" if id is None or id == "" else str(id), taken)
        digest = hashlib.sha256(text.encode()).hexdigest()
        documents.append(Document(name, text, replace(source, newline=main_newline(text), sha256=digest)))
    return tuple(documents)


def _unused(name: str, taken: dict[str, int]) -> str:
    """`name`, or `name#2` and so on where it is taken; `taken` counts how often each was asked for."""
    free = name
    while free in taken:
        taken[name] += 1
        free = f"{name}#{taken[name]}"
    taken[free] = 1
    return free
