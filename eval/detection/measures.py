"""The lines of the detection table: every set, the scorer's figure and the baselines' beside it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval import metrics
from eval.data import PAIRS, WEAK_ENGINES
from eval.detection import observe, sets
from eval.detection.sets import Text
from eval.table import Row
from repair.detectors.surprise import marks
from repair.records import Span

if TYPE_CHECKING:
    from repair.detectors.checker import GrammarChecker
    from repair.records import TokenScores
    from repair.scoring.scorer import Scorer

SEEN_ENGINES = ("deepl", "google")
"""Engines of WMT 2019 whose earlier output was learned from; the other systems are new to the scorer."""
BINS = 10


@dataclass(frozen=True, eq=False, slots=True)
class Bench:
    """What the measures need: the scorer, grammar checkers by name, and how much of each file to read."""

    scorer: Scorer
    checkers: dict[str, GrammarChecker]
    limit: int | None
    baseline_limit: int
    seed: int


def postedit_rows(bench: Bench, split: str) -> Iterator[Row]:
    """AUC of badly damaged machine output against its own corrections, for each language pair."""
    for pair in PAIRS:
        pairs = sets.postedit_pairs(pair, bench.limit, bench.seed, split)
        sides = [[Text("garbled", (mt,)) for mt, _ in pairs], [Text("clean", (edited,)) for _, edited in pairs]]
        bad, good = (observe.observe(bench.scorer, side) for side in sides)
        row = partial(Row, "detection", f"postedit_{split}_{pair}, HTER from .35 against its post-edit")
        yield from _area(row, "this scorer", [s.score for s in bad], [s.score for s in good])
        yield row("post-edits flagged", sum(s.report[0].flagged for s in good), of=len(good))
        yield row("garbled flagged", sum(s.report[0].flagged for s in bad), of=len(bad))
        yield from _baselines(bench, row, bad, good)


def _area(row: partial[Row], name: str, bad: Sequence[float | None], good: Sequence[float | None]) -> Iterator[Row]:
    area = metrics.bootstrap(metrics.auc, bad, good)
    yield row(f"AUC, {name}", area.value, low=area.low, high=area.high)


def _baselines(
    bench: Bench, row: partial[Row], bad: Sequence[observe.Seen], good: Sequence[observe.Seen]
) -> Iterator[Row]:
    cheap: dict[str, Callable[[observe.Seen], float]] = {
        "mean surprisal (raw perplexity)": observe.mean_surprisal,
        "mean of three highest surprisals": observe.top_surprisal,
        "unigram frequency": observe.unigram,
        "Binoculars' ratio, one model": observe.binoculars,
    }
    for name, method in cheap.items():
        yield from _area(row, name, [method(s) for s in bad], [method(s) for s in good])
    few_bad, few_good = bad[: bench.baseline_limit], good[: bench.baseline_limit]
    dear: dict[str, Callable[[Sequence[observe.Seen]], list[float]]] = {
        "Fast-DetectGPT": lambda seen: [-observe.fast_detect(bench.scorer.model, s.text.sentences[0]) for s in seen],
        "our rules, matches a word": observe.rule_matches,
    }
    dear |= {f"{name}, matches a word": partial(observe.matches, c) for name, c in bench.checkers.items()}
    for name, asked in dear.items():
        yield from _area(row, f"{name} (first {len(few_bad)})", asked(few_bad), asked(few_good))


def clean_rows(bench: Bench) -> Iterator[Row]:
    """False alarms at the shipped threshold."""
    for name, texts in sets.clean_sets(bench.limit, bench.seed):
        alone = len(texts[0].sentences) == 1 and not name.startswith("human_essays")
        seen = observe.observe(bench.scorer, texts, alone=alone)
        judged = [s for one in seen for s in one.report if s.score is not None]
        row = partial(Row, "false alarms", name)
        yield row("clean sentences flagged", sum(s.flagged for s in judged), of=len(judged))
        if not alone:
            yield row("clean documents flagged", sum(s.document_flagged for s in seen), of=len(seen))


def word_rows(bench: Bench) -> Iterator[Row]:
    """Word MCC and sentence AUC on translators' marks of an unseen year."""
    from sklearn.metrics import matthews_corrcoef

    found = sets.marked_words(bench.limit, bench.seed)
    seen = observe.observe(bench.scorer, [Text("marked", (m.text,)) for m in found])
    truth = np.concatenate([m.bad for m in found])
    row = partial(Row, "words", "error_spans_test_2023_zh")
    places = [_places(m) for m in found]
    ours = [
        _words_hit(own, [k.span for k in marks(m.text, s.tokens, Span(0, len(m.text)))])
        for own, m, s in zip(places, found, seen, strict=True)
    ]

    def agreement(chosen: Sequence[int]) -> float:
        return float(matthews_corrcoef(_flat([found[i].bad for i in chosen]), _flat([ours[i] for i in chosen])))

    value = _interval(agreement, len(found))
    yield row("word MCC, this scorer, without the source", value.value, low=value.low, high=value.high)
    yield row("words marked", int(np.concatenate(ours).sum()), of=len(truth))
    yield row("word MCC, every word marked or none", 0.0)
    yield row("words wrong by the translators", int(truth.sum()), of=len(truth))
    for name, values in (
        ("this scorer", [s.tokens.damage[:, 0] for s in seen if s.tokens.damage is not None]),
        ("surprisal", [s.tokens.surprisal for s in seen]),
    ):
        asked = np.concatenate([_strongest(p, s.tokens, v) for p, s, v in zip(places, seen, values, strict=True)])
        yield from _area(row, f"{name}, words", asked[truth].tolist(), asked[~truth].tolist())
        best = metrics.best_mcc(truth, asked, np.linspace(0.5, 0.995, 100))
        yield row(f"word MCC, {name}, at the threshold that is best here, which nobody could know", best)


