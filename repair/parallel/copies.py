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
from repair.records import Aligned, Relation, Sentence
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
GAP = 2
"""Sentences between two aligned ones that may be paired by their place alone."""


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


def complete(document: Profile, source: Profile, alignment: Sequence[Aligned]) -> tuple[Aligned, ...]:
    """The alignment of a retold document with its gaps closed.

    Sentences between two aligned ones are paired by their place where both sides have equally many; one that a
    machine split off goes to the neighbour whose source its words come from.
    """
    pairs = _in_order(alignment)
    filled = [*pairs, *(pair for gap in _gaps(document, source, pairs) for pair in _by_place(document, source, gap))]
    return tuple(_absorbed(document, source, sorted(filled, key=lambda pair: pair.sentence)))


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


# --- closing gaps


@dataclass(frozen=True, slots=True)
class _Gap:
    sentences: tuple[Sentence, ...]
    sources: tuple[Sentence, ...]


def _gaps(document: Profile, source: Profile, pairs: Sequence[Aligned]) -> Iterator[_Gap]:
    """What lies before, between and after the aligned sentences, in both texts."""
    ends = [(-1, -1), *((pair.sentence, max(pair.sources)) for pair in pairs)]
    starts = [*((pair.sentence, min(pair.sources)) for pair in pairs), (len(document.sentences), len(source.sentences))]
    for (mine, theirs), (my_next, their_next) in zip(ends, starts, strict=True):
        yield _Gap(_between(document, mine, my_next), _between(source, theirs, their_next))


def _between(profile: Profile, last: int, following: int) -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in profile.sentences[last + 1 : max(following, 0)] if sentence.kind.is_language)


def _by_place(document: Profile, source: Profile, gap: _Gap) -> Iterator[Aligned]:
    if len(gap.sentences) != len(gap.sources) or len(gap.sentences) > GAP:
        return
    for mine, theirs in zip(gap.sentences, gap.sources, strict=True):
        yield _pair(document, source, mine.index, (theirs.index,), "it stands at the same place")


def _pair(document: Profile, source: Profile, mine: int, theirs: tuple[int, ...], why: str) -> Aligned:
    common = Indel.normalized_similarity(_words(document, [mine]), _words(source, theirs))
    ours = document.sentences[mine].span.of(document.document.text)
    others = [source.sentences[at].span.of(source.document.text) for at in theirs]
    clash = contradiction(extract(ours), [extract(other) for other in others])
    relation = Relation.CONTRADICTED if clash else Relation.SAME_FACT
    return Aligned(mine, theirs, relation, round(common, 4), clash or why)


def _absorbed(document: Profile, source: Profile, pairs: Sequence[Aligned]) -> Iterator[Aligned]:
    """The pairs, and those of sentences left alone beside a pair that says the same better together with them."""
    aligned = {pair.sentence for pair in pairs}
    told = {place for pair in pairs for place in pair.sources}
    for pair in pairs:
        mine, theirs = (pair.sentence,), pair.sources
        for extra in _loose(source, theirs, told):
            longer = tuple(sorted((*theirs, extra)))
            if _similar(document, mine, source, longer) > _similar(document, mine, source, theirs):
                theirs = longer
        told.update(theirs)
        yield pair if theirs == pair.sources else _pair(document, source, pair.sentence, theirs, "it tells both")
        for extra in _loose(document, mine, aligned):
            if _similar(document, sorted((*mine, extra)), source, theirs) > _similar(document, mine, source, theirs):
                aligned.add(extra)
                yield _pair(document, source, extra, theirs, "it tells a part")


def _loose(profile: Profile, places: Sequence[int], taken: set[int]) -> list[int]:
    """The neighbours of `places` that are sentences and not `taken`."""
    around = (min(places) - 1, max(places) + 1)
    every = profile.sentences
    return [at for at in around if 0 <= at < len(every) and at not in taken and every[at].kind.is_language]


def _similar(document: Profile, mine: Sequence[int], source: Profile, theirs: Sequence[int]) -> float:
    return float(Indel.normalized_similarity(_words(document, mine), _words(source, theirs)))
