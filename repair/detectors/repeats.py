"""`word.repeated`: a word or a phrase written twice in a row, or taken up again where the sentence went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repair.detectors.article import Article, Rule, Word
from repair.detectors.function_words import AUXILIARIES, CONJUNCTIONS, NEVER_DOUBLED
from repair.records import Finding, Span

ID = "word.repeated"
MESSAGE = "said twice: “{words}”"

_EMPHASIS = frozenset("very really never again blah knock always round little whole million billion quite".split())
_LINKS = CONJUNCTIONS | frozenset("a an to by from after for with versus upon in on not than".split())
"""Between two like words these make an idiom or a list: `a friend of a friend of`, `day after day after day`."""
_CHAINS = CONJUNCTIONS | frozenset("after by upon".split())
"""In longer phrases only these do: `one after the other after the other`."""
_VERBS = AUXILIARIES | frozenset("get gets got do be".split())
_LONGEST_PHRASE = 5
_SHORTEST_NOUN = 5
_WIDEST_GAP = 3


def find(article: Article) -> Iterator[Finding]:
    """Doubled words and phrases in running text, the second one left out in the replacement."""
    for scored in article.running:
        words = article.words(scored)
        lower = [word.text.lower() for word in words]
        taken = 0
        for i in range(len(words)):
            end = max(_doubled(article.text, words, lower, i), _taken_up(article.text, words, lower, i))
            if end and i >= taken:
                yield _finding(article.text, words, i, end)
                taken = end


def _finding(text: str, words: Sequence[Word], first: int, end: int) -> Finding:
    span = Span(words[first].span.start, words[end - 1].span.end)
    half = (end - first) // 2
    same = [w.text.lower() for w in words[first : first + half]] == [w.text.lower() for w in words[first + half : end]]
    kept = (text[span.start : words[first + half - 1].span.end],) if same else ()
    return Finding(ID, span, MESSAGE.format(words=span.of(text)), "major", replacements=kept)


def _doubled(text: str, words: Sequence[Word], lower: Sequence[str], i: int) -> int:
    """The end, in words, of a phrase at `i` that follows upon itself; 0 where there is none."""
    for size in range(1, _LONGEST_PHRASE + 1):
        end = i + 2 * size
        if end > len(words):
            break
        if lower[i : i + size] == lower[i + size : end] and _plain(text, words[i:end]):
            phrase = words[i : i + size]
            if _counts_alone(words[i], words[i + 1]) if size == 1 else _counts(phrase):
                return end
    return 0


def _taken_up(text: str, words: Sequence[Word], lower: Sequence[str], i: int) -> int:
    """The end of `officials of the Libyan officials of`: the same noun and `of` again, with no link between."""
    if i + 1 == len(words) or words[i + 1].text != "of" or len(words[i].text) < _SHORTEST_NOUN:
        return 0
    for end in range(i + 5, min(i + 4 + _WIDEST_GAP, len(words)) + 1):
        if lower[i : i + 2] == lower[end - 2 : end]:
            between = set(lower[i + 2 : end - 2])
            return end if _plain(text, words[i:end]) and not between & _LINKS else 0
    return 0


def _plain(text: str, words: Sequence[Word]) -> bool:
    """True where nothing but spaces stands between the words."""
    length = sum(len(w.span) for w in words) + len(words) - 1
    between = text[words[0].span.start : words[-1].span.end]
    return len(between) == length and between.count(" ") == len(words) - 1


def _counts_alone(first: Word, second: Word) -> bool:
    word = second.text.lower()
    if word in NEVER_DOUBLED:
        return not (first.is_capitalised and second.is_capitalised)
    return first.is_lower and second.is_lower and len(word) > 5 and word not in _EMPHASIS


def _counts(phrase: Sequence[Word]) -> bool:
    """Not `what was done was done`, `little by little by little`, `New York New York`."""
    lower = {w.text.lower() for w in phrase}
    links = _LINKS if len(phrase) < 3 else _CHAINS
    plain = not lower & (links | _EMPHASIS) and phrase[0].text not in _VERBS
    return plain and len(lower) > 1 and any(w.is_lower for w in phrase)


RULE = Rule((ID,), find)
