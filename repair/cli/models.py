"""`repair models`: where the models come from, and fetching them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
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
        for each in status():
            for line in _lines(each):
                run.out.print(line)
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


def _lines(each: ModelStatus) -> Iterator[Text]:
    card = each.card
    state = ("ready", "green") if each.ready else (each.problem, "yellow")
    yield Text.assemble((card.name, "bold"), ": ", state)
    yield Text(f"    for      {card.purpose}")
    yield Text(f"    from     {card.origin}, as {card.wheel.requirement} ({card.wheel.size / 1e6:.0f} MB)")
    yield Text(f"    licence  {card.licence}")
    yield Text(f"    sha256   {card.sha256}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "models", epilog=_EPILOG)(models)
