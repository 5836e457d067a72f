"""The data types that walk through the rooms. All frozen; standard library alone.

All offsets are Unicode code points, half-open, into `Document.text`. All scores are probabilities in
0..1, higher is worse, `None` where nothing could be scored. Surprisal and entropy are in nats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCORE_SCHEMA = "repair.score/1"
SUGGESTION_SCHEMA = "repair.suggestion/1"

Severity = Literal["minor", "major", "critical"]
Origin = Literal["parallel", "rule", "grammar", "lm", "endpoint"]
Tier = Literal["safe", "review"]
Verdict = Literal["accept", "reject", "edit"]


class Kind(StrEnum):
    """What a line of an article is. Only prose and quotes count in the document's score."""

    PROSE = "prose"
    QUOTE = "quote"
    HEADING = "heading"
    CAPTION = "caption"
    BYLINE = "byline"
    DATELINE = "dateline"
    FURNITURE = "furniture"

    @property
    def counts(self) -> bool:
        """True where the sentence counts in the document's score."""
        return self in (Kind.PROSE, Kind.QUOTE)

    @property
    def is_language(self) -> bool:
        """True where a sentence can be judged: not a name, a date or a leftover of a page."""
        return self in (Kind.PROSE, Kind.QUOTE, Kind.HEADING, Kind.CAPTION)


