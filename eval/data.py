"""Sentences and stories out of the evaluation files, and who may read which.

Files named `*_train_*` may be learned from, `*_dev_*` are for choosing thresholds and settings; all others that
people wrote, and files named `*_test_*`, are for measuring alone. A reader says what it reads for, and is refused
what is not meant for that. The files lie in the folder that REPAIR_DATA names, else in ../shared/data.
"""

from __future__ import annotations

import hashlib
import html
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
Purpose = Literal["learn", "choose", "measure"]

PAIRS = ("ro", "et", "ne", "si")
ESSAYS = tuple(
    f"human_essays_{name}"
    for name in ("toefl_real_91", "hewlettstudentessay_real_88", "collegeessay_real_70", "cs224n_real_145")
)
WEAK_ENGINES = ("argos", "opusmt", "nllb", "bergamot-tiny")
BAD_HTER = 0.35
"""Share of words that a person changed from which a sentence is called garbled."""
LOW_CHRF = 42.0
"""chrF to the reference below which a weak engine's sentence is called garbled."""
HELD_OUT_YEAR = 2017
"""Of roundtrip_train, the year that nothing is fitted to: it serves as its development part."""
STORY = 12
"""Sentences of one story. The round trips stand in document order, but say nothing of where documents end."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sentences that a person, or the way they came about, calls garbled or clean."""

    name: str
    garbled: tuple[str, ...]
    clean: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Names the very sentences, so that figures are compared like with like."""
        return digest([self.name, *self.garbled, "", *self.clean])


@dataclass(frozen=True, slots=True)
class Story:
    """Neighbouring sentences as they were written, and after their way through another language."""

    id: str
    original: tuple[str, ...]
    damaged: tuple[str, ...]


def digest(parts: Iterable[str]) -> str:
    """sha256 of strings, each told apart from its neighbours."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def data_folder() -> Path | None:
    """The folder of evaluation files, or None where there is none."""
    named = os.environ.get("REPAIR_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def allowed(name: str, purpose: Purpose) -> bool:
    """True where a file may be read for this purpose."""
    measured_only = "_test_" in f"{name}_" or name.startswith("human_")
    chosen_by = "_dev_" in f"{name}_"
    return purpose == "measure" or not (measured_only or (chosen_by and purpose == "learn"))


def rows(name: str, purpose: Purpose, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """A file's rows with these columns, in the file's order.

    Raises PermissionError where the file is not meant for the purpose, FileNotFoundError where it is absent.
    """
    if not allowed(name, purpose):
        raise PermissionError(f"{name} is for measuring alone; this reads it to {purpose}")
    folder = data_folder()
    if folder is None:
        raise FileNotFoundError("no evaluation data: set REPAIR_DATA to the folder that holds the parquet files")
    import pyarrow.parquet as pq

    table = pq.read_table(folder / f"{name}.parquet", columns=list(columns))
    return list(zip(*(table.column(column).to_pylist() for column in columns), strict=True))


@cache
def _detokenizer() -> Any:
    from sacremoses import MosesDetokenizer

    return MosesDetokenizer(lang="en")


def detokenise(text: str) -> str:
    """Tokenised text as people write it, by the rules of Moses."""
    return str(_detokenizer().detokenize(text.split()))


def pick(name: str, garbled: Iterable[str], clean: Iterable[str], size: int, seed: int) -> Sample:
    """`size` sentences of each side, drawn once and for all by `seed`; all of a side that has fewer."""

    def drawn(side: Iterable[str]) -> tuple[str, ...]:
        every = sorted(set(side))
        return tuple(random.Random(f"{name}/{seed}").sample(every, min(size, len(every))))

    return Sample(name, drawn(garbled), drawn(clean))


def postedits(pair: str, size: int, seed: int, split: str = "dev") -> Sample:
    """Machine output that a person changed much, and what people made of machine output."""
    name = f"postedit_{split}_{pair}"
    found = rows(name, _purpose(split), ["mt", "post_edit", "hter"])
    bad = (detokenise(mt) for mt, _, hter in found if hter >= BAD_HTER)
    return pick(name, bad, (detokenise(edited) for _, edited, _ in found), size, seed)


def postedits_paired(pair: str, split: str = "dev") -> list[tuple[str, str]]:
    """Machine output, each beside its correction by a person."""
    found = rows(f"postedit_{split}_{pair}", _purpose(split), ["mt", "post_edit"])
    return [(detokenise(mt), detokenise(edited)) for mt, edited in found]


def engines(size: int, seed: int) -> Sample:
    """Output of weak engines that is far from the reference, and references. WMT 2018."""
    from sacrebleu.metrics import CHRF

    chrf = CHRF()
    found = rows("mt_dev_wmt18", "choose", ["engine", "mt", "reference"])
    weak = [(html.unescape(mt), reference) for engine, mt, reference in found if engine in WEAK_ENGINES]
    drawn = random.Random(seed).sample(weak, min(len(weak), 20 * size))
    bad = (mt for mt, reference in drawn if chrf.sentence_score(mt, [reference]).score < LOW_CHRF)
    return pick("mt_dev_wmt18", bad, (reference for _, _, reference in found), size, seed)


def error_spans(size: int, seed: int) -> Sample:
    """Machine output in which a translator marked a major error, and machine output without any mark."""
    name = "error_spans_dev_news22_zh"
    found = rows(name, "choose", ["mt", "spans"])
    major = {mt for mt, spans in found if any(span["severity"] != "minor" for span in spans)}
    marked = {mt for mt, spans in found if spans}
    return pick(name, major, {mt for mt, _ in found} - marked, size, seed)


def round_trips(size: int, seed: int) -> Sample:
    """News through German and back by machine, and as it was written; 2017. Most of the first is fluent English."""
    found = rows("roundtrip_train", "choose", ["year", "damaged", "original"])
    held_out = [(bad, good) for year, bad, good in found if year == HELD_OUT_YEAR]
    return pick("roundtrip_2017", (bad for bad, _ in held_out), (good for _, good in held_out), size, seed)


def people(name: str, size: int, seed: int) -> Sample:
    """Sentences of essays that people wrote: none is machine output. For measuring alone."""
    from repair.text.sentences import split

    texts = [text for (text,) in rows(name, "measure", ["text"])]
    return pick(name, (), (s.span.of(text) for text in texts for s in split(text)), size, seed)


def development_samples(size: int, seed: int) -> Iterator[Sample]:
    """Every sample that settings may be chosen by."""
    for pair in PAIRS:
        yield postedits(pair, size, seed)
    yield engines(size, seed)
    yield error_spans(size, seed)
    yield round_trips(size, seed)


def final_samples(size: int, seed: int) -> Iterator[Sample]:
    """Every sample for measuring alone."""
    for pair in PAIRS:
        yield postedits(pair, size, seed, "test")
    found = rows("roundtrip_test_wmt18", "measure", ["damaged", "original"])
    yield pick("roundtrip_test_wmt18", (bad for bad, _ in found), (good for _, good in found), size, seed)
    by_hand = rows("human_roundtrip_2014", "measure", ["human_roundtrip"])
    yield pick("human_roundtrip_2014", (), (text for (text,) in by_hand), size, seed)
    for essays in ESSAYS:
        yield people(essays, size, seed)


def stories(count: int, seed: int, *, sentences: int = STORY) -> tuple[Story, ...]:
    """Stories of the held-out year of the round trips, drawn by `seed`."""
    found = rows("roundtrip_train", "choose", ["engine", "year", "id", "original", "damaged"])
    held_out = [row for row in found if row[1] == HELD_OUT_YEAR]
    lines = [(engine, id, original, damaged) for engine, _, id, original, damaged in held_out]
    return _drawn(_cut_stories(lines, sentences), count, seed)


def engine_stories(count: int, seed: int, *, sentences: int = STORY) -> tuple[Story, ...]:
    """Stories of WMT 2017 as weak engines tell them, beside the references; from training data, for settings alone."""
    found = rows("mt_train", "choose", ["pair", "testset", "engine", "segment", "reference", "mt"])
    lines = [
        (f"{pair}/{engine}", segment, reference, html.unescape(mt))
        for pair, testset, engine, segment, reference, mt in sorted(found, key=lambda row: row[:4])
        if testset == "wmt17" and engine in WEAK_ENGINES
    ]
    return _drawn(_cut_stories(lines, sentences), count, seed)


def _cut_stories(lines: Iterable[tuple[str, object, str, str]], sentences: int) -> Iterator[Story]:
    """Runs of (group, id, original, damaged) in stories of one length; a group's last, shorter run is dropped."""
    for name, group in groupby(lines, key=lambda line: line[0]):
        block = list(group)
        for start in range(0, len(block) - sentences + 1, sentences):
            part = block[start : start + sentences]
            originals, damaged = tuple(line[2] for line in part), tuple(line[3] for line in part)
            yield Story(f"{name}/{part[0][1]}", originals, damaged)


def _drawn(every: Iterable[Story], count: int, seed: int) -> tuple[Story, ...]:
    known = list(every)
    return tuple(random.Random(seed).sample(known, min(count, len(known))))


def _purpose(split: str) -> Purpose:
    return "learn" if split == "train" else "choose" if split == "dev" else "measure"
