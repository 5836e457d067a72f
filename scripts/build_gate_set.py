"""Builds what the gate is fitted to: rewrites that an editor would or would not take, with their features.

    .venv/bin/python scripts/build_gate_set.py --split train
    .venv/bin/python scripts/build_gate_set.py --split dev

To be taken: light corrections by people. To be refused: the same backwards, perturbations, our own distortions of the
clean and of the garbled side, corrections with one distortion, corruptions, output of weak engines for references, and
what the small language model makes worse when it is asked to mend. Readings by the language model are kept in
.cache/gate_readings, so a run that was cut off goes on where it was: about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import html
import random
from collections.abc import Iterator, Sequence

from safetensors.numpy import load_file, save_file

from eval import metrics
from eval.data import ROOT, WEAK_ENGINES, Purpose, digest, rows
from eval.gate_pairs import Pair, corrections, drawn, perturbations
from repair.config import Settings
from repair.lm.embed import load_embedder
from repair.lm.model import LanguageModel, load_model
from repair.rewrite import prompts
from repair.rewrite.features import NAMES, Array, measure, word_surprisals
from scripts import corruptions
from scripts.distortions import distort, stock

CACHE = ROOT / ".cache"
READINGS = CACHE / "gate_readings"
SEED = 20250509
AT_ONCE = 512
"""Texts read between two savings."""
CORRECTIONS = {"train": 520, "dev": 140}
"""Of each language. What we make ourselves is a share of these."""
PERTURBATIONS = {
    "train": {"critical": 120, "major": 60, "minor": 40},
    "dev": {"critical": 50, "major": 20, "minor": 15},
}
"""Of each kind."""


def own_harms(good: Sequence[Pair], rng: random.Random) -> Iterator[Pair]:
    """What we make of corrections, so that their words are no sign of what is to be refused."""
    words = stock([pair.after for pair in good])
    yield from (Pair("backwards", p.after, p.before, good=False) for p in rng.sample(good, len(good) // 3))
    for kind, share in (("of the clean side", 4), ("of the garbled side", 5), ("of the correction", 3)):
        for pair in rng.sample(good, len(good) // share):
            before = pair.after if kind == "of the clean side" else pair.before
            after = distort(pair.before if kind == "of the garbled side" else pair.after, rng, words)
            if after is not None and after.split() != before.split():
                yield Pair(f"distortion {kind}", before, after, good=False)


def engine_harms(good: Sequence[Pair], split: str, rng: random.Random) -> Iterator[Pair]:
    """Corruptions as the scorer is trained on, and output of weak engines in place of references."""
    name, purpose = ("mt_train", "learn") if split == "train" else ("mt_dev_wmt18", "choose")
    found = [(html.unescape(mt), ref) for engine, mt, ref in _engine_rows(name, purpose) if engine in WEAK_ENGINES]
    found = rng.sample(found, min(20_000, len(found)))
    confusions = corruptions.learn_confusions(found)
    for pair in rng.sample(good, len(good) // 5):
        damaged = corruptions.corrupt(pair.after, rng, confusions, operations=rng.choice((1, 1, 2, 3)))
        if damaged is not None:
            yield Pair("corruption", pair.after, damaged.text, good=False)
    for mt, reference in rng.sample(found, len(good) // 10):
        yield Pair("weak engine", reference, mt, good=False)


def _engine_rows(name: str, purpose: str) -> list[tuple[str, str, str]]:
    asked: Purpose = "learn" if purpose == "learn" else "choose"
    return rows(name, asked, ["engine", "mt", "reference"])


def model_harms(model: LanguageModel, good: Sequence[Pair], rng: random.Random) -> Iterator[Pair]:
    """What the small language model makes of garbled sentences, where that leads away from the correction."""
    from repair.lm.generate import complete

    asked = rng.sample(good, len(good) // 8)
    lists = complete(
        model,
        [prompts.completion(pair.before) for pair in asked],
        samples=2,
        max_new_tokens=90,
        seed=SEED,
        temperature=0.5,
        stop="\n",
    )
    for pair, replies in zip(asked, lists, strict=True):
        distance = metrics.translation_edit_rate([pair.before], [pair.after])
        for rewrite in {prompts.answer(reply, pair.before) for reply in replies}:
            further = metrics.translation_edit_rate([rewrite], [pair.after]) > distance
            if rewrite and further and rewrite.split() != pair.before.split():
                yield Pair("small model", pair.before, rewrite, good=False)


def pairs_of(split: str, model: LanguageModel) -> list[Pair]:
    """All pairs of one split."""
    purpose: Purpose = "learn" if split == "train" else "choose"
    rng = random.Random(SEED)
    good = drawn(corrections(purpose), CORRECTIONS[split], SEED)
    every = perturbations(purpose)
    harms = []
    for severity, each in PERTURBATIONS[split].items():
        harms += drawn([pair for pair in every if pair.kind.startswith(severity)], each, SEED)
    own = [*own_harms(good, rng), *engine_harms(good, split, rng), *model_harms(model, good, rng)]
    return [*good, *harms, *own]


class Readings:
    """Word surprisals by text, kept in a folder of safetensors files."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._folder = READINGS / model.signature.replace("@", "-")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, Array] = {}
        for path in sorted(self._folder.glob("*.safetensors")):
            self._known |= load_file(path)

    def of(self, texts: Sequence[str]) -> dict[str, Array]:
        """The surprisals of all `texts`; what is not known is read, and saved bit by bit."""
        new = sorted({text for text in texts if digest([text]) not in self._known}, key=len)
        for start in range(0, len(new), AT_ONCE):
            read = word_surprisals(self._model, new[start : start + AT_ONCE])
            found = {digest([text]): values for text, values in read.items()}
            save_file(found, self._folder / f"{digest(sorted(found))[:16]}.safetensors")
            self._known |= found
            print(f"read {min(start + AT_ONCE, len(new))} of {len(new)}", flush=True)
        return {text: self._known[digest([text])] for text in texts}


def main() -> None:
    """Write .cache/gate_<split>.parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parser = argparse.ArgumentParser(description="Builds what the gate is fitted to.")
    parser.add_argument("--split", choices=tuple(CORRECTIONS), required=True)
    args = parser.parse_args()
    settings = Settings(device="cpu")
    model, embedder = load_model(settings), load_embedder(settings)
    pairs = pairs_of(args.split, model)
    surprisals = Readings(model).of([text for pair in pairs for text in (pair.before, pair.after)])
    values = measure([(pair.before, pair.after) for pair in pairs], surprisals, embedder)
    table = {field: [getattr(pair, field) for pair in pairs] for field in ("kind", "before", "after", "good")}
    table |= {name: values[:, column].tolist() for column, name in enumerate(NAMES)}
    path = CACHE / f"gate_{args.split}.parquet"
    pq.write_table(pa.table(table), path)
    print(f"{path}: {len(pairs)} pairs, {sum(pair.good for pair in pairs)} of them good")


if __name__ == "__main__":
    main()
