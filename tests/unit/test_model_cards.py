"""`models/*/model.toml`: the real ones are whole, and nothing that is not is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from repair.errors import ModelError
from repair.lm.card import MODELS_DIR, cards, load_card, read_card
from tests.tiny_models import cases

CASES = Path(__file__).parents[1] / "cases"
GOOD = cases(CASES / "model_cards.json")
BAD = cases(CASES / "model_cards_negative.json")


def write(folder: Path, text: str) -> Path:
    path = folder / "tiny" / "model.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["what"])
def test_whole_cards_are_read(case: dict[str, str], tmp_path: Path) -> None:
    card = read_card(write(tmp_path, case["toml"]))
    assert (card.name, card.sha256, card.wheel.requirement) == ("tiny", "a" * 64, "pkg==1.0")


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["what"])
def test_other_cards_are_refused(case: dict[str, str], tmp_path: Path) -> None:
    path = write(tmp_path, case["toml"])
    with pytest.raises(ModelError) as caught:
        read_card(path)
    assert caught.value.what == str(path)
    assert case["cause"] in caught.value.cause


def test_the_default_models_have_cards_of_both_kinds() -> None:
    by_name = {card.name: card for card in cards()}
    assert by_name["smollm2-135m-instruct"].kind == "causal-lm"
    assert by_name["all-minilm-l6-v2"].kind == "sentence-embedder"
    assert all(card.licence == "Apache-2.0" for card in by_name.values())


def test_every_fetched_model_has_a_card_for_people() -> None:
    for card in cards():
        text = (MODELS_DIR / card.name / "CARD.md").read_text(encoding="utf-8")
        for said in (card.origin, card.licence, card.wheel.package):
            assert said in text, f"{card.name}/CARD.md does not name {said}"


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(ModelError, match="Did you mean smollm2-135m-instruct"):
        load_card("smollm2-135m")


def test_no_card_names_a_registry() -> None:
    assert not [path for path in MODELS_DIR.glob("*/model.toml") if "://" in path.read_text(encoding="utf-8")]
