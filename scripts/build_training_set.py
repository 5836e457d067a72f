"""Build the scorer's training set: documents of sentences with damage labels, from the files that may be learned from.

    python scripts/build_training_set.py --split train --out .cache/train.parquet
    python scripts/build_training_set.py --split dev --out .cache/dev.parquet
    python scripts/build_training_set.py --split fit-clean --out .cache/fit-clean.parquet
    python scripts/build_training_set.py --split dev-clean --out .cache/dev-clean.parquet

One row a sentence: document, source, index, text; `damage` from 0 (clean) to 1 (garbled), -1 where nobody said; the
`spans` that are wrong with their severity (2 major, 1 minor), and whether words were judged at all. Sources: people's
corrections of machine output (`postedit_train_*`), weak and strong engines beside human references (`mt_train`,
`mt_train_flores`), translators' error marks (`error_spans_train_*`), original news, its round trips and our own
corruptions of it (`roundtrip_train`: 2009-2016 to learn from, 2017 to choose by), and people's own English with its
slips (`slips.py`). `--split dev` reads the `*_dev_*` files instead; `fit-clean` and `dev-clean` are documents of
people's prose other than news, and of hurried writers. Files for measuring are never read.
"""

from __future__ import annotations

import argparse
import html
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from clean_prose import people_documents, technical_documents
from corruptions import Confusions, corrupt, learn_confusions
from sacrebleu.metrics import CHRF
from slips import hurried, people, slip

from eval.data import detokenise

