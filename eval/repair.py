"""The table of repair: what the gate refuses, what comes nearer to the original, what is harmed.

    python -m eval.repair                      development data
    python -m eval.repair --final              data for measuring alone; look rarely, choose nothing by it
    python -m eval.repair --only unsourced     one part: gate, sourced, unsourced, harm or seeds
    python -m eval.repair --json FILE          the same figures as JSON

Every distance stands beside that of doing nothing; intervals are drawn over documents. Copies have the policy `all`
where none is named. Two hours on two cores for all parts with `--final`; fewer with a smaller `--sentences`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eval import data, gate_rates, parallel, proposals, seeds
from eval.distances import Counts, edits, pooled
from eval.table import Row, publish, timed
from eval.unscored import UnscoredParts
from repair.config import ApplyPolicy, Settings
from repair.pipeline import Cleaner, finish
from repair.records import CleanedDocument, Document

POLICIES: tuple[ApplyPolicy, ...] = ("safe", "all")


@dataclass(frozen=True, slots=True)
class Told:
    """A document by its lines, and what each line should be; for harm the same lines."""

    name: str
    lines: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a document's lines, by policy. A line that an edit joined to another is counted with it."""

    told: Told
    lines: dict[ApplyPolicy, tuple[str, ...]]

    def distance(self, policy: ApplyPolicy | None) -> Counts:
        """Edits to the right lines; of doing nothing without a policy."""
        return edits(self.lines[policy] if policy else self.told.lines, self.told.right)

    def touched(self, policy: ApplyPolicy) -> list[tuple[str, str, str]]:
        """Each line that was changed: before, after, right."""
        every = zip(self.told.lines, self.lines[policy], self.told.right, strict=True)
        return [line for line in every if line[0] != line[1]]


def mend(cleaner: Cleaner, documents: Sequence[Told]) -> list[Mended]:
    """Clean documents without any source."""
    found = []
    for told in documents:
        result = cleaner.clean(Document.of_text("\n".join(told.lines), told.name))
        lines = {policy: tuple(again(result, policy).text.split("\n")) for policy in POLICIES}
        if any(len(after) != len(told.lines) for after in lines.values()):
            raise ValueError(f"{told.name}: a rewrite changed the number of lines, which the gate forbids")
        found.append(Mended(told, lines))
    return found


def again(result: CleanedDocument, policy: ApplyPolicy) -> CleanedDocument:
    """The same suggestions under another policy."""
    return finish(result.report, result.suggestions, result.sources, policy)


def distance_rows(row: partial[Row], found: Sequence[Mended]) -> Iterator[Row]:
    """TER of doing nothing and of each policy, and of the lines that were touched those that came nearer."""
    yield _pooled(row, "TER, doing nothing", [one.distance(None) for one in found])
    for policy in POLICIES:
        yield _pooled(row, f"TER, cleaned ({policy})", [one.distance(policy) for one in found])
    touched = [line for one in found for line in one.touched("all")]
    moved = [edits([was], [right]).part - edits([now], [right]).part for was, now, right in touched]
    yield row("touched sentences that came nearer (all)", sum(m > 0 for m in moved), of=len(moved))
    yield row("touched sentences that went further (all)", sum(m < 0 for m in moved), of=len(moved))


def _pooled(row: partial[Row], metric: str, counts: Sequence[Counts]) -> Row:
    found = pooled(counts, scale=100)
    return row(metric, found.value, low=found.low, high=found.high)


def unsourced_rows(cleaner: Cleaner, args: argparse.Namespace) -> Iterator[Row]:
    """Round trips by good engines in documents of ten sentences, and machine output that people corrected."""
    for engine in parallel.ENGINES:
        documents = [Told(s.id, s.damaged, s.original) for s in _trips(engine, args)]
        name = "roundtrip_test_wmt18" if args.final else "roundtrip_2017"
        told = partial(Row, "without a source", f"{name}, {engine}, {len(documents)} documents")
        yield from distance_rows(told, mend(cleaner, documents))
    for pair in data.PAIRS:
        documents = [Told(f"{pair} {n}", (mt,), (edited,)) for n, (mt, edited) in enumerate(_corrections(pair, args))]
        name = f"postedit_{_split(args)}_{pair}"
        told = partial(Row, "without a source", f"{name}, {len(documents)} sentences")
        yield from distance_rows(told, mend(cleaner, documents))


