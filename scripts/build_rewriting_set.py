"""Build what the rewriter learns from: damaged sentences and what people made of them, clean ones to leave alone.

    python scripts/build_rewriting_set.py --out .cache/rewriting.parquet

One row a pair: kind, before (the sentence in front of it, where there is one), source (a clean sentence that tells the
same, where there is one), damaged, clean. Pairs: people's light corrections (`postedit_train_*`), our corruptions of
news undone, round trips with the original told as the source, and at least a third clean sentences that stay as they
are. Files for measuring and the held-out year are never read.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from build_training_set import WEAK, read, round_trip_table
from corruptions import Confusions, corrupt, learn_confusions
from slips import people

from eval.data import detokenise

SOURCED, CORRUPTED, CLEAN_NEWS, CLEAN_PEOPLE = 1200, 6000, 3500, 1000
LIGHT = 0.4
"""HTER from which a correction is left out: nobody could make it without the foreign source, and learning from it
teaches to make things up (`eval/LOG.md`)."""
SAME = 0.02
"""HTER up to which a correction changes nothing worth learning."""
LOSES = "lose_tail"
"""The corruption that leaves out what nobody can put back."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and what it should be."""

    kind: str
    damaged: str
    clean: str
    before: str = ""
    source: str = ""


def from_postedits() -> Iterator[Pair]:
    """Machine output and its light correction; of each fourth pair the correction, to be left alone."""
    for pair in ("ne", "si", "et", "ro"):
        table = read(f"postedit_train_{pair}")
        for number, row in enumerate(table[table.hter < LIGHT].itertuples()):
            mended = detokenise(row.post_edit)
            if number % 4 == 0:
                yield Pair("postedit_clean", mended, mended)
            elif row.hter > SAME:
                yield Pair(f"postedit_{pair}", detokenise(row.mt), mended)


def from_news(rng: random.Random, confusions: Confusions) -> Iterator[Pair]:
    """News left alone, news corrupted, and round trips of news beside it; each with the sentence before it."""
    table = round_trip_table("train").reset_index(drop=True)
    earlier = ["", *table.original.tolist()[:-1]]
    order = iter(rng.sample(range(len(table)), len(table)))
    for i in islice(order, CLEAN_NEWS):
        yield Pair("news_clean", table.original[i], table.original[i], earlier[i])
    for i in islice(order, CORRUPTED):
        damaged = corrupt(table.original[i], rng, confusions, operations=rng.choice((1, 1, 2, 3)))
        if damaged is not None and LOSES not in damaged.operations:
            yield Pair("corrupted", damaged.text, table.original[i], earlier[i])
    for i in islice(order, SOURCED):
        yield Pair("sourced", table.damaged[i], table.original[i], earlier[i], table.original[i])


def build(seed: int, work: Path) -> list[Pair]:
    """All pairs in random order."""
    rng = random.Random(seed)
    weak = read("mt_train")
    weak = weak[weak.engine.isin(WEAK)].sample(20_000, random_state=seed)
    confusions = learn_confusions(zip(weak.mt, weak.reference, strict=True))
    own: Sequence[str] = rng.sample(people(work), CLEAN_PEOPLE)
    pairs = [*from_postedits(), *from_news(rng, confusions), *(Pair("people_clean", t, t) for t in own)]
    rng.shuffle(pairs)
    return pairs


def main() -> None:
    """Write the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(".cache/rewriting.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache/people"), help="where fetched packages are kept")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    pairs = build(arguments.seed, arguments.work)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: [getattr(p, name) for p in pairs] for name in Pair.__slots__}), arguments.out)
    same = sum(p.damaged == p.clean for p in pairs)
    print(f"{len(pairs):,} pairs, {same:,} of them to be left alone")


if __name__ == "__main__":
    main()
