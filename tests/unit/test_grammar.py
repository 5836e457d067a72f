"""The adapters to the grammar tools, with a server of our own making in LanguageTool's place."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repair.config import Settings
from repair.detectors import utf16
from repair.detectors.grammar import harper_status, languagetool_status, open_checker
from repair.detectors.harper_adapter import HarperChecker
from repair.detectors.languagetool import LanguageToolChecker, RemoteServer, parse, remote_version
from repair.detectors.local_server import LocalServer
from repair.errors import ConfigError, MissingPartError
from repair.records import Document, Kind, Sentence, Span

TEXT = "😀 Nobody were there. He go home."
DOCUMENT = Document.of_text(TEXT)
SENTENCES = (Sentence(0, Span(0, 20), Kind.PROSE), Sentence(1, Span(21, 32), Kind.PROSE))


def match(offset: int, length: int, rule: str = "AGREEMENT", category: str = "GRAMMAR", *values: str) -> dict:
    return {
        "offset": offset,
        "length": length,
        "message": "These do not agree.",
        "replacements": [{"value": value} for value in values],
        "rule": {"id": rule, "category": {"id": category}},
    }


@contextmanager
def serving(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[str]:
    """A web server on this machine that answers every request with what `answer` gives for its path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def offline_folder(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A machine without LanguageTool."""
    monkeypatch.setenv("LTP_PATH", str(tmp_path / "nowhere"))
    return tmp_path


@given(st.text(st.sampled_from("aé中😀𝔘\n"), max_size=12), st.data())
def test_utf16_offsets_become_code_points(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = utf16.span_of(text, utf16.units(text[:start]), utf16.units(text[start:end]))
    assert span == Span(start, end)


def test_half_an_emoji_counts_as_the_whole_one() -> None:
    assert utf16.span_of("a😀b", 2, 1) == Span(1, 2)
    assert utf16.span_of("a😀b", 1, 1) == Span(1, 2)


@pytest.mark.parametrize(("offset", "length"), [(0, 5), (-1, 1), (5, 0), (1, -1)])
def test_offsets_beyond_the_text_are_refused(offset: int, length: int) -> None:
    with pytest.raises(ValueError, match="do not lie"):
        utf16.span_of("a😀b", offset, length)


def test_match_after_an_emoji_covers_its_own_words() -> None:
    (found,) = parse({"matches": [match(10, 4, "R", "GRAMMAR", "was")]}, TEXT)
    assert found.span.of(TEXT) == "were"
    (found,) = parse({"matches": [match(0, 2)]}, TEXT)
    assert found.span.of(TEXT) == "😀"


@pytest.mark.parametrize("answer", [None, {}, {"matches": [{}]}, {"matches": 3}, {"matches": [match(400, 2)]}])
def test_an_answer_of_another_shape_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match=r"not an answer|do not lie"):
        list(parse(answer, TEXT))


def test_findings_of_a_remote_server_are_in_the_document() -> None:
    def answer(path: str) -> tuple[int, bytes]:
        return 200, json.dumps({"matches": [match(3, 2, "HE_VERB_AGR", "GRAMMAR", "goes", "went")]}).encode()

    with serving(answer) as url:
        checker = LanguageToolChecker(RemoteServer.at(url), "6.8")
        (found,) = checker.check(DOCUMENT, SENTENCES[1:])
    assert found.rule == "grammar.languagetool.HE_VERB_AGR"
    assert found.span.of(TEXT) == "go"
    assert found.replacements == ("goes", "went")
    assert checker.signature == "languagetool-6.8"


def test_spelling_is_off_for_names_and_known_words() -> None:
    text = "Serraj criticised the loathous plan."
    matches = [match(0, 6, "SPELL", "TYPOS"), match(7, 10, "SPELL", "TYPOS"), match(22, 8, "SPELL", "TYPOS")]

    def answer(path: str) -> tuple[int, bytes]:
        return 200, json.dumps({"matches": matches}).encode()

    with serving(answer) as url:
        checker = LanguageToolChecker(RemoteServer.at(url), "6.8")
        found = checker.check(Document.of_text(text), [Sentence(0, Span(0, len(text)), Kind.PROSE)])
    assert [f.span.of(text) for f in found] == ["loathous"]


def test_a_server_that_fails_is_asked_once_more_and_then_left_out(caplog: pytest.LogCaptureFixture) -> None:
    asked = []

    def answer(path: str) -> tuple[int, bytes]:
        asked.append(path)
        return 200, b"<html>"

    with serving(answer) as url:
        checker = LanguageToolChecker(RemoteServer.at(url), "6.8")
        assert checker.check(DOCUMENT, SENTENCES) == ()
        assert checker.check(DOCUMENT, SENTENCES) == ()
    assert len(asked) == 2
    assert [r.message.rsplit(": ")[-1] for r in caplog.records] == ["it is started again", "it is left out of this run"]


def test_a_server_that_hangs_is_left_out() -> None:
    release = threading.Event()

    def answer(path: str) -> tuple[int, bytes]:
        release.wait(10)
        return 200, b"{}"

    with serving(answer) as url:
        checker = LanguageToolChecker(RemoteServer.at(url), "6.8", seconds=0.1)
        assert checker.check(DOCUMENT, SENTENCES) == ()
        release.set()


def test_a_sentence_that_the_server_refuses_goes_unchecked(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([(413, b"too long"), (200, json.dumps({"matches": [match(3, 2)]}).encode())])
    with serving(lambda path: next(answers)) as url:
        checker = LanguageToolChecker(RemoteServer.at(url), "6.8")
        found = checker.check(DOCUMENT, SENTENCES)
    assert [f.span.of(TEXT) for f in found] == ["go"]
    assert "goes unchecked" in caplog.text


def test_the_version_of_a_remote_server_is_asked_for() -> None:
    with serving(lambda path: (200, json.dumps({"software": {"version": "6.9"}}).encode())) as url:
        assert remote_version(RemoteServer.at(url + "/v2")) == "6.9"
        with open_checker(Settings(grammar=url)) as checker:
            assert checker is not None
            assert checker.signature == "languagetool-6.9"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"software": {}}', b'{"software": {"version": 3}}'])
def test_what_is_no_languagetool_is_refused(body: bytes) -> None:
    with serving(lambda path: (200, body)) as url, pytest.raises(MissingPartError):
        remote_version(RemoteServer.at(url))


def test_a_remote_server_that_is_not_there_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with open_checker(Settings(grammar="http://127.0.0.1:9")) as checker:
        assert checker is None
    assert "left out" in caplog.text


def test_a_local_server_whose_command_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repair.detectors.local_server._command", lambda version, port: ["/nowhere/java"])
    with pytest.raises(MissingPartError, match="/nowhere/java"):
        LocalServer("6.8").start()


def test_a_local_server_that_ends_at_once_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repair.detectors.local_server._command", lambda version, port: ["false"])
    server = LocalServer("6.8")
    with pytest.raises(MissingPartError, match="code 1"):
        server.start()
    assert server.process is None


def test_a_local_server_that_never_answers_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repair.detectors.local_server._command", lambda version, port: ["sleep", "60"])
    server = LocalServer("6.8", seconds=0.3)
    with pytest.raises(MissingPartError, match="no answer"):
        server.start()
    assert server.process is None


@pytest.mark.parametrize("grammar", ["auto", "harper"])
def test_harper_stands_in_where_languagetool_is_not_there(offline_folder, grammar: str) -> None:
    with open_checker(Settings(grammar=grammar)) as checker:
        assert isinstance(checker, HarperChecker)
        assert checker.signature == f"harper-{harper_status().version}"
        found = checker.check(DOCUMENT, SENTENCES)
    assert ("grammar.harper.Agreement", "go") in [(f.rule, f.span.of(TEXT)) for f in found]


def test_harper_is_silent_on_names_and_british_words(offline_folder) -> None:
    text = "Fayez al-Serraj criticised the programme of the Esvatini harbour board in Tripoli."
    with open_checker(Settings(grammar="harper")) as checker:
        assert checker is not None
        assert checker.check(Document.of_text(text), [Sentence(0, Span(0, len(text)), Kind.PROSE)]) == ()


def test_no_grammar_is_no_checker() -> None:
    with open_checker(Settings(grammar="none")) as checker:
        assert checker is None


def test_languagetool_that_is_not_there_is_a_warning(offline_folder, caplog: pytest.LogCaptureFixture) -> None:
    with open_checker(Settings(grammar="languagetool")) as checker:
        assert checker is None
    assert "LTP_PATH" in caplog.text


def test_an_unknown_tool_is_refused() -> None:
    with pytest.raises(ConfigError, match="grammarly"), open_checker(replace(Settings(), grammar="grammarly")):
        pass


def test_status_names_the_folder_that_is_missing_and_makes_none(offline_folder) -> None:
    status = languagetool_status()
    assert not status.ready
    assert str(offline_folder / "nowhere") in status.detail
    assert "LTP_PATH" in status.next_step
    assert not (offline_folder / "nowhere").exists()


def test_status_of_a_folder_without_its_jar(offline_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    (offline_folder / "LanguageTool-6.8").mkdir()
    monkeypatch.setenv("LTP_PATH", str(offline_folder))
    status = languagetool_status()
    assert (status.ready, status.version) == (False, "6.8")
    assert "JAR" in status.detail


def test_status_without_java(offline_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = offline_folder / "LanguageTool-6.8"
    folder.mkdir()
    (folder / "languagetool-server.jar").write_bytes(b"")
    monkeypatch.setenv("LTP_PATH", str(offline_folder))
    monkeypatch.setenv("PATH", str(offline_folder))
    status = languagetool_status()
    assert not status.ready
    assert "Java" in status.next_step


@pytest.mark.parametrize(
    ("absent", "status"), [("harper", harper_status), ("language_tool_python", languagetool_status)]
)
def test_status_of_a_library_that_is_not_installed(absent: str, status, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("repair.detectors.harper_adapter", "repair.detectors.languagetool"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None if name == absent else object())
    found = status()
    assert not found.ready
    assert found.next_step.startswith("Install it: pip install")
