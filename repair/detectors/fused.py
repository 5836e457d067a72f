"""`sentence.fused`: two sentences run together with no full stop between them.

Only the surest case: after a word in lower case comes a capitalised subject and its verb (“the talks failed He said”).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repair.detectors.article import Article, Rule, Word
from repair.detectors.function_words import AUXILIARIES, SUBJECTS
from repair.records import Finding, Span

ID = "sentence.fused"
MESSAGE = "a new sentence seems to begin at “{word}” with no full stop before it"

_VERBS = AUXILIARIES | frozenset("said says told added went came took made also".split())
_SHORTEST = 3
"""Words that either half must have."""


def begins(words: Sequence[Word], i: int, text: str) -> bool:
    """True where a sentence begins at word `i` in the middle of another."""
    if not _SHORTEST <= i < len(words) - _SHORTEST:
        return False
    before, word, after = words[i - 1 : i + 2]
    return (
        before.is_lower
        and word.is_capitalised
        and word.text.lower() in SUBJECTS
        and after.text.lower() in _VERBS
        and after.is_lower
        and text[before.span.end : word.span.start] == " "
    )


def find(article: Article) -> Iterator[Finding]:
    """The word before and the word at which the second sentence begins, with a full stop between as replacement."""
    for scored in article.running:
        words = article.words(scored)
        for i, word in enumerate(words):
            if begins(words, i, article.text) and not article.is_quoted(word.span):
                before = words[i - 1]
                span = Span(before.span.start, word.span.end)
                message = MESSAGE.format(word=word.text)
                yield Finding(ID, span, message, "major", replacements=(f"{before.text}. {word.text}",))


RULE = Rule((ID,), find)
