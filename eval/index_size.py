"""What an index of sources costs as archives grow: `python -m eval.index_size`.

Documents of sentences drawn from `mt_train`'s references, so that words and names are as rare as in news; no two are
alike. Each size is filled in a process of its own: seconds, peak memory, and megabytes on disk; the last line draws the
straight line through them to 100,000 documents.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from eval.data import rows
from repair.parallel.index import SourceIndex
from repair.records import Document

SIZES = (2_000, 8_000)
ASKED = 100_000
NO_EMBEDDER: Any = None
"""Nothing is embedded until a document asks for sources."""
SENTENCES = 20
"""Of one document: an article of some 450 words."""


def documents(count: int) -> Iterator[Document]:
    """Articles of sentences that people wrote, each put together once."""
    every = sorted({text for (text,) in rows("mt_train", "learn", ["reference"])})
    draw = random.Random(0)
    for number in range(count):
        yield replace(Document.of_text(" ".join(draw.sample(every, SENTENCES))), id=f"{number}.txt")


def fill(count: int) -> dict[str, float]:
    """Fill an index, here and now."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        SourceIndex.build(documents(count), NO_EMBEDDER, Path(folder))
        return {
            "documents": count,
            "seconds": time.perf_counter() - started,
            "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "MB before": before / 1024,
            "disk MB": sum(f.stat().st_size for f in Path(folder).rglob("*")) / 2**20,
        }


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line for each size, and the line through them."""
    parser = argparse.ArgumentParser(prog="python -m eval.index_size", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    args = parser.parse_args(argv)
    found = []
    # A process for each: peak memory never falls. Spawned, since a fork begins with its parent's peak.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for measured in pool.map(fill, args.sizes):
            found.append(measured)
            print(", ".join(f"{name} {value:,.0f}" for name, value in measured.items()), flush=True)
    first, last = found[0], found[-1]
    for name in ("seconds", "peak MB", "disk MB"):
        slope = (last[name] - first[name]) / (last["documents"] - first["documents"])
        print(f"{name} at {ASKED:,} documents: {last[name] + slope * (ASKED - last['documents']):,.0f}")


if __name__ == "__main__":
    main()