class Relation(StrEnum):
    """How a sentence stands to what a clean source says."""

    SAME_TEXT = "same_text"
    SAME_QUOTE = "same_quote"
    SAME_FACT = "same_fact"
    MORE_DETAIL = "more_detail"
    """The same fact, and one of the two names more."""
    CONTRADICTED = "contradicted"

    @property
    def as_evidence(self) -> Relation:
        """As suggestions name it, which know no shades of one fact."""
        return Relation.SAME_FACT if self is Relation.MORE_DETAIL else self


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Code points `start` to `end`, half-open."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The characters of `text` under this span."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """True where the two share a character, or one is empty and lies strictly inside the other."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """True where `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def shift(self, by: int) -> Span:
        """The same span `by` characters further on."""
        return Span(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document's bytes came from, and what it takes to write them again."""

    path: str
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    """The newline most lines end with; the text itself keeps every newline as it was read."""
    sha256: str = ""
    """Of the original bytes."""


@dataclass(frozen=True, slots=True)
class Document:
    """One article. `text` never changes; newlines are kept as they were read."""

    id: str
    text: str
    source: Source

    @classmethod
    def of_text(cls, text: str, id: str = "text") -> Document:
        """A document that was never a file."""
        return cls(id, text, Source(path=id, sha256=hashlib.sha256(text.encode()).hexdigest()))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or line. Sentences are in order and never overlap; only white space lies between."""

    index: int
    span: Span
    kind: Kind


@dataclass(frozen=True, eq=False, slots=True)
class TokenScores:
    """What one forward pass says of every token of one document. Arrays are read-only by convention.

    Shapes: `starts`, `ends` (tokens,) int64 code points into the document; `surprisal` and `entropy`
    (tokens,) float32 nats; `hidden` (tokens, width) float32 of the branch that the head reads, or None.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    surprisal: NDArray[np.float32]
    entropy: NDArray[np.float32]
    hidden: NDArray[np.float32] | None = None
    damage: NDArray[np.float32] | None = None
    """Is the token wrong, and is it badly wrong if it is: from .5 on, yes. Shape: (tokens, 2). None without a head
    that judges words."""

    def within(self, span: Span) -> slice:
        """The tokens that begin inside `span`, as a slice."""
        import numpy as np

        low, high = np.searchsorted(self.starts, (span.start, span.end), side="left")
        return slice(int(low), int(high))


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in a clean source that a finding or a suggestion rests on."""

    path: str
    start: int
    end: int
    text: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place, with the reason in words. `rule` is public API: it never changes."""

    rule: str
    span: Span
    message: str
    severity: Severity = "minor"
    score: float | None = None
    evidence: tuple[Evidence, ...] = ()
    replacements: tuple[str, ...] = ()
    """What the rule or the tool would write instead, best first; candidates for the gate, never applied alone."""


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """One sentence, judged."""

    sentence: Sentence
    score: float | None
    flagged: bool
    perplexity: float | None
    """exp of the mean surprisal in nats per token."""
    tokens: int
    findings: tuple[Finding, ...] = ()
    suspect: bool = False
    """Over a lower bar, in a document that is flagged: worth a proposal though not sure enough to be flagged."""


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """One document, judged. `signature` names model, head, grammar and settings."""

    document: Document
    sentences: tuple[SentenceScore, ...]
    score: float | None
    flagged: bool
    perplexity: float | None
    threshold: float
    signature: str
    machine: float | None = None
    """Probability that a machine wrote the text, not a person: a weak hint, which no command shows; None without
    prose."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the text."""
        return tuple(f for s in self.sentences for f in s.findings)

    @property
    def flagged_sentences(self) -> tuple[SentenceScore, ...]:
        """The sentences over the threshold."""
        return tuple(s for s in self.sentences if s.flagged)

    @property
    def suspects(self) -> tuple[SentenceScore, ...]:
        """The sentences that rewrites may be proposed for."""
        return tuple(s for s in self.sentences if s.flagged or s.suspect)


@dataclass(frozen=True, slots=True)
class Aligned:
    """One sentence of a document and the sentences of a source that tell the same.

    `score` is in 0..1, higher is surer. `detail` says in words what agrees or differs.
    """

    sentence: int
    sources: tuple[int, ...]
    relation: Relation
    score: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """A clean document that tells what a damaged one tells. `sentences` are the source's own."""

    source: Document
    sentences: tuple[Sentence, ...]
    score: float
    alignment: tuple[Aligned, ...]
    retold: bool = False
    """True where the one is the other told again sentence by sentence, in other words; which is the copy, it does not
    say."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `before` at `span` by `after`. `before` is checked against the text, always."""

    span: Span
    before: str
    after: str

    def __post_init__(self) -> None:
        if len(self.before) != len(self.span):
            raise ValueError(f"before has {len(self.before)} characters, its span {len(self.span)}")


@dataclass(frozen=True, slots=True)
class Check:
    """What one check of the gate said of one proposal."""

    name: str
    passed: bool
    value: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rewrite that no one has judged yet."""

    edit: Edit
    origin: Origin
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal that the gate has judged. `id` hangs on the words and their surroundings, not on offsets."""

    id: str
    path: str
    sentence: Span
    edit: Edit
    origin: Origin
    tier: Tier
    score_before: float | None
    score_after: float | None
    evidence: tuple[Evidence, ...]
    checks: tuple[Check, ...]
    reason: str

    @property
    def refused_by(self) -> tuple[Check, ...]:
        """The checks that it did not pass."""
        return tuple(check for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a suggestion; the last one counts. `text` only with the verdict `edit`."""

    id: str
    verdict: Verdict
    by: str
    at: str
    """ISO 8601, UTC."""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A suggestion that was not applied, and why."""

    suggestion: Suggestion
    reason: str


@dataclass(frozen=True, slots=True)
class CleanedDocument:
    """A document and what became of it. Every suggestion is in `applied` or in `skipped`, once."""

    document: Document
    text: str
    applied: tuple[Suggestion, ...]
    skipped: tuple[Skipped, ...]
    report: ScoreReport
    sources: tuple[SourceMatch, ...] = ()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """All suggestions, in the order of the text."""
        every = [*self.applied, *(s.suggestion for s in self.skipped)]
        return tuple(sorted(every, key=lambda s: (s.edit.span, s.id)))


def suggestion_ids(text: str, path: str, proposals: Sequence[Proposal], context: int = 32) -> list[str]:
    """Ids that stay the same when text elsewhere in the document changes; repeats are numbered.

    `context` is how many characters on either side take part.
    """
    seen: dict[str, int] = {}
    ids = []
    for proposal in proposals:
        span = proposal.edit.span
        around = (text[max(0, span.start - context) : span.start], text[span.end : span.end + context])
        key = "\x1f".join((path, around[0], proposal.edit.before, around[1], proposal.edit.after, proposal.origin))
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids
