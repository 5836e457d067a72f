"""Build the scorer's training set: documents of sentences with damage labels, from the files that may be learned from.

    python scripts/build_training_set.py --split train --out .cache/train.parquet
    python scripts/build_training_set.py --split dev --out .cache/dev.parquet

One row a sentence: document, source, index, text, label (1 garbled, 0 clean, -1 neither: read as context only), spans
(characters that are wrong). Sources: people's corrections of machine output (`postedit_train_*`), weak and strong
engines beside human references (`mt_train`), translators' error marks (`error_spans_train_*`), original news and
our own corruptions of it (`roundtrip_train`: 2009-2016 to learn from, 2017 to choose by). `--split dev` reads the
`*_dev_*` files instead. Files for measuring are never read.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from corruptions import Confusions, corrupt, learn_confusions
from sacrebleu.metrics import CHRF
from sacremoses import MosesDetokenizer

DATA = Path(os.environ.get("REPAIR_DATA", "../shared/data"))
WEAK = ("argos", "opusmt", "nllb", "bergamot-tiny")
LOW_CHRF, HIGH_CHRF = 42.0, 75.0
"""Segment chrF to the reference below which machine output is called garbled, above which clean."""
BAD_HTER, GOOD_HTER = 0.35, 0.08
HELD_OUT_YEAR = 2017
DOCUMENT = 12
"""Sentences of one pseudo-document: enough for 128 tokens of context."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence of the training set."""

    document: str
    source: str
    index: int
    text: str
    label: int
    spans: tuple[tuple[int, int], ...] = ()


def read(name: str) -> pd.DataFrame:
    """A file of the data folder as a table."""
    return pq.read_table(DATA / f"{name}.parquet").to_pandas()


def spans_of_tags(detokenised: str, tokens: list[str], tags: list[str]) -> tuple[tuple[int, int], ...]:
    """Characters of the words tagged BAD; tags alternate gap, word, gap. Tokens are found from left to right."""
    spans, at = [], 0
    for token, tag in zip(tokens, tags[1::2], strict=False):
        found = detokenised.find(token, at)
        if found < 0:
            continue
        at = found + len(token)
        if tag == "BAD":
            spans.append((found, at))
    return tuple(spans)


def from_postedits(rng: random.Random, split: str, per_pair: int) -> Iterator[Row]:
    """Machine output by its HTER, and its correction by a person; each sentence alone."""
    join = MosesDetokenizer(lang="en")
    for pair in ("ro", "et", "ne", "si"):
        table = read(f"postedit_{split}_{pair}").sample(frac=1, random_state=rng.randrange(2**31))
        for row in table.head(per_pair).itertuples():
            name = f"postedit-{pair}-{row.segment}"
            edited = join.detokenize(row.post_edit.split())
            yield Row(f"{name}-pe", f"postedit_{pair}", 0, edited, 0)
            text = join.detokenize(row.mt.split())
            label = 1 if row.hter >= BAD_HTER else 0 if row.hter <= GOOD_HTER else -1
            spans = spans_of_tags(text, row.mt.split(), row.tags.split())
            yield Row(f"{name}-mt", f"postedit_{pair}", 0, text, label, spans)


def from_engines(rng: random.Random, split: str, documents: int) -> Iterator[Row]:
    """Consecutive segments of one engine, judged by chrF to the reference, and the references themselves."""
    table = read("mt_train" if split == "train" else "mt_dev_wmt18").sort_values(
        ["testset", "pair", "engine", "segment"]
    )
    groups = [g.reset_index(drop=True) for _, g in table.groupby(["testset", "pair", "engine"], sort=True)]
    weights = [3.0 if g.engine[0] in WEAK else 1.0 for g in groups]
    score = CHRF()
    for number, group in enumerate(rng.choices(groups, weights, k=documents)):
        start = rng.randrange(max(1, len(group) - DOCUMENT))
        part = group[start : start + DOCUMENT]
        human = number % 3 == 0
        for i, row in enumerate(part.itertuples()):
            if human:
                yield Row(f"engine-{number}", "reference", i, row.reference, 0)
                continue
            chrf = score.sentence_score(row.mt, [row.reference]).score
            low = chrf < LOW_CHRF if row.engine in WEAK else chrf < LOW_CHRF - 12
            label = 1 if low else 0 if chrf > HIGH_CHRF else -1
            yield Row(f"engine-{number}", f"engine_{row.engine}", i, row.mt, label)


