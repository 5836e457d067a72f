"""`grammar.languagetool.<RULE>`: what LanguageTool says, from a server of our own or one whose URL was given.

language-tool-python finds the installed LanguageTool, checks Java and gives the command of the server. The server's
life and the questions are ours, for three reasons (3.4.0): its start gives up after 15 s and goes on to the next of
900 ports, leaving a Java process behind each time; it waits 300 s for an answer; and it converts a match's start from
UTF-16 but not its length. Nothing is ever downloaded: only a version that is already installed is asked for.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from subprocess import CalledProcessError
from typing import Protocol

from repair.detectors import utf16
from repair.detectors.checker import Status
from repair.detectors.lexicon import is_misspelt
from repair.errors import MissingPartError
from repair.records import Document, Finding, Sentence, Span

log = logging.getLogger(__name__)

REQUEST_SECONDS = 90.0
"""How long one sentence may take before the server counts as hung: 0.1 s is usual, 30 s the first on a busy machine."""

QUIET_CATEGORIES = frozenset(
    # Matters of taste, of layout and of house style, which say nothing of damage.
    "STYLE TYPOGRAPHY REDUNDANCY PLAIN_ENGLISH COLLOQUIALISMS CREATIVE_WRITING GENDER_NEUTRALITY WIKIPEDIA "
    "REPETITIONS_STYLE TEXT_ANALYSIS ACADEMIC_WRITING REGIONALISMS AMERICAN_ENGLISH_STYLE BRITISH_ENGLISH".split()
)
QUIET_RULES = frozenset(
    # A sentence is asked alone, so marks that pair over sentences, and how it begins and ends, are out of sight.
    "EN_UNPAIRED_QUOTES EN_UNPAIRED_BRACKETS UPPERCASE_SENTENCE_START PUNCTUATION_PARAGRAPH_END "
    "UNLIKELY_OPENING_PUNCTUATION ENGLISH_WORD_REPEAT_BEGINNING_RULE SENTENCE_FRAGMENT".split()
)
SPELLING = frozenset({"TYPOS", "MULTITOKEN_SPELLING"})

_NOT_INSTALLED = 'Install it: pip install "repair[languagetool]"'
_NO_FOLDER = "Unpack LanguageTool 6.8 into a folder and set LTP_PATH to that folder."
_NO_JAVA = "Install Java 17 or newer (Debian: apt install openjdk-17-jre-headless)."


def languagetool_status() -> Status:
    """Whether language-tool-python, an installed LanguageTool and Java are there. Starts only `java -version`."""
    if find_spec("language_tool_python") is None:
        return Status(False, "", "language-tool-python is not installed", _NOT_INSTALLED)
    from language_tool_python.download_lt import LocalLanguageTool, confirm_java_compatibility

    folder = Path(os.environ.get("LTP_PATH") or Path.home() / ".cache" / "language_tool_python")
    # Looked at first: the library makes the folder where there is none.
    found = LocalLanguageTool.get_latest_installed_version() if folder.is_dir() else None
    if found is None:
        return Status(False, "", f"no LanguageTool in {folder}", _NO_FOLDER)
    try:
        jar = found.get_jar_path()
        confirm_java_compatibility(found.version_name)
    except FileNotFoundError as error:
        return Status(False, found.version_name, str(error), _NO_FOLDER)
    # What the library raises for no Java, one too old, one that says no version, and one that does not run.
    except (ModuleNotFoundError, SystemError, SystemExit, CalledProcessError, OSError) as error:
        return Status(False, found.version_name, str(error), _NO_JAVA)
    return Status(True, found.version_name, f"LanguageTool {found.version_name} in {jar.parent}")


class Server(Protocol):
    """Where questions go. `start` may be called again after the server died or hung."""

    @property
    def url(self) -> str:
        """Ends with `/v2/`."""

    @property
    def is_ours(self) -> bool:
        """True for a server on this machine that we started: no proxy lies between."""

    def start(self) -> None:
        """Start it, or start it again. Raises MissingPartError where it does not come up."""

    def stop(self) -> None:
        """Stop it; nothing happens where it does not run."""


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server that someone else runs, at a URL that was given explicitly."""

    url: str
    is_ours: bool = False

    @classmethod
    def at(cls, url: str) -> RemoteServer:
        """From `http://host:8081`, with or without `/v2`."""
        return cls(url.rstrip("/").removesuffix("/v2") + "/v2/")

    def start(self) -> None:
        """It is not ours to start: asking again is all we can do."""

    def stop(self) -> None:
        """It is not ours to stop."""


