"""What the tests share: marks by folder, the real models once, the five articles, data that may be absent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from repair.config import Settings
from repair.records import Document

if TYPE_CHECKING:
    from repair.lm.embed import Embedder
    from repair.scoring.scorer import Scorer

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test reaches a hub
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
SEEDS = ROOT / "seeds"


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of one sentence of seeds/. Severity: 0 clean, 1 awkward, 2 garbled, None no sentence."""

    file: str
    text: str
    severity: int | None


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Mark each test by the folder that it lies in: `pytest -m unit` runs without model, server or browser."""
    for item in items:
        inside = item.path.relative_to(TESTS).parts[0]
        if inside in ("unit", "integration"):
            item.add_marker(inside)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def seeds() -> dict[str, Document]:
    """The five articles by the first three digits of their names."""
    from repair.text.codec import decode

    return {path.name[:3]: decode(path.read_bytes(), path=str(path)) for path in sorted(SEEDS.glob("*.txt"))}


@pytest.fixture(scope="session")
def labels() -> tuple[Label, ...]:
    """The labels of the five articles. For measuring alone: nothing is chosen or tuned on them."""
    rows = [json.loads(line) for line in (SEEDS / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    return tuple(Label(row["file"], row["text"], row["severity"]) for row in rows)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The defaults, on the processor, so that every machine takes the same path."""
    _need_models()
    return Settings(device="cpu")


@pytest.fixture(scope="session")
def scorer(settings: Settings) -> Scorer:
    """The real scorer with the real language model (`scorer.model`), loaded once."""
    from repair.scoring.scorer import load_scorer

    return load_scorer(settings)


@pytest.fixture(scope="session")
def embedder(settings: Settings) -> Embedder:
    """The real sentence embedder, loaded once."""
    from repair.lm.embed import load_embedder

    return load_embedder(settings)


@cache
def _need_models() -> None:
    """Skip where the models were never fetched; `scripts/test` fetches them, so there their absence is a failure."""
    from repair.lm.catalog import status

    problems = [f"{model.card.name}: {model.problem}" for model in status() if not model.ready]
    if problems:
        message = f"{'; '.join(problems)}. Run `repair models fetch`."
        if os.environ.get("REPAIR_TESTS_NEED_MODELS"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of evaluation data: REPAIR_DATA, else ../shared/data. Skips where there is none."""
    from eval.data import data_folder

    folder = data_folder()
    if folder is None:
        pytest.skip("no evaluation data: neither REPAIR_DATA nor ../shared/data is a folder")
    return folder
