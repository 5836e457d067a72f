"""A folder through the pipeline, file by file, in passes: score all, repair the damaged, write the copies.

Each pass takes from the ledger what is done already, so a killed run goes on where it was. What one file does wrong
is that file's line in the summary; a full disk or a missing model ends the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from repair import __version__
from repair.archive import files, tables
from repair.archive.ledger import DocumentState, FileState, Ledger
from repair.archive.out import OutFolder, latest, read_decisions, unknown_ids
from repair.archive.reading import Loaded, Task, load_all, parse
from repair.archive.repairing import repair_documents
from repair.archive.run import Progress, Run
from repair.config import ApplyPolicy, Settings
from repair.errors import InputError, OutputError
from repair.pipeline import Cleaner, finish
from repair.records import CleanedDocument, Decision, Document, Skipped


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be done, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did. Counts are documents unless the name says otherwise."""

    out: Path
    documents: int
    flagged: int
    sourced: int
    """Flagged documents for which a clean source was found."""
    changed: int
    suggestions: int
    applied: int
    """Suggestions applied."""
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""


def clean_archive(
    archive: Path,
    out: Path,
    settings: Settings,
    progress: Progress = _silent,
    *,
    cleaner: Cleaner | None = None,
) -> Summary:
    """Score a folder, find the clean source of each damaged document, write cleaned copies and tables into `out`.

    Run again with the same arguments it goes on where it was; a file that changed is done anew. Decisions already in
    `out` count. Raises InputError (no articles), OutputError (overlap, unwritable, full disk, another run), ModelError.
    """
    files.keep_apart(archive, out)
    listing = files.walk(archive)
    files.keep_apart(archive, out, listing)
    if settings.sources:
        files.keep_apart(Path(settings.sources), out, files.walk(Path(settings.sources)))
    files.make_folder(out)
    folder = OutFolder(out)
    with _only_run(out), Ledger.open(out, create=True) as ledger, cleaner or Cleaner(settings) as worker:
        run = Run(archive, folder, settings, ledger, worker, progress)
        _same_run(run)
        files.remove_parts(out)
        worker.prepare()
        _score_files(run, listing.files)
        repair_documents(run)
        decisions = latest(read_decisions(folder.decisions))
        ledger.set(apply=settings.apply, text_field=settings.text_field or "")
        _write_files(run, decisions)
        tables.write(folder, ledger)
        return _summary(folder, ledger, listing.passed_over, _unanswered(worker))


def apply_decisions(
    out: Path, decisions_path: Path | None = None, *, revert: bool = False, policy: ApplyPolicy | None = None
) -> Summary:
    """Write the cleaned copies again from the decisions, or with `revert` the originals. Reads only `out`.

    What nobody decided follows `policy` (None: that of the run). Raises InputError where `out` holds no run or the
    decisions cannot be read, OutputError where it cannot be written.
    """
    folder = OutFolder(out)
    if decisions_path is not None and not decisions_path.is_file():
        raise InputError(str(decisions_path), "there is no such file", "Name a decisions.jsonl.")
    with Ledger.open(out) as ledger, _only_run(out):
        decisions = latest(read_decisions(decisions_path or folder.decisions))
        for state in list(ledger.files()):
            if state.kept and state.scored:
                ledger.end_file(state.path)
                _write_cleaned(folder, ledger, state, _planned(ledger, state, decisions, policy, revert=revert))
        tables.write(folder, ledger)
        strange = unknown_ids(decisions.values(), tables.suggestions(ledger))
        return _summary(folder, ledger, notes=[f"decision on {id}: there is no such suggestion" for id in strange])


def preview(
    out: Path, decisions_path: Path | None = None, *, revert: bool = False, policy: ApplyPolicy | None = None
) -> Iterator[CleanedDocument]:
    """The documents that `apply_decisions` would write, as it would write them. Writes nothing."""
    with Ledger.open(out) as ledger:
        decisions = latest(read_decisions(decisions_path or OutFolder(out).decisions))
        for state in ledger.files():
            if state.kept:
                yield from _planned(ledger, state, decisions, policy, revert=revert)


# --- the passes


def _score_files(run: Run, paths: Sequence[Path]) -> None:
    names = [path.relative_to(run.archive).as_posix() for path in paths]
    for name in run.ledger.keep_only(names):
        _remove_copy(run.out, run.ledger, name)
    tasks = (_task(run, path, name) for path, name in zip(paths, names, strict=True))
    for position, (name, loaded) in enumerate(zip(names, load_all(tasks, run.settings.jobs), strict=True)):
        run.progress("scoring", position, len(names))
        if isinstance(loaded, InputError):
            run.ledger.begin_file(name, position, "", run.cleaner.signature)
            run.fail(name, loaded)
            _remove_copy(run.out, run.ledger, name)
        elif loaded.documents is not None:
            _score_documents(run, position, loaded, loaded.documents)
    run.progress("scoring", len(names), len(names))


def _task(run: Run, path: Path, name: str) -> Task:
    state = run.ledger.file(name)
    done = state is not None and state.scored and state.error is None and state.signature == run.cleaner.signature
    return Task(path, name, name, run.settings.text_field, state.sha256 if state and done else None)


def _score_documents(run: Run, position: int, loaded: Loaded, documents: Iterable[Document]) -> None:
    name, signature = loaded.task.name, run.cleaner.signature
    state = run.ledger.file(name)
    if state is None or (state.sha256, state.signature) != (loaded.sha256, signature):
        run.ledger.begin_file(name, position, loaded.sha256, signature, writable=loaded.writable)
    done = run.ledger.scored_ids(name)
    for row, document in enumerate(documents):
        if document.id not in done:
            run.ledger.put_scored(name, row, run.cleaner.score(document))
    run.ledger.end_file(name)


def _write_files(run: Run, decisions: Mapping[str, Decision]) -> None:
    states = [state for state in run.ledger.files() if state.scored and state.error is None]
    for number, state in enumerate(states):
        run.progress("writing", number, len(states))
        try:
            original = run.original(state)
        except InputError as error:
            run.fail(state.path, error)
            continue
        cleaned = _planned(run.ledger, state, decisions, run.settings.apply)
        if cleaned:
            run.ledger.keep_original(state.path, original)
            _write_cleaned(run.out, run.ledger, state, cleaned, run.cleaner)
        else:
            _put(run.out, run.ledger, state.path, original)
    run.progress("writing", len(states), len(states))


# --- their parts


def _planned(
    ledger: Ledger,
    file: FileState,
    decisions: Mapping[str, Decision],
    policy: ApplyPolicy | None,
    *,
    revert: bool = False,
) -> list[CleanedDocument]:
    """The documents of a file that have suggestions, as they are to be written."""
    planned = []
    for state in list(ledger.documents(file.path)):
        if not state.suggestions:
            continue
        report, suggestions = ledger.report(state), ledger.suggestions(state)
        if revert or not file.writable:
            reason = "reverted" if revert else "files of this format are scored, not rewritten"
            skipped = tuple(Skipped(suggestion, reason) for suggestion in suggestions)
            planned.append(CleanedDocument(report.document, report.document.text, (), skipped, report))
        else:
            planned.append(finish(report, suggestions, (), policy or _policy(ledger), decisions))
    return planned


def _policy(ledger: Ledger) -> ApplyPolicy:
    """The policy of the run that filled the ledger."""
    policies: Mapping[str | None, ApplyPolicy] = {"none": "none", "all": "all"}
    return policies.get(ledger.get("apply"), "safe")


def _write_cleaned(
    folder: OutFolder,
    ledger: Ledger,
    state: FileState,
    cleaned: Iterable[CleanedDocument],
    cleaner: Cleaner | None = None,
) -> None:
    """Write one file with its changed documents; byte for byte the original where none changed."""
    original = ledger.original(state.path) or b""
    known = {known.id: known for known in ledger.documents(state.path)}
    changed = {each.document.id: each.text for each in cleaned if each.text != each.document.text}
    data = original
    if changed:
        data = parse(original, state.path, text_field=ledger.get("text_field") or None).write(changed)
    _put(folder, ledger, state.path, data)
    for each in cleaned:
        digest = each.document.source.sha256
        if each.document.id in changed:  # a row of a table has the sha256 of its text, not of the file
            digest = files.sha256(data if digest == state.sha256 else each.text.encode())
        ledger.put_cleaned(state.path, each, digest, _score_after(each, known[each.document.id], digest, cleaner))


