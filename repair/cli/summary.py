"""The table at the end of `clean` and `apply`, and what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from repair.cli.common import DONE, FAILED, Run
from repair.cli.lines import counted

if TYPE_CHECKING:
    from repair.archive.runner import Summary


def show(run: Run, summary: Summary, next_step: str) -> int:
    """Print the summary on stderr and return the exit code: a failed file is never 0."""
    if not run.quiet:
        run.err.print(_table(summary))
        for note in summary.notes:
            run.err.print(Text(f"note: {note}", style="dim"))
    for failure in summary.failures:
        run.err.print(Text.assemble(("failed: ", "bold red"), f"{failure.path}: {failure.reason}"))
    if summary.failures:
        run.err.print(Text(f"{counted(len(summary.failures), 'file')} could not be done; the others are."))
    run.note(next_step)
    return FAILED if summary.failures else DONE


def _table(summary: Summary) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    for number, what in (
        (summary.documents, "documents read"),
        (summary.flagged, "garbled"),
        (summary.sourced, "of these with a clean source"),
        (summary.suggestions, "suggestions"),
        (summary.applied, f"applied, in {counted(summary.changed, 'document')}"),
        (len(summary.failures), "failed"),
    ):
        table.add_row(f"{number:,}", what)
    return table
