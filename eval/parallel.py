"""Is a retold document found, aligned and mended by its source, and is all else left alone? `python -m eval.parallel`

Documents of ten sentences went through German and back by an engine; their originals stand among 300 others. The
copies ask twice: once with the originals in a folder that the user vouches for, once with all in one archive, where
nobody says which of two texts is the copy. Clean documents ask too: originals beside their own copies, and beside an
edition of them that an editor changed; none of those may change.

    python -m eval.parallel              2017 of roundtrip_train, to choose by
    python -m eval.parallel --final      roundtrip_test_wmt18, for measuring alone
    python -m eval.parallel --unscored --documents 150      all documents, without the language model
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from eval import data
from eval.distances import Counts, edits, pooled
from eval.table import Row, markdown
from eval.unscored import UnscoredParts
from repair.config import Settings
from repair.parallel import SourceIndex
from repair.pipeline import Cleaner, Held, finish
from repair.records import CleanedDocument, Document, Sentence, SourceMatch
from repair.text.sentences import split

SENTENCES = 10
OTHERS = 300
ENGINES = ("deepl", "google")
_NUMBER = re.compile(r"\b\d+\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one copy that was held against an index of originals."""

    story: data.Story
    matches: tuple[SourceMatch, ...]
    """What the index offers, whoever may mend."""
    held: Held
    cleaned: CleanedDocument

    @property
    def found(self) -> SourceMatch | None:
        """The match that is the story's original, where it stands first."""
        first = self.matches[0] if self.matches else None
        return first if first and first.source.id == self.story.id else None


def ask(cleaner: Cleaner, index: SourceIndex, story: data.Story) -> Asked:
    """Clean the retold side of a story, with the policy `all`."""
    document = _document(f"copy of {story.id}", story.damaged)
    held = cleaner.hold(cleaner.score(document), index)
    suggestions = cleaner.suggest(held.report, held.sources)
    matches = index.find(document, split(document.text))
    return Asked(story, matches, held, finish(held.report, suggestions, held.sources, "all"))


def rightly_aligned(asked: Asked) -> Counts:
    """How many sentences of the copy are aligned with just the line of the original that they came from."""
    document, right = asked.cleaned.document, 0
    sentences = split(document.text)
    for aligned in asked.found.alignment if asked.found else ():
        source = asked.found.source.text if asked.found else ""
        theirs = {_line(source, asked.found.sentences[at]) for at in aligned.sources} if asked.found else set()
        right += theirs == {_line(document.text, sentences[aligned.sentence])}
    return Counts(right, len(sentences))


def distance(asked: Asked) -> Counts:
    """The edits from what was made of the copy to the original, line by line."""
    lines = asked.cleaned.text.split("\n")
    if len(lines) != len(asked.story.original):
        return edits([asked.cleaned.text], ["\n".join(asked.story.original)])
    return edits(lines, asked.story.original)


def copy_rows(row: partial[Row], every: Sequence[Asked]) -> Iterator[Row]:
    """What became of the copies."""
    yield row("source found, and first", sum(asked.found is not None for asked in every), of=len(every))
    yield row("told as retold", sum(any(match.retold for match in asked.matches) for asked in every), of=len(every))
    yield row("copies flagged", sum(asked.held.report.flagged for asked in every), of=len(every))
    yield _interval(row, "sentences aligned right", [rightly_aligned(asked) for asked in every])
    before = [edits(asked.story.damaged, asked.story.original) for asked in every]
    yield _interval(row, "TER, doing nothing", before, scale=100)
    yield _interval(row, "TER, cleaned (all)", [distance(asked) for asked in every], scale=100)
    yield row(
        "copies changed", sum(asked.cleaned.text != asked.cleaned.document.text for asked in every), of=len(every)
    )


def _interval(row: partial[Row], metric: str, counts: Sequence[Counts], *, scale: float = 1.0) -> Row:
    value = pooled(counts, scale=scale)
    return row(metric, value.value, low=value.low, high=value.high)


def changed(cleaner: Cleaner, index: SourceIndex, documents: Sequence[Document]) -> int:
    """How many documents come out other than they went in, under the policy `all`, by what the index says.

    What rules mend anywhere is not counted.
    """
    count = 0
    for document in documents:
        held = cleaner.hold(cleaner.score(document), index)
        applied = finish(held.report, cleaner.suggest(held.report, held.sources), held.sources, "all").applied
        count += any(suggestion.origin == "parallel" for suggestion in applied)
    return count


def edited(lines: Sequence[str], rng: random.Random, more: Sequence[str]) -> list[str]:
    """Another edition: one sentence cut, two put in, a number corrected, the ends of two sentences trimmed."""
    left = list(lines)
    del left[rng.randrange(1, len(left))]
    for at in rng.sample(range(len(left)), 2):
        head, _, tail = left[at].rpartition(", ")
        left[at] = f"{head}." if len(head) > len(tail) else left[at]
    with_number = [at for at, line in enumerate(left) if _NUMBER.search(line)]
    if with_number:
        at = rng.choice(with_number)
        left[at] = _NUMBER.sub(lambda match: str(int(match.group()) + 7), left[at], count=1)
    return [*left[:4], more[0], *left[4:], more[1]]