DATA = Path(os.environ.get("REPAIR_DATA", "../shared/data"))
WEAK = ("argos", "opusmt", "nllb", "bergamot-tiny")
LOW_CHRF, HIGH_CHRF = 42.0, 75.0
"""Segment chrF to the reference below which machine output is called garbled, above which clean."""
BAD_HTER, GOOD_HTER = 0.35, 0.08
HELD_OUT_YEAR = 2017
DOCUMENT = 8
"""Sentences of one pseudo-document: about the 256 tokens that the model scores in one window."""
MAJOR, MINOR = 2, 1
CLEAN_DOCUMENTS, HURRIED_DOCUMENTS = 150, 50
PEOPLE_DEV = 5
"""Every fifth of the people's sentences is for choosing by."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence of the training set. `spans` are (start, end, severity)."""

    document: str
    source: str
    index: int
    text: str
    damage: float
    spans: tuple[tuple[int, int, int], ...] = ()
    words_judged: bool = False


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is drawn of each source: sentences a pair, documents, sentences."""

    postedits: int
    engines: int
    flores: int
    spans: int
    round_trips: int
    news: int
    people: int
    hurried: int


SIZES = {
    "train": Sizes(
        postedits=2600, engines=420, flores=2400, spans=620, round_trips=170, news=300, people=2600, hurried=150
    ),
    "dev": Sizes(postedits=350, engines=110, flores=0, spans=60, round_trips=0, news=120, people=900, hurried=0),
}


def read(name: str) -> pd.DataFrame:
    """A file of the data folder as a table."""
    return pq.read_table(DATA / f"{name}.parquet").to_pandas()


def spans_of_tags(detokenised: str, tokens: list[str], tags: list[str]) -> tuple[tuple[int, int, int], ...]:
    """Characters of the words tagged BAD; tags alternate gap, word, gap. Tokens are found from left to right."""
    spans, at = [], 0
    for token, tag in zip(tokens, tags[1::2], strict=False):
        found = detokenised.find(token, at)
        if found < 0:
            continue
        at = found + len(token)
        if tag == "BAD":
            spans.append((found, at, MAJOR))
    return tuple(spans)


def from_postedits(rng: random.Random, split: str, per_pair: int) -> Iterator[Row]:
    """Machine output with its HTER as damage, and its correction by a person; each sentence alone."""
    for pair in ("ro", "et", "ne", "si"):
        table = read(f"postedit_{split}_{pair}").sample(frac=1, random_state=rng.randrange(2**31))
        for row in table.head(per_pair).itertuples():
            name = f"postedit-{pair}-{row.segment}"
            edited = detokenise(row.post_edit)
            yield Row(f"{name}-pe", f"postedit_{pair}", 0, edited, 0.0, words_judged=True)
            text = detokenise(row.mt)
            damage = min(1.0, max(0.0, (row.hter - GOOD_HTER) / (BAD_HTER - GOOD_HTER)))
            spans = spans_of_tags(text, row.mt.split(), row.tags.split())
            yield Row(f"{name}-mt", f"postedit_{pair}", 0, text, damage, spans, words_judged=True)


def _engine_row(document: str, index: int, engine: str, mt: str, reference: str, score: CHRF) -> Row:
    text = html.unescape(mt)
    chrf = score.sentence_score(text, [reference]).score
    low = chrf < LOW_CHRF if engine in WEAK else chrf < LOW_CHRF - 12
    return Row(document, f"engine_{engine}", index, text, 1.0 if low else 0.0 if chrf > HIGH_CHRF else -1.0)


def from_engines(rng: random.Random, split: str, documents: int) -> Iterator[Row]:
    """Consecutive segments of one engine, judged by chrF to the reference, and the references themselves."""
    table = read("mt_train" if split == "train" else "mt_dev_wmt18").sort_values(
        ["testset", "pair", "engine", "segment"]
    )
    groups = [g.reset_index(drop=True) for _, g in table.groupby(["testset", "pair", "engine"], sort=True)]
    score = CHRF()
    for number, group in enumerate(rng.choices(groups, k=documents)):
        start = rng.randrange(max(1, len(group) - DOCUMENT))
        for i, row in enumerate(group[start : start + DOCUMENT].itertuples()):
            if number % 2:
                yield Row(f"engine-{number}", "reference", i, row.reference, 0.0, words_judged=True)
            else:
                yield _engine_row(f"engine-{number}", i, row.engine, row.mt, row.reference, score)


def from_flores(rng: random.Random, sentences: int) -> Iterator[Row]:
    """Fifty-eight languages: each sentence alone, as an engine wrote it or as people did."""
    score = CHRF()
    table = read("mt_train_flores").sample(sentences, random_state=rng.randrange(2**31))
    for number, row in enumerate(table.itertuples()):
        name = f"flores-{number}"
        if number % 3 == 0:
            yield Row(name, "reference_flores", 0, row.reference, 0.0, words_judged=True)
        else:
            yield _engine_row(name, 0, row.engine, row.mt, row.reference, score)


def from_error_spans(rng: random.Random, split: str, documents: int) -> Iterator[Row]:
    """Chinese-English systems with the spans that translators marked; two major errors make a sentence garbled."""
    for name in ("train_news21", "train_ted21") if split == "train" else ("dev_news22",):
        table = read(f"error_spans_{name}_zh").sort_values(["system", "document", "segment"])
        table["part"] = table.groupby(["system", "document"]).cumcount() // DOCUMENT
        groups = [g for _, g in table.groupby(["system", "document", "part"], sort=True)]
        for number, group in enumerate(rng.sample(groups, min(documents, len(groups)))):
            for i, row in enumerate(group.itertuples()):
                spans = tuple((s["start"], s["end"], MAJOR if s["severity"] == "major" else MINOR) for s in row.spans)
                major = sum(severity == MAJOR for *_, severity in spans)
                damage = 1.0 if major >= 2 else 0.6 if major else 0.25 if spans else 0.0
                name_ = f"spans-{name}-{number}"
                yield Row(name_, f"spans_{name}", i, row.mt, damage, spans, words_judged=True)


def round_trip_table(split: str) -> pd.DataFrame:
    """Original news and its round trips in the order of the documents; the held-out year is dev."""
    table = read("roundtrip_train").sort_values(["year", "id"], kind="stable")
    return table[(table.year == HELD_OUT_YEAR) == (split == "dev")]


def from_round_trips(rng: random.Random, documents: int) -> Iterator[Row]:
    """What DeepL and Google bring back of German: fluent, so that nobody said how damaged it is."""
    for engine, table in round_trip_table("train").groupby("engine", sort=True):
        texts = table.damaged.tolist()
        for start in rng.sample(range(0, len(texts) - DOCUMENT, DOCUMENT), documents):
            for i, text in enumerate(texts[start : start + DOCUMENT]):
                yield Row(f"trip-{engine}-{start}", f"trip_{engine}", i, text, -1.0)


def news_sentences(split: str) -> list[str]:
    """Original news in the order of the documents, each sentence once."""
    return list(round_trip_table(split).drop_duplicates("original").original)


def drawn(rng: random.Random, texts: list[str], documents: int) -> list[list[str]]:
    """So many documents of consecutive sentences, or all that there are."""
    starts = range(0, len(texts) - DOCUMENT + 1, DOCUMENT)
    return [texts[start : start + DOCUMENT] for start in rng.sample(starts, min(documents, len(starts)))]


def from_news(rng: random.Random, split: str, documents: int, confusions: Confusions) -> Iterator[Row]:
    """Original news as it is, then the same wholly corrupted or with single corrupted sentences."""
    texts = news_sentences(split)
    chosen = drawn(rng, texts, documents)
    for number, sentences in enumerate([*chosen, *chosen]):
        damage = 0.0 if number < len(chosen) else (0.6, 0.15)[number % 2]
        for i, text in enumerate(sentences):
            damaged = None
            if rng.random() < damage:
                damaged = corrupt(text, rng, confusions, operations=rng.choice((1, 2, 2, 3, 4)))
            if damaged is None:
                yield Row(f"news-{number}", "news", i, text, 0.0, words_judged=True)
            else:
                spans = tuple((start, end, MAJOR) for start, end in damaged.spans)
                yield Row(f"news-{number}", "corrupted", i, damaged.text, 1.0, spans, words_judged=True)
    if split == "dev":
        for i, text in enumerate(texts):
            yield Row(f"solo-{i}", "news_alone", 0, text, 0.0, words_judged=True)


def from_people(rng: random.Random, split: str, sentences: int, work: Path) -> Iterator[Row]:
    """People's own English, and news with people's slips; each sentence alone, all of it clean."""
    texts = [t for i, t in enumerate(people(work)) if (i % PEOPLE_DEV == 0) == (split == "dev")]
    news = news_sentences(split)
    for i, text in enumerate(rng.sample(texts, sentences)):
        shown = slip(text, rng) if i % 3 == 0 else text
        yield Row(f"people-{i}", "people", 0, shown, 0.0, words_judged=True)
    for i, text in enumerate(rng.sample(news, sentences // 2)):
        yield Row(f"slips-{i}", "slips", 0, slip(text, rng), 0.0, words_judged=True)


def from_hurried(rng: random.Random, documents: list[list[str]]) -> Iterator[Row]:
    """The documents as pupils and hurried writers put them: badly spelt, and clean."""
    for number, sentences in enumerate(documents):
        for i, text in enumerate(hurried(sentences, rng)):
            yield Row(f"writers-{number}", "writers", i, text, 0.0, words_judged=True)


def from_clean_prose(rng: random.Random, split: str, work: Path) -> Iterator[Row]:
    """Reviews, editorials and technical prose in their documents, a third of them with slips; then editorials and
    news by hurried writers. All of it clean.
    """
    written = [d for i, d in enumerate(people_documents(work)) if (i % 2 == 0) == (split == "dev")]
    kinds = {
        "prose": rng.sample(written, CLEAN_DOCUMENTS),
        "technical": technical_documents(split, 1)[:CLEAN_DOCUMENTS],
    }
    for kind, documents in kinds.items():
        for number, sentences in enumerate(documents):
            for i, text in enumerate(sentences):
                shown = slip(text, rng) if number % 3 == 0 and rng.random() < 0.5 else text
                yield Row(f"{kind}-{number}", kind, i, shown, 0.0, words_judged=True)
    news = drawn(rng, news_sentences(split), HURRIED_DOCUMENTS)
    yield from from_hurried(rng, [*rng.sample(written, HURRIED_DOCUMENTS), *news])


def build(split: str, seed: int, scale: float, work: Path) -> list[Row]:
    """All rows. `scale` multiplies the size of every source."""
    rng = random.Random(seed)
    if split.endswith("-clean"):
        return list(from_clean_prose(rng, split.removesuffix("-clean"), work))
    sizes = Sizes(*(int(size * scale) for size in _values(SIZES[split])))
    weak = read("mt_train")
    weak = weak[weak.engine.isin(WEAK)].sample(20_000, random_state=seed)
    confusions = learn_confusions(zip(weak.mt, weak.reference, strict=True))
    return [
        *from_postedits(rng, split, sizes.postedits),
        *from_engines(rng, split, sizes.engines),
        *(from_flores(rng, sizes.flores) if sizes.flores else ()),
        *from_error_spans(rng, split, sizes.spans),
        *(from_round_trips(rng, sizes.round_trips) if sizes.round_trips else ()),
        *from_news(rng, split, sizes.news, confusions),
        *from_people(rng, split, sizes.people, work),
        *from_hurried(rng, drawn(rng, news_sentences(split), sizes.hurried)),
    ]


def _values(sizes: Sizes) -> tuple[int, ...]:
    return tuple(getattr(sizes, name) for name in Sizes.__slots__)


def main() -> None:
    """Write the training set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "dev", "fit-clean", "dev-clean"), default="train")
    parser.add_argument("--out", type=Path, default=Path(".cache/train.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache/people"), help="where fetched packages are kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    rows = build(arguments.split, arguments.seed, arguments.scale, arguments.work)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: [getattr(row, name) for row in rows] for name in Row.__slots__}
    columns["spans"] = [[list(span) for span in row.spans] for row in rows]
    pq.write_table(pa.table(columns), arguments.out)
    frame = pd.DataFrame({"source": columns["source"], "damage": columns["damage"], "text": columns["text"]})
    frame["kind"] = pd.cut(frame.damage, [-2, -0.5, 0.0, 0.99, 2], labels=["unknown", "clean", "some", "garbled"])
    print(frame.groupby(["source", "kind"], observed=False).size().unstack(fill_value=0).to_string())
    print(f"{len(rows):,} sentences, {frame.text.str.split().str.len().sum():,} words")


if __name__ == "__main__":
    main()
