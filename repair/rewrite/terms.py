"""A clean source's words for offices and terms, where the copy has word-for-word translations of them.

Three cases. An office: the copy says "Foreign Ministry", the source "State Department" and nowhere what the copy says
(`data/offices.tsv`). A term of two words: the copy says "criminal register", the source "criminal records", and nowhere
"criminal register". What belongs to a name: the copy says "the Lind government", the source "the Lind administration".
In the latter two the language model must find the source's word far likelier in one place at least: a term is the same
all through a document. Only sentences that look damaged are offered a term. Not covered: offices that carry their
country's name, since another country's may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from repair.detectors.function_words import FUNCTION_WORDS
from repair.detectors.lexicon import zipf
from repair.parallel.tables import aliases
from repair.records import Edit, Evidence, Proposal, Relation, ScoreReport, SourceMatch, Span
from repair.text.quotes import quoted

if TYPE_CHECKING:
    from repair.lm.model import LanguageModel

Term = tuple[Edit, int]
"""An edit, and the sentence of the source that has the term."""
Followers = dict[str, dict[str, int]]
"""Each word of a source to the words that follow it in a term, and the sentences where they do first."""

_NAMED = re.compile(r"\s+((?:[A-Z][\w’'-]+\s+){0,3}[A-Z][\w’'-]+)")
_BEFORE = re.compile(r"(?:[\w’'.-]+\s+){0,6}$")
_AFTER = re.compile(r"\s+(?:of|in|from)\s+(?:the\s+)?([A-Z][\w’'-]+)")
_ARTICLE = re.compile(r"\ban? $")
_WORD = re.compile(r"[^\W\d_]+")
_OF_A_NAME = re.compile(r"\b[Tt]he ([A-Z][\w’'-]{3,}) ([a-z]{4,})\b")
"""After an article and a name a word is a noun, or part of the name."""
GAIN = 6.0
"""Nats by which the source's word must be likelier than the copy's: other words for a thing are no damage."""
CONTEXT, TAIL = 200, 60
"""Characters before the word that are read, and from the word on that are scored."""
RARE = 5.5
"""Zipf frequency from which a word is too common to make a term with its neighbour."""


def propose(report: ScoreReport, matches: Sequence[SourceMatch], model: LanguageModel | None) -> Iterator[Proposal]:
    """One proposal for each term of a damaged sentence that a source of the document calls otherwise.

    Without `model` none for terms of two words.
    """
    text = report.document.text
    sentences = [s.sentence.span for s in report.suspects]
    kept = [q.shift(own.start) for own in sentences for q in quoted(own.of(text))]
    for match in matches if sentences else ():
        found = [term for own in sentences for term in _offices(text, own, match)]
        if model is not None:
            followers, vocabulary, holdings = _followers(match), _vocabulary(match), _holdings(match)
            two_words = [term for own in sentences for term in _terms(text, own, followers, vocabulary)]
            found += _likelier(model, text, two_words + [t for own in sentences for t in _held(text, own, holdings)])
        for edit, place in found:
            if any(q.overlaps(edit.span) for q in kept):
                continue
            path, span = match.source.source.path, match.sentences[place].span
            evidence = Evidence(path, span.start, span.end, span.of(match.source.text), Relation.SAME_FACT)
            yield Proposal(edit, "parallel", f"the term that {path} has for it", (evidence,))


def _likelier(model: LanguageModel, text: str, found: Sequence[Term]) -> list[Term]:
    """The terms that save GAIN nats in one of their places."""
    best: dict[tuple[str, str], float] = {}
    for edit, _ in found:
        best[_exchange(edit)] = max(best.get(_exchange(edit), 0.0), _gain(model, text, edit))
    return [(edit, place) for edit, place in found if best[_exchange(edit)] >= GAIN]


def _exchange(edit: Edit) -> tuple[str, str]:
    """The word that goes, and the word that comes."""
    return edit.before.split()[-1], edit.after.split()[-1]


def _gain(model: LanguageModel, text: str, edit: Edit) -> float:
    """Nats that an edit saves from its place to the end of the words that follow."""
    start = text.rindex(" ", 0, edit.span.start)
    end = edit.span.end + TAIL
    context = model.encode(text[max(0, start - CONTEXT) : start]).ids
    versions = [text[start:end], f" {edit.after}{text[edit.span.end : end]}"]
    before, after = (p.surprisal.sum() for p in model.score_variants(context, [model.encode(v).ids for v in versions]))
    return float(before - after)


@cache
def _rows() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """What a literal translation calls an office, and what countries call it."""
    table = files("repair.rewrite").joinpath("data", "offices.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return tuple((_any_of(literal), _any_of(national)) for literal, national in lines)


def _any_of(forms: str) -> re.Pattern[str]:
    longest_first = sorted(forms.split("|"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


def _offices(text: str, own: Span, match: SourceMatch) -> Iterator[Term]:
    source = match.source.text
    for literal, national in _rows():
        mentions = list(literal.finditer(text, own.start, own.end))
        if not mentions or literal.search(source):
            continue
        for mention in mentions:
            told = [m for m in national.finditer(source) if _same_holder(text, mention, source, m)]
            if len({m.group() for m in told}) != 1 or national.search(text) or _of_a_country(text, mention):
                continue
            place = _sentence_at(match, told[0].start())
            if place is not None:
                yield Edit(Span(*mention.span()), mention.group(), told[0].group()), place


def _same_holder(text: str, ours: re.Match[str], source: str, theirs: re.Match[str]) -> bool:
    """True where at least one names no holder of the office, or both name one."""
    one, other = _NAMED.match(text, ours.end()), _NAMED.match(source, theirs.end())
    return one is None or other is None or one[1].split()[-1] == other[1].split()[-1]


def _of_a_country(text: str, mention: re.Match[str]) -> bool:
    """True where a country or a people stands just before the office, or after it."""
    before = _BEFORE.search(text[max(0, mention.start() - 120) : mention.start()])
    after = _AFTER.match(text, mention.end())
    near = [*(before.group().split() if before else ()), *([after[1]] if after else ())]
    return any(word.removesuffix("'s").removesuffix("’s") in aliases() for word in near)


def _sentence_at(match: SourceMatch, at: int) -> int | None:
    return next((i for i, s in enumerate(match.sentences) if s.span.start <= at < s.span.end), None)


def _terms(text: str, own: Span, followers: Followers, vocabulary: Collection[str]) -> Iterator[Term]:
    """A word whose neighbour on the left stands in the source too, and which the source does not have."""
    for one, other in _pairs(text, own):
        told = _told(followers.get(one.group(), {}), other.group())
        if told is not None and other.group() not in vocabulary:
            yield _exchanged(text, one, other, told[0]), told[1]


def _held(text: str, own: Span, holdings: Followers) -> Iterator[Term]:
    """What belongs to a name and is called otherwise in the source."""
    for mention in _OF_A_NAME.finditer(text, own.start, own.end):
        told = _told(holdings.get(mention[1], {}), mention[2])
        if told is not None:
            yield Edit(Span(*mention.span(2)), mention[2], told[0]), told[1]


def _told(known: dict[str, int], word: str) -> tuple[str, int] | None:
    """What the source says in a word's place, and in which sentence: one word alone, and no form of `word`."""
    if len(known) != 1:
        return None
    (told,) = known.items()
    return None if told[0][:4] == word[:4] else told


