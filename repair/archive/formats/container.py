"""What every format gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from repair.records import Document


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of one file, its path for messages, and the name that documents without an id are called by."""

    data: bytes
    path: str
    name: str


class Container(Protocol):
    """One file and the documents in it."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, in the order of the file. Ids are unique in it."""

    @property
    def writable(self) -> bool:
        """False where `write` cannot change anything."""

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The file with the texts of the documents with these ids replaced, all else as it was.

        Byte for byte the original where no text differs. Raises KeyError for an id that is not in the file, OutputError
        where a text cannot be written in the file's encoding or format.
        """


def changed(documents: tuple[Document, ...], texts: Mapping[str, str]) -> dict[int, str]:
    """The texts that differ from what was read, by the place of their document. Raises KeyError for an unknown id."""
    place = {document.id: i for i, document in enumerate(documents)}
    return {place[id]: text for id, text in texts.items() if documents[place[id]].text != text}
