"""A clean source's words for offices and terms, where the copy has word-for-word translations of them.

Two cases. An office: the copy says "Foreign Ministry", the source "State Department" and nowhere what the copy says
(`data/offices.tsv`). A term of two words: the copy says "criminal register", the source "criminal records", and nowhere
"criminal register", and the language model finds the source's word far likelier there. Only sentences that look damaged
are offered a term. Not covered: offices that carry their country's name, since another country's may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
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
    told = [(match, _followers(match), _vocabulary(match)) for match in matches if report.suspects]
    for sentence in report.suspects:
        own = sentence.sentence.span
        kept = [q.shift(own.start) for q in quoted(own.of(text))]
        for match, followers, vocabulary in told:
            found = list(_offices(text, own, match))
            if model is not None:
                found += _likelier(model, text, own, _terms(text, own, followers, vocabulary))
            for edit, place in found:
                if any(q.overlaps(edit.span) for q in kept):
                    continue
                path, span = match.source.source.path, match.sentences[place].span
                evidence = Evidence(path, span.start, span.end, span.of(match.source.text), Relation.SAME_FACT)
                yield Proposal(edit, "parallel", f"the term that {path} has for it", (evidence,))


def _likelier(model: LanguageModel, text: str, own: Span, found: Iterable[Term]) -> Iterator[Term]:
    """Those that save GAIN nats from their place to the end of the words that follow."""
    for edit, place in found:
        start = text.rindex(" ", 0, edit.span.start)
        end = min(own.end, edit.span.end + TAIL)
        context = model.encode(text[max(0, start - CONTEXT) : start]).ids
        versions = [text[start:end], f" {edit.after}{text[edit.span.end : end]}"]
        before, after = (
            p.surprisal.sum() for p in model.score_variants(context, [model.encode(v).ids for v in versions])
        )
        if before - after >= GAIN:
            yield edit, place


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
    for one, other in pairwise(_WORD.finditer(text, own.start, own.end)):
        if text[one.end() : other.start()] != " " or not _makes_term(one.group(), other.group()):
            continue
        known = followers.get(one.group(), {})
        stems = {word[:4] for word in known}
        if len(known) == 1 and other.group()[:4] not in stems and other.group() not in vocabulary:
            (word, place), *_ = known.items()
            yield _exchanged(text, one, other, word), place


def _exchanged(text: str, one: re.Match[str], other: re.Match[str], word: str) -> Edit:
    """The edit that writes `word` for the term's second word; what becomes a plural loses its article."""
    article = _ARTICLE.search(text, 0, one.start())
    if article is None or not word.endswith("s") or other.group().endswith("s"):
        return Edit(Span(*other.span()), other.group(), word)
    span = Span(article.start(), other.end())
    return Edit(span, span.of(text), f"{one.group()} {word}")


def _followers(match: SourceMatch) -> Followers:
    found: Followers = {}
    for place, sentence in enumerate(match.sentences):
        for one, other in pairwise(_WORD.finditer(match.source.text, sentence.span.start, sentence.span.end)):
            if match.source.text[one.end() : other.start()] == " " and _makes_term(one.group(), other.group()):
                found.setdefault(one.group(), {}).setdefault(other.group(), place)
    return found


def _vocabulary(match: SourceMatch) -> set[str]:
    return {word.group() for word in _WORD.finditer(match.source.text)}


def _makes_term(one: str, other: str) -> bool:
    return all(w.islower() and len(w) > 3 and w not in FUNCTION_WORDS and zipf(w) < RARE for w in (one, other))
