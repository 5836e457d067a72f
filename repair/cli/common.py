"""What all commands share: the options, the settings, the two consoles, and how a command ends.

Exit codes: 0 nothing flagged, or done; 1 something flagged or would change; 2 usage, input or internal error, also
when one file of many failed; 130 interrupted.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from repair import __version__
from repair.config import ApplyPolicy, Device, Settings, Value, load
from repair.errors import RepairError

DONE, FLAGGED, FAILED, INTERRUPTED = 0, 1, 2, 130

Color = Literal["auto", "always", "never"]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"repair {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
]
_EVERY = "Every command"
_SETTINGS = "Settings, also from repair.toml or REPAIR_…"

COMMON: Mapping[str, tuple[Any, object]] = {
    "config": (
        Annotated[
            Path | None,
            typer.Option(
                "--config", metavar="FILE", help="Settings file; else the nearest one.", rich_help_panel=_EVERY
            ),
        ],
        None,
    ),
    "color": (
        Annotated[
            Color, typer.Option("--color", help="When to use colour; NO_COLOR is obeyed.", rich_help_panel=_EVERY)
        ],
        "auto",
    ),
    "quiet": (
        Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.", rich_help_panel=_EVERY)],
        False,
    ),
    "verbose": (
        Annotated[
            int,
            typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.", rich_help_panel=_EVERY),
        ],
        0,
    ),
    "version": (Version, False),
}


def _setting(kind: Any, *names: str, help: str, metavar: str | None = None) -> Any:
    return Annotated[kind | None, typer.Option(*names, help=help, metavar=metavar, rich_help_panel=_SETTINGS)]


SETTINGS: Mapping[str, Any] = {
    "threshold": _setting(
        float,
        "--threshold",
        metavar="P",
        help="Flag sentences from this probability on, 0 to 1. Default: 1 % false positives on clean news.",
    ),
    "lm": _setting(str, "--lm", metavar="NAME", help="Language model: a name, a folder or a hub name."),
    "sources": _setting(str, "--sources", metavar="DIR", help="Clean articles that are not in ARCHIVE."),
    "apply": _setting(
        ApplyPolicy,
        "--apply",
        help="What is applied without asking: nothing, what evidence supports, or all that the gate let through. "
        "Default: safe.",
    ),
    "rewriter": _setting(
        str,
        "--rewriter",
        metavar="none|lm|NAME|URL",
        help="Who proposes free rewrites: lm, the small model (default); a model's folder or hub name; or an "
        "OpenAI-compatible server, such as http://127.0.0.1:8080/v1, with #MODEL where it has several.",
    ),
    "grammar": _setting(
        str,
        "--grammar",
        metavar="auto|none|harper|languagetool|URL",
        help="Who explains grammar in flagged sentences. Default: auto.",
    ),
    "device": _setting(Device, "--device", help="Where the model runs. Default: auto."),
    "jobs": _setting(int, "--jobs", metavar="N", help="Processes that read, split and write. Default: 1."),
    "text_field": _setting(
        str, "--text-field", metavar="NAME", help="The column with the text in jsonl, csv and parquet."
    ),
    "offline": _setting(
        bool,
        "--offline/--no-offline",
        help="Nothing leaves this machine but to a URL that you give. Default: offline.",
    ),
}
"""The options that are settings, by the name of the setting."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command gets beside its own arguments."""

    settings: Settings
    out: Console
    """stdout: results."""
    err: Console
    """stderr: errors, progress, summaries."""
    quiet: bool
    verbose: int

    def fail(self, error: RepairError) -> None:
        """Say what failed, why, and what to do."""
        self.err.print(
            Text.assemble(("error: ", "bold red"), f"{error.what}: {error.cause}. ", (error.next_step, "dim"))
        )

    def note(self, text: str) -> None:
        """Say something that -q leaves out."""
        if not self.quiet:
            self.err.print(Text(text))


def command(
    app: typer.Typer, name: str, *settings: str, epilog: str = ""
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Register a function as a command; its docstring is the help, `epilog` a few lines of examples below it.

    `settings` names the settings that it takes as options. The function's first parameter is a Run; it returns the
    exit code.
    """

    def register(function: Callable[..., int]) -> Callable[..., int]:
        @wraps(function)
        def run(**given: Any) -> None:
            common = {name: given.pop(name) for name in COMMON}
            flags: dict[str, Value] = {name: given.pop(name) for name in settings}
            door = _Door(verbose=common["verbose"])
            with door:
                door.code = function(_prepare(common, flags), **given)
            raise typer.Exit(door.code)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        added = [_option(name, kind, None) for name, kind in SETTINGS.items() if name in settings]
        added += [_option(name, kind, default) for name, (kind, default) in COMMON.items()]
        every = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *added)]
        run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
        app.command(name, help=_flowing(function.__doc__ or ""), epilog=epilog.strip())(run)
        return function

    return register


def _flowing(doc: str) -> str:
    """A docstring with one line a paragraph, so that a terminal of any width wraps it well."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in doc.split("\n\n"))


def _option(name: str, kind: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _prepare(common: Mapping[str, Any], flags: Mapping[str, Value]) -> Run:
    quiet, verbose = common["quiet"], common["verbose"]
    out, err = _console(common["color"]), _console(common["color"], stderr=True)
    _log(logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
    return Run(load(flags, config=common["config"]), out, err, quiet, verbose)


def _log(level: int) -> None:
    """What our own modules log goes to stderr from `level` on; of other libraries only errors do."""
    ours, others = logging.StreamHandler(), logging.StreamHandler()
    for handler, least in ((ours, level), (others, logging.ERROR)):
        handler.setFormatter(_Lowercase("%(levelname)s: %(message)s"))
        handler.setLevel(least)
    logging.basicConfig(handlers=[others], force=True)
    logger = logging.getLogger("repair")
    logger.handlers, logger.propagate = [ours], False
    logger.setLevel(level)


class _Lowercase(logging.Formatter):
    """`warning: …`, as all other messages of a command."""

    def format(self, record: logging.LogRecord) -> str:
        record.levelname = record.levelname.lower()
        return super().format(record)


def _console(color: Color, *, stderr: bool = False) -> Console:
    force = {"auto": None, "always": True, "never": False}[color]
    return Console(
        stderr=stderr,
        force_terminal=force,
        no_color=True if color == "never" else None,
        highlight=False,
        soft_wrap=True,
    )


class _Door:
    """The way out of every command: each error becomes a message on stderr and an exit code."""

    def __init__(self, *, verbose: int) -> None:
        self.verbose = verbose
        self.code = DONE

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, typer.Exit | SystemExit | GeneratorExit):
            return False
        if isinstance(error, BrokenPipeError):  # the reader, `head` perhaps, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return True
        if self.verbose >= 2:
            typer.echo("".join(traceback.format_exception(kind, error, trace)), err=True, nl=False)
        if isinstance(error, KeyboardInterrupt):
            self.code = INTERRUPTED
            typer.echo("interrupted: nothing is half written. The same command goes on, or begins again.", err=True)
        elif isinstance(error, RepairError):
            self.code = FAILED
            typer.echo(f"error: {error}", err=True)
        else:
            self.code = FAILED
            cause = f"{type(error).__name__}: {error}"
            typer.echo(f"internal error: {cause}. Run it again with -vv and report what it prints.", err=True)
        return True
