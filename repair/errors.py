"""The exception tree. Every message names the file, the cause and the next step.

    RepairError
    ├── ConfigError          a setting or an option that cannot be used
    ├── InputError           a path or bytes that cannot be read as a document
    │   ├── DecodeError      bytes that are no text in any encoding we trust
    │   └── FormatError      a table, page or record that does not parse
    ├── OutputError          a place that cannot be written, or that would overwrite the archive
    ├── EditError            an edit that does not fit the text it is applied to
    ├── ModelError           weights that are missing, damaged or of the wrong kind
    └── MissingPartError     an optional part (Java, a library, a server) that is not there

`DocumentError` is no exception but the record of one: see `repair.records`.
"""

from __future__ import annotations


class RepairError(Exception):
    """Base of all errors that users can meet.

    `what` says where (usually a file), `cause` why, `next_step` what to do about it.
    """

    def __init__(self, what: str, cause: str, next_step: str) -> None:
        super().__init__(f"{what}: {cause}. {next_step}")
        self.what = what
        self.cause = cause
        self.next_step = next_step

    def __reduce__(self) -> tuple[type[RepairError], tuple[str, str, str]]:
        """Errors travel between processes whole."""
        return type(self), (self.what, self.cause, self.next_step)


class ConfigError(RepairError):
    """A setting or an option that cannot be used."""


class InputError(RepairError):
    """A path or bytes that cannot be read as a document."""


class DecodeError(InputError):
    """Bytes that are no text in any encoding we trust."""


class FormatError(InputError):
    """A table, page or record that does not parse."""


class OutputError(RepairError):
    """A place that cannot be written, or that would overwrite the archive."""


class EditError(RepairError):
    """An edit that does not fit the text it is applied to."""


class ModelError(RepairError):
    """Weights that are missing, damaged or of the wrong kind."""


class MissingPartError(RepairError):
    """An optional part (Java, a library, a server) that is not there."""
