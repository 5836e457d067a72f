"""The commands with fake models: what they print, where, and the exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from repair import __version__
from repair.cli import main
from repair.records import Document, ScoreReport
from tests.fakes import FakeCleaner

CLEAN = "The council approved the budget on Monday.\nNobody objected to it.\n"
GARBLED = "The council zzz the budget on Monday.\nNobody objected to it.\n"
COMMANDS = ("score", "clean", "review", "apply", "explain", "models", "doctor")

Repair = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repair(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Repair:
    """Runs a command in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.setattr("repair.pipeline.Cleaner", FakeCleaner)
    monkeypatch.setattr("repair.archive.runner.Cleaner", FakeCleaner)
    monkeypatch.setenv("COLUMNS", "200")
    for name in list(os.environ):
        if name.startswith("REPAIR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*argv: str | Path) -> tuple[int, str, str]:
        code = main([str(each) for each in argv])
        done = capfdbinary.readouterr()
        return code, done.out.decode(), done.err.decode()

    return run


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text(CLEAN, encoding="utf-8")
    (folder / "b.txt").write_text(GARBLED, encoding="utf-8")
    return folder


# --- every command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(repair: Repair, command: str) -> None:
    code, out, err = repair(command, "--help")
    assert (code, err) == (0, "")
    for word in ("Usage: repair", "--config", "--color", "--quiet", "--verbose", "--version"):
        assert word in out


@pytest.mark.parametrize("argv", [["--version"], *([command, "--version"] for command in COMMANDS)])
def test_every_command_tells_its_version(repair: Repair, argv: list[str]) -> None:
    assert repair(*argv) == (0, f"repair {__version__}\n", "")


@pytest.mark.parametrize(
    "argv",
    [["scor"], ["score"], ["score", "--no-such"], ["score", "a.txt", "--format", "xml"], ["clean"], ["models", "get"]],
)
def test_wrong_usage_is_2(repair: Repair, argv: list[str]) -> None:
    code, out, err = repair(*argv)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert err


def test_help_is_quick_and_loads_no_model_library() -> None:
    code = (
        "import sys; from repair.cli import main; main(['--help'])\n"
        "heavy = {'torch', 'transformers', 'numpy', 'datasets', 'pyarrow', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    before = time.process_time(), os.times().children_user
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.times().children_user - before[1] < 1.5, "processor time; half of it is a second on an idle machine"


def test_python_m_repair_is_repair() -> None:
    done = subprocess.run([sys.executable, "-m", "repair", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"repair {__version__}\n")


# --- score


def test_text_names_place_score_and_reason(repair: Repair, articles: Path) -> None:
    code, out, err = repair("score", "articles")
    assert code == 1
    assert "articles/a.txt: clean, score 0.01, 0 of 2 sentences flagged" in out
    assert "articles/b.txt: garbled, score 0.99, 1 of 2 sentences flagged" in out
    assert "articles/b.txt:1:1: 0.99 The council zzz the budget on Monday." in out
    assert "1 of 2 documents garbled, 1 flagged sentence" in err
    assert "\x1b" not in out


def test_quiet_leaves_out_clean_documents_and_the_count(repair: Repair, articles: Path) -> None:
    _, out, err = repair("score", "articles", "-q")
    assert "a.txt" not in out
    assert err == ""


def test_colour_is_there_when_asked_for(repair: Repair, articles: Path) -> None:
    assert "\x1b[" in repair("score", "articles", "--color", "always")[1]


def test_exit_codes_of_score(repair: Repair, articles: Path) -> None:
    assert repair("score", articles / "a.txt")[0] == 0
    assert repair("score", articles / "b.txt")[0] == 1
    assert repair("score", articles / "b.txt", "--exit-zero")[0] == 0
    assert repair("score", articles / "b.txt", articles / "gone.txt", "--exit-zero")[0] == 2


def test_json_of_one_document_is_the_object_of_the_contract(repair: Repair, articles: Path) -> None:
    _, out, _ = repair("score", "articles/b.txt", "--format", "json")
    scored = json.loads(out)
    assert (scored["schema"], scored["tool"]) == ("repair.score/1", f"repair {__version__}")
    assert re.fullmatch(r"lm:\S+@\w{8}\|head:\w{8}\|grammar:none\|cfg:\w{8}", scored["signature"])
    document = scored["document"]
    assert (document["id"], document["path"], document["flagged"]) == ("b.txt", "articles/b.txt", True)
    sentence = scored["sentences"][0]
    assert GARBLED[sentence["start"] : sentence["end"]] == sentence["text"]
    assert set(sentence) == {
        "index", "start", "end", "text", "kind", "score", "flagged", "perplexity", "tokens", "findings",
    }  # fmt: skip


def test_json_of_a_folder_is_an_array_of_the_same_objects(repair: Repair, articles: Path) -> None:
    _, out, _ = repair("score", "articles", "--format", "json")
    assert [scored["document"]["id"] for scored in json.loads(out)] == ["a.txt", "b.txt"]
    one = json.loads(repair("score", "articles/b.txt", "--format", "json")[1])
    assert json.loads(out)[1] == one


def test_json_of_a_table_is_an_array(repair: Repair, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,story\n1,A sentence.\n", encoding="utf-8")
    code, out, _ = repair("score", "t.csv", "--format", "json", "--text-field", "story")
    assert (code, [scored["document"]["id"] for scored in json.loads(out)]) == (0, ["1"])


def test_json_of_nothing_readable_is_an_empty_array(repair: Repair, tmp_path: Path) -> None:
    code, out, err = repair("score", "gone", "also-gone", "--format", "json")
    assert (code, json.loads(out)) == (2, [])
    assert err.count("error: ") == 2


def test_jsonl_is_a_line_a_document_in_input_order(repair: Repair, articles: Path) -> None:
    _, out, _ = repair("score", articles / "b.txt", articles / "a.txt", "--format", "jsonl")
    assert [json.loads(line)["document"]["id"] for line in out.splitlines()] == ["b.txt", "a.txt"]


def test_jsonl_goes_out_as_it_comes(repair: Repair, articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(FakeCleaner):
        def score(self, document: Document) -> ScoreReport:
            if document.id == "b.txt":
                raise KeyboardInterrupt
            return super().score(document)

    monkeypatch.setattr("repair.pipeline.Cleaner", Fails)
    code, out, err = repair("score", "articles", "--format", "jsonl")
    assert code == 130
    assert err.startswith("interrupted: ")
    assert [json.loads(line)["document"]["id"] for line in out.splitlines()] == ["a.txt"]


def test_sarif_has_the_parts_that_2_1_0_requires(repair: Repair, articles: Path) -> None:
    _, out, _ = repair("score", "articles", "--format", "sarif")
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert run["results"]
    for result in run["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "articles/b.txt"
        region = location["region"]
        assert GARBLED[region["charOffset"] :][: region["charLength"]]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1


def test_sarif_of_nothing_flagged_is_a_log_without_results(repair: Repair, articles: Path) -> None:
    log = json.loads(repair("score", "articles/a.txt", "--format", "sarif")[1])
    assert log["runs"][0]["results"] == []


def test_html_is_one_page_that_escapes_what_it_shows(repair: Repair, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("The <script>alert(1)</script> council zzz the budget.\n", encoding="utf-8")
    _, out, _ = repair("score", "x.txt", "--format", "html")
    assert out.startswith("<!doctype html>")
    assert "&lt;script&gt;" in out
    assert "<script" not in out
    assert not re.search(r"(src|href)=", out)


@pytest.mark.parametrize("format", ["text", "json", "jsonl", "sarif", "html"])
def test_output_goes_into_a_file(repair: Repair, articles: Path, tmp_path: Path, format: str) -> None:
    _, shown, _ = repair("score", "articles", "--format", format)
    code, out, _ = repair("score", "articles", "--format", format, "--output", tmp_path / "new" / "scores")
    assert (code, out) == (1, "")
    assert (tmp_path / "new" / "scores").read_text(encoding="utf-8") == shown


def test_stdin_is_one_document(repair: Repair, articles: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, repair.pipeline as p; from tests.fakes import FakeCleaner\n"
         "p.Cleaner = FakeCleaner\nfrom repair.cli import main; sys.exit(main(['score', '-', '--format', 'json']))"],
        input=GARBLED.encode(), capture_output=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"1 of 1 document garbled, 1 flagged sentence\n")
    assert json.loads(done.stdout)["document"]["id"] == "-"


def test_a_reader_that_leaves_early_is_no_error(articles: Path) -> None:
    for n in range(200):
        (articles / f"n{n}.txt").write_text(GARBLED * 20, encoding="utf-8")
    program = (
        "import sys, repair.pipeline as p; from tests.fakes import FakeCleaner\n"
        f"p.Cleaner = FakeCleaner\nfrom repair.cli import main; sys.exit(main(['score', {str(articles)!r}, '-q']))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=-1, stderr=-1, cwd=root) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_threshold_from_the_config_file_counts(repair: Repair, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "repair.toml").write_text("treshold = 1\n", encoding="utf-8")
    code, _, err = repair("score", "articles")
    assert code == 2
    assert "repair.toml" in err
    assert "Did you mean `threshold`?" in err
    (tmp_path / "other.toml").write_text("threshold = 0.2\n", encoding="utf-8")
    assert repair("score", "articles", "--config", "other.toml")[0] == 1


def test_a_wrong_flag_is_named_as_it_was_typed(repair: Repair, articles: Path) -> None:
    code, _, err = repair("score", "articles", "--threshold", "2")
    assert code == 2
    assert "--threshold: `threshold` cannot be 2.0. Give a number from 0 to 1." in err


# --- errors


def test_a_missing_file_is_an_error_with_cause_and_next_step(repair: Repair) -> None:
    code, out, err = repair("score", "gone.txt")
    assert (code, out) == (2, "")
    assert "error: gone.txt: there is no such file. Check the path" in err
    assert "Traceback" not in err


def test_a_folder_without_articles_is_an_error(repair: Repair, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, err = repair("score", "empty")
    assert code == 2
    assert "empty: the folder holds no articles" in err


def test_one_bad_file_of_many_is_2_and_the_others_are_done(repair: Repair, articles: Path) -> None:
    (articles / "c.bin").write_bytes(bytes(range(256)))
    code, out, err = repair("score", "articles", "--format", "jsonl")
    assert (code, len(out.splitlines())) == (2, 2)
    assert "error: articles/c.bin: it is binary data" in err
    assert "1 file could not be read" in err


def test_an_internal_error_is_2_and_shows_its_trace_when_asked(
    repair: Repair, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaks(FakeCleaner):
        def score(self, document: Document) -> ScoreReport:
            raise ZeroDivisionError("a bug")

    monkeypatch.setattr("repair.pipeline.Cleaner", Breaks)
    code, _, err = repair("score", "articles")
    assert code == 2
    assert "internal error: ZeroDivisionError: a bug" in err
    assert "Traceback" not in err
    assert "Traceback" in repair("score", "articles", "-vv")[2]


# --- clean and apply


def test_clean_writes_out_and_tells_what_it_did(repair: Repair, articles: Path, tmp_path: Path) -> None:
    code, out, err = repair("clean", "articles", "-o", "out")
    assert (code, out) == (0, "")
    for words in ("2 documents read", "1 garbled", "1 suggestion", "1 applied, in 1 document", "out/report.html"):
        assert words in " ".join(err.split())
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names >= {
        "clean/a.txt",
        "clean/b.txt",
        "report.html",
        "suggestions.jsonl",
        "documents.jsonl",
        "state.sqlite",
    }


def test_clean_without_out_says_what_to_add(repair: Repair, articles: Path) -> None:
    code, _, err = repair("clean", "articles")
    assert code == 2
    assert "Add `-o OUT`" in err


def test_clean_names_each_failed_file(repair: Repair, articles: Path) -> None:
    (articles / "c.txt").write_bytes(b"")
    code, _, err = repair("clean", "articles", "-o", "out")
    assert code == 2
    assert "failed: c.txt: the file is empty" in err
    assert "1 file could not be done; the others are." in err


def test_diff_shows_what_would_change_and_writes_nothing(repair: Repair, articles: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = repair("clean", "articles", "--diff")
    assert code == 1
    assert out.splitlines() == [
        "--- a/b.txt",
        "+++ b/b.txt",
        "@@ -1,2 +1,2 @@",
        "-The council zzz the budget on Monday.",
        "+The council mended the budget on Monday.",
        " Nobody objected to it.",
    ]
    assert sorted(tmp_path.rglob("*")) == before
    assert repair("clean", "articles", "--diff", "--exit-zero")[0] == 0
    assert repair("clean", "articles", "--diff", "--apply", "none") == (0, "", "")


def test_apply_and_revert(repair: Repair, articles: Path, tmp_path: Path) -> None:
    repair("clean", "articles", "-o", "out", "--apply", "none")
    copy = tmp_path / "out" / "clean" / "b.txt"
    assert repair("apply", "out", "--diff")[0] == 0
    assert repair("apply", "out", "--apply", "all", "--diff")[0] == 1
    assert copy.read_text(encoding="utf-8") == GARBLED
    assert repair("apply", "out", "--apply", "all")[0] == 0
    assert copy.read_text(encoding="utf-8") == GARBLED.replace("zzz", "mended")
    assert repair("apply", "out", "--revert")[0] == 0
    assert copy.read_text(encoding="utf-8") == GARBLED


def test_review_rebuilds_the_report(repair: Repair, articles: Path, tmp_path: Path) -> None:
    repair("clean", "articles", "-o", "out")
    (tmp_path / "out" / "report.html").unlink()
    code, out, _ = repair("review", "out")
    assert (code, out) == (0, "out/report.html\n")
    assert (tmp_path / "out" / "report.html").is_file()


def test_review_serves_where_asked_and_says_where(
    repair: Repair, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(out: Path, port: int, *, on_ready: Callable[[str], None]) -> None:
        on_ready(f"http://127.0.0.1:{port}/{out}")

    monkeypatch.setattr("repair.review.server.serve", serve)
    code, out, _ = repair("review", "out", "--serve", "--port", "8123")
    assert (code, out) == (0, "Review at http://127.0.0.1:8123/out (Ctrl-C stops)\n")


@pytest.mark.parametrize("command", ["apply", "review"])
def test_an_out_without_a_run_is_told(repair: Repair, tmp_path: Path, command: str) -> None:
    (tmp_path / "nothing").mkdir()
    code, _, err = repair(command, "nothing")
    assert code == 2
    assert "repair clean" in err


# --- explain


def test_explain_shows_sentence_reason_and_suggestion(repair: Repair, articles: Path) -> None:
    code, out, _ = repair("explain", "articles/b.txt")
    assert code == 0
    for words in (
        "garbled, score 0.99",
        "clean source: articles/a.txt",
        "1:1 0.99 prose The council zzz the budget on Monday.",
        "applied: no such word",
        "- zzz",
        "+ mended",
        "same_fact in articles/a.txt: The",
    ):
        assert words in out
    assert "Nobody objected" not in out
    assert "Nobody objected" in repair("explain", "articles/b.txt", "--all")[1]


def test_control_characters_of_a_text_never_reach_the_terminal(repair: Repair, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("The council \x1b[31m zzz the budget.\n" * 3, encoding="utf-8")
    assert "\x1b" not in repair("explain", "x.txt")[1]
    assert "\x1b" not in repair("score", "x.txt")[1]


# --- doctor and models


def test_without_the_models_score_says_what_to_type(
    repair: Repair, articles: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    code, out, err = repair("score", articles)
    assert (code, out) == (2, "")
    assert "repair models fetch" in err


def test_doctor_names_every_part_and_what_to_type(
    repair: Repair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    code, out, _ = repair("doctor")
    assert code == 2
    for part in (
        "libraries",
        "cache",
        "model smollm2-135m-instruct",
        "scorer",
        "device",
        "LanguageTool",
        "Harper",
        "Java",
    ):
        assert part in out
    assert "repair models fetch" in out


def test_models_lists_where_they_come_from(repair: Repair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    code, out, err = repair("models")
    assert code == 0
    for word in ("smollm2-135m-instruct", "Apache-2.0", "not fetched"):
        assert word in out
    assert "repair models fetch" in err


def test_verify_of_nothing_fetched_is_2(repair: Repair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPAIR_CACHE", str(tmp_path / "cache"))
    code, _, err = repair("models", "verify")
    assert code == 2
    assert "repair models fetch" in err
