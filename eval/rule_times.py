"""What each rule costs as documents grow: `python -m eval.rule_times`.

Documents of news through German and back (roundtrip_train), four sentences a paragraph, as they come and of sentences
with quotation marks alone. Processor seconds, so that a busy machine tells the same.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from eval.data import rows
from repair.detectors import RULES
from repair.detectors.article import Article
from repair.records import Document, ScoreReport, SentenceScore
from repair.text.sentences import split

SIZES = (1000, 4000)
SHOWN = 0.2
"""Seconds under which a rule is left out of the table."""


def seconds(sentences: Sequence[str]) -> dict[str, float]:
    """Processor seconds of each rule on one document of these sentences."""
    text = "\n\n".join(" ".join(sentences[i : i + 4]) for i in range(0, len(sentences), 4))
    found = tuple(SentenceScore(sentence, 0.1, False, 20.0, 9) for sentence in split(text))
    document = Document.of_text(text)
    article = Article(document, ScoreReport(document, found, 0.1, False, 20.0, 0.5, "none"))
    taken = {}
    for rule in RULES:
        start = time.process_time()
        list(rule.find(article))
        taken[rule.find.__module__.rsplit(".", 1)[1]] = time.process_time() - start
    return taken


def main() -> None:
    """Print rules by documents of both sizes."""
    every = [damaged for (damaged,) in rows("roundtrip_train", "learn", ["damaged"])]
    random.Random(0).shuffle(every)
    quoting = [sentence for sentence in every if '"' in sentence]
    seconds(every[:10])  # word lists are read once
    for kind, sentences in (("as they come", every), ("with quotation marks", quoting * 2)):
        small, large = (seconds(sentences[:size]) for size in SIZES)
        print(f"{SIZES[0]:,} and {SIZES[1]:,} sentences {kind}:")
        for rule in sorted(large, key=large.__getitem__, reverse=True):
            if large[rule] >= SHOWN:
                print(f"  {rule:<14} {small[rule]:6.2f} {large[rule]:6.2f} s")


if __name__ == "__main__":
    main()
