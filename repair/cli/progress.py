"""A progress bar on stderr, where stderr is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from repair.cli.common import Run


@contextmanager
def progress_bar(run: Run) -> Iterator[Callable[[str, int, int], None]]:
    """A function that moves the bar: stage, done, total. Silent under -q and where nobody looks."""
    if run.quiet or not run.err.is_terminal:
        yield _silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=run.err, transient=True) as bar:

        def move(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield move


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Nobody looks."""
