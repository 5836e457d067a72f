"""`word.unknown`: words that no list has and no common affix makes, alone among known ones (“loathous”)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repair.detectors.article import Article, Rule, Word
from repair.detectors.lexicon import is_word, nearest
from repair.records import Finding

ID = "word.unknown"
MESSAGE = "not a word that English has: “{word}”"
MESSAGE_NEAR = "not a word that English has: “{word}”; near it: {near}"

_NOT_AROUND = frozenset("-/@#_.&*'‘’(")
"""A compound, an address, a gloss in single quotes or in brackets."""
SHORTEST = 5
"""Letters: shorter ones are dialect, sounds and units."""


def find(article: Article) -> Iterator[Finding]:
    """Unknown words in lower case, with the nearest known ones."""
    for scored in article.running:
        words = article.words(scored)
        for i, word in enumerate(words):
            if _is_candidate(article, word) and _stands_alone(words, i) and not article.is_quoted(word.span):
                near = nearest(word.text)
                message = MESSAGE_NEAR if near else MESSAGE
                yield Finding(
                    ID, word.span, message.format(word=word.text, near=", ".join(near)), "major", replacements=near
                )


def _is_candidate(article: Article, word: Word) -> bool:
    """Lower case, plain letters, used once, not part of an address or a compound, and unknown."""
    text, span = article.text, word.span
    around = text[max(0, span.start - 1) : span.start] + text[span.end : span.end + 1]
    return (
        word.is_lower
        and len(word.text) >= SHORTEST
        and word.text.isascii()
        and word.text.isalpha()
        and article.lower_counts[word.text] == 1
        and article.capital_counts[word.text] == 0
        and not any(c in _NOT_AROUND or c.isdigit() for c in around.replace(".", "", 1) if not c.isspace())
        and text[span.end : span.end + 2] not in (" (", " [")
        and not is_word(word.text)
    )


def _stands_alone(words: Sequence[Word], i: int) -> bool:
    """True where both neighbours are known: two unknown words in a row are another language or a dialect."""
    return all(is_word(w.text.lower()) for w in (*words[max(0, i - 1) : i], *words[i + 1 : i + 2]))


RULE = Rule((ID,), find)
