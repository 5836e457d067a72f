"""`repair doctor`: what is installed and works, and what to type for what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import typer
from rich.text import Text

from repair import __version__
from repair.cli.common import DONE, FAILED, Run, command
from repair.config import Settings
from repair.errors import ConfigError, MissingPartError, ModelError

_LIBRARIES = ("torch", "transformers", "sentencex", "pyarrow", "datasets")
_EPILOG = """
Exit codes: 0 where `repair score` and `repair clean` can run; 2 where a part is missing that they need.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the machinery. `step` says what to type where it is not ready."""

    name: str
    ready: bool
    detail: str
    step: str = ""
    needed: bool = True


def doctor(run: Run) -> int:
    """Check what is installed and works; say what to type for what is missing."""
    parts = list(examine(run.settings))
    for part in parts:
        if not (run.quiet and part.ready):
            run.out.print(_line(part))
    missing = [part for part in parts if part.needed and not part.ready]
    run.note("Something needed is missing." if missing else "Ready.")
    return FAILED if missing else DONE


def examine(settings: Settings) -> Iterator[Part]:
    """Every part, ready or not."""
    yield Part("repair", True, f"{__version__}, Python {platform.python_version()} on {platform.machine()}")
    yield Part("libraries", *_libraries())
    yield from _models(settings)
    yield _device(settings)
    yield _rewriter(settings)
    yield from _grammar(settings)
    yield _java()


def _line(part: Part) -> Text:
    lacking = ("missing ", "bold red") if part.needed else ("absent  ", "yellow")
    state = ("ok      ", "green") if part.ready else lacking
    optional = "" if part.needed else " (optional)"
    return Text.assemble(
        state, (f"{part.name}{optional}: ", "bold"), part.detail, f". {part.step}" if part.step else ""
    )


def _libraries() -> tuple[bool, str, str]:
    found, absent = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        return False, f"{', '.join(absent)} not installed", f"Type: pip install {' '.join(absent)}"
    return True, ", ".join(found), ""


def _models(settings: Settings) -> Iterator[Part]:
    from repair.lm.catalog import MODELS_DIR, cache_dir, resolve
    from repair.scoring.head import load_head

    yield Part("cache", True, str(cache_dir()))
    for name in (settings.lm, settings.embedder):
        try:
            yield Part(f"model {name}", True, str(resolve(name, offline=True)))
        except ModelError as error:
            yield Part(f"model {name}", False, error.cause, error.next_step)
    try:
        yield Part("scorer", True, f"sha256 {load_head(MODELS_DIR / 'scorer').sha256[:12]}")
    except ModelError as error:
        yield Part("scorer", False, error.cause, error.next_step)


def _device(settings: Settings) -> Part:
    """torch takes seconds to import; asked last of what is needed."""
    try:
        import torch

        from repair.lm.model import pick_device, pick_dtype

        device = pick_device(settings.device)
    except ImportError as error:
        return Part("device", False, str(error), "Type: pip install torch")
    except ModelError as error:
        return Part("device", False, error.cause, error.next_step)
    precision = str(pick_dtype(device)).removeprefix("torch.")
    threads = f"{torch.get_num_threads()} threads of {os.cpu_count()} processors"
    return Part("device", True, f"{device.type}, {precision}, {threads}")


def _rewriter(settings: Settings) -> Part:
    """A server is asked one question, a model is looked for, not loaded."""
    from repair.lm.catalog import resolve
    from repair.rewrite.rewriter import is_small_model, open_rewriter

    name = settings.rewriter
    try:
        if is_small_model(name):
            return Part("rewriter", True, f"{name}, {settings.lm}" if name == "lm" else name)
        if "://" not in name:
            return Part("rewriter", True, str(resolve(name, offline=True)))
        with closing(open_rewriter(settings)) as server:
            return Part("rewriter", True, f"{server.name} answers")
    except (ConfigError, MissingPartError, ModelError) as error:
        return Part("rewriter", False, f"{error.what}: {error.cause}", error.next_step)


def _grammar(settings: Settings) -> Iterator[Part]:
    from repair.detectors.grammar import harper_status, languagetool_status, open_checker

    for name, status in (("LanguageTool", languagetool_status()), ("Harper", harper_status())):
        yield Part(name, status.ready, status.detail, status.next_step, needed=False)
    try:
        with open_checker(settings) as checker:
            chosen = f"grammar = {settings.grammar}: "
            yield Part("grammar", True, chosen + (checker.signature if checker else "nothing is asked"), needed=False)
    except ConfigError as error:
        yield Part("grammar", False, error.cause, error.next_step)


def _java() -> Part:
    java = shutil.which("java")
    step = "Type: apt install openjdk-17-jre-headless (only LanguageTool needs it)"
    if java is None:
        return Part("Java", False, "not on the PATH", step, needed=False)
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Part("Java", False, f"{java} does not run ({error})", step, needed=False)
    version = (said.stderr or said.stdout).splitlines()
    return Part("Java", said.returncode == 0, version[0] if version else java, "", needed=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", "lm", "rewriter", "grammar", "device", epilog=_EPILOG)(doctor)