def harm_rows(cleaner: Cleaner, args: argparse.Namespace) -> Iterator[Row]:
    """Clean sentences that are changed: corrections by people, each alone, and news in documents of ten sentences."""
    corrected = [edited for pair in data.PAIRS for _, edited in _corrections(pair, args)]
    news = [story.original for story in _trips(parallel.ENGINES[0], args)]
    groups = {"corrections by people": [(line,) for line in corrected], "news as it was written": news}
    for name, every in groups.items():
        found = mend(cleaner, [Told(f"{name} {n}", lines, lines) for n, lines in enumerate(every)])
        count = sum(map(len, every))
        for policy in POLICIES:
            changed = sum(len(one.touched(policy)) for one in found)
            yield Row("harm", f"{name}, {_split(args)}", f"clean sentences changed ({policy})", changed, of=count)


def seed_rows(cleaner: Cleaner, _: argparse.Namespace | None = None) -> Iterator[Row]:
    """Proposals for the five articles, each with the other four as possible sources."""
    articles = proposals.cleaned_seeds(cleaner)
    row = partial(Row, "repair", "seeds")
    found = proposals.changes(articles)
    yield row("garbled sentences with a proposal", sum(one.proposed for one in found), of=len(found))
    passed = [one for one in found if one.passed]
    yield row("garbled sentences with a proposal that passed the gate", len(passed), of=len(found))
    read = [one for one in map(proposals.judgement, passed) if one is not None]
    yield row("of these, judged by a careful reader (eval/judgements.jsonl)", len(read), of=len(passed))
    yield row("of these, accepted", sum(one.accepted for one in read), of=len(read))
    for policy in POLICIES:
        results = [again(result, policy) for result in articles]
        yield row(f"edits applied ({policy})", sum(len(result.applied) for result in results))
        whole = [result for result in results if result.document.id.startswith(seeds.WHOLE_DOCUMENTS)]
        changed = sum(result.text != result.document.text for result in whole)
        yield row(f"articles with nothing to mend that were changed ({policy})", changed, of=len(whole))


def gate_rows(cleaner: Cleaner, args: argparse.Namespace) -> Iterator[Row]:
    """What the gate refuses and passes; see `eval.gate_rates`."""
    pairs = gate_rates.pairs_of("measure" if args.final else "choose", 60)
    yield from gate_rates.rows(gate_rates.judged(pairs, cleaner.parts.scorer.model, cleaner.parts.embedder))


def sourced_rows(_: Cleaner, args: argparse.Namespace) -> Iterator[Row]:
    """Copies beside their originals; see `eval.parallel`, which says why no language model reads them."""
    settings = Settings(device="cpu", grammar="none", rewriter="none")
    with Cleaner(settings, parts=UnscoredParts(settings)) as unscored:
        yield from parallel.rows(unscored, args.documents, args.seed, final=args.final)


PARTS: dict[str, Callable[[Cleaner, argparse.Namespace], Iterable[Row]]] = {
    "gate": gate_rows,
    "sourced": sourced_rows,
    "unsourced": unsourced_rows,
    "harm": harm_rows,
    "seeds": seed_rows,
}


def _split(args: argparse.Namespace) -> str:
    return "test" if args.final else "dev"


def _trips(engine: str, args: argparse.Namespace) -> list[data.Story]:
    found = parallel.stories(engine, final=args.final)
    return random.Random(args.seed).sample(found, min(args.documents, len(found)))


def _corrections(pair: str, args: argparse.Namespace) -> list[tuple[str, str]]:
    found = data.postedits_paired(pair, _split(args))
    return random.Random(args.seed).sample(found, min(args.sentences, len(found)))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.repair", description="The table of repair.")
    parser.add_argument("--only", choices=tuple(PARTS), help="one part of the table")
    parser.add_argument("--documents", type=int, default=150, help="of ten sentences (default: %(default)s)")
    parser.add_argument("--sentences", type=int, default=100, help="of each language (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the samples")
    parser.add_argument("--final", action="store_true", help="data for measuring alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    args = parser.parse_args(argv)
    if data.data_folder() is None and args.only != "seeds":
        print("No evaluation data: set REPAIR_DATA, or measure `--only seeds`.", file=sys.stderr)
        return 2
    rows: list[Row] = []
    with Cleaner(Settings(device="cpu", grammar="none", apply="all")) as cleaner:
        for name in [args.only] if args.only else PARTS:
            rows += timed(name, PARTS[name](cleaner, args))
        signature = cleaner.signature
    publish(rows, signature, args.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