class LanguageToolChecker:
    """Asks one server. Started with the first question; one that dies or hangs is started again once, then left out."""

    def __init__(self, server: Server, version: str, *, seconds: float = REQUEST_SECONDS) -> None:
        self.signature = f"languagetool-{version}"
        self._server = server
        self._seconds = seconds
        self._running = False
        self._chances = 2

    def check(self, document: Document, sentences: Sequence[Sentence]) -> tuple[Finding, ...]:
        """Findings in these sentences; none once the server was left out."""
        found: list[Finding] = []
        for sentence in sentences:
            text = sentence.span.of(document.text)
            found += (_finding(match, sentence.span.start) for match in self._ask(text) if _is_news(match, text))
        return tuple(sorted(found, key=lambda f: (f.span, f.rule)))

    def _ask(self, text: str) -> tuple[Match, ...]:
        """The matches in `text`, after one new start where the server fails."""
        while self._chances:
            try:
                if not self._running:
                    self._server.start()
                    self._running = True
                return tuple(parse(_post(self._server, text, self._seconds), text))
            except urllib.error.HTTPError as error:
                log.warning("LanguageTool refused a sentence (%s): it goes unchecked", error)
                return ()
            except (MissingPartError, OSError, http.client.HTTPException, ValueError) as error:
                self._chances -= 1
                self._running = False
                self._server.stop()
                next_step = "it is started again" if self._chances else "it is left out of this run"
                log.warning("LanguageTool failed (%s): %s", error, next_step)
        return ()


def remote_version(server: RemoteServer, seconds: float = 10.0) -> str:
    """The version that a server says it has.

    Raises MissingPartError where nothing answers there, or what answers is no LanguageTool.
    """
    try:
        answer = _open(server, urllib.request.Request(server.url + "info"), seconds)  # noqa: S310  # checked in _open
        version = answer["software"]["version"] if isinstance(answer, dict) else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        cause = f"no LanguageTool answers ({error})"
        raise MissingPartError(server.url, cause, "Start it, or drop the URL.") from error
    if not isinstance(version, str):
        raise MissingPartError(server.url, "what answers is no LanguageTool", "Check the URL.")
    return version


@dataclass(frozen=True, slots=True)
class Match:
    """One match of LanguageTool, offsets in code points of the text that was asked about."""

    span: Span
    rule: str
    category: str
    message: str
    replacements: tuple[str, ...]


def parse(answer: object, text: str) -> Iterator[Match]:
    """The matches in LanguageTool's JSON, UTF-16 offsets turned into code points.

    Raises ValueError where the answer has another shape.
    """
    try:
        for match in answer["matches"]:  # type: ignore[index]
            yield Match(
                utf16.span_of(text, int(match["offset"]), int(match["length"])),
                str(match["rule"]["id"]),
                str(match["rule"]["category"]["id"]),
                str(match["message"]),
                tuple(str(r["value"]) for r in match["replacements"]),
            )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an answer of LanguageTool: {error!r}") from error


def _post(server: Server, text: str, seconds: float) -> object:
    question = {
        "language": "en-US",
        "text": text,
        "disabledRules": ",".join(sorted(QUIET_RULES)),
        "disabledCategories": ",".join(sorted(QUIET_CATEGORIES)),
    }
    data = urllib.parse.urlencode(question, errors="replace").encode()
    return _open(server, urllib.request.Request(server.url + "check", data=data), seconds)  # noqa: S310  # as above


def _open(server: Server, request: urllib.request.Request, seconds: float) -> object:
    if request.type not in ("http", "https"):
        raise ValueError(f"not the URL of a web server: {request.full_url}")
    # A proxy from the environment must not come between us and our own server.
    handlers = [urllib.request.ProxyHandler({})] if server.is_ours else []
    with urllib.request.build_opener(*handlers).open(request, timeout=seconds) as response:
        answer: object = json.load(response)
    return answer


def _is_news(match: Match, text: str) -> bool:
    """False for spelling matches on names, and on words that the lexicon knows, such as British ones."""
    return match.category not in SPELLING or is_misspelt(match.span.of(text))


def _finding(match: Match, start: int) -> Finding:
    rule = f"grammar.languagetool.{match.rule}"
    return Finding(rule, match.span.shift(start), match.message, replacements=match.replacements)
