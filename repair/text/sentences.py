"""Text to sentences: spans that tile it, with white space alone between them.

sentencex finds the boundaries inside a paragraph; here its few slips on news are mended. On 4,842 original sentences of
`roundtrip_train`, joined four to a paragraph, .99 of the ends found are right and .95 of the true ones are found; most
of the others are headlines without a full stop, and sentences inside one quotation, which stay together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import regex
from sentencex import get_sentence_boundaries

from repair.records import Sentence, Span
from repair.text.kinds import Paragraph, classify
from repair.text.wraps import Block, blocks

# sentencex is quadratic in the length of a run of opening quotation marks, so long paragraphs go through it in windows.
# A sentence longer than the window is cut at its last white space.
WINDOW = 10_000

# What sentencex must not see: line breaks of wrapped text (as a blank line they would end a paragraph), and halves of
# surrogate pairs, which are no characters. Each is replaced by one character, so that offsets stay.
_LINE_BREAK = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_LIST_NUMBER = re.compile(r"\(?\d{1,3}[.)]")
# Titles that sentencex lets end a sentence; a name follows them.
_TITLE = re.compile(r"(?<!\w)(?:Ms|Mx|Messrs|Mmes|Mme|Mlle|Dr|Drs|Ft|Mt|Gens|Sens|Reps|Govs)\.$")
_HOUR = re.compile(r"\d ?[ap]\.m\.$")
_AFTER_HOUR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:[ECMP][SD]?T|GMT|BST|UTC|CES?T|EES?T|IST|JST|AES?T|local)\b"
)
# “Really?” she asked; D-Calif. on Monday: a small letter goes on after these.
_STATE = (
    r"(?:Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Md|Mass|Mich|Minn|Miss|Mo|Mont|Neb|Nev|"
    r"Okla|Ore|Pa|Tenn|Vt|Va|Wash|Wis|Wyo)"
)
_SOFT_END = re.compile(rf"[!?…][\"'”’»)\]]*$|[\"'”’»]$|\b{_STATE}\.$")
# Stray closing marks and emoji, set off by spaces.
_LEAVINGS = regex.compile(r"\s*(?:[”’»)\]]|\p{Extended_Pictographic}[\uFE0F\u200D]?)+(?=\s)")
# A colon inside a closing quotation mark ends what twisted quotations leave: to say:” We would.
_HIDDEN_END = re.compile(r":[”»\"](?=\s+[^\W\d_a-z])")
# A sentence in brackets ends with them.
_BRACKETED = re.compile(r"[(\[][^()\[\]]*[.!?][\"'”’]?[)\]](?=\s+[“\"‘]?[^\W\d_a-z])")


def split(text: str) -> tuple[Sentence, ...]:
    """The sentences of `text`, in order, with what kind of line each is.

    Spans are code points into `text`, trimmed; only white space lies between them. Sentences run across the line
    breaks of hard-wrapped text (`repair.text.wraps`); any other line break ends one.
    """
    paragraphs = [_paragraph(text, block) for block in blocks(text)]
    spans = [span.shift(p.start) for p in paragraphs for span in p.sentences]
    kinds = classify(paragraphs)
    return tuple(Sentence(i, span, kind) for i, (span, kind) in enumerate(zip(spans, kinds, strict=True)))


def _paragraph(text: str, block: Block) -> Paragraph:
    shown = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _LINE_BREAK.sub(" ", block.span.of(text)))
    return Paragraph(shown, block.span.start, tuple(_sentences(shown)), block.after_blank)


def _sentences(text: str) -> Iterator[Span]:
    """The trimmed sentences of one paragraph."""
    start, has_word = 0, False
    stops = [*_stops(text), len(text)]
    for end, following in pairwise(stops):
        has_word = has_word or _has_word(text, start, end)
        if not has_word or _goes_on(text, start, end, following):
            continue
        yield _trim(text, start, end)
        start, has_word = end, False
    if text[start:].strip():
        yield _trim(text, start, len(text))


def _stops(text: str) -> list[int]:
    """Where sentences may end: what sentencex says, and the ends that it does not see."""
    seen = {0, *(_after_leavings(text, stop) for stop in _library_stops(text))}
    hidden = {m.end() for m in _HIDDEN_END.finditer(text)}
    bracketed = {m.end() for m in _BRACKETED.finditer(text) if m.start() in seen}
    return sorted((seen | hidden | bracketed) - {0, len(text)})


def _after_leavings(text: str, stop: int) -> int:
    """`stop`, or the end of the stray closing marks and emoji after it: they belong to the sentence that ended."""
    leavings = _LEAVINGS.match(text, stop)
    return leavings.end() if leavings else stop


def _library_stops(text: str) -> Iterator[int]:
    at = 0
    while at < len(text):
        window = text[at : at + WINDOW]
        ends = [int(boundary["end_index"]) for boundary in get_sentence_boundaries("en", window)]
        if at + len(window) < len(text):
            # The last piece goes on in the next window, unless it fills this one.
            ends = ends[:-1] or [_last_space(window)]
        yield from (at + end for end in ends)
        at += ends[-1]


def _last_space(window: str) -> int:
    return next((i for i in range(len(window) - 1, 0, -1) if window[i].isspace()), len(window))


def _goes_on(text: str, start: int, end: int, following: int) -> bool:
    """True where the sentence from `start` does not end at `end`, although sentencex ended it there."""
    if not _has_word(text, end, following):
        return True  # a lone quotation mark or bracket belongs to what it closes
    before = text[max(start, end - 24) : end].rstrip()
    after = text[end:following].lstrip()
    if after[0].islower() and _SOFT_END.search(before):
        return True
    if _TITLE.search(before) or (_HOUR.search(before) and _AFTER_HOUR.match(after)):
        return True
    return end - start <= 8 and _LIST_NUMBER.fullmatch(text[start:end].strip()) is not None


def _has_word(text: str, start: int, end: int) -> bool:
    return any(text[i].isalnum() for i in range(start, end))


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()))
