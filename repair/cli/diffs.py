"""Unified diffs of what would change."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from repair.records import CleanedDocument

_NO_NEWLINE = "\\ No newline at end of file"
_STYLES = {"+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red"}


def unified(cleaned: CleanedDocument) -> Iterator[str]:
    """The lines of a diff, without their newlines; none where nothing changed."""
    document = cleaned.document
    path = document.source.path if document.id in document.source.path else f"{document.source.path} {document.id}"
    before, after = document.text.splitlines(keepends=True), cleaned.text.splitlines(keepends=True)
    for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"):
        yield line.rstrip("\r\n")
        if not line.endswith(("\n", "\r")):
            yield _NO_NEWLINE


def styled(line: str) -> Text:
    """The line in the colours that git uses."""
    return Text(line, style=next((style for mark, style in _STYLES.items() if line.startswith(mark)), ""))
