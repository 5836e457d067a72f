"""What `import repair` gives: the names are public API, and importing them is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import repair
from repair.config import Settings
from repair.errors import RepairError
from tests.fakes import FakeCleaner

NAMES = """
CleanedDocument Cleaner ConfigError Decision DecodeError Document Edit EditError Evidence Finding FormatError InputError
Kind MissingPartError ModelError OutputError Relation RepairError ScoreReport Sentence SentenceScore Settings Skipped
Source SourceMatch Span Suggestion __version__ clean score
""".split()


def test_the_public_names_are_these() -> None:
    assert repair.__all__ == NAMES
    assert set(NAMES) <= set(dir(repair))


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(repair, name)
    assert isinstance(value, str) or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="scroe"):
        repair.scroe  # noqa: B018


def test_asking_for_the_functions_loads_no_model_library() -> None:
    code = "import sys, repair; repair.score, repair.Cleaner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", RepairError.__subclasses__())
def test_errors_travel_between_processes_whole(kind: type[RepairError]) -> None:
    import pickle

    error = pickle.loads(pickle.dumps(kind("a.txt", "it is gone", "Look for it.")))
    assert (type(error), str(error), error.cause) == (kind, "a.txt: it is gone. Look for it.", "it is gone")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeCleaner:
    from repair import api

    class Cleaner(FakeCleaner):
        source_index = None

    cleaner = Cleaner()
    monkeypatch.setattr(api, "_shared", lambda settings: cleaner)
    return cleaner


def test_score_takes_a_text(fake: FakeCleaner) -> None:
    report = repair.score("The council zzz the budget. Nobody objected.")
    assert report.flagged
    assert [s.sentence.index for s in report.flagged_sentences] == [0]


def test_clean_takes_a_text_and_its_sources(fake: FakeCleaner) -> None:
    garbled = "The council zzz the budget. Nobody objected."
    result = repair.clean(garbled, sources=["The council approved the budget."])
    assert result.text == garbled.replace("zzz", "mended")
    assert [s.origin for s in result.suggestions] == ["parallel"]
    assert result.report.flagged


def test_clean_without_a_source_leaves_the_text_alone(fake: FakeCleaner) -> None:
    garbled = "The council zzz the budget. Nobody objected."
    result = repair.clean(garbled)
    assert result.text == garbled
    assert [s.reason for s in result.skipped] == ["tier review under --apply safe"]


def test_a_garbled_source_is_not_used(fake: FakeCleaner) -> None:
    garbled = "The council zzz the budget. Nobody objected."
    assert repair.clean(garbled, sources=["The zzz council approved it."]).sources == ()


def test_stream_is_lazy_and_keeps_the_order() -> None:
    taken: list[int] = []

    def documents() -> object:
        for n in range(1000):
            taken.append(n)
            yield repair.Document.of_text(f"Sentence number {n} is here.", str(n))

    stream = FakeCleaner(Settings()).stream(documents())  # type: ignore[arg-type]
    first = [next(stream).document.id for _ in range(3)]
    assert first == ["0", "1", "2"]
    assert len(taken) == 3