def rows(cleaner: Cleaner, count: int, seed: int, *, final: bool) -> Iterator[Row]:
    """All lines of the table, for `count` copies of each engine; whom the user vouches for comes last."""
    name = "roundtrip_test_wmt18" if final else "roundtrip_2017"
    by_engine = {engine: stories(engine, final=final) for engine in ENGINES}
    every = [_document(story.id, story.original) for story in by_engine[ENGINES[0]]]
    pool = [*every, *_others()][: max(len(every), OTHERS + 1)]
    chosen = sorted(random.Random(seed).sample(range(len(every)), min(count, len(every))))
    copies = {engine: [told[at] for at in chosen] for engine, told in by_engine.items()}
    originals = [every[at] for at in chosen]
    row = partial(Row, "with the source")
    archive = cleaner.index(pool)
    for engine, told in copies.items():
        in_archive = partial(row, f"{name}, {engine}, {len(told)} copies, originals in the archive")
        yield from copy_rows(in_archive, [ask(cleaner, archive, story) for story in told])
    yield from _clean_rows(cleaner, partial(row, f"{name}, {len(originals)} originals"), originals, pool, copies, seed)
    vouched = cleaner.index((), trusted=pool)
    for engine, told in copies.items():
        by_word = partial(row, f"{name}, {engine}, {len(told)} copies, originals in --sources")
        yield from copy_rows(by_word, [ask(cleaner, vouched, story) for story in told])


def _clean_rows(
    cleaner: Cleaner,
    row: partial[Row],
    originals: Sequence[Document],
    pool: Sequence[Document],
    copies: dict[str, list[data.Story]],
    seed: int,
) -> Iterator[Row]:
    """Whether clean documents are left alone."""
    told = [_document(f"{engine} {story.id}", story.damaged) for engine in copies for story in copies[engine]]
    rng = random.Random(seed)
    more = [rng.choice(pool).text.split("\n")[:2] for _ in originals]
    editions = [
        _document(f"edition {n}", edited(one.text.split("\n"), rng, more[n])) for n, one in enumerate(originals)
    ]
    own = {one.id for one in originals}
    strangers = [document for document in pool if document.id not in own]
    held_against = {
        "beside their own copies in the archive": cleaner.index([*pool, *told]),
        "another edition in --sources": cleaner.index((), trusted=editions),
        "other stories in --sources": cleaner.index((), trusted=strangers),
    }
    for what, index in held_against.items():
        yield row(f"changed, {what}", changed(cleaner, index, originals), of=len(originals))


def stories(engine: str, *, final: bool) -> list[data.Story]:
    """The documents of one engine; the year 2017, or the test."""
    name, purpose = ("roundtrip_test_wmt18", "measure") if final else ("roundtrip_train", "choose")
    found = data.rows(name, purpose, ["engine", "year", "original", "damaged"])  # type: ignore[arg-type]
    lines = [row for row in found if row[0] == engine and (final or row[1] == data.HELD_OUT_YEAR)]
    return [
        data.Story(f"{start}", tuple(row[2] for row in part), tuple(row[3] for row in part))
        for start in range(0, len(lines) - SENTENCES + 1, SENTENCES)
        for part in [lines[start : start + SENTENCES]]
    ]


def _others() -> list[Document]:
    """Originals of other years."""
    found = data.rows("roundtrip_train", "choose", ["engine", "year", "original"])
    lines = [row[2] for row in found if row[0] == ENGINES[0] and row[1] != data.HELD_OUT_YEAR]
    starts = range(0, len(lines) - SENTENCES + 1, SENTENCES)
    every = [_document(f"other {start}", lines[start : start + SENTENCES]) for start in starts]
    return random.Random(0).sample(every, OTHERS)


def _document(id: str, lines: Sequence[str]) -> Document:
    return Document.of_text("\n".join(lines), id)


def _line(text: str, sentence: Sentence) -> int:
    return text.count("\n", 0, sentence.span.start)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.parallel", description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=20, help="copies of each engine (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--final", action="store_true", help="roundtrip_test_wmt18 in place of 2017")
    parser.add_argument("--unscored", action="store_true", help="take every document for well written; no model reads")
    args = parser.parse_args(argv)
    if data.data_folder() is None:
        print("No evaluation data: set REPAIR_DATA.", file=sys.stderr)
        return 2
    settings = Settings(device="cpu", grammar="none", rewriter="none")
    with Cleaner(settings, parts=UnscoredParts(settings) if args.unscored else None) as cleaner:
        print(markdown(list(rows(cleaner, args.documents, args.seed, final=args.final))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
