"""Where two sentences that tell the same differ in what they say: a denial, a figure, a date, a name, an opposite, who
did it to whom.

Conservative: two differing facts count only where the words around them agree, so that more detail, another day of
reporting or another way to put it is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise, product

from repair.detectors.function_words import FUNCTION_WORDS
from repair.parallel.facts import Fact, FactKind, Facts, compare
from repair.parallel.profile import STEM
from repair.parallel.quantities import MONTHS, WEEKDAYS
from repair.parallel.tables import is_plain
from repair.parallel.wording import opposite, undenied
from repair.records import Span
from repair.text.quotes import WORD

REACH = 6
"""Words on either side that are a fact's surroundings."""
SCOPE = 9
"""Words that a negation reaches over, to the end of its clause at most."""
LEAD = 3
"""Words before what is said that are shown with it."""
BETWEEN = 4
"""Content words that may stand between the one who does and the one to whom it is done."""
MUTUAL = frozenset(
    """and or with versus vs against between meet meets met meeting talk talks talked speak spoke marry married joined
    faces faced plays played fought fights drew like than as near from to borders neighbours""".split()
)
"""Where one of these stands between two names, they may change places."""
AGREE = 0.6
"""Share of the content words around one fact that must be around the other too; all of them where they are but two."""
DENIALS = frozenset(
    """avoid avoided avoids barred blocked declin declined declines denial denied denies deny doubt doubted doubts fail
    failed fails far few impossible instead lack lacked lacks least little only prevent prevented prevents rarely rather
    refusal refuse refused refuses reject rejected rejects ruled seldom stop stopped stops unable unlikely until yet
    """.split()
)
"""Words that deny or limit without "not": beside one of them a missing "not" tells nothing."""
DEGREES = ("barely", "hardly", "scarcely")
"""These deny a degree more than a fact."""
_NO_DUTY = re.compile(r"\s+(?:have|has|had|need)\s+to\b")
_CLAUSE_END = re.compile(r"[,.;:!?”\"—\n](?!\d)")


@dataclass(frozen=True, slots=True)
class _Word:
    span: Span
    lower: str

    @property
    def stem(self) -> str | None:
        """The beginning of a content word, None for a function word."""
        return None if self.lower in FUNCTION_WORDS else self.lower[:STEM]


def contradiction(document: Facts, sources: Sequence[Facts]) -> str | None:
    """In words, what `document` says otherwise than the sentences of `sources` together, or None."""
    for source in sources:
        for mine, theirs, kind in _clashes(document, source, sources):
            return f"{kind}: “{mine}” where the source has “{theirs}”"
    return None


def _clashes(document: Facts, source: Facts, sources: Sequence[Facts]) -> Iterator[tuple[str, str, str]]:
    """The clashing words of both sides, with what clashes: a kind of fact, or the direction."""
    balance = len(document.negations) - sum(len(one.negations) for one in sources)
    if balance > 0 and (found := _denied(document, source)):
        yield *found, FactKind.NEGATION
    if balance < 0 and (found := _denied(source, document)):
        yield found[1], found[0], FactKind.NEGATION
    if not balance and (swapped := _swapped(document, source)):
        yield *swapped, "direction"
    told = {fact.value for one in sources for kind in FactKind for fact in one.of(kind)}
    for difference in compare(source, document):
        if difference.kind is FactKind.ANTONYM and balance:  # "not known" and "unknown" say the same
            continue
        if difference.kind in (FactKind.MODALITY, FactKind.QUOTATION, FactKind.NEGATION) or difference.respelled:
            continue
        for mine in difference.added:
            for theirs in difference.lost:
                if mine.value not in told and _rivals(mine, theirs) and _same_place(document, mine, source, theirs):
                    yield mine.surface, theirs.surface, difference.kind


def _swapped(document: Facts, source: Facts) -> tuple[str, str] | None:
    """The words in which two names have changed places around one deed: “A sued B” and “B sued A”."""
    for mine, theirs in product(pairwise(document.names), pairwise(source.names)):
        same_pair = mine[0].value == theirs[1].value != mine[1].value == theirs[0].value
        if same_pair and (deed := _deed(document, mine)) and deed == _deed(source, theirs):
            return _stretch(document, mine), _stretch(source, theirs)
    return None


def _deed(facts: Facts, names: tuple[Fact, Fact]) -> tuple[frozenset[str], bool] | None:
    """The content words between two names, and whether the second is the one who did it; None where none is sure.

    Capitalised words belong to the names.
    """
    between = [
        word
        for word in _words(facts.text)
        if names[0].span.end <= word.span.start < names[1].span.start and not word.span.of(facts.text)[0].isupper()
    ]
    lowers = [word.lower for word in between]
    stems = _stems(between)
    if not 0 < len(stems) <= BETWEEN or MUTUAL & set(lowers) or _CLAUSE_END.search(_stretch(facts, names)):
        return None
    return frozenset(stems), "by" in lowers


def _stretch(facts: Facts, names: tuple[Fact, Fact]) -> str:
    return Span(names[0].span.start, names[1].span.end).of(facts.text)


