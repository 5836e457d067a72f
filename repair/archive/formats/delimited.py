"""CSV and TSV: a header, then one document a row. Only the field of a changed text is written anew."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from repair.archive.formats.columns import ID_FIELD, TEXT_FIELDS, table_documents, text_column
from repair.archive.formats.container import Container, Raw, changed
from repair.errors import FormatError
from repair.records import Document, Source
from repair.text.codec import decode, encode

_DELIMITERS = (",", ";", "\t", "|")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its line number, its fields, and the characters it was written in, line end included."""

    line: int
    fields: tuple[str, ...]
    raw: str


@dataclass(frozen=True, slots=True)
class Delimited:
    """The documents of a CSV or TSV file."""

    documents: tuple[Document, ...]
    records: tuple[Record, ...]
    rows: tuple[int, ...]
    """Which record each document is."""
    column: int
    delimiter: str
    source: Source
    data: bytes
    writable: ClassVar[bool] = True

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The file with the fields of these texts replaced; see `Container.write`."""
        new = {self.rows[i]: text for i, text in changed(self.documents, texts).items()}
        if not new:
            return self.data
        lines = (
            _replace(record.raw, self.column, new[i], self.delimiter) if i in new else record.raw
            for i, record in enumerate(self.records)
        )
        return encode("".join(lines), self.source)


def read(raw: Raw, text_field: str | None) -> Container:
    """A CSV file (comma, semicolon, tab or bar, as the header says) or TSV file with a header.

    Raises FormatError that names the line for a broken quotation or a row that ends before the text's column.
    """
    whole = decode(raw.data, path=raw.path)
    # The module's limit is global, and an article may be longer than its 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), len(whole.text)))
    delimiter = "\t" if PurePath(raw.path).suffix.lower() == ".tsv" else _delimiter(whole.text, text_field)
    records = tuple(_records(whole.text, delimiter, raw.path))
    # A blank line is no row; a line of nothing but delimiters is one.
    rows = [i for i, record in enumerate(records) if delimiter in record.raw or record.raw.strip()]
    if not rows:
        raise FormatError(raw.path, "it has no header", "Write the names of the columns into the first line.")
    header = records[rows.pop(0)].fields
    column = header.index(text_column(raw.path, header, text_field))
    id_column = header.index(ID_FIELD) if ID_FIELD in header else None
    for i in rows:
        if len(records[i].fields) <= max(column, id_column or 0):
            found = f"{len(records[i].fields)} fields where the header has {len(header)}"
            raise FormatError(f"{raw.path}, line {records[i].line}", found, "Mend or remove that row.")
    ids = [None if id_column is None else records[i].fields[id_column] for i in rows]
    documents = table_documents(raw, whole.source, ids, [records[i].fields[column] for i in rows])
    return Delimited(documents, records, tuple(rows), column, delimiter, whole.source, raw.data)


def _delimiter(text: str, text_field: str | None) -> str:
    """The delimiter that the header names a text column with, else the one with the most columns."""
    first = next((line for line in _LINE.findall(text) if line.strip()), "")
    wanted = set(TEXT_FIELDS) if text_field is None else {text_field}
    headers = {delimiter: next(csv.reader([first], delimiter=delimiter)) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda d: (not wanted.isdisjoint(headers[d]), len(headers[d])))


def _records(text: str, delimiter: str, path: str) -> Iterator[Record]:
    lines = _LINE.findall(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise FormatError(f"{path}, line {before + 1}", str(error), "Mend the quotation marks there.") from error
        if fields is None:
            return
        yield Record(before + 1, tuple(fields), "".join(lines[before : reader.line_num]))
        before = reader.line_num


def _replace(raw: str, column: int, text: str, delimiter: str) -> str:
    """The record with one field written anew, in quotation marks where the old one had them or the text needs them."""
    field = re.compile(rf'(?:"[^"]*(?:""[^"]*)*"|[^{re.escape(delimiter)}\r\n]*)(?:{re.escape(delimiter)}|[\r\n]*\Z)')
    at = 0
    for _ in range(column):
        at = _match(field, raw, at).end()
    found = _match(field, raw, at).group()
    old = found.removesuffix(delimiter).rstrip("\r\n")
    # An empty field alone on its line would be no row.
    needs_marks = not text or old.startswith('"') or any(mark in text for mark in (delimiter, '"', "\r", "\n"))
    new = '"' + text.replace('"', '""') + '"' if needs_marks else text
    return raw[:at] + new + raw[at + len(old) :]


def _match(field: re.Pattern[str], raw: str, at: int) -> re.Match[str]:
    match = field.match(raw, at)
    if match is None:  # the strict reader has parsed this record
        raise AssertionError(f"no field at {at} of {raw!r}")
    return match
