"""The garbled sentences of the five articles, before and after, and what a careful reader says of each change.

    python -m eval.proposals              all of them as a Markdown table
    python -m eval.proposals --open       the changes that nobody has judged yet, as lines for eval/judgements.jsonl

A judgement holds for one sentence and one change of it: where another change is proposed, it has to be read anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from eval import seeds
from repair import edits
from repair.config import Settings
from repair.pipeline import Cleaner
from repair.records import CleanedDocument, Edit, Span

JUDGEMENTS = Path(__file__).with_name("judgements.jsonl")


@dataclass(frozen=True, slots=True)
class Change:
    """A garbled sentence under the policy `all`; `after` is `before` where nothing passed the gate."""

    document: str
    before: str
    after: str
    proposed: bool

    @property
    def passed(self) -> bool:
        """True where something passed the gate."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a careful reader takes `after` for better than `before`, and why."""

    document: str
    before: str
    after: str
    accepted: bool
    reason: str


def cleaned_seeds(cleaner: Cleaner) -> list[CleanedDocument]:
    """The five articles under the policy `all`, each with the other four as possible sources."""
    documents = seeds.documents()
    index = cleaner.index(documents)
    return [cleaner.clean(document, index) for document in documents]


def changes(articles: Sequence[CleanedDocument], labels: Sequence[seeds.Label] | None = None) -> list[Change]:
    """What becomes of each garbled sentence; `labels` are those of the five articles where none are given."""
    garbled = [label for label in labels or seeds.labels() if label.severity == seeds.GARBLED]
    found = []
    for article in articles:
        mine = [label for label in garbled if label.document == article.document.id]
        found += [_change(article, span) for span in seeds.locate(article.document.text, mine)]
    return found


def _change(cleaned: CleanedDocument, span: Span) -> Change:
    """The sentence with all edits that touch it; a proposal that reaches further shows its neighbours too."""
    text = cleaned.document.text
    every = sorted((s.edit for s in cleaned.applied if _touches(s.edit.span, span)), key=lambda e: e.span)
    start = min([span.start, *(e.span.start for e in every)])
    end = max([span.end, *(e.span.end for e in every)])
    proposed = any(_touches(s.edit.span, span) for s in cleaned.suggestions)
    moved = [Edit(Span(e.span.start - start, e.span.end - start), e.before, e.after) for e in every]
    return Change(cleaned.document.id, text[start:end], edits.apply(text[start:end], moved), proposed)


def _touches(edit: Span, sentence: Span) -> bool:
    return bool(seeds.overlap(edit, sentence)) or sentence.contains(edit)


@cache
def judgements() -> dict[tuple[str, str, str], Judgement]:
    """What was judged so far, by document, before and after."""
    lines = JUDGEMENTS.read_text(encoding="utf-8").splitlines() if JUDGEMENTS.exists() else []
    read = [Judgement(**json.loads(line)) for line in lines]
    return {(one.document, one.before, one.after): one for one in read}


def judgement(change: Change) -> Judgement | None:
    """The judgement of just this change, if there is one."""
    return judgements().get((change.document, change.before, change.after))


def table(found: Sequence[Change]) -> Iterator[str]:
    """The lines of the Markdown table."""
    yield "| article | before | after | accepted | why |"
    yield "|---|---|---|---|---|"
    for change in found:
        one = judgement(change)
        told = ("not judged", "") if one is None else ("yes" if one.accepted else "no", one.reason)
        after = change.after if change.passed else "*refused*" if change.proposed else "*nothing proposed*"
        verdict = told if change.passed else ("-", "")
        yield "| " + " | ".join((change.document[:3], _cell(change.before), _cell(after), *verdict)) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.proposals", description=__doc__.splitlines()[0])
    parser.add_argument("--open", action="store_true", help="what nobody has judged yet")
    args = parser.parse_args(argv)
    with Cleaner(Settings(device="cpu", grammar="none", apply="all")) as cleaner:
        found = changes(cleaned_seeds(cleaner))
    if not args.open:
        print("\n".join(table(found)))
        return
    for change in found:
        if change.passed and judgement(change) is None:
            empty = Judgement(change.document, change.before, change.after, accepted=False, reason="")
            print(json.dumps(asdict(empty), ensure_ascii=False))


if __name__ == "__main__":
    main()
