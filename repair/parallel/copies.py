"""Whether a document is a source's text told again sentence by sentence, and which sentences stand for which.

A text that went through a machine keeps the order of the sentences and loses the words of nearly all of them. An
edited or updated story keeps most sentences to the letter; another outlet's story keeps neither order nor sentences.
The machine's English may read well, so no score is asked here; and nothing here says which of the two is the copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from repair.parallel.contradiction import contradiction
from repair.parallel.facts import extract
from repair.parallel.profile import Profile
from repair.records import Aligned, Relation
from repair.text.quotes import quoted_words

LEAST = 5
"""Aligned sentences; a brief of fewer may be another's first lines by chance or by a person."""
FOLLOWED = 0.7
"""Share of the document's sentences that are aligned in order, and of the source's between the first and the last of
them. Here and below: the least of 80 round-trip copies of ten sentences in `roundtrip_train` 2017 is .8 (.7 of the
source's); the five seeds reach .47."""
SURE = 0.85
"""The score of a pair that needs no neighbours (see `align.SURE`)."""
SURE_SHARE = 0.6
"""Share of the document's sentences in sure pairs: at least .7 in those copies, at most .29 in the seeds."""
COMMON = 0.5
"""Mean share of words in common, in order: at least .61 in those copies; weak engines fall below it, and their English
is left to the scorer to find."""
REWORDED = 0.5
"""Share of the pairs in which both sides have words of their own: at least .64 in those copies. Edits leave fewer."""
MOVES = ((1, 1), (1, 0), (0, 1), (1, 2), (2, 1), (2, 2))
"""Sentences of the document and of the source that one step may take."""
SAME_PLACE = 0.5
"""What it is worth, in words, that two sentences stand at the same place: two without a common word are a pair where
nothing else claims them."""
JOINED = 2.0
"""Common words that joining one more sentence must bring."""
BAND = 8
"""Sentences that the two texts may be out of step by, besides the difference of their lengths."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring sentences of a document, and those of a source that stand for them. Indices of sentences."""

    sentences: tuple[int, ...]
    sources: tuple[int, ...]
    contradicted: bool


def retold(document: Profile, source: Profile, alignment: Sequence[Aligned]) -> bool:
    """True where `document` is `source` told again in other words, sentence by sentence."""
    pairs = _in_order(alignment)
    if len(pairs) < LEAST:
        return False
    lines = len(document.lines)
    told = {place for pair in pairs for place in pair.sources}
    passed = sum(min(told) <= line.index <= max(told) for line in source.lines)
    if min(len(pairs) / lines, len(told) / passed) < FOLLOWED:
        return False
    if sum(pair.score >= SURE for pair in pairs) / lines < SURE_SHARE:
        return False
    words = [(_words(document, [pair.sentence]), _words(source, pair.sources)) for pair in pairs]
    common = sum(Indel.normalized_similarity(mine, theirs) for mine, theirs in words) / len(pairs)
    return common >= COMMON and sum(_reworded(mine, theirs) for mine, theirs in words) / len(pairs) >= REWORDED


def realigned(document: Profile, source: Profile, alignment: Sequence[Aligned]) -> tuple[Aligned, ...]:
    """The alignment of a retold document, made anew by the words that follow each other.

    Where the whole is known to be told in order, short sentences and such as resemble their neighbours find their place
    by it: dynamic programming over steps of one or two sentences on either side (Gale and Church 1993), by the words
    that both sides have in order.
    """
    known = {(pair.sentence, pair.sources): pair for pair in alignment}
    return tuple(
        known.get((mine, step.sources)) or _pair(document, source, mine, step.sources)
        for step in _steps(_Side.of(document), _Side.of(source))
        for mine in step.sentences
    )


def blocks(alignment: Sequence[Aligned]) -> Iterator[Block]:
    """The alignment in groups that share no sentence of the source; each stands for an unbroken stretch of it."""
    group: list[Aligned] = []
    for pair in sorted(alignment, key=lambda pair: pair.sentence):
        if group and not (set(pair.sources) & {place for each in group for place in each.sources}):
            yield from _block(group)
            group = []
        group.append(pair)
    if group:
        yield from _block(group)


