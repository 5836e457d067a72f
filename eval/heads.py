"""Which parts of the scorer earn their place: the same training on less, one part changed at a time.

    python -m eval.heads --train .cache/train.parquet --dev .cache/dev.parquet --work .cache/scores

Reads the shards that `scripts/train_scorer.py` left. Each branch learns from the same third of the training split for
one epoch; figures are AUCs on the dev split, so that choices fall there, and word MCC on translators' marks. They are
lower than those of the shipped scorer, and only to be compared with each other. Five minutes a line on two cores;
`--only` takes the lines whose names hold a word.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import train_branch
from adapters import Parameters, adapted, fresh, learn
from numpy.typing import NDArray
from safetensors.torch import load_file
from scorer_data import Array, Example, Labelled, examples, read_documents, token_scores
from torch.nn import functional
from train_scorer import STRENGTH, fit_logistic, joined, load_reader, logistic

from eval.data import PAIRS, rows
from eval.metrics import auc, best_mcc
from repair.lm.catalog import MODELS_DIR
from repair.lm.llama import Llama
from repair.lm.model import LanguageModel
from repair.scoring.head import READ_NAMES, Reading, sigmoid

Ids = NDArray[np.int64]
WHOLE = train_branch.whole_sentence
WEIGHTS = train_branch.LOSS_WEIGHTS


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Sentences, and the tokens of each."""

    examples: list[Example]
    ids: list[Ids]


def earlier_tokens(seen: torch.Tensor) -> torch.Tensor:
    """The mask of a causal model, in place of `train_branch.whole_sentence`."""
    return WHOLE(seen).tril()


def read_split(model: LanguageModel, path: Path, work: Path) -> Split:
    """A split of the training set as `train_scorer` reads it, with its token ids."""
    documents = read_documents(path)
    ids = [own for document in documents for own in sentence_ids(model, document)]
    found = examples(documents, token_scores(model, documents, work / path.stem))
    assert [len(e.states) for e in found] == list(map(len, ids))
    return Split(found, ids)


def sentence_ids(model: LanguageModel, document: Labelled) -> Iterator[Ids]:
    """The tokens of each sentence that has any."""
    encoding = model.encode(document.text)
    for sentence in document.sentences:
        low, high = np.searchsorted(encoding.starts, (sentence.span.start, sentence.span.end))
        if high > low:
            yield np.asarray(encoding.ids[low:high])


def as_labelled(_model: LanguageModel, split: Split) -> list[Example]:
    """The examples as they are."""
    return split.examples


def without(sources: tuple[str, ...], _model: LanguageModel, split: Split) -> list[Example]:
    """The examples of all other sources."""
    return [e for e in split.examples if not e.source.startswith(sources)]


def taught(model: LanguageModel, split: Split) -> list[Example]:
    """The examples, unlabelled ones too, with the shipped branch's probability in place of people's label (Hinton et
    al. 2015, arXiv:1503.02531)."""
    assert isinstance(model.body, Llama)
    teacher = load_file(MODELS_DIR / "scorer" / "scorer.safetensors")
    read = train_branch.readings(split.examples, model.body, teacher)
    return [replace(e, damage=sigmoid(r.damage)) for e, r in zip(split.examples, read, strict=True)]


def replaced(model: LanguageModel, split: Split) -> list[Example]:
    """The examples, in which the tokens of a round trip that its original has not are wrong, the others right."""
    originals = {
        tuple(model.encode(damaged.strip()).ids[1:]): model.encode(original.strip()).ids[1:]
        for damaged, original in rows("roundtrip_train", "learn", ["damaged", "original"])
    }
    found = []
    for e, ids in zip(split.examples, split.ids, strict=True):
        original = originals.get(tuple(ids[1:].tolist())) if e.source.startswith("trip") else None
        if original is not None:
            wrong = np.ones(len(ids), np.int8)
            wrong[0] = -1  # how the first word is cut hangs on what stands before it
            for block in difflib.SequenceMatcher(
                None, original, ids[1:].tolist(), autojunk=False
            ).get_matching_blocks():
                wrong[1 + block.b : 1 + block.b + block.size] = 0
            found.append(replace(e, wrong=wrong))
        else:
            found.append(e)
    return found


@dataclass(frozen=True, slots=True)
class Variant:
    """A name, what of `train_branch` is set otherwise, and what it learns from."""

    name: str
    settings: Mapping[str, object] = field(default_factory=lambda: {"RANK": train_branch.RANK})
    lessons: Callable[[LanguageModel, Split], list[Example]] = as_labelled


