"""The smallest changes that make a sentence likelier: one word left out, put in, swapped or respelt.

A change is scored by the surprisal, in nats, of the words from its place to TAIL characters to the right. Content
words are never exchanged for others: only function words within their class, forms of the same word, repeats and
stray capitals (`words`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repair.parallel.tables import capital_share
from repair.records import Edit, SentenceScore, Span, TokenScores
from repair.rewrite import words
from repair.text.quotes import quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from repair.lm.model import LanguageModel

PLACES = 3
"""Words of a sentence that are tried, the most surprising first, each with the word before it."""
PLAIN = 5
"""Percent of a word's occurrences inside sentences that are capitalised: up to here a capital there is tried too."""
CHOICES = 4
"""Candidates that are read to the right, of those that the model finds likeliest in each place."""
CONTEXT = 45
"""Characters read before a place, and TAIL characters scored from there on: what decides is near."""
TAIL = 40
GAIN = 3.0
"""Nats that a change must save."""
LEAVING_OUT = 4.0
"""Nats that leaving a word out must save besides, since a shorter text is always the likelier."""
_TOP = 50
"""Tokens of the model's own that are looked at in each place."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """An edit and how many nats it saves."""

    edit: Edit
    gain: float


@dataclass(frozen=True, eq=False, slots=True)
class _Guess:
    """What the model expects at one place: its likeliest whole words, and log-probabilities, shape (vocabulary,)."""

    top: tuple[str, ...]
    row: NDArray[np.float32]
    model: LanguageModel

    def likelihood(self, word: str) -> float:
        """The log-probability of the word's first token."""
        return float(self.row[self.model.encode(" " + word).ids[0]])


@dataclass(frozen=True, slots=True)
class _Trial:
    """Edits of one place, and how the text from there on reads without (first) and with each."""

    context: str
    readings: tuple[str, ...]
    edits: tuple[Edit, ...]


def changes(
    model: LanguageModel, text: str, tokens: TokenScores, sentences: Sequence[SentenceScore]
) -> list[tuple[SentenceScore, list[Change]]]:
    """For each sentence its changes that save enough, best first, no two at one place."""
    tried = [(s, place) for s in sentences for place in _places(text, tokens, s)]
    guesses = _guesses(model, text, tried)
    trials = [
        _trial(text, sentence.sentence.span, _candidates(text, place, guess))
        for (sentence, place), guess in zip(tried, guesses, strict=True)
    ]
    gains = _gains(model, trials)
    found: dict[int, list[Change]] = {s.sentence.index: [] for s in sentences}
    for (sentence, _), trial, saved in zip(tried, trials, gains, strict=True):
        best = max(zip(saved, trial.edits, strict=True), key=lambda pair: pair[0], default=None)
        if best is not None and best[0] >= GAIN:
            found[sentence.sentence.index].append(Change(best[1], best[0]))
    return [(s, _apart(found[s.sentence.index])) for s in sentences]


def _places(text: str, tokens: TokenScores, sentence: SentenceScore) -> list[Span]:
    """The most surprising words outside quotation marks; the sentence's first word has nothing to be judged by."""
    span = sentence.sentence.span
    kept = [q.shift(span.start) for q in quoted(span.of(text))]
    spans = [Span(m.start(), m.end()) for m in _WORD.finditer(text, span.start, span.end)][1:]
    weighed = [
        (float(tokens.surprisal[tokens.within(word)].sum()), word)
        for word in spans
        if not any(q.overlaps(word) for q in kept)
    ]
    ranked = [word for _, word in sorted(weighed, key=lambda pair: -pair[0])]
    return ranked[:PLACES] + [word for word in ranked[PLACES:] if _stray_capital(word.of(text))]


def _is_capitalised(word: str) -> bool:
    return word[:1].isupper() and word[1:].islower()


def _stray_capital(word: str) -> bool:
    share = capital_share(word) if _is_capitalised(word) else None
    return share is not None and share <= PLAIN


