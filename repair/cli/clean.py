"""`repair clean`: an archive in, cleaned copies and a report out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from repair.cli.common import DONE, FAILED, FLAGGED, Run, command
from repair.cli.diffs import styled, unified
from repair.cli.progress import progress_bar
from repair.cli.summary import show
from repair.errors import ConfigError

_OPTIONS = ("threshold", "lm", "sources", "apply", "rewriter", "grammar", "device", "jobs", "text_field", "offline")
_EPILOG = """
$ repair clean articles/ -o out
$ repair clean articles/ -o out --sources wire/ --apply none
$ repair clean articles/ --diff
Killed or interrupted, the same command goes on where it was.
Exit codes: 0 done; 1 with --diff, where something would change; 2 an error, or a file that could not be done.
"""


def clean(
    run: Run,
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="The folder with the articles; only ever read.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="OUT", help="The folder for copies and report.")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print what would change as a unified diff; write nothing; exit 1 if so.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="With --diff, exit 0 also where something changes.")
    ] = False,
) -> int:
    """Mend a folder of articles: cleaned copies, and a report of what is wrong and why.

    A garbled document is held against the clean ones of the folder and of --sources. What these support is applied;
    what only a model proposes waits for your review. ARCHIVE is never written to.
    """
    if diff:
        return _show_diff(run, archive, exit_zero=exit_zero)
    if out is None:
        raise ConfigError("repair clean", "no OUT folder is named", "Add `-o OUT`, or `--diff` to look only.")
    from repair.archive.runner import clean_archive
    from repair.review.report import build

    with progress_bar(run) as progress:
        summary = clean_archive(archive, out, run.settings, progress)
        report = build(out)
    return show(run, summary, f"Read {report}, or decide with `repair review {out} --serve`.")


def _show_diff(run: Run, archive: Path, *, exit_zero: bool) -> int:
    """Clean into a folder that is thrown away: what is shown is what would be written."""
    from repair.archive.runner import clean_archive, preview

    changed = False
    with TemporaryDirectory(prefix="repair-") as folder:
        with progress_bar(run) as progress:
            summary = clean_archive(archive, Path(folder), run.settings, progress)
        for cleaned in preview(Path(folder)):
            for line in unified(cleaned):
                changed = True
                run.out.print(styled(line))
    for failure in summary.failures:
        run.err.print(f"failed: {failure.path}: {failure.reason}", markup=False)
    if summary.failures:
        return FAILED
    return FLAGGED if changed and not exit_zero else DONE


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "clean", *_OPTIONS, epilog=_EPILOG)(clean)