FOUR = {"LAYERS": range(16, 20)}
VARIANTS = (
    Variant("as shipped: layers 17-24 again, rank 16"),
    Variant("no layers: heads on the states of layer 16", {"LAYERS": range(16, 16)}),
    Variant("each token sees only what stands before it", {"whole_sentence": earlier_tokens}),
    Variant("what round trips changed counts as wrong words", lessons=replaced),
    Variant("no loss on words", {"LOSS_WEIGHTS": WEIGHTS | {"token": 0.0, "major": 0.0}}),
    Variant("words weigh twice", {"LOSS_WEIGHTS": WEIGHTS | {"token": 2.0, "major": 1.0}}),
    Variant("four layers, 17-20", FOUR),
    Variant("four layers, taught by the shipped eight", FOUR, taught),
    Variant("twelve layers, 17-28", {"LAYERS": range(16, 28)}),
    Variant("rank 4", {"RANK": 4}),
    Variant("without post-edits", lessons=partial(without, ("postedit",))),
    Variant("without engines and references", lessons=partial(without, ("engine", "reference", "trip"))),
    Variant("without error spans", lessons=partial(without, ("spans",))),
    Variant("without our own corruptions", lessons=partial(without, ("corrupted",))),
    Variant("without people's own English", lessons=partial(without, ("people", "slips", "writers"))),
)


def figures(dev: Sequence[Example], scores: Sequence[float]) -> Iterator[float]:
    """AUC of each pair of post-edits, of corrupted news, and of engines against references."""
    for pair in PAIRS:
        sides: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        for e, score in zip(dev, scores, strict=True):
            if e.source == f"postedit_{pair}":
                name, _, side = e.document.rpartition("-")
                sides[name][side] = (e.damage, score)
        bad = [both for both in sides.values() if both["mt"][0] == 1]
        yield auc([both["mt"][1] for both in bad], [both["pe"][1] for both in bad])
    for kinds in (("corrupted", "news"), ("engine", "reference")):
        mine = [(e, s) for e, s in zip(dev, scores, strict=True) if e.source.startswith(kinds) and e.damage in (0, 1)]
        yield auc([s for e, s in mine if e.damage], [s for e, s in mine if not e.damage])


def word_agreement(dev: Sequence[Example], read: Sequence[Reading]) -> float:
    """The best MCC of wrong tokens on translators' marks."""
    marked = [(e, r) for e, r in zip(dev, read, strict=True) if e.source.startswith("spans")]
    wrong = np.concatenate([e.wrong >= 1 for e, _ in marked])
    score = np.concatenate([r.token[:, 0] for _, r in marked])
    return best_mcc(wrong, score, np.linspace(0.5, 0.98, 25))


def line(name: str, dev: Sequence[Example], scores: Sequence[float], read: Sequence[Reading] = ()) -> str:
    """One line of the table; of words only what reads them tells."""
    values = [*figures(dev, scores), *([word_agreement(dev, read)] if read else ())]
    shown = [f"{value:.3f}" for value in values] + [""] * (len(PAIRS) + 3 - len(values))
    return f"| {name} | {' | '.join(shown)} |"


UPPER = range(16, 30)


def surprisals(body: Llama, split: Split, chosen: Sequence[int]) -> torch.Tensor:
    """Nats of each token but a sentence's first, given those before it. Shape: (rows, tokens - 1), zero at padding."""
    batch = train_branch.collate([split.examples[i] for i in chosen])
    x = body.through(batch.states, earlier_tokens(batch.seen), UPPER)
    x = functional.rms_norm(x, (x.shape[-1],), body.weights["model.norm.weight"], body.epsilon)
    ids = torch.zeros(batch.seen.shape, dtype=torch.long)
    for row, i in enumerate(chosen):
        ids[row, : len(split.ids[i])] = torch.from_numpy(split.ids[i])
    logits = body.logits(x[:, :-1].flatten(0, 1))
    nats = functional.cross_entropy(logits, ids[:, 1:].flatten(), reduction="none").view(len(chosen), -1)
    return nats * batch.seen[:, 1:]


def adaptation(body: Llama, split: Split, mine: Sequence[int], seed: int, kept: Path) -> Parameters:
    """Low-rank changes of the upper layers that make sentences of one kind likelier."""
    parameters = fresh(body, UPPER, train_branch.RANK, seed)
    changed = adapted(body, parameters)

    def loss(chosen: Sequence[int]) -> torch.Tensor:
        own = [mine[i] for i in chosen]
        return surprisals(changed, split, own).sum() / sum(len(split.ids[i]) - 1 for i in own)

    learn(parameters, train_branch.batches([split.examples[i] for i in mine], seed), loss, kept, rate=train_branch.RATE)
    return parameters


@torch.inference_mode()
def mean_surprisals(body: Llama, split: Split) -> Array:
    """Mean and highest nats of each sentence. Shape: (sentences, 2)."""
    found = np.zeros((len(split.ids), 2), np.float32)
    for chosen in train_branch.batches(split.examples, 0):
        nats = surprisals(body, split, chosen)
        lengths = torch.tensor([max(1, len(split.ids[i]) - 1) for i in chosen])
        found[chosen] = torch.stack([nats.sum(1) / lengths, nats.amax(1)], 1).numpy()
    return found