def _candidates(text: str, place: Span, guess: _Guess) -> list[Edit]:
    """The likeliest of the changes that keep what the word at `place` says."""
    word = place.of(text)
    before = [m.group() for m in _WORD.finditer(text, max(0, place.start - CONTEXT), place.start)][-1:]
    others = {_cased(word, new) for new in words.swaps(word)}
    if word.islower():
        others |= words.forms(word) | {top for top in guess.top if words.related(word, top)}
    if _is_capitalised(word) and words.exists(word.casefold()):
        others.add(word.lower())
    edits = {Edit(place, word, new): guess.likelihood(new) for new in sorted(others)}
    edits |= {
        Edit(Span(place.start, place.start), "", f"{new} "): guess.likelihood(new)
        for new in sorted(words.INSERTABLE.intersection(guess.top))
    }
    likeliest = sorted(edits, key=lambda e: -edits[e])[:CHOICES]
    if _stray_capital(word):  # what stands before it does not tell: many words may follow
        likeliest = list(dict.fromkeys([*likeliest, Edit(place, word, word.lower())]))
    if words.is_function_word(word) or [b.casefold() for b in before] == [word.casefold()]:
        likeliest += _left_out(text, place)
    return likeliest


def _left_out(text: str, word: Span) -> list[Edit]:
    """The word and the space before it; not where punctuation touches it."""
    if text[word.start - 1 : word.start] != " " or text[word.end : word.end + 1] != " ":
        return []
    return [Edit(Span(word.start - 1, word.end), text[word.start - 1 : word.end], "")]


def _cased(old: str, new: str) -> str:
    return new.capitalize() if old[:1].isupper() else new


def _trial(text: str, sentence: Span, edits: list[Edit]) -> _Trial:
    if not edits:
        return _Trial("", (), ())
    start = min(e.span.start for e in edits)
    start -= text[start - 1 : start] == " "  # a word's token begins with its space
    end = _word_end(text, max(e.span.end for e in edits) + TAIL, sentence.end)
    readings = [text[start : e.span.start] + e.after + text[e.span.end : end] for e in edits]
    context = text[max(0, text.find(" ", max(0, start - CONTEXT), start)) : start]
    return _Trial(context, (text[start:end], *readings), tuple(edits))


def _gains(model: LanguageModel, trials: Sequence[_Trial]) -> list[list[float]]:
    """Nats that each edit of each trial saves; all readings in one batched pass."""
    stretches = [(model.encode(t.context).ids, model.encode(r).ids) for t in trials for r in t.readings]
    totals = iter([float(piece.surprisal.sum()) for piece in model.score_ids(stretches)])
    gains = []
    for trial in trials:
        plain = next(totals) if trial.readings else 0.0
        gains.append([plain - next(totals) - (0.0 if edit.after else LEAVING_OUT) for edit in trial.edits])
    return gains


def _word_end(text: str, at: int, limit: int) -> int:
    space = text.find(" ", min(at, limit), limit)
    return limit if space < 0 else space


def _apart(found: list[Change]) -> list[Change]:
    """Best first, without those that touch a better one."""
    kept: list[Change] = []
    for change in sorted(found, key=lambda c: -c.gain):
        reach = Span(max(0, change.edit.span.start - 1), change.edit.span.end + 1)
        if not any(reach.overlaps(k.edit.span) for k in kept):
            kept.append(change)
    return kept


def _guesses(model: LanguageModel, text: str, tried: Sequence[tuple[SentenceScore, Span]]) -> list[_Guess]:
    """What the model itself expects at each place; every sentence is read once, with CONTEXT before it."""
    import torch

    if not tried:
        return []
    starts = {s.sentence.index: max(0, s.sentence.span.start - CONTEXT) for s, _ in tried}
    read = {s.sentence.index: model.encode(text[starts[s.sentence.index] : s.sentence.span.end]) for s, _ in tried}
    order = {index: row for row, index in enumerate(read)}
    ids = torch.full((len(read), 1 + max(len(e.ids) for e in read.values())), model.prefix, dtype=torch.long)
    for row, encoding in enumerate(read.values()):
        ids[row, 1 : 1 + len(encoding.ids)] = torch.tensor(encoding.ids)
    rows = [order[s.sentence.index] for s, _ in tried]
    # With the prefix in front, the state at index i is what predicts token i of the text.
    at = [int(read[s.sentence.index].starts.searchsorted(place.start - starts[s.sentence.index])) for s, place in tried]
    with torch.inference_mode():
        logits = model.body.logits(model.body.read(ids.to(model.device)).last[rows, at]).log_softmax(dim=-1)
    return [_guess(model, row) for row in logits.cpu().numpy()]


def _guess(model: LanguageModel, row: NDArray[np.float32]) -> _Guess:
    decoded = [model.tokenizer.decode([int(token)]) for token in row.argsort()[::-1][:_TOP]]
    top = tuple(piece.strip() for piece in decoded if piece.startswith(" ") and piece.strip())
    return _Guess(top, row, model)
