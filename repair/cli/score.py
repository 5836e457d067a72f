"""`repair score`: which sentences of which documents are garbled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from repair.cli.common import DONE, FAILED, FLAGGED, Run, command
from repair.cli.lines import counted, report_lines
from repair.errors import InputError

if TYPE_CHECKING:
    from repair.records import Document, ScoreReport

Format = Literal["text", "json", "jsonl", "sarif", "html"]

_EPILOG = """
$ repair score article.txt
$ repair score articles/ --format jsonl --output scores.jsonl
$ cat article.txt | repair score -
$ repair score articles/ --format sarif > repair.sarif
Exit codes: 0 nothing flagged; 1 something flagged, unless --exit-zero; 2 an error, or a file that could not be read.
"""


class _Tally:
    """Counts what passes by, and says at once what fails."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.documents = self.garbled = self.sentences = self.failed = 0

    def score(self, documents: Iterable[Document | InputError]) -> Iterator[ScoreReport]:
        """The reports of the documents that could be read, in input order."""
        from repair.pipeline import Cleaner

        with Cleaner(self._run.settings) as cleaner:
            for document in documents:
                if isinstance(document, InputError):
                    self.failed += 1
                    self._run.fail(document)
                    continue
                report = cleaner.score(document)
                self.documents += 1
                self.garbled += report.flagged
                self.sentences += len(report.flagged_sentences)
                yield report

    def summary(self) -> str:
        """One line for the end."""
        failed = f"; {counted(self.failed, 'file')} could not be read" if self.failed else ""
        flagged = counted(self.sentences, "flagged sentence")
        return f"{self.garbled} of {counted(self.documents, 'document')} garbled, {flagged}{failed}"


def score(
    run: Run,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…|-", help="Files, folders, tables; - reads one text from stdin.")
    ],
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to stdout.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 also where something is flagged.")] = False,
) -> int:
    """Flag garbled sentences; score sentences and documents.

    Scores are probabilities from 0 to 1, higher is worse. Each flagged sentence comes with its place and with the
    reasons that were found. Nothing is written but the output.
    """
    from repair.archive.reading import is_single, read_inputs

    tally = _Tally(run)
    reports = tally.score(read_inputs(paths, text_field=run.settings.text_field, jobs=run.settings.jobs))
    if format == "text" and output is None:
        for report in reports:
            for line in report_lines(report, quiet=run.quiet):
                run.out.print(line)
    else:
        _write(_pieces(reports, format, single=is_single(paths), quiet=run.quiet), output)
    run.note(tally.summary())
    if tally.failed:
        return FAILED
    return FLAGGED if (tally.garbled or tally.sentences) and not exit_zero else DONE


def _pieces(reports: Iterator[ScoreReport], format: Format, *, single: bool, quiet: bool) -> Iterator[str]:
    from repair.cli.formats import FORMATS, to_json_one

    if format == "text":
        return (f"{line.plain}\n" for report in reports for line in report_lines(report, quiet=quiet))
    return to_json_one(reports) if format == "json" and single else FORMATS[format](reports)


def _write(pieces: Iterator[str], output: Path | None) -> None:
    from repair.archive.files import write_atomic

    if output is not None:
        write_atomic(output, (piece.encode("utf-8", "surrogatepass") for piece in pieces))
        return
    stream = typer.get_binary_stream("stdout")
    for piece in pieces:
        stream.write(piece.encode("utf-8", "surrogatepass"))
        stream.flush()


def register(app: typer.Typer) -> None:
    """Add the command."""
    settings = ("threshold", "lm", "grammar", "device", "jobs", "text_field", "offline")
    command(app, "score", *settings, epilog=_EPILOG)(score)
