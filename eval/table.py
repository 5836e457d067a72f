"""Figures in lines, and the lines as Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


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