def from_error_spans(rng: random.Random, split: str, documents: int) -> Iterator[Row]:
    """Chinese-English systems with the spans that translators marked; two major errors make a sentence garbled."""
    for name in ("train_news21", "train_ted21") if split == "train" else ("dev_news22",):
        table = read(f"error_spans_{name}_zh").sort_values(["system", "document", "segment"])
        groups = [g for _, g in table.groupby(["system", "document"], sort=True)]
        for number, group in enumerate(rng.sample(groups, min(documents, len(groups)))):
            for i, row in enumerate(group.head(DOCUMENT).itertuples()):
                major = sum(s["severity"] == "major" for s in row.spans)
                label = 1 if major >= 2 else 0 if len(row.spans) == 0 else -1
                spans = tuple((s["start"], s["end"]) for s in row.spans)
                yield Row(f"spans-{name}-{number}", f"spans_{name}", i, row.mt, label, spans)


def original_news(split: str) -> list[str]:
    """English news as it was written; the held-out year is dev."""
    table = read("roundtrip_train").drop_duplicates("original").sort_values(["year", "id"], kind="stable")
    return table[(table.year == HELD_OUT_YEAR) == (split == "dev")].original.tolist()


def from_news(rng: random.Random, split: str, share: float, confusions: Confusions) -> Iterator[Row]:
    """Original news as it is, then the same wholly corrupted or with single corrupted sentences."""
    texts = original_news(split)
    starts = range(0, len(texts) - DOCUMENT + 1, DOCUMENT)
    chosen = rng.sample(starts, int(min(1.0, share) * len(starts)))
    for number, start in enumerate([*chosen, *chosen]):
        damage = 0.0 if number < len(chosen) else (0.6, 0.15)[number % 2]
        for i, text in enumerate(texts[start : start + DOCUMENT]):
            damaged = None
            if rng.random() < damage:
                damaged = corrupt(text, rng, confusions, operations=rng.choice((1, 2, 2, 3, 4)))
            if damaged is None:
                yield Row(f"news-{number}", "news", i, text, 0)
            else:
                yield Row(f"news-{number}", "corrupted", i, damaged.text, 1, damaged.spans)


def alone(split: str) -> Iterator[Row]:
    """Original news, each sentence without its document."""
    for i, text in enumerate(original_news(split)):
        yield Row(f"solo-{i}", "news_alone", 0, text, 0)


def build(split: str, seed: int, scale: float) -> list[Row]:
    """All rows. `scale` multiplies the size of every source."""
    rng = random.Random(seed)
    weak = read("mt_train")
    weak = weak[weak.engine.isin(WEAK)].sample(20_000, random_state=seed)
    confusions = learn_confusions(zip(weak.mt, weak.reference, strict=True))
    return [
        *from_postedits(rng, split, int(1200 * scale)),
        *from_engines(rng, split, int(500 * scale)),
        *from_error_spans(rng, split, int(220 * scale)),
        *from_news(rng, split, scale if split == "train" else 1.0, confusions),
        *(alone(split) if split == "dev" else ()),
    ]


def main() -> None:
    """Write the training set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    parser.add_argument("--out", type=Path, default=Path(".cache/train.parquet"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    rows = build(arguments.split, arguments.seed, arguments.scale)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: [getattr(row, name) for row in rows] for name in Row.__slots__}
    columns["spans"] = [[list(span) for span in row.spans] for row in rows]
    pq.write_table(pa.table(columns), arguments.out)
    frame = pd.DataFrame({"source": columns["source"], "label": columns["label"]})
    print(frame.groupby(["source", "label"]).size().unstack(fill_value=0).to_string())


if __name__ == "__main__":
    main()
