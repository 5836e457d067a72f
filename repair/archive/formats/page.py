"""HTML: the text of the article in a page, by trafilatura. To be scored; a page is not rewritten in this version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from repair.archive.formats.container import Container, Raw, changed
from repair.errors import FormatError, OutputError
from repair.records import Document
from repair.text.codec import decode, main_newline


@dataclass(frozen=True, slots=True)
class Page:
    """The article of one page."""

    document: Document
    data: bytes
    writable: ClassVar[bool] = False

    @property
    def documents(self) -> tuple[Document, ...]:
        """The one document. Its source is the page's."""
        return (self.document,)

    def write(self, texts: Mapping[str, str]) -> bytes:
        """The page as it was. Raises OutputError where a text differs, KeyError for an unknown id."""
        if changed(self.documents, texts):
            raise OutputError(
                self.document.source.path,
                "an HTML page can be scored, but not rewritten",
                "Save the article as text and clean that.",
            )
        return self.data


def read(raw: Raw, _text_field: str | None) -> Container:
    """A web page. Raises DecodeError, and FormatError where no article is found in it."""
    import trafilatura

    page = decode(raw.data, path=raw.path, id=raw.name)
    text = trafilatura.extract(page.text, include_comments=False, include_tables=False)
    if not text:
        raise FormatError(raw.path, "no article was found in this page", "Save the article's text as a .txt file.")
    return Page(replace(page, text=text, source=replace(page.source, newline=main_newline(text))), raw.data)