def _flat(parts: Sequence[Sequence[bool] | NDArray[np.bool_]]) -> NDArray[np.bool_]:
    return np.concatenate([np.asarray(part, bool) for part in parts])


def _interval(statistic: Callable[[Sequence[int]], float], count: int, resamples: int = 200) -> metrics.Interval:
    draw = np.random.default_rng(0)
    values = [statistic(draw.integers(0, count, count).tolist()) for _ in range(resamples)]
    low, high = np.quantile(values, [0.025, 0.975])
    return metrics.Interval(float(statistic(range(count))), float(low), float(high))


def _places(marked: sets.Marked) -> list[Span | None]:
    """Where the file's own words stand, from left to right; None for a word that is not found."""
    places: list[Span | None] = []
    at = 0
    for token in marked.tokens:
        start = marked.text.find(token, at)
        if start < 0:
            places.append(None)
        else:
            at = start + len(token)
            places.append(Span(start, at))
    return places


def _words_hit(places: Sequence[Span | None], spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which words lie in a span."""
    return np.array([p is not None and any(s.start < p.end and s.end > p.start for s in spans) for p in places], bool)


def _strongest(places: Sequence[Span | None], tokens: TokenScores, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each word the highest value among its tokens; the lowest of all where it has none. Shape: (words,)."""
    none = values[:0]
    within = [none if p is None else values[(tokens.starts < p.end) & (tokens.ends > p.start)] for p in places]
    return np.array([own.max() if len(own) else values.min() for own in within], np.float32)


def machine_rows(bench: Bench) -> Iterator[Row]:
    """Machine or human, WMT 2019: balanced accuracy of the second output, and what new systems cost."""
    for level in ("sentence", "document"):
        texts = sets.human_or_machine(level, bench.limit, bench.seed)
        seen = observe.observe(bench.scorer, texts, alone=level == "sentence")
        right: dict[str, list[bool]] = defaultdict(list)
        for one in seen:
            said = (one.machine or 0.0) >= 0.5
            right[one.text.group].append(said is (one.text.side == "machine"))
        people = float(np.mean(right.pop("human")))
        row = partial(Row, "machine or human", f"human_or_machine_test_wmt19, {level}s")
        by_engine = {engine: (people + float(np.mean(found))) / 2 for engine, found in right.items()}
        yield row("balanced accuracy, mean of systems", float(np.mean(list(by_engine.values()))))
        for engine, value in sorted(by_engine.items()):
            yield row(f"balanced accuracy, {engine}", value)
        new = [v for e, v in by_engine.items() if e not in SEEN_ENGINES]
        if new:
            old = float(np.mean([v for e, v in by_engine.items() if e in SEEN_ENGINES]))
            yield row("points lost on systems of which nothing was learned", 100 * (old - float(np.mean(new))))


def calibration_rows(bench: Bench) -> Iterator[Row]:
    """Expected calibration error on development data, for each class of length too."""
    scores, labels, words = dev_probabilities(bench)
    row = partial(Row, "calibration", "mt_dev_wmt18 and postedit_dev")
    yield row(f"expected calibration error, {BINS} bins of like size", calibration_error(scores, labels))
    for low, high in ((6, 13), (13, 25), (25, 10_000)):
        mine = (words >= low) & (words < high)
        name = f"from {low} words" if high == 10_000 else f"{low} to {high - 1} words"
        yield row(f"expected calibration error, {name}", calibration_error(scores[mine], labels[mine]))


def dev_probabilities(bench: Bench) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Score, whether garbled, and words, of sentences that people judged; each by itself."""
    texts: list[str] = []
    labels: list[bool] = []
    for text, garbled in judged_sentences(bench.limit, bench.seed):
        texts.append(text)
        labels.append(garbled)
    seen = observe.observe(bench.scorer, [Text("", (text,)) for text in texts])
    scores = np.array([s.score or 0.0 for s in seen])
    return scores, np.array(labels), np.array([len(text.split()) for text in texts])


def judged_sentences(limit: int | None, seed: int) -> Iterator[tuple[str, bool]]:
    """Development sentences with a state: machine output and corrections by HTER, engines by chrF."""
    import html

    from sacrebleu.metrics import CHRF

    from eval.data import BAD_HTER, LOW_CHRF, detokenise, rows

    for pair in PAIRS:
        found = rows(f"postedit_dev_{pair}", "choose", ["mt", "post_edit", "hter"])
        for mt, edited, hter in sets.drawn(found, limit, seed):
            yield detokenise(mt), hter >= BAD_HTER
            yield detokenise(edited), False
    chrf = CHRF()
    for engine, mt, reference in sets.drawn(rows("mt_dev_wmt18", "choose", ["engine", "mt", "reference"]), limit, seed):
        text = html.unescape(mt)
        likeness = chrf.sentence_score(text, [reference]).score
        low = LOW_CHRF if engine in WEAK_ENGINES else LOW_CHRF - 12
        if likeness < low or likeness > 75:
            yield text, likeness < low
        yield reference, False


def calibration_error(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Mean distance of probability and frequency in bins of like size, weighted (Naeini et al. 2015)."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return float(sum(len(p) * abs(scores[p].mean() - labels[p].mean()) for p in parts) / len(scores))


def cost_rows(bench: Bench) -> Iterator[Row]:
    """Time of the scorer over that of the bare pass with surprisal, same texts, same run; the best of three each."""
    from dataclasses import replace

    texts = [Text("", (mt,)) for mt, _ in sets.postedit_pairs("ne", 200, bench.seed, "dev")]
    documents = observe.documents_of(texts, alone=True)
    bare = replace(bench.scorer.model, branch=None)
    pairs = [(document.text, sentences) for document, sentences in documents]

    def best(run: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            started = time.perf_counter()
            run()
            times.append(time.perf_counter() - started)
        return min(times)

    context = bench.scorer.settings.context_tokens
    whole = best(lambda: bench.scorer.score_many(documents))
    alone = best(lambda: bare.token_scores(pairs, context=context))
    yield Row("cost", "postedit_dev_ne, 200 sentences", "time of scoring over time of the bare pass", whole / alone)


PARTS: dict[str, Callable[[Bench], Iterable[Row]]] = {
    "postedit": partial(postedit_rows, split="test"),
    "words": word_rows,
    "clean": clean_rows,
    "machine": machine_rows,
    "calibration": calibration_rows,
    "cost": cost_rows,
}
"""The parts of the table, in order."""
