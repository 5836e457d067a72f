"""The training set as the language model reads it: documents -> token scores in shards -> one example a sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from repair.config import Settings
from repair.lm.branch import Branch
from repair.lm.model import LanguageModel
from repair.records import Kind, Sentence, Span, TokenScores
from repair.scoring.features import sentence_features

SHARD = 200
FOLDS = 8

Array = NDArray[np.float32]
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """One sentence with what the model said of its tokens.

    Shapes: features (features,), states (tokens, width), told (tokens, 2) surprisal and entropy, wrong (tokens,).
    """

    document: str
    source: str
    damage: float
    """0 clean to 1 garbled, -1 not known."""
    words: int
    features: Array
    states: NDArray[np.float16]
    told: Array
    wrong: NDArray[np.int8]
    """2 major, 1 minor, 0 right, -1 not known."""

    @property
    def fold(self) -> int:
        """Of the document; the same in every run. A sentence and its correction share one."""
        return sum(self.document.removesuffix("-mt").removesuffix("-pe").encode()) % FOLDS


class Unread(Branch):
    """A branch that gives back the states that it would read."""

    def read(self, states: torch.Tensor, told: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """The states as they are."""
        return states


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document of the training set in one text."""

    name: str
    text: str
    rows: tuple[dict[str, object], ...]
    sentences: tuple[Sentence, ...]


def read_documents(path: Path) -> list[Labelled]:
    """The documents of a training set; every third sentence begins a new paragraph."""
    documents = []
    table = pq.read_table(path).to_pylist()
    for name, group in groupby(sorted(table, key=lambda r: (r["document"], r["index"])), lambda r: r["document"]):
        rows = tuple(group)
        text, sentences = "", []
        for i, row in enumerate(rows):
            text += "" if not i else "\n\n" if i % 3 == 0 else " "
            sentences.append(Sentence(i, Span(len(text), len(text) + len(row["text"])), Kind.PROSE))
            text += row["text"]
        documents.append(Labelled(name, text, rows, tuple(sentences)))
    return documents


def token_scores(model: LanguageModel, documents: Sequence[Labelled], work: Path) -> Iterator[TokenScores]:
    """Scores of every document, in order, from shards on disk where they are there; a shard's name tells its texts."""
    work.mkdir(parents=True, exist_ok=True)
    for at in range(0, len(documents), SHARD):
        part = documents[at : at + SHARD]
        texts = sha256("\n".join(d.text for d in part).encode()).hexdigest()
        shard = work / f"{at:06d}-{texts[:12]}.npz"
        if not shard.exists():
            scores = model.token_scores([(d.text, d.sentences) for d in part], context=Settings().context_tokens)
            arrays = {f"{i}_{name}": a for i, s in enumerate(scores) for name, a in _arrays(s).items()}
            temporary = shard.with_suffix(".tmp.npz")
            np.savez(temporary, **arrays)  # type: ignore[arg-type]
            temporary.rename(shard)
            log.info("%d of %d documents", min(at + SHARD, len(documents)), len(documents))
        with np.load(shard) as kept:
            for i in range(len(part)):
                yield TokenScores(*(kept[f"{i}_{n}"] for n in ("starts", "ends", "surprisal", "entropy", "hidden")))


def _arrays(scores: TokenScores) -> dict[str, NDArray[np.generic]]:
    assert scores.hidden is not None
    return {
        "starts": scores.starts,
        "ends": scores.ends,
        "surprisal": scores.surprisal,
        "entropy": scores.entropy,
        "hidden": scores.hidden.astype(np.float16),
    }


def examples(documents: Sequence[Labelled], scores: Iterator[TokenScores]) -> list[Example]:
    """One example a sentence that has tokens."""
    found = []
    for document, tokens in zip(documents, scores, strict=True):
        assert tokens.hidden is not None
        for sentence, row in zip(document.sentences, document.rows, strict=True):
            rows = tokens.within(sentence.span)
            features = sentence_features(document.text, tokens, sentence.span)
            if features is None:
                continue
            found.append(
                Example(
                    document=document.name,
                    source=str(row["source"]),
                    damage=float(row["damage"]),  # type: ignore[arg-type]
                    words=len(sentence.span.of(document.text).split()),
                    features=features,
                    states=tokens.hidden[rows].astype(np.float16),
                    told=np.stack([tokens.surprisal[rows], tokens.entropy[rows]], axis=1),
                    wrong=wrong_tokens(row, tokens, rows, sentence.span.start),
                )
            )
    return found


def wrong_tokens(row: dict[str, object], tokens: TokenScores, rows: slice, offset: int) -> NDArray[np.int8]:
    """How wrong the tokens of a sentence are by its marked spans; -1 where its words were not judged."""
    starts, ends = tokens.starts[rows] - offset, tokens.ends[rows] - offset
    wrong = np.full(len(starts), 0 if row["words_judged"] else -1, np.int8)
    for start, end, severity in row["spans"]:  # type: ignore[attr-defined]
        hit = (starts < end) & (ends > start)
        wrong[hit] = np.maximum(wrong[hit], severity)
    return wrong
