"""`repair review`: the report, rebuilt or served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repair.cli.common import DONE, Run, command

_EPILOG = """
$ repair review out
$ repair review out --serve
Then: repair apply out
"""


def review(
    run: Run,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder that `repair clean` wrote.")],
    serve: Annotated[bool, typer.Option("--serve", help="Serve it to this machine's browser; save decisions.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="With --serve; 0 takes a free one.")] = 0,
) -> int:
    """Build the report again, or serve it so that decisions are saved.

    The page shows what is wrong, what is proposed, and on what evidence. Only this machine can reach it.
    """
    if serve:
        from repair.review.server import serve as start

        start(out, port=port, on_ready=lambda url: run.out.print(f"Review at {url} (Ctrl-C stops)", markup=False))
        return DONE
    from repair.review.report import build

    run.out.print(str(build(out)), markup=False)
    return DONE


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "review", epilog=_EPILOG)(review)
