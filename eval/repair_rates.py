"""Whether texts come out nearer to what people wrote: always beside what doing nothing gives."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import partial

from eval import metrics, seeds
from eval.data import PAIRS, postedits_paired
from eval.table import Row
from repair.config import ApplyPolicy
from repair.pipeline import Cleaner, finish
from repair.records import CleanedDocument, Document

POLICIES: tuple[ApplyPolicy, ...] = ("safe", "all")


def seed_rows(cleaner: Cleaner) -> Iterable[Row]:
    """Proposals for the five articles, each with the other four as possible sources."""
    documents = seeds.documents()
    index = cleaner.index(documents)
    cleaned = {document.id: cleaner.clean(document, index) for document in documents}
    row = partial(Row, "repair", "seeds")
    garbled = [label for label in seeds.labels() if label.severity == seeds.GARBLED]
    touching = [
        [s for s in cleaned[document.id].suggestions if seeds.overlap(s.edit.span, span)]
        for document in documents
        for span in seeds.locate(document.text, [label for label in garbled if label.document == document.id])
    ]
    yield row("garbled sentences with a proposal", sum(map(bool, touching)), of=len(garbled))
    passed = sum(any(not s.refused_by for s in found) for found in touching)
    yield row("garbled sentences with a proposal that passed the gate", passed, of=len(garbled))
    for policy in POLICIES:
        results = [again(result, policy) for result in cleaned.values()]
        yield row(f"edits applied ({policy})", sum(len(result.applied) for result in results))
        whole = [result for result in results if result.document.id.startswith(seeds.WHOLE_DOCUMENTS)]
        changed = sum(result.text != result.document.text for result in whole)
        yield row(f"articles with nothing to mend that were changed ({policy})", changed, of=len(whole))


def again(result: CleanedDocument, policy: ApplyPolicy) -> CleanedDocument:
    """The same suggestions under another policy."""
    return finish(result.report, result.suggestions, result.sources, policy)


def correction_rows(cleaner: Cleaner, size: int, seed: int) -> Iterable[Row]:
    """Badly damaged sentences that a person corrected, with no source to go by."""
    for pair in PAIRS:
        pairs = postedits_paired(pair)
        drawn = random.Random(seed).sample(pairs, min(size, len(pairs)))
        damaged, corrected = [mt for mt, _ in drawn], [edited for _, edited in drawn]
        results = [cleaner.clean(Document.of_text(text, f"{pair} {n}")) for n, text in enumerate(damaged)]
        row = partial(Row, "repair", f"postedit_dev_{pair}, {len(drawn)} sentences, no source")
        yield from distances(row, results, damaged, corrected)


def distances(
    row: partial[Row], results: Sequence[CleanedDocument], damaged: Sequence[str], references: Sequence[str]
) -> Iterable[Row]:
    """TER against the references when nothing is done, and under each policy."""
    yield row("TER, doing nothing", metrics.translation_edit_rate(damaged, references))
    for policy in POLICIES:
        texts = [again(result, policy).text for result in results]
        yield row(f"TER, cleaned ({policy})", metrics.translation_edit_rate(texts, references))
