"""What the evaluation stands on: who may read which file, figures with known answers, labels that are found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval import data, metrics, proposals, seeds
from eval.detection import measures
from eval.detection.sets import Marked
from eval.table import Row, markdown, to_json
from repair.edits import apply
from repair.records import CleanedDocument, Edit, Span, Suggestion
from tests.rewriting import judged, replacing


@pytest.mark.parametrize(
    ("name", "learn", "choose"),
    [
        ("roundtrip_train", True, True),
        ("mt_train_flores", True, True),
        ("perturbations", True, True),
        ("postedit_dev_ro", False, True),
        ("mt_dev_wmt18", False, True),
        ("roundtrip_test_wmt18", False, False),
        ("postedit_test_ro", False, False),
        ("human_or_machine_test_wmt19", False, False),
        ("human_roundtrip_2014", False, False),
        ("human_essays_toefl_real_91", False, False),
        ("some_test", False, False),
    ],
)
def test_who_may_read_what(name: str, learn: bool, choose: bool) -> None:
    assert data.allowed(name, "learn") is learn
    assert data.allowed(name, "choose") is choose
    assert data.allowed(name, "measure")


def test_a_file_for_measuring_is_refused_before_it_is_opened() -> None:
    with pytest.raises(PermissionError, match="for measuring alone"):
        data.rows("roundtrip_test_wmt18", "choose", ["damaged"])


def test_absent_data_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPAIR_DATA", str(tmp_path / "none"))
    assert data.data_folder() is None
    with pytest.raises(FileNotFoundError, match="REPAIR_DATA"):
        data.rows("roundtrip_train", "learn", ["original"])


def test_samples_are_the_same_each_time_and_name_their_sentences() -> None:
    sides = [f"bad {n}" for n in range(50)], [f"good {n}" for n in range(50)]
    one, two = data.pick("x", *sides, 10, seed=3), data.pick("x", *map(reversed, sides), 10, seed=3)
    assert one == two
    assert one.sha256 == two.sha256
    assert data.pick("x", *sides, 10, seed=4).sha256 != one.sha256
    assert len(one.garbled) == len(one.clean) == 10


def test_the_digest_tells_where_parts_end() -> None:
    assert data.digest(["ab", "c"]) != data.digest(["a", "bc"])


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("He said , yes .", "He said, yes."),
        ("It 's the town 's ( old ) hall .", "It's the town's (old) hall."),
        ('She called it " a mess " today .', 'She called it "a mess" today.'),
    ],
)
def test_detokenise(tokens: str, text: str) -> None:
    assert data.detokenise(tokens) == text


def test_auc_of_known_orders() -> None:
    assert metrics.auc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert metrics.auc([0.1], [0.9]) == 0.0
    assert metrics.auc([0.5], [0.5]) == 0.5
    assert metrics.auc([0.9, 0.1], [0.5]) == 0.5


def test_what_could_not_be_scored_counts_as_the_lowest_score() -> None:
    assert metrics.auc([None], [0.1]) == 0.0


def test_best_mcc_finds_the_threshold_that_parts_them_and_none_where_nothing_does() -> None:
    wrong, quantiles = np.array([False, False, True, True]), np.linspace(0, 0.9, 10)
    assert metrics.best_mcc(wrong, np.array([0.1, 0.2, 0.8, 0.9], np.float32), quantiles) == 1.0
    assert metrics.best_mcc(wrong, np.full(4, 0.5, np.float32), quantiles) == 0.0


def test_a_word_that_the_text_does_not_hold_is_hit_by_nothing() -> None:
    places = measures._places(Marked("The old ship sank.", ("The", "old", "boat", "sank"), (False,) * 4))
    assert places == [Span(0, 3), Span(4, 7), None, Span(13, 17)]
    assert measures._words_hit(places, [Span(4, 14)]).tolist() == [False, True, False, True]


def test_recall_at_few_false_positives() -> None:
    clean = [n / 100 for n in range(100)]
    assert metrics.recall_at([0.995, 0.985, 0.5], clean, 0.0) == pytest.approx(1 / 3)
    assert metrics.recall_at([0.995, 0.985, 0.5], clean, 0.01) == pytest.approx(2 / 3)
    assert metrics.recall_at([0.5], [0.5], 0.0) == 0.0


def test_bootstrap_is_repeatable_and_holds_the_value() -> None:
    garbled, clean = [0.9, 0.8, 0.3, 0.6], [0.1, 0.4, 0.2, 0.7]
    one = metrics.bootstrap(metrics.auc, garbled, clean, resamples=100, seed=1)
    assert one == metrics.bootstrap(metrics.auc, garbled, clean, resamples=100, seed=1)
    assert one.low <= one.value <= one.high
    assert one.low < one.high


def test_edit_rates_of_known_texts() -> None:
    reference = ["the cat sat on the mat today"]
    assert metrics.translation_edit_rate(reference, reference) == 0.0
    assert metrics.translation_edit_rate(["the dog sat on the mat today"], reference) == pytest.approx(100 / 7)
    assert metrics.chrf(reference, reference) == 100.0


def test_every_label_stands_in_its_article_once_and_in_order() -> None:
    labels = seeds.labels()
    documents = seeds.documents()
    assert {label.document for label in labels} == {document.id for document in documents}
    for document in documents:
        own = [label for label in labels if label.document == document.id]
        spans = seeds.locate(document.text, own)
        assert [span.of(document.text) for span in spans] == [label.text for label in own]


def test_tables_show_intervals_and_counts() -> None:
    rows = [Row("detection", "seeds", "AUC", 0.8123, low=0.7, high=0.9), Row("repair", "seeds", "edits", 3, of=31)]
    assert markdown(rows).splitlines()[2:] == [
        "| detection | seeds | AUC | 0.812 (0.700-0.900) |",
        "| repair | seeds | edits | 3 of 31 |",
    ]
    assert json.loads(to_json(rows, "lm:x"))["rows"][1]["of"] == 31


def cleaned(text: str, *edits: Edit) -> CleanedDocument:
    """A document with these edits applied, each proposed by a rule."""
    report = judged(text, id="001.txt").report
    applied = tuple(
        Suggestion(str(n), "001.txt", edit.span, edit, "rule", "review", 0.9, 0.1, (), (), "a test")
        for n, edit in enumerate(edits)
    )
    return CleanedDocument(report.document, apply(text, edits), applied, (), report, ())


@pytest.mark.parametrize(
    ("edits", "before", "after"),
    [
        ([], "It at dawn sailed.", "It at dawn sailed."),
        ([("at dawn sailed", "sailed at dawn")], "It at dawn sailed.", "It sailed at dawn."),
        ([("The ship", "A ship")], "It at dawn sailed.", "It at dawn sailed."),
        ([("left. It at", "left; at")], "left. It at dawn sailed.", "left; at dawn sailed."),
        ([("It at dawn", "At dawn it")], "It at dawn sailed.", "At dawn it sailed."),
    ],
    ids=["nothing", "inside", "a neighbour's", "reaching into the neighbour", "at the start"],
)
def test_a_sentence_before_and_after(edits: list[tuple[str, str]], before: str, after: str) -> None:
    text = "The ship left. It at dawn sailed. All slept."
    mended = cleaned(text, *(replacing(text, old, new) for old, new in edits))
    (change,) = proposals.changes([mended], [seeds.Label("001.txt", "It at dawn sailed.", seeds.GARBLED)])
    assert (change.before, change.after, change.passed) == (before, after, before != after)


def test_every_judgement_says_why() -> None:
    every = proposals.judgements().values()
    assert every
    assert all(one.reason and one.before != one.after for one in every)
