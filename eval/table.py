"""Figures in lines, and the lines as Markdown or JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `low` and `high` bound its 95 % interval; `of` is what it is counted out of."""

    section: str
    data: str
    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    of: int | None = None


def markdown(rows: Sequence[Row]) -> str:
    """The lines as a Markdown table."""
    head = "| | data | figure | value |\n|---|---|---|---|\n"
    return head + "".join(f"| {r.section} | {r.data} | {r.metric} | {_shown(r)} |\n" for r in rows)


def timed(part: str, rows: Iterable[Row]) -> list[Row]:
    """The lines of one part; how long they took goes to standard error."""
    started = time.perf_counter()
    found = list(rows)
    print(f"{part}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return found


def publish(rows: Sequence[Row], signature: str, file: Path | None) -> None:
    """Print the table under its signature; into `file`, where one is given, the same as JSON."""
    print(f"`{signature}`\n\n{markdown(rows)}", end="")
    if file:
        file.write_text(to_json(rows, signature), encoding="utf-8")


def to_json(rows: Sequence[Row], signature: str) -> str:
    """The lines as JSON, with the signature of what was measured."""
    return json.dumps({"signature": signature, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"


def _shown(row: Row) -> str:
    if isinstance(row.value, int):
        shown = f"{row.value:,}"
    else:
        shown = f"{row.value:.3f}" if abs(row.value) < 10 else f"{row.value:,.1f}"
    if row.low is not None and row.high is not None:
        shown += f" ({row.low:.3f}-{row.high:.3f})"
    return shown if row.of is None else f"{shown} of {row.of}"
