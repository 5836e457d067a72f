"""suggestions.jsonl and documents.jsonl, written whole from the ledger, in input order."""

from __future__ import annotations

from collections.abc import Iterator

from repair.archive.fields import JsonObject, dump
from repair.archive.files import write_atomic
from repair.archive.ledger import DocumentState, FileState, Ledger
from repair.archive.out import OutFolder
from repair.archive.serial import DocumentLine, document_to_json, suggestion_to_json
from repair.records import Suggestion


def write(folder: OutFolder, ledger: Ledger) -> None:
    """Write both tables. Raises OutputError, and then the old ones still stand."""
    write_atomic(folder.suggestions, (_line(suggestion_to_json(each)) for each in suggestions(ledger)))
    write_atomic(folder.documents, (_line(document_to_json(each)) for each in document_lines(ledger)))


def suggestions(ledger: Ledger) -> Iterator[Suggestion]:
    """All suggestions, in input order."""
    for state in ledger.documents():
        if state.suggestions:
            yield from ledger.suggestions(state)


def document_lines(ledger: Ledger) -> Iterator[DocumentLine]:
    """What became of each document; of a file that could not be read, one line for the file."""
    for file in ledger.files():
        if file.scored:
            yield from (_document_line(state, file) for state in ledger.documents(file.path))
        elif file.error:
            yield DocumentLine(
                file.path, file.path, file.sha256, None, None, None, flagged=False, sources=(), status="failed",
                error=file.error,
            )  # fmt: skip


def _document_line(state: DocumentState, file: FileState) -> DocumentLine:
    return DocumentLine(
        id=state.id,
        path=state.path,
        sha256_in=state.sha256,
        sha256_out=None if file.error else state.sha256_out or state.sha256,
        score_before=state.score,
        score_after=state.score_after,
        flagged=state.flagged,
        sources=state.sources,
        status="failed" if file.error else "cleaned" if state.applied else "unchanged",
        error=file.error,
    )


def _line(value: JsonObject) -> bytes:
    return f"{dump(value)}\n".encode()
