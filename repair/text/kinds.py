"""What kind of line each sentence stands in: prose, quote, heading, caption, byline, dateline, furniture.

First, do no harm: what is called furniture is proposed for removal, so only whole lines in the table `lines.toml` are;
what is called anything but prose or quote does not count in the document's score, so damaged prose must not slip in:
when unsure, prose. A document without any sentence of prose has no headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repair.records import Kind, Span
from repair.text.line_rules import LineRule, find_rule, is_name
from repair.text.quotes import quoted

# A line without final punctuation is a headline at the top up to so many words, a subheading inside up to so many.
HEADLINE_WORDS, SUBHEADING_WORDS, LABEL_WORDS = 25, 8, 4
# A caption is at most so long, in sentences and in characters.
CAPTION_SENTENCES, CAPTION_LENGTH = 3, 400
# Share of the letters of a sentence inside quotation marks from which it is a quote.
QUOTE_SHARE = 0.5

_ENDED = re.compile(r"[.!?…:;。！？][\"'”’“»)\]]*$")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’“»)\]]*$")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
# What a caption says and a paragraph seldom: a year, a side of the picture.
_PICTURE = re.compile(
    r"\b(?:19|20)\d\d\b|\b[Pp]ictured\b|\bfile photo\b|\b(?:seen|shown) here\b|\((?:left|right|centre|center|[LRC])\)"
)
# A line that ends with one of these was cut off.
_UNFINISHED = frozenset(
    "a an the and or but nor of in on at to for from by with as that which who whom whose this these those its his her "
    "their our your my is are was were be been has have had will would can could may might must should do does did not "
    "than then if when while because into onto over under about after before between during through against".split()
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as the classifier sees it. `start` is where it stands in the document; `sentences` count from it."""

    text: str
    start: int
    sentences: tuple[Span, ...]
    after_blank: bool


def classify(paragraphs: Sequence[Paragraph]) -> tuple[Kind, ...]:
    """The kind of every sentence of a document, in order. A FURNITURE line is always a row of `lines.toml`."""
    rules = _rules_that_hold(paragraphs)
    kinds = [rule.kind if rule else Kind.PROSE for rule in rules]
    for i in _headings(paragraphs, rules):
        kinds[i] = Kind.HEADING
    for i in _names_at_edges(paragraphs, rules):
        kinds[i] = Kind.BYLINE
    for i in _captions(paragraphs, rules):
        kinds[i] = Kind.CAPTION
    return tuple(kind for p, line_kind in zip(paragraphs, kinds, strict=True) for kind in _by_sentence(p, line_kind))


def _rules_that_hold(paragraphs: Sequence[Paragraph]) -> list[LineRule | None]:
    """The row of the table for each paragraph; rows for the edges only where the paragraph stands at one."""
    rules = [find_rule(p.text) for p in paragraphs]
    body = _body(paragraphs, rules)
    sure = [rule is not None and rule.anywhere and rule.kind is Kind.FURNITURE for rule in rules]
    for i, rule in enumerate(rules):
        beside = any(sure[max(0, i - 1) : i + 2])
        if rule is not None and not (rule.anywhere or i not in body or beside):
            rules[i] = None
    return rules


def _body(paragraphs: Sequence[Paragraph], rules: Sequence[LineRule | None]) -> range:
    """From the first to the last paragraph that reads as prose; empty where none does."""
    prose = [i for i, p in enumerate(paragraphs) if rules[i] is None and _is_prose(p)]
    return range(prose[0], prose[-1] + 1) if prose else range(0)


def _is_prose(paragraph: Paragraph) -> bool:
    """True for what ends like a sentence, holds two of them, or is longer than any headline."""
    return (
        len(paragraph.sentences) > 1
        or _ENDED.search(paragraph.text[-8:]) is not None
        or _count_words(paragraph.text) > HEADLINE_WORDS
    )


def _headings(paragraphs: Sequence[Paragraph], rules: Sequence[LineRule | None]) -> Iterator[int]:
    """Short lines without final punctuation: before the prose, between two paragraphs of it, or in a list of links."""
    body = _body(paragraphs, rules)
    shouted = all(paragraphs[i].text.isupper() for i in body)
    in_links = False
    for i, paragraph in enumerate(paragraphs):
        rule = rules[i]
        in_links = in_links or (i >= body.stop and rule is not None and rule.kind is Kind.FURNITURE)
        if rule is not None or _is_prose(paragraph) or not body or _is_cut_off(paragraph.text):
            continue
        if paragraph.text.isupper() and not shouted:
            yield i
        elif i in body:
            if _stands_between(paragraphs, rules, i):
                yield i
        elif i < body.start or in_links:
            yield i


