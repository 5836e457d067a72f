"""Files as documents, and documents back as files of the same format.

    container.py   what every format gives: documents, and `write`
    plain.py       a file that is one text
    jsonl.py       JSON lines, a document a line
    delimited.py   CSV and TSV, a document a row
    parquet.py     Parquet, a document a row
    page.py        HTML: the article's text, to be scored, not rewritten
    columns.py     which column holds the text, and the documents' ids

A new format is one file with a function `read(raw, text_field)` and a row in `_READERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from repair.archive.formats import delimited, jsonl, page, parquet, plain
from repair.archive.formats.container import Container, Raw
from repair.errors import FormatError

__all__ = ["Container", "parse_container"]

_READERS: dict[str, Callable[[Raw, str | None], Container]] = {
    ".jsonl": jsonl.read,
    ".ndjson": jsonl.read,
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".parquet": parquet.read,
    ".html": page.read,
    ".htm": page.read,
    ".xhtml": page.read,
}


def parse_container(data: bytes, *, path: str, name: str | None = None, text_field: str | None = None) -> Container:
    """The documents in the bytes of one file, by the ending of `path`; any other ending is a text.

    `name` (default: `path`) is the id of a document that has none of its own; in a table `name:row`, rows counted
    from 1 without the header. `text_field` is the column with the text; None takes the first of text, content, body,
    article.

    Raises DecodeError for bytes that are no text, FormatError for a table or page that does not parse.
    """
    raw = Raw(data, path, path if name is None else name)
    suffix = PurePath(path).suffix.lower()
    if suffix == ".json":
        raise FormatError(path, "a JSON file is no text", "Write one JSON object a line into a .jsonl file.")
    return _READERS.get(suffix, plain.read)(raw, text_field)
