"""The second pass: every document held against the others and against `--sources`; what could be changed is kept.

A garbled document asks all others. One that reads well asks only whether it is another one told again, which costs a
look at words; only where it is, is it scored a second time, for the ledger keeps no text of such documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from repair.archive import files
from repair.archive.ledger import DocumentState
from repair.archive.reading import parse, read_folder
from repair.archive.run import Run
from repair.errors import InputError
from repair.pipeline import Held
from repair.records import Document
from repair.text.sentences import split

if TYPE_CHECKING:
    from repair.parallel import SourceIndex

INDEX = ".index"
"""The folder in OUT that keeps the index of sources for the next run; it may be deleted at any time."""


def repair_documents(run: Run) -> None:
    """Put suggestions and sources of every document into the ledger. Documents that are done are passed over."""
    signature = f"{run.cleaner.signature}|{run.settings.fingerprint('rewriter')}|{_fingerprint(run)}"
    todo = [state for state in run.ledger.documents() if state.repaired != signature]
    if not todo:
        return
    index = _source_index(run)
    for number, state in enumerate(todo):
        run.progress("repairing", number, len(todo))
        before = run.cleaner.unanswered
        held = _held(run, state, index)
        suggestions = run.cleaner.suggest(held.report, held.sources) if held else ()
        whole = run.cleaner.unanswered == before  # else the next run asks again
        if held:
            run.ledger.keep(state, held.report)
        sources = held.sources if held else ()
        run.ledger.put_repaired(state, signature if whole else "unanswered", suggestions, sources)
    run.progress("repairing", len(todo), len(todo))


def _held(run: Run, state: DocumentState, index: SourceIndex) -> Held | None:
    """The document held against the index; None where there is nothing to repair or to show."""
    if state.open:
        return run.cleaner.hold(run.ledger.report(state), index)
    document = index.document(_unique(state.path, state.id))
    if document is None or not index.retellings(document, split(document.text)):
        return None
    held = run.cleaner.hold(run.cleaner.score(replace(document, id=state.id)), index)
    return held if held.sources or held.report.findings else None


def _source_index(run: Run) -> SourceIndex:
    """All documents of the archive and of `--sources`; which of them may mend another one, the cleaner decides."""
    folder = run.settings.sources
    trusted = read_folder(folder, text_field=run.settings.text_field) if folder else ()
    return run.cleaner.index(_documents(run), trusted=trusted, folder=run.out.root / INDEX)


def _documents(run: Run) -> Iterator[Document]:
    """The scored documents of the archive."""
    for state in list(run.ledger.files()):
        judged = {d.id: d for d in run.ledger.documents(state.path) if d.score is not None}
        if not judged or state.error:
            continue
        try:
            for document in parse(run.original(state), state.path, text_field=run.settings.text_field).documents:
                if (known := judged.get(document.id)) is not None:
                    run.cleaner.know(document, flagged=known.flagged, score=known.score)
                    yield replace(document, id=_unique(state.path, document.id))
        except InputError as error:
            run.fail(state.path, error)


def _unique(path: str, id: str) -> str:
    """Ids of rows are unique in their table only."""
    return id if id == path else f"{path}#{id}"


def _fingerprint(run: Run) -> str:
    """Changes when a document that may be held against another does."""
    parts = [f"{d.path}\0{d.id}\0{d.sha256}\0{d.flagged}" for d in run.ledger.documents()]
    if run.settings.sources:
        for path in files.walk(Path(run.settings.sources)).files:
            parts.append(f"{path}\0{files.sha256(files.read_bytes(path))}")
    return files.sha256("\n".join(parts).encode("utf-8", "surrogatepass"))
