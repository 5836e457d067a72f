"""What every pass over an archive needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from repair.archive import files
from repair.archive.ledger import FileState, Ledger
from repair.archive.out import OutFolder
from repair.config import Settings
from repair.errors import InputError
from repair.pipeline import Cleaner

Progress = Callable[[str, int, int], None]
"""Called with the name of the pass, how much is done, how much there is."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of `repair clean`."""

    archive: Path
    out: OutFolder
    settings: Settings
    ledger: Ledger
    cleaner: Cleaner
    progress: Progress

    def fail(self, name: str, error: InputError) -> None:
        """Remember that a file failed; the others go on."""
        self.ledger.fail_file(name, f"{error.cause}. {error.next_step}")

    def original(self, state: FileState) -> bytes:
        """The bytes that were scored. Raises InputError where the file is another one by now."""
        data = files.read_bytes(self.archive / state.path)
        if files.sha256(data) != state.sha256:
            raise InputError(state.path, "the file changed while we ran", "Run the same command again.")
        return data
