"""The gate that holds quality: it must fail when it should, and no update may let a floor slip."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import gate
from eval.gate import Figures, RegressionError, compare, raise_floors, read_floors, write_floors

FLOORS = {"seeds": Figures("sha", {"AUC": 0.8, "kept": 1.0})}


def found(corpus: str = "sha", **values: float) -> dict[str, Figures]:
    return {"seeds": Figures(corpus, {"AUC": 0.8, "kept": 1.0, **values})}


def test_figures_at_the_floor_pass() -> None:
    assert compare(FLOORS, found()) == []


def test_a_figure_that_fell_is_named() -> None:
    assert compare(FLOORS, found(AUC=0.79)) == ["seeds: AUC fell to 0.7900, its floor is 0.8000"]


def test_what_another_processor_moves_passes() -> None:
    assert compare(FLOORS, found(AUC=0.8 - gate.TOLERANCE / 2)) == []


def test_one_sentence_at_the_threshold_may_flip_and_two_may_not() -> None:
    figure = "garbled sentences flagged"
    floors = {"seeds": Figures("sha", {figure: 14 / 31})}
    assert compare(floors, {"seeds": Figures("sha", {figure: 13 / 31})}) == []
    assert compare(floors, {"seeds": Figures("sha", {figure: 12 / 31})}) != []


def test_other_sentences_are_no_comparison() -> None:
    (problem,) = compare(FLOORS, found("other", AUC=0.99))
    assert "not those that the floors were pinned on" in problem


def test_a_figure_that_is_no_longer_measured_fails() -> None:
    assert compare(FLOORS, {"seeds": Figures("sha", {"AUC": 0.9})}) == ["seeds: kept is no longer measured"]


def test_a_part_without_floors_fails() -> None:
    (problem,) = compare({}, found())
    assert "not pinned yet" in problem


def test_a_part_that_cannot_be_measured_here_is_passed_over() -> None:
    assert compare({**FLOORS, "mt_dev": Figures("x", {"AUC": 0.9})}, found()) == []


def test_an_update_raises_and_never_lowers() -> None:
    assert raise_floors(FLOORS, found(AUC=0.9, kept=0.7), allow_regression=False)["seeds"].values == {
        "AUC": 0.9,
        "kept": 1.0,
    }


def test_lowering_takes_the_flag() -> None:
    lower = found(AUC=0.5)
    assert raise_floors(FLOORS, lower, allow_regression=True) == lower


@pytest.mark.parametrize("now", [found("other"), {"seeds": Figures("sha", {"AUC": 0.9})}])
def test_an_update_that_would_let_a_floor_slip_is_refused(now: dict[str, Figures]) -> None:
    with pytest.raises(RegressionError):
        raise_floors(FLOORS, now, allow_regression=False)


def test_an_update_keeps_parts_that_were_not_measured() -> None:
    other = {"mt_dev": Figures("x", {"AUC": 0.9})}
    for allow in (False, True):
        assert raise_floors(other, found(), allow_regression=allow) == {**other, **found()}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_many_updates_end_at_the_best_figure(values: list[float]) -> None:
    """Small steps down, each within the tolerance, do not add up."""
    floors: dict[str, Figures] = {}
    for value in values:
        floors = raise_floors(floors, found(AUC=value), allow_regression=False)
    assert floors["seeds"].values["AUC"] == max(values)


@given(st.floats(0, 1))
def test_a_figure_passes_the_floor_that_it_was_pinned_to(
    tmp_path_factory: pytest.TempPathFactory, value: float
) -> None:
    path = tmp_path_factory.mktemp("floors") / "floors.json"
    write_floors(found(AUC=value), path)
    pinned = read_floors(path)
    assert value - 0.0001 <= pinned["seeds"].values["AUC"] <= value + 1e-9
    assert compare(pinned, found(AUC=value)) == []


def test_the_command_compares_pins_and_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "floors.json"

    def run(measured: dict[str, Figures], *argv: str) -> int:
        monkeypatch.setattr(gate, "measure", lambda: measured)
        return gate.main(argv, path)

    assert run(found()) == 1  # nothing pinned yet
    assert run(found(), "--update") == 0
    assert run(found()) == 0
    assert run(found(AUC=0.6)) == 1
    assert "AUC fell to 0.6000" in capsys.readouterr().err
    assert run(found(AUC=0.6), "--update") == 0
    assert run(found(AUC=0.6)) == 1  # the update did not lower it
    assert run(found("other"), "--update") == 2
    assert run(found(AUC=0.6), "--update", "--allow-regression") == 0
    assert run(found(AUC=0.6)) == 0


def test_allowing_a_regression_without_an_update_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        gate.main(["--allow-regression"], tmp_path / "floors.json")
    assert caught.value.code == 2


def test_the_pinned_floors_can_be_read_and_are_shares() -> None:
    floors = read_floors()
    assert "seeds" in floors
    assert all(0 <= value <= 1 for part in floors.values() for value in part.values.values())