def _block(group: Sequence[Aligned]) -> Iterator[Block]:
    sentences = tuple(pair.sentence for pair in group)
    sources = tuple(sorted({place for pair in group for place in pair.sources}))
    if _unbroken(sentences) and _unbroken(sources):
        yield Block(sentences, sources, any(pair.relation is Relation.CONTRADICTED for pair in group))


def _unbroken(places: Sequence[int]) -> bool:
    return places[-1] - places[0] == len(places) - 1


def _in_order(alignment: Sequence[Aligned]) -> list[Aligned]:
    """The pairs that stand between their neighbours in the source too."""
    pairs = [pair for pair in sorted(alignment, key=lambda pair: pair.sentence) if pair.sources]
    firsts = [min(pair.sources) for pair in pairs]
    before = [-1, *firsts]
    after = [*firsts[1:], firsts[-1]] if firsts else []
    return [pair for pair, low, at, high in zip(pairs, before[:-1], firsts, after, strict=True) if low <= at <= high]


def _words(profile: Profile, sentences: Iterable[int]) -> list[str]:
    text = profile.document.text
    return quoted_words(" ".join(profile.sentences[at].span.of(text) for at in sentences)).split()


def _reworded(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """True where both sides have words that the other has not: an editor who cuts or adds leaves one side without."""
    ours, others = Counter(mine), Counter(theirs)
    return bool(ours - others) and bool(others - ours)


# --- alignment by words in order


@dataclass(frozen=True, slots=True)
class _Step:
    sentences: tuple[int, ...]
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """The sentences of one text that are language, by their index, and their words."""

    indices: tuple[int, ...]
    words: tuple[list[str], ...]

    @classmethod
    def of(cls, profile: Profile) -> _Side:
        indices = tuple(sentence.index for sentence in profile.sentences if sentence.kind.is_language)
        return cls(indices, tuple(_words(profile, [at]) for at in indices))

    def joined(self, end: int, count: int) -> list[str]:
        return [word for words in self.words[end - count : end] for word in words]


def _steps(mine: _Side, theirs: _Side) -> list[_Step]:
    """The steps of the best path through both texts; sentences that nothing stands for are in none."""
    rows, columns = len(mine.indices), len(theirs.indices)
    reach = abs(rows - columns) + BAND
    best = {(0, 0): 0.0}
    back: dict[tuple[int, int], tuple[int, int]] = {}
    for row in range(rows + 1):
        for column in range(max(0, row - reach), min(columns, row + reach) + 1):
            for down, right in MOVES:
                before = best.get((row - down, column - right))
                if before is None:
                    continue
                value = before + _worth(mine.joined(row, down), theirs.joined(column, right), down + right)
                if value > best.get((row, column), -1.0):
                    best[row, column] = value
                    back[row, column] = (down, right)
    found, place = [], (rows, columns)
    while place in back:
        (row, column), (down, right) = place, back[place]
        if down and right:
            found.append(_Step(mine.indices[row - down : row], theirs.indices[column - right : column]))
        place = (row - down, column - right)
    return found[::-1]


def _worth(mine: Sequence[str], theirs: Sequence[str], sentences: int) -> float:
    """The words that both have in order, less JOINED for each sentence that is joined to another."""
    if not mine or not theirs:
        return 0.0
    common = (len(mine) + len(theirs) - Indel.distance(mine, theirs)) / 2
    return common + SAME_PLACE - JOINED * (sentences - 2)


def _pair(document: Profile, source: Profile, mine: int, theirs: tuple[int, ...]) -> Aligned:
    common = Indel.normalized_similarity(_words(document, [mine]), _words(source, theirs))
    ours = document.sentences[mine].span.of(document.document.text)
    others = [source.sentences[at].span.of(source.document.text) for at in theirs]
    clash = contradiction(extract(ours), [extract(other) for other in others])
    relation = Relation.CONTRADICTED if clash else Relation.SAME_FACT
    return Aligned(mine, theirs, relation, round(common, 4), clash or "it stands at the same place")
