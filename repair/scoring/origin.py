"""Who wrote a text, a machine or people: a logistic regression over its words and pairs of words.

Output of good engines reads well, so neither surprisal nor the branch tells it from a person's translation; the habits
of choice that engines share do, a little in each sentence and clearly in a document. Names and numbers are masked:
they tell the year, not the writer. Weights come from `models/scorer/origin.safetensors`.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from repair.errors import ModelError

WEIGHTS = "origin.safetensors"
_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
_PLAIN = str.maketrans(
    {**dict.fromkeys("“”„«»\x93\x94", '"'), **dict.fromkeys("‘’\x91\x92", "'"), **dict.fromkeys("–—", "-")}
)
"""Typographic marks tell the publisher, not the writer."""


@dataclass(frozen=True, eq=False, slots=True)
class Origin:
    """Weights of the words and pairs seen in training.

    Shapes: keys (terms,) their CRC-32, ascending; idf and weight (terms,), bias (1,); document (3,): slope, centre, and
    how far the sentences of a document speak alike, 0 to 1.
    """

    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    document: NDArray[np.float32]

    def log_odds(self, sentence: str) -> float:
        """That a machine wrote the sentence, before calibration: tf-idf of length 1, weighed."""
        counts = Counter(terms(sentence))
        asked = np.fromiter(counts, np.uint32, len(counts))
        at = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        known = self.keys[at] == asked
        often = np.fromiter(counts.values(), np.float32, len(counts))[known]
        values = (1 + np.log(often)) * self.idf[at[known]]
        length = float(np.sqrt(values @ values)) or 1.0
        return float(values @ self.weight[at[known]]) / length + float(self.bias[0])

    def probability(self, sentences: Sequence[str]) -> float | None:
        """Calibrated probability that a machine wrote the text of these sentences; None where there are none.

        The sentences' log-odds are summed as equally correlated witnesses: n of them weigh n / (1 + (n - 1) r).
        """
        if not sentences:
            return None
        slope, centre, alike = self.document.tolist()
        mean = float(np.mean([self.log_odds(sentence) for sentence in sentences]))
        logit = slope * (mean - centre) * witnesses(len(sentences), alike)
        return float(1 / (1 + np.exp(-np.clip(logit, -40, 40))))


def witnesses(count: int, alike: float) -> float:
    """What `count` equally correlated witnesses weigh together, in witnesses."""
    return count / (1 + (count - 1) * alike)


def terms(sentence: str) -> Iterator[int]:
    """CRC-32 of each word and pair of neighbouring words; digits and inner names are masked."""
    last = "<s>"
    for i, found in enumerate(_WORD.finditer(sentence.translate(_PLAIN))):
        word = found.group()
        if word[0].isdigit():
            word = "0"
        elif i and len(word) > 1 and word[0].isupper():
            word = "AA" if word.isupper() else "Aa"
        yield zlib.crc32(word.encode())
        yield zlib.crc32(f"{last} {word}".encode())
        last = word
    yield zlib.crc32(f"{last} </s>".encode())


def load_origin(folder: Path) -> Origin:
    """The weights kept in `folder`. Raises ModelError where they are missing or damaged."""
    try:
        tensors = load_file(folder / WEIGHTS)
        return Origin(tensors["keys"], *(tensors[n].astype(np.float32) for n in ("idf", "weight", "bias", "document")))
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelError(str(folder), f"the scorer cannot be read: {error}", "Install repair again.") from error
