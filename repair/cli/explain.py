"""`repair explain`: one document in the terminal, with reasons and what the suggestions rest on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from repair.cli.common import DONE, FAILED, Run, command
from repair.cli.lines import Places, finding_line, marked, one_line, percent, report_lines
from repair.errors import InputError

if TYPE_CHECKING:
    from repair.config import Settings
    from repair.parallel import SourceIndex
    from repair.pipeline import Cleaner
    from repair.records import CleanedDocument, ScoreReport, SentenceScore, Suggestion

_EPILOG = """
$ repair explain article.txt
$ repair explain article.txt --sources wire/
"""


def explain(
    run: Run,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="One document, or a table of them.")],
    every: Annotated[bool, typer.Option("--all", help="Also show the sentences that are not flagged.")] = False,
) -> int:
    """Show one document: flagged sentences, marked words, why, and what each suggestion rests on.

    Without --sources, the other articles in the same folder are searched for its clean source.
    """
    from repair.archive.reading import read_inputs
    from repair.pipeline import Cleaner, finish

    code = DONE
    with Cleaner(run.settings) as cleaner:
        for document in read_inputs([path], text_field=run.settings.text_field):
            if isinstance(document, InputError):
                run.fail(document)
                code = FAILED
                continue
            report = cleaner.score(document)
            held = cleaner.hold(report, _index(cleaner, path, run.settings, flagged=report.flagged))
            suggestions = cleaner.suggest(held.report, held.sources)
            for line in _explained(finish(held.report, suggestions, held.sources, run.settings.apply), every=every):
                run.out.print(line)
    return code


def _index(cleaner: Cleaner, path: Path, settings: Settings, *, flagged: bool) -> SourceIndex | None:
    """Where the source of a document is looked for: --sources, else for a garbled one the articles beside it."""
    from repair.archive.reading import neighbours, read_folder

    if settings.sources is not None:
        return cleaner.index((), trusted=read_folder(settings.sources, text_field=settings.text_field))
    return cleaner.index(neighbours(path, text_field=settings.text_field)) if flagged else None


def _explained(cleaned: CleanedDocument, *, every: bool) -> Iterator[Text]:
    report = cleaned.report
    yield next(report_lines(report))
    for match in cleaned.sources:
        yield Text(f"clean source: {match.source.source.path} (alignment {match.score:.2f})")
    reasons = {skipped.suggestion.id: skipped.reason for skipped in cleaned.skipped}
    places = Places(report.document.text)
    starts = [scored.sentence.span.start for scored in report.sentences]
    at: dict[int, list[Suggestion]] = {}
    for suggestion in cleaned.suggestions:
        at.setdefault(_home(suggestion, starts), []).append(suggestion)
    for index, scored in enumerate(report.sentences):
        own = at.get(index, [])
        if scored.flagged or own or every:
            yield Text()
            yield from _sentence(scored, report, places)
            for suggestion in own:
                yield from _suggestion(suggestion, reasons.get(suggestion.id))


def _home(suggestion: Suggestion, starts: Sequence[int]) -> int:
    """The index of the sentence that a suggestion is shown at: the one in which it begins."""
    return max(0, bisect_right(starts, suggestion.sentence.start) - 1)


def _sentence(scored: SentenceScore, report: ScoreReport, places: Places) -> Iterator[Text]:
    line, column = places(scored.sentence.span.start)
    style = "bold red" if scored.flagged else "dim"
    kind = scored.sentence.kind.value
    yield Text.assemble(
        (f"{line}:{column} {percent(scored.score)} {kind} ", style), marked(scored, report.document.text)
    )
    for finding in scored.findings:
        yield finding_line(finding, report.document.text)
        for evidence in finding.evidence:
            yield Text(f"        {evidence.relation.value} in {evidence.path}: {one_line(evidence.text)}", style="dim")


def _suggestion(suggestion: Suggestion, skipped: str | None) -> Iterator[Text]:
    scores = f", score {percent(suggestion.score_before)} to {percent(suggestion.score_after)}"
    fate = ("not applied: " + skipped, "yellow") if skipped else ("applied", "green")
    yield Text.assemble(
        (f"    {suggestion.origin} ({suggestion.tier}{scores if suggestion.score_after is not None else ''}) ", "bold"),
        fate,
        f": {suggestion.reason}",
    )
    yield Text(f"      - {one_line(suggestion.edit.before)}", style="red")
    yield Text(f"      + {one_line(suggestion.edit.after) or '(nothing)'}", style="green")
    for evidence in suggestion.evidence:
        yield Text(f"        {evidence.relation.value} in {evidence.path}: {one_line(evidence.text)}", style="dim")
    for check in suggestion.refused_by:
        yield Text(f"        refused by {check.name}: {check.detail}", style="yellow")


def register(app: typer.Typer) -> None:
    """Add the command."""
    settings = ("threshold", "lm", "sources", "apply", "rewriter", "grammar", "device", "text_field", "offline")
    command(app, "explain", *settings, epilog=_EPILOG)(explain)
