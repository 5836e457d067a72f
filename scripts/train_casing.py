"""Count how often each English word is capitalised inside a sentence: `repair/parallel/data/casing.tsv`.

Names, mistaken capitals and plain words are told apart by this table. It is counted on the training files alone
(original news, human references, corrected translations; no damaged text, whose misspelled names it would learn) and
holds words and percentages, no text.

    python -m scripts.train_casing [DATA] [OUT]
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

COLUMNS = (
    ("roundtrip_train", "original"),
    ("mt_train", "reference"),
    ("mt_train_flores", "reference"),
    ("postedit_train_ro", "post_edit"),
    ("postedit_train_et", "post_edit"),
)
LEAST = 3
"""A word seen fewer times inside sentences is left out: its share would be chance."""
HEADLINE = 0.6
"""A line with more capitalised words than this share says nothing of which words are names."""
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
OPENERS = ".!?:;\"“”„‘'’()[]-–—|*•/\n"


def texts(data: Path) -> set[str]:
    """The lines of the training files, each once."""
    found: set[str] = set()
    for name, column in COLUMNS:
        found.update(pq.read_table(data / f"{name}.parquet", columns=[column])[column].to_pylist())
    return found


def inner_words(text: str) -> Iterator[str]:
    """The words of `text` that do not begin a sentence, a quotation or a bracket."""
    words = list(WORD.finditer(text))
    if sum(word.group()[0].isupper() for word in words) > HEADLINE * len(words):
        return
    for word in words:
        before = text[: word.start()].rstrip(" ")
        surface = re.sub(r"['’]s$", "", word.group())
        if before and before[-1] not in OPENERS and not (surface.isupper() and len(surface) > 1):
            yield surface


def count(lines: Iterable[str]) -> dict[str, int]:
    """Per word in lower case, the percentage of its occurrences inside sentences that are capitalised."""
    capitals: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for line in lines:
        for word in inner_words(line):
            every[word.lower()] += 1
            capitals[word.lower()] += word[0].isupper()
    return {word: round(100 * capitals[word] / total) for word, total in every.items() if total >= LEAST}


def main() -> int:
    """Read DATA (or `REPAIR_DATA`), write OUT."""
    here = Path(__file__).parent.parent
    data = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REPAIR_DATA", here.parent / "shared" / "data"))
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else here / "repair" / "parallel" / "data" / "casing.tsv"
    shares = count(texts(data))
    lines = [f"{word}\t{share}\n" for word, share in sorted(shares.items())]
    out.write_text("".join(lines), encoding="utf-8", newline="")
    print(f"{out}: {len(lines)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