def _rivals(mine: Fact, theirs: Fact) -> bool:
    """True where both cannot be meant at once: two weekdays, two years, two counts, two persons, two opposites."""
    if mine.kind is FactKind.DATE:
        return _date_class(mine.value) == _date_class(theirs.value) != "relative"
    if mine.kind is FactKind.NUMBER:
        return _far_apart(mine.value, theirs.value)
    if mine.kind is FactKind.NAME:
        return _two_names(mine, theirs)
    if mine.kind is FactKind.ANTONYM:
        return mine.value not in FUNCTION_WORDS and opposite(mine.value, theirs.value)
    return True


def _two_names(mine: Fact, theirs: Fact) -> bool:
    """True for names without a plain word ("Foreign Minister") that share no word and do not shorten each other."""
    words, others = mine.value.split(), theirs.value.split()
    shared = any(word.startswith(other) or other.startswith(word) for word in words for other in others)
    return not shared and not any(is_plain(word) for word in (mine.surface + " " + theirs.surface).split())


def _date_class(value: str) -> str:
    if value in WEEKDAYS:
        return "weekday"
    if value in MONTHS:
        return "month"
    if value.startswith("day "):
        return "day"
    return "year" if value.isdigit() else "relative"


def _far_apart(one: str, other: str) -> bool:
    """True for two counts, or two ranks, that are more than five in a hundred apart: closer ones may be rounded."""
    if one.startswith("ordinal ") != other.startswith("ordinal "):
        return False
    try:
        mine, theirs = (Decimal(value.removeprefix("ordinal ")) for value in (one, other))
    except InvalidOperation:  # "dozens"
        return False
    return abs(mine - theirs) > Decimal("0.05") * max(abs(mine), abs(theirs))


def _same_place(document: Facts, mine: Fact, source: Facts, theirs: Fact) -> bool:
    """True where the content words before both facts agree with each other, and those after them."""
    before, after = _around(document.text, mine.span)
    their_before, their_after = _around(source.text, theirs.span)
    common = len(before & their_before) + len(after & their_after)
    return _enough(common, min(len(before) + len(after), len(their_before) + len(their_after)))


def _around(text: str, span: Span) -> tuple[set[str], set[str]]:
    words = _words(text)
    before = [word for word in words if word.span.end <= span.start][-REACH:]
    after = [word for word in words if word.span.start >= span.end][:REACH]
    return _stems(before), _stems(after)


def _stems(words: Sequence[_Word]) -> set[str]:
    return {word.stem for word in words if word.stem}


def _enough(common: int, fewer: int) -> bool:
    return common >= 2 and common >= (AGREE * fewer if common > 2 else fewer)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[_Word, ...]:
    return tuple(_Word(Span(*match.span()), match.group().lower().replace("’", "'")) for match in WORD.finditer(text))


def _denied(denying: Facts, other: Facts) -> tuple[str, str] | None:
    """The words that one text denies and the other says without denying them, or None."""
    theirs = _words(other.text)
    for negation in denying.negations:
        if negation.surface.lower() in DEGREES or _NO_DUTY.match(denying.text, negation.span.end):
            continue
        end = _CLAUSE_END.search(denying.text, negation.span.end)
        scope = [
            word
            for word in _words(denying.text)
            if word.span.start >= negation.span.end and (end is None or word.span.start < end.start())
        ][:SCOPE]
        wanted = _stems(scope)
        said = _best_window(theirs, wanted)
        if _enough(len(wanted & _stems(said)), len(wanted)) and not _denies(other, theirs, said, scope):
            lead = theirs[max(0, theirs.index(said[0]) - LEAD)]
            mine = Span(negation.span.start, scope[-1].span.end)
            return mine.of(denying.text), Span(lead.span.start, said[-1].span.end).of(other.text)
    return None


def _best_window(words: Sequence[_Word], wanted: set[str]) -> Sequence[_Word]:
    """The stretch of `words` that holds most of the `wanted` stems, from the first of them to the last."""
    windows = [words[at : at + SCOPE] for at in range(max(1, len(words) - SCOPE + 1))]
    best = max(windows, key=lambda window: len(wanted & _stems(window)))
    held = [at for at, word in enumerate(best) if word.stem in wanted]
    return best[held[0] : held[-1] + 1] if held else ()


def _denies(facts: Facts, words: Sequence[_Word], window: Sequence[_Word], scope: Sequence[_Word]) -> bool:
    """True where the stretch, or its clause before it, denies too: by a "not", a denying word, or an opposite."""
    ends = [match.end() for match in _CLAUSE_END.finditer(facts.text, 0, window[0].span.start)]
    place = Span(max(ends, default=0), window[-1].span.end)
    if any(place.overlaps(negation.span) for negation in facts.negations):
        return True
    lowers = {word.lower for word in words if place.contains(word.span)}
    return bool(lowers & DENIALS) or any(
        opposite(word.lower, said) or undenied(said) == word.lower for word in scope for said in lowers
    )
