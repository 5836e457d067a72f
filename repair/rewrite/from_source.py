"""Proposals from a clean source: its quotation word for word, or its sentence where the copy is that sentence damaged.

The source speaks inside a document that the scorer flags: two clean stories of one event may word it differently, and
neither is to be mended by the other. Where a document is the source told again sentence by sentence, it speaks of
every sentence, flagged or not, but of none in which the two contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from repair.parallel.copies import blocks
from repair.parallel.facts import absolute_figures
from repair.records import (
    Aligned,
    Edit,
    Evidence,
    Proposal,
    Relation,
    ScoreReport,
    SentenceScore,
    SourceMatch,
    Span,
)
from repair.rewrite.places import narrow, touched, whole
from repair.rewrite.quotes import unpaired, words
from repair.text.quotes import quoted

_STRETCH = 2
"""How many sentences a source's run may grow by, to close its quotation marks."""

_LONGER, _FEW = 2.0, 6
"""How many times longer a source's sentence may be than its copy; a few words more are always allowed."""

_NEWLINE = re.compile(r"\s*[\r\n]\s*")
_SAID_THAT = re.compile(r"\bthat (?P<lead>[^“”\"]{1,80})$")
_STOPS = ".,;:!?"


def propose(report: ScoreReport, matches: Sequence[SourceMatch]) -> tuple[Proposal, ...]:
    """What the sources would have in place of the document's sentences; each edit stays in one paragraph.

    `matches` may mend the document: whether they may is decided where they are found.
    """
    told = [p for match in matches if match.retold for p in _retold(report, match)]
    damaged = [p for match in matches if report.flagged for p in _from_match(report, match)]
    return tuple(p for p in (*told, *damaged) if p.edit.before != p.edit.after)


def evidence_for(match: SourceMatch, aligned: Sequence[Aligned], span: Span | None = None) -> tuple[Evidence, ...]:
    """The source sentences that `aligned` names (or `span` of the source), one Evidence for each stretch."""
    text, relation = match.source.text, aligned[0].relation.as_evidence
    indices = sorted({i for a in aligned for i in a.sources})
    spans = [span] if span else [match.sentences[i].span for i in indices]
    return tuple(Evidence(match.source.source.path, s.start, s.end, s.of(text), relation) for s in spans)


def with_evidence(
    report: ScoreReport, matches: Sequence[SourceMatch], proposals: Iterable[Proposal]
) -> Iterator[Proposal]:
    """The proposals; those without evidence get what the sources say of their sentences, for the reader to compare."""
    by_sentence: dict[int, tuple[Evidence, ...]] = {}
    for match in matches:
        for aligned in match.alignment:
            by_sentence[aligned.sentence] = (*by_sentence.get(aligned.sentence, ()), *evidence_for(match, [aligned]))
    for proposal in proposals:
        if proposal.evidence:
            yield proposal
            continue
        indices = [s.sentence.index for s in touched(report, proposal.edit.span)]
        yield replace(proposal, evidence=tuple(e for i in indices for e in by_sentence.get(i, ())))


def _from_match(report: ScoreReport, match: SourceMatch) -> Iterator[Proposal]:
    for run in _runs(report, match, Relation.SAME_QUOTE):
        yield from _restored_quotation(report, match, run)
    for aligned in match.alignment:
        sentence = report.sentences[aligned.sentence]
        if aligned.relation is Relation.SAME_TEXT and sentence in report.suspects:
            yield from _source_sentence(report, match, aligned)
        elif aligned.relation is Relation.CONTRADICTED:
            yield from _swapped_quotation(report, match, aligned)


def _retold(report: ScoreReport, match: SourceMatch) -> Iterator[Proposal]:
    """The source's sentences for all that are told again; narrow edits, so that what is the same stays untouched.

    Where a figure or a date differs nothing is proposed: a later edition may have corrected it.
    """
    path = match.source.source.path
    for block in blocks(match.alignment):
        place = whole([report.sentences[i] for i in block.sentences])
        span = Span(match.sentences[block.sources[0]].span.start, match.sentences[block.sources[-1]].span.end)
        before, after = place.of(report.document.text), _one_line(span.of(match.source.text))
        if _NEWLINE.search(before) or not _like_long(before, after) or _figures_differ(before, after):
            continue
        reason = f"the document tells {path} again; so it has this sentence"
        relation = Relation.CONTRADICTED if block.contradicted else Relation.SAME_TEXT
        evidence = Evidence(path, span.start, span.end, span.of(match.source.text), relation)
        yield Proposal(narrow(Edit(place, before, after)), "parallel", reason, (evidence,))


def _figures_differ(before: str, after: str) -> bool:
    """True where both have a figure, or a day, month or year, that the other has not."""
    lost, added = absolute_figures(before), absolute_figures(after)
    return bool(lost - added) and bool(added - lost)


def _like_long(before: str, after: str) -> bool:
    """False where one says more than the other can: a sentence was left out or put in, and alignment did not see it."""
    shorter, longer = sorted((len(before.split()), len(after.split())))
    return longer <= _LONGER * shorter or longer - shorter <= _FEW


def _runs(report: ScoreReport, match: SourceMatch, relation: Relation) -> Iterator[list[Aligned]]:
    """Neighbouring sentences of one paragraph that stand in `relation` to the source."""
    chosen = sorted((a for a in match.alignment if a.relation is relation and a.sources), key=lambda a: a.sentence)
    for _, group in groupby(enumerate(chosen), key=lambda pair: pair[1].sentence - pair[0]):
        run: list[Aligned] = []
        for _, aligned in group:
            if run and _gap_breaks(report, run[-1].sentence, aligned.sentence):
                yield run
                run = []
            run.append(aligned)
        yield run