def _score_after(cleaned: CleanedDocument, known: DocumentState, digest: str, cleaner: Cleaner | None) -> float | None:
    """The score of the cleaned text; None where it changed and no model is at hand to score it."""
    if cleaned.text == cleaned.document.text:
        return known.score
    if digest == known.sha256_out:
        return known.score_after
    if cleaner is None:
        return None
    return cleaner.score(Document(cleaned.document.id, cleaned.text, cleaned.document.source)).score


def _put(folder: OutFolder, ledger: Ledger, name: str, data: bytes) -> None:
    """Write a copy under `clean/`, unless it is there already, or someone else wrote what is there."""
    target = folder.clean / name
    files.make_folder(target.parent)
    if not target.parent.resolve().is_relative_to(folder.clean.resolve()):
        raise OutputError(str(target), "a link leads out of OUT", "Remove the link, or name another OUT.")
    digest = files.sha256(data)
    if target.is_file():
        current = files.sha256(files.read_bytes(target))
        if current == digest:
            ledger.wrote(name, digest)
            return
        if not ledger.has_written(name, current):
            reason = (
                "its cleaned copy was changed by hand and left alone. Move that copy away and run the command again."
            )
            ledger.fail_file(name, reason)
            return
    ledger.wrote(name, digest)
    files.write_atomic(target, data)


def _remove_copy(folder: OutFolder, ledger: Ledger, name: str) -> None:
    """Remove the copy of a file that is no more, if it is ours."""
    target = folder.clean / name
    if target.is_file() and ledger.has_written(name, files.sha256(files.read_bytes(target))):
        with files.output_errors(target):
            target.unlink()


@contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Keep a second run from writing into the same OUT."""
    with files.output_errors(out):
        lock = FileLock(out / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise OutputError(str(out), "another run is writing here", "Wait for it to end.") from error
    try:
        yield
    finally:
        lock.release()


def _same_run(run: Run) -> None:
    """Refuse to mix two archives in one OUT: the copies of the first would be removed. Begin anew after an upgrade."""
    archive, before = str(run.archive.resolve()), run.ledger.get("archive")
    if before is not None and before != archive:
        step = "Name another OUT, or delete it to begin anew."
        raise OutputError(str(run.out.root), f"it holds the results of another archive ({before})", step)
    if run.ledger.get("tool") not in (None, __version__):
        run.ledger.keep_only([])  # another version may judge otherwise: nothing of its work is done
    run.ledger.set(archive=archive, tool=__version__)


def _unanswered(cleaner: Cleaner) -> Iterator[str]:
    """What the rewriter left undone, for the summary."""
    for cause, count in cleaner.unanswered.items():
        sentences = "1 sentence" if count == 1 else f"{count} sentences"
        yield f"{sentences} got no rewrite: {cause}. The same command asks again, and nothing twice"


def _summary(
    folder: OutFolder, ledger: Ledger, passed_over: Iterable[files.PassedOver] = (), notes: Iterable[str] = ()
) -> Summary:
    documents = list(ledger.documents())
    failures = [Failure(state.path, state.error) for state in ledger.files() if state.error]
    failures += [Failure(str(each.path), each.reason) for each in passed_over if each.failed]
    left_out = [f"{each.path}: left out, {each.reason}" for each in passed_over if not each.failed]
    return Summary(
        out=folder.root,
        documents=len(documents),
        flagged=sum(d.flagged for d in documents),
        sourced=sum(d.flagged and bool(d.sources) for d in documents),
        changed=sum(bool(d.applied) for d in documents),
        suggestions=sum(d.suggestions for d in documents),
        applied=sum(len(d.applied) for d in documents),
        failures=tuple(failures),
        notes=(*left_out, *notes),
    )
