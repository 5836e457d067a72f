"""`repair apply`: the cleaned copies again, from the decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repair.cli.common import DONE, FLAGGED, Run, command
from repair.cli.diffs import styled, unified
from repair.cli.summary import show
from repair.config import ApplyPolicy

_EPILOG = """
$ repair apply out
$ repair apply out --decisions mine.jsonl
$ repair apply out --revert
$ repair apply out --diff
"""


def apply(
    run: Run,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder that `repair clean` wrote.")],
    decisions: Annotated[
        Path | None, typer.Option("--decisions", metavar="FILE", help="Decisions; else OUT/decisions.jsonl.")
    ] = None,
    policy: Annotated[
        ApplyPolicy | None, typer.Option("--apply", help="For what nobody decided. [default: as in the run]")
    ] = None,
    revert: Annotated[bool, typer.Option("--revert", help="Write the originals; decisions stay.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print original against result; write nothing.")] = False,
) -> int:
    """Write the cleaned copies in OUT again: accepted changes in, rejected ones out.

    Needs OUT only: neither the archive nor the models. Copies that you changed by hand are left alone.
    """
    from repair.archive.runner import apply_decisions, preview

    if diff:
        changed = False
        for cleaned in preview(out, decisions, revert=revert, policy=policy):
            for line in unified(cleaned):
                changed = True
                run.out.print(styled(line))
        return FLAGGED if changed else DONE
    from repair.review.report import build

    summary = apply_decisions(out, decisions, revert=revert, policy=policy)
    build(out)
    return show(run, summary, f"The copies are in {out / 'clean'}.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "apply", epilog=_EPILOG)(apply)