def _gap_breaks(report: ScoreReport, left: int, right: int) -> bool:
    gap = Span(report.sentences[left].sentence.span.end, report.sentences[right].sentence.span.start)
    return bool(_NEWLINE.search(gap.of(report.document.text)))


def _restored_quotation(report: ScoreReport, match: SourceMatch, run: list[Aligned]) -> Iterator[Proposal]:
    """The source's words for a run of quoting sentences; for a single one also with the copy's own attribution."""
    place = whole([report.sentences[a.sentence] for a in run])
    before = place.of(report.document.text)
    stretch = _balanced_stretch(match, sorted({i for a in run for i in a.sources}))
    if stretch is not None and words(after := _one_line(stretch.of(match.source.text))) != words(before):
        reason = f"the quotation as {match.source.source.path} has it, word for word"
        yield Proposal(Edit(place, before, after), "parallel", reason, evidence_for(match, run, stretch))
    if len(run) == 1:
        yield from _swapped_quotation(report, match, run[0])


def _balanced_stretch(match: SourceMatch, indices: list[int]) -> Span | None:
    """The source's sentences from first to last, grown until every quotation mark has its partner."""
    low, high = indices[0], indices[-1]
    if high - low >= len(indices) + _STRETCH:
        return None
    text, last = match.source.text, len(match.sentences) - 1
    grown = ((low - left, high + right) for n in range(_STRETCH + 1) for left in range(n + 1) for right in (n - left,))
    for first, final in grown:
        if first < 0 or final > last:
            continue
        span = Span(match.sentences[first].span.start, match.sentences[final].span.end)
        if not unpaired(span.of(text)):
            return span
    return None


def _source_sentence(report: ScoreReport, match: SourceMatch, aligned: Aligned) -> Iterator[Proposal]:
    indices = sorted(aligned.sources)
    if indices != list(range(indices[0], indices[-1] + 1)):
        return
    span = Span(match.sentences[indices[0]].span.start, match.sentences[indices[-1]].span.end)
    place = report.sentences[aligned.sentence].sentence.span
    reason = f"the sentence as {match.source.source.path} has it"
    edit = narrow(Edit(place, place.of(report.document.text), _one_line(span.of(match.source.text))))
    yield Proposal(edit, "parallel", reason, evidence_for(match, [aligned], span))


def _swapped_quotation(report: ScoreReport, match: SourceMatch, aligned: Aligned) -> Iterator[Proposal]:
    """The source's quotation in the copy's own frame, where both have exactly one and one speaker is named in both."""
    sentence = report.sentences[aligned.sentence]
    ours = _only_quotation(report.document.text, sentence.sentence.span)
    for index in aligned.sources:
        source = match.sentences[index].span
        theirs = _only_quotation(match.source.text, source)
        if ours is None or theirs is None or not _shares_name(report, sentence, match.source.text, source):
            continue
        after = _fitted(report.document.text, ours, match.source.text, theirs, source)
        if after is None or words(after) == words(ours.of(report.document.text)):
            continue
        reason = f"{match.source.source.path} quotes {theirs.of(match.source.text)} ({aligned.relation})"
        edit = Edit(ours, ours.of(report.document.text), after)
        yield Proposal(edit, "parallel", reason, evidence_for(match, [aligned], source))
        return


def _only_quotation(text: str, sentence: Span) -> Span | None:
    """The one quotation of a sentence with its marks, if there is exactly one and it is closed."""
    read = sentence.of(text)
    spans = quoted(read)
    if len(spans) != 1 or unpaired(read):
        return None
    return Span(spans[0].start - 1, spans[0].end + 1).shift(sentence.start)


def _fitted(text: str, ours: Span, source: str, theirs: Span, sentence: Span) -> str | None:
    """The source's quotation to stand at `ours`.

    It keeps the copy's last stop. A fragment (small first letter) that would open the sentence brings
    along the words that lead up to it after "that": “… said that the firm is “about to close”” opens as
    “The firm is “about to close,””; None where there are no such words.
    """
    mark = source[theirs.start]
    said, old = theirs.of(source)[1:-1].strip(), ours.of(text)[1:-1].strip()
    closing = source[theirs.end - 1]
    quotation = f"{mark}{said.rstrip(_STOPS)}{_last_stop(old)}{closing}"
    opens_sentence = not text[: ours.start].strip() or text[: ours.start].rstrip(" \t")[-1:] in '\r\n.!?”"'
    if not opens_sentence or not said[:1].islower():
        return quotation
    lead = _SAID_THAT.search(source[sentence.start : theirs.start])
    if lead is None:
        return None
    start = lead["lead"]
    return start[:1].upper() + start[1:] + quotation


def _last_stop(said: str) -> str:
    return said[-1] if said and said[-1] in _STOPS else ""


def _shares_name(report: ScoreReport, sentence: SentenceScore, source: str, span: Span) -> bool:
    """True where a name outside the quotation marks stands in both sentences."""
    ours = _names(sentence.sentence.span.of(report.document.text))
    return bool(ours & _names(span.of(source)))


def _names(sentence: str) -> set[str]:
    outside = sentence
    for span in reversed(quoted(sentence)):
        outside = outside[: span.start] + outside[span.end :]
    return {w.casefold() for w in re.findall(r"(?<=\w )[A-Z][\w’'-]*[a-z]\b", outside)}


def _one_line(text: str) -> str:
    return _NEWLINE.sub(" ", text)