def _stands_between(paragraphs: Sequence[Paragraph], rules: Sequence[LineRule | None], i: int) -> bool:
    """True where a few words stand between two whole paragraphs, and are no piece that a page broke off."""
    before, after = paragraphs[i - 1], paragraphs[i + 1]
    return (
        _count_words(paragraphs[i].text) <= SUBHEADING_WORDS
        and (rules[i - 1] is not None or _SENTENCE_END.search(before.text[-8:]) is not None)
        and rules[i + 1] is None
        and _is_prose(after)
        and not after.text[0].islower()
    )


def _names_at_edges(paragraphs: Sequence[Paragraph], rules: Sequence[LineRule | None]) -> Iterator[int]:
    """Lines that are a person's name: under the headline, or after the last paragraph."""
    body = _body(paragraphs, rules)
    for i, paragraph in enumerate(paragraphs):
        if body and rules[i] is None and (0 < i < body.start or i >= body.stop) and is_name(paragraph.text):
            yield i


def _captions(paragraphs: Sequence[Paragraph], rules: Sequence[LineRule | None]) -> Iterator[int]:
    """Paragraphs that a photo credit ends or follows, and the word or two that stand over them."""
    spaced = any(p.after_blank for p in paragraphs[1:])
    for i, paragraph in enumerate(paragraphs):
        rule, last = rules[i], _last_rule(paragraph)
        if rule is not None and rule.photo and i and not paragraph.after_blank:
            found = i - 1 if rules[i - 1] is None and _may_be_caption(paragraphs[i - 1], spaced) else None
        elif rule is None and last is not None and last.photo and len(paragraph.sentences) <= CAPTION_SENTENCES + 1:
            found = i
        else:
            found = i if rule is not None and rule.kind is Kind.CAPTION else None
        if found is None:
            continue
        yield found
        if found and not paragraphs[found].after_blank and rules[found - 1] is None:
            label = paragraphs[found - 1].text
            if _count_words(label) <= LABEL_WORDS and not _ENDED.search(label[-8:]):
                yield found - 1


def _may_be_caption(paragraph: Paragraph, spaced: bool) -> bool:
    """True for the line over a credit. Where no blank lines part paragraphs, it must also speak of a picture."""
    return (
        len(paragraph.sentences) <= CAPTION_SENTENCES
        and len(paragraph.text) <= CAPTION_LENGTH
        and (spaced or _PICTURE.search(paragraph.text) is not None)
    )


def _by_sentence(paragraph: Paragraph, kind: Kind) -> Iterator[Kind]:
    """The kinds of the sentences of a paragraph of this kind: quotes are told, and a credit at its end."""
    last = _last_rule(paragraph) if kind in (Kind.PROSE, Kind.CAPTION) else None
    inside = _quoted_letters(paragraph.text) if kind is Kind.PROSE else b""
    for i, span in enumerate(paragraph.sentences):
        if last is not None and i == len(paragraph.sentences) - 1:
            yield Kind.BYLINE
        elif inside and _is_quote(paragraph.text, span, inside):
            yield Kind.QUOTE
        else:
            yield kind


def _last_rule(paragraph: Paragraph) -> LineRule | None:
    """The byline or credit that ends a paragraph of several sentences."""
    if len(paragraph.sentences) < 2:
        return None
    rule = find_rule(paragraph.sentences[-1].of(paragraph.text))
    return rule if rule is not None and rule.kind is Kind.BYLINE else None


def _quoted_letters(text: str) -> bytes:
    """For each character, 1 inside quotation marks, else 0; empty where nothing is quoted."""
    spans = quoted(text)
    mask = bytearray(len(text) if spans else 0)
    for span in spans:
        mask[span.start : span.end] = b"\x01" * len(span)
    return bytes(mask)


def _is_quote(text: str, span: Span, inside: bytes) -> bool:
    letters = [inside[i] for i in range(span.start, span.end) if text[i].isalnum()]
    return sum(letters) > QUOTE_SHARE * len(letters)


def _is_cut_off(text: str) -> bool:
    """True for a line that starts or ends in mid-sentence: damaged prose, no heading."""
    words = _WORD.findall(text)
    return not words or words[0][0].islower() or text[-1] in ",-–—" or words[-1].lower() in _UNFINISHED


def _count_words(text: str) -> int:
    return len(_WORD.findall(text))
