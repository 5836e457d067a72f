"""The one door to the grammar tools: `open_checker` gives what the settings ask for and the machine has.

They are asked only about sentences that are flagged already: they explain, they do not flag. A missing part is a
warning and a line in `repair doctor`, never a failed run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from repair.config import Settings
from repair.detectors.checker import GrammarChecker, Status
from repair.detectors.harper_adapter import HarperChecker, harper_status
from repair.detectors.languagetool import LanguageToolChecker, RemoteServer, languagetool_status, remote_version
from repair.detectors.local_server import LocalServer
from repair.errors import ConfigError, MissingPartError

__all__ = ["GrammarChecker", "Status", "harper_status", "languagetool_status", "open_checker"]

log = logging.getLogger(__name__)


@contextmanager
def open_checker(settings: Settings) -> Iterator[GrammarChecker | None]:
    """The checker of `settings.grammar`, closed at the end; None for `none` and where the tool is not ready.

    LanguageTool's server starts with the first question, so a run that flags nothing never starts it.
    Raises ConfigError for a value that names no tool and is no URL.
    """
    wanted = settings.grammar
    if wanted == "none":
        yield None
    elif wanted.startswith(("http://", "https://")):
        yield _remote(wanted)
    elif wanted == "languagetool" or (wanted == "auto" and languagetool_status().ready):
        yield from _local()
    elif wanted in ("harper", "auto"):
        yield _harper()
    else:
        raise ConfigError(
            f"grammar = {wanted!r}", "names no grammar tool", "Take auto, none, harper, languagetool or a server's URL."
        )


def _local() -> Iterator[GrammarChecker | None]:
    status = languagetool_status()
    if not status.ready:
        _warn("LanguageTool", status)
        yield None
        return
    server = LocalServer(status.version)
    try:
        yield LanguageToolChecker(server, status.version)
    finally:
        server.stop()


def _remote(url: str) -> GrammarChecker | None:
    server = RemoteServer.at(url)
    try:
        return LanguageToolChecker(server, remote_version(server))
    except MissingPartError as error:
        log.warning("LanguageTool is left out of this run: %s", error)
        return None


def _harper() -> GrammarChecker | None:
    status = harper_status()
    if not status.ready:
        _warn("Harper", status)
        return None
    return HarperChecker()


def _warn(tool: str, status: Status) -> None:
    log.warning("%s is left out of this run: %s. %s", tool, status.detail, status.next_step)
