"""Does the parallel check find the source of a damaged story, and nothing else? `python -m eval.parallel`

Stories of the held-out year stand in an index as they were written; their copies through German and back ask for
their sources. Neighbouring stories may belong to one article, which no file tells: such finds are counted apart.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from eval import data
from repair.config import Settings
from repair.lm.embed import Embedder, load_embedder
from repair.parallel import SourceIndex
from repair.records import Document
from repair.text.sentences import split


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What came back for the damaged stories."""

    asked: int
    first: int
    """Copies whose source was found, and stood first."""
    strangers: int
    """Other stories offered as a source."""
    aligned: int
    """Sentences of the copies aligned to the source, of `sentences`."""
    sentences: int
    relations: Counter[str]


def retrieve(stories: Sequence[data.Story], embedder: Embedder) -> Retrieval:
    """Ask an index of the originals for the source of each damaged copy."""
    ids = {story.original: story.id for story in stories}  # two engines may have retold one story
    index = SourceIndex.build([_document(id, original) for original, id in ids.items()], embedder)
    first = strangers = aligned = sentences = 0
    relations: Counter[str] = Counter()
    for story in stories:
        copy = _document(f"{story.id} retold", story.damaged)
        told = split(copy.text)
        matches = index.find(copy, told)
        source = ids[story.original]
        first += bool(matches) and matches[0].source.id == source
        strangers += sum(match.source.id != source for match in matches)
        own = next((match for match in matches if match.source.id == source), None)
        aligned += len(own.alignment) if own else 0
        sentences += len(told)
        relations.update(one.relation.value for one in (own.alignment if own else ()))
    return Retrieval(len(stories), first, strangers, aligned, sentences, relations)


def _document(id: str, lines: Sequence[str]) -> Document:
    return Document.of_text("\n".join(lines), id)


def report(name: str, found: Retrieval) -> str:
    """One line of figures."""
    relations = ", ".join(f"{relation} {count}" for relation, count in found.relations.most_common())
    return (
        f"{name}: source found first {found.first} of {found.asked}, other stories offered {found.strangers}; "
        f"sentences aligned {found.aligned} of {found.sentences} ({relations})"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.parallel", description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=40, help="of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if data.data_folder() is None:
        print("No evaluation data: set REPAIR_DATA.", file=sys.stderr)
        return 2
    embedder = load_embedder(Settings(device="cpu"))
    print(report("round trips 2017", retrieve(data.stories(args.stories, args.seed, sentences=9), embedder)))
    print(report("weak engines 2017", retrieve(data.engine_stories(args.stories, args.seed, sentences=9), embedder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
