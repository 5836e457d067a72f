"""Pictures of detection as SVG: ROC curves, reliability, and scores by the year of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.data import PAIRS
from eval.detection import observe, sets
from eval.detection.measures import BINS, Bench, dev_probabilities
from eval.detection.sets import Text


def draw(bench: Bench, folder: Path, *, sentences: int) -> list[Path]:
    """All figures, written into `folder`; `sentences` of each year and side."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "repair", "figure.figsize": (6, 4.5), "axes.grid": True})
    folder.mkdir(parents=True, exist_ok=True)
    makers = {"roc.svg": _roc, "reliability.svg": _reliability, "years.svg": _years}
    for name, maker in makers.items():
        figure = maker(bench, sentences)
        figure.savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
    return [folder / name for name in makers]


def _axes(title: str, x: str, y: str):  # type: ignore[no-untyped-def]
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _roc(bench: Bench, sentences: int):  # type: ignore[no-untyped-def]
    from sklearn.metrics import roc_curve

    figure, axes = _axes("Badly damaged output against its post-edit", "false positive rate", "recall")
    for pair in PAIRS:
        pairs = sets.postedit_pairs(pair, sentences, bench.seed)
        seen = observe.observe(bench.scorer, [Text("", (t,)) for mt, edited in pairs for t in (mt, edited)])
        labels = [1, 0] * len(pairs)
        for style, scores in (("-", [s.score or 0.0 for s in seen]), (":", [observe.mean_surprisal(s) for s in seen])):
            false, true, _ = roc_curve(labels, scores)
            name = f"{pair}-en" if style == "-" else None
            axes.plot(false, true, style, label=name, color=f"C{PAIRS.index(pair)}")
    axes.legend(title="dotted: raw perplexity")
    return figure


def _reliability(bench: Bench, _: int):  # type: ignore[no-untyped-def]
    scores, labels, _words = dev_probabilities(bench)
    figure, axes = _axes("Reliability on development data", "probability given", "share that is garbled")
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot([scores[p].mean() for p in parts], [labels[p].mean() for p in parts], "o-")
    return figure


def _years(bench: Bench, sentences: int):  # type: ignore[no-untyped-def]
    figure, axes = _axes("What machines and people wrote, by year", "year of the test set", "mean score")
    found: dict[str, list[tuple[int, float]]] = {"machine": [], "people": []}
    for year, who, texts in sets.engine_years(sentences, bench.seed):
        seen = observe.observe(bench.scorer, [Text(who, (t,)) for t in texts])
        found[who].append((year, _mean([s.score for s in seen])))
    for who, points in found.items():
        axes.plot(*zip(*points, strict=True), "o-", label=who)
    axes.legend()
    return figure


def _mean(scores: Sequence[float | None]) -> float:
    return float(np.mean([score for score in scores if score is not None]))
