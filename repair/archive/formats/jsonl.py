"""JSON lines: one object, one document a line. Only the string of a changed text is written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from repair.archive.formats.columns import ID_FIELD, table_documents, text_column
from repair.archive.formats.container import Container, Raw, changed
from repair.errors import FormatError
from repair.records import Document, Source, Span
from repair.text.codec import decode, encode

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Field:
    """A value of one object, and where it stands in the file."""

    value: object
    span: Span


@dataclass(frozen=True, slots=True)
class JsonLines:
    """The documents of a file of JSON lines."""

    documents: tuple[Document, ...]
    places: tuple[Span | None, ...]
    """Where in `text` the string of each document stands; None where the row has none."""
    text: str
    source: Source
    data: bytes
    writable: ClassVar[bool] = True

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The file with the strings of these texts replaced; see `Container.write`."""
        new = changed(self.documents, texts)
        if not new:
            return self.data
        pieces, at = [], 0
        for i in sorted(new):
            place = self.places[i]
            if place is None:
                raise KeyError(f"{self.documents[i].id} has no text to replace")
            pieces += [self.text[at : place.start], _string(new[i], place.of(self.text), self.source.encoding)]
            at = place.end
        return encode("".join([*pieces, self.text[at:]]), self.source)


def read(raw: Raw, text_field: str | None) -> Container:
    """A file of JSON lines; blank lines are passed over, a row without a text is an empty document.

    Raises FormatError that names the line for a line that is no JSON object or whose text is no string.
    """
    whole = decode(raw.data, path=raw.path)
    rows, lines = _rows(whole.text, raw.path)
    column = text_column(raw.path, dict.fromkeys(key for row in rows for key in row), text_field)
    ids, texts, places = [], [], []
    for row, line in zip(rows, lines, strict=True):
        field = row.get(column)
        if field is None or field.value is None:
            text, place = "", None
        elif isinstance(field.value, str):
            text, place = field.value, field.span
        else:
            raise _bad_line(raw.path, line, f"its {column} is no string")
        ids.append(row[ID_FIELD].value if ID_FIELD in row else None)
        texts.append(text)
        places.append(place)
    documents = table_documents(raw, whole.source, ids, texts)
    return JsonLines(documents, tuple(places), whole.text, whole.source, raw.data)


def _rows(text: str, path: str) -> tuple[list[dict[str, Field]], list[int]]:
    """The objects, and the number of the line that each stands on."""
    rows, numbers = [], []
    at = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append(_fields(text, at, at + len(line)))
            except (ValueError, RecursionError) as error:
                raise _bad_line(path, number, f"no JSON object ({_reason(error)})") from error
            numbers.append(number)
        at += len(line) + 1
    if not rows:
        raise FormatError(path, "it has no rows", "Remove it, or fetch it again.")
    return rows, numbers


def _fields(text: str, start: int, end: int) -> dict[str, Field]:
    """The fields of the object in `text[start:end]`. Raises ValueError where that is none.

    json.loads judges the line; the walk after it only finds where each value stands.
    """
    line = text[start:end].strip(" \t\r")
    if not isinstance(json.loads(line), dict):
        raise ValueError("not an object")
    fields: dict[str, Field] = {}
    at = _skip(text, text.index("{", start) + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        value_start = _skip(text, _skip(text, at) + 1)  # past the colon
        value, value_end = _DECODER.raw_decode(text, value_start)
        fields[key] = Field(value, Span(value_start, value_end))
        at = _skip(text, value_end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return fields


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _string(text: str, before: str, encoding: str) -> str:
    r"""`text` as a JSON string; with \u escapes where the string `before` had them, or the encoding needs them."""
    plain = json.dumps(text, ensure_ascii=False)
    escaped_before = before.isascii() and not json.loads(before).isascii()
    if escaped_before or not encoding.startswith("utf"):
        return json.dumps(text)
    return plain


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _bad_line(path: str, line: int, cause: str) -> FormatError:
    return FormatError(f"{path}, line {line}", cause, "Mend or remove that line.")