def _pairs(text: str, span: Span) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Neighbouring words that make a term."""
    for one, other in pairwise(_WORD.finditer(text, span.start, span.end)):
        if text[one.end() : other.start()] == " " and _makes_term(one.group(), other.group()):
            yield one, other


def _exchanged(text: str, one: re.Match[str], other: re.Match[str], word: str) -> Edit:
    """The edit that writes `word` for the term's second word; what becomes a plural loses its article."""
    article = _ARTICLE.search(text, 0, one.start())
    if article is None or not word.endswith("s") or other.group().endswith("s"):
        return Edit(Span(*other.span()), other.group(), word)
    span = Span(article.start(), other.end())
    return Edit(span, span.of(text), f"{one.group()} {word}")


def _followers(match: SourceMatch) -> Followers:
    return _first_places(match, lambda text, span: ((one.group(), other.group()) for one, other in _pairs(text, span)))


def _holdings(match: SourceMatch) -> Followers:
    return _first_places(
        match, lambda text, span: (m.groups() for m in _OF_A_NAME.finditer(text, span.start, span.end))
    )


def _first_places(match: SourceMatch, read: Callable[[str, Span], Iterable[Sequence[str]]]) -> Followers:
    """The pairs of words that `read` finds in each sentence of the source."""
    found: Followers = {}
    for place, sentence in enumerate(match.sentences):
        for one, other in read(match.source.text, sentence.span):
            found.setdefault(one, {}).setdefault(other, place)
    return found


def _vocabulary(match: SourceMatch) -> set[str]:
    return {word.group() for word in _WORD.finditer(match.source.text)}


def _makes_term(one: str, other: str) -> bool:
    return all(w.islower() and len(w) > 3 and w not in FUNCTION_WORDS and zipf(w) < RARE for w in (one, other))