def likelihood_ratio(body: Llama, learnt: Split, asked: Split, seed: int) -> Array:
    """What a model of clean text finds more surprising than one of damaged text. Shape: (sentences, 2)."""
    read = []
    for damage in (0.0, 1.0):
        mine = [i for i, e in enumerate(learnt.examples) if e.damage == damage and len(learnt.ids[i]) > 1]
        with tempfile.TemporaryDirectory() as folder:
            changes = adaptation(body, learnt, mine, seed, Path(folder) / "adaptation.pt")
        read.append(mean_surprisals(adapted(body, changes), asked))
    return np.asarray(read[0] - read[1])


def chosen_of(split: Split, indices: Sequence[int]) -> Split:
    """A part of a split."""
    return Split([split.examples[i] for i in indices], [split.ids[i] for i in indices])


@dataclass(frozen=True, eq=False, slots=True)
class Lab:
    """What every line of the table shares. Of `learnt` the branches learn, the regression of `held_out`."""

    model: LanguageModel
    body: Llama
    learnt: Split
    held_out: Split
    dev: Split
    seed: int

    def show(self, name: str, before: Array, after: Array, read: Sequence[Reading] = ()) -> None:
        """Fit the regression on the held-out features, print its line on dev."""
        damage = np.array([e.damage for e in self.held_out.examples], np.float32)
        head = fit_logistic("f", before, damage, STRENGTH)
        print(line(name, self.dev.examples, logistic(head, "f", after).tolist(), read), flush=True)


def show_surprisal(lab: Lab) -> None:
    """The lines of what needs no branch."""
    known, asked = (np.stack([e.features for e in split.examples]) for split in (lab.held_out, lab.dev))
    print(line("mean surprisal", lab.dev.examples, asked[:, 0].tolist()))
    print(line("mean of three highest surprisals", lab.dev.examples, asked[:, 1].tolist()))
    lab.show("logistic on 23 statistics of surprisal", known, asked)
    both = Split(lab.held_out.examples + lab.dev.examples, lab.held_out.ids + lab.dev.ids)
    ratio = likelihood_ratio(lab.body, lab.learnt, both, lab.seed)
    before, after = np.hstack([known, ratio[: len(known)]]), np.hstack([asked, ratio[len(known) :]])
    print(line("likelihood ratio of two adaptations, layers 17-30", lab.dev.examples, ratio[len(known) :, 0].tolist()))
    lab.show("the same with statistics of surprisal", before, after)


def show_variant(lab: Lab, variant: Variant) -> None:
    """Train one branch, print its line; of the shipped kind also what it says by itself."""
    own = variant.lessons(lab.model, lab.learnt)
    held_out, dev = lab.held_out.examples, lab.dev.examples
    with mock.patch.multiple(train_branch, **variant.settings), tempfile.TemporaryDirectory() as folder:
        branch = train_branch.train(own, lab.body, lab.seed, Path(folder) / "branch.pt", 1)
        read = train_branch.readings([*held_out, *dev], lab.body, branch)
    before, after = read[: len(held_out)], read[len(held_out) :]
    lab.show(variant.name, joined(held_out, before), joined(dev, after), after)
    if variant is VARIANTS[0]:
        alone = [float(r.features[READ_NAMES.index("read_damage")]) for r in after]
        print(line("the same, without statistics of surprisal", dev, alone), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.heads", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=Path, default=Path(".cache/train.parquet"))
    parser.add_argument("--dev", type=Path, default=Path(".cache/dev.parquet"))
    parser.add_argument("--work", type=Path, default=Path(".cache/scores"))
    parser.add_argument("--share", type=int, default=3, help="learn from one sentence in so many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="WORD", help="lines of branches whose names hold one of these")
    args = parser.parse_args(argv)
    chosen = [v for v in VARIANTS if args.only is None or any(word in v.name for word in args.only)]
    if not chosen:
        parser.error(f"no line's name holds {' or '.join(args.only)}; the lines: {'; '.join(v.name for v in VARIANTS)}")
    model, body = load_reader()
    every, dev = (read_split(model, path, args.work) for path in (args.train, args.dev))
    held_out = chosen_of(every, [i for i, e in enumerate(every.examples) if e.fold == 0 and e.damage >= 0][::2])
    learnt = chosen_of(every, [i for i, e in enumerate(every.examples) if e.fold][:: args.share])
    lab = Lab(model, body, learnt, held_out, dev, args.seed)
    print(f"| {len(learnt.ids):,} sentences | {' | '.join(PAIRS)} | corrupted | engines | words, MCC |")
    print("|---|" + "---|" * (len(PAIRS) + 3))
    if args.only is None:
        show_surprisal(lab)
    for variant in chosen:
        show_variant(lab, variant)
    return 0


if __name__ == "__main__":
    sys.exit(main())
