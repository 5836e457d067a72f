"""A file that is one text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from repair.archive.formats.container import Container, Raw, changed
from repair.records import Document
from repair.text.codec import decode, encode


@dataclass(frozen=True, slots=True)
class PlainText:
    """One document."""

    document: Document
    data: bytes
    writable: ClassVar[bool] = True

    @property
    def documents(self) -> tuple[Document, ...]:
        """The one document."""
        return (self.document,)

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The text in the encoding of the file; see `Container.write`."""
        new = changed(self.documents, texts)
        return encode(new[0], self.document.source) if new else self.data


def read(raw: Raw, _text_field: str | None) -> Container:
    """A file of text. Raises DecodeError."""
    return PlainText(decode(raw.data, path=raw.path, id=raw.name), raw.data)
