"""The report: one self-contained page that shows what is wrong, what is proposed and why, and takes decisions.

Nothing in it reaches the network. Texts travel as JSON in a data block; the page's script puts them on the
screen as text nodes only, and the content security policy lets no other script or style in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from repair import __version__
from repair.archive.fields import dump
from repair.archive.files import write_atomic
from repair.archive.ledger import Entry, Ledger
from repair.archive.out import OutFolder, read_decisions, read_documents, read_suggestions
from repair.archive.serial import DocumentLine, decision_to_json
from repair.records import Decision, Suggestion
from repair.review.view import page

_STYLE = "report.css"
_SCRIPTS = ("data.js", "decisions.js", "article.js", "inspector.js", "documents.js", "main.js")


@dataclass(frozen=True, slots=True)
class Served:
    """What a page needs to talk to the server that sent it. `by` is the name that decisions carry."""

    token: str
    by: str


def build(out: Path) -> Path:
    """Write OUT/report.html and return its path. Raises InputError, OutputError."""
    folder = OutFolder(out)
    write_atomic(folder.report, load(out).encode("utf-8", "replace"))
    return folder.report


def load(out: Path, served: Served | None = None) -> str:
    """The page of an OUT folder; `served` where a server sends it. Raises InputError."""
    folder = OutFolder(out)
    with Ledger.open(out) as ledger:
        return render(
            ledger.entries(),
            read_suggestions(folder.suggestions),
            read_decisions(folder.decisions),
            out.resolve().name,
            documents=read_documents(folder.documents),
            served=served,
        )


def render(
    entries: Iterable[Entry],
    suggestions: Iterable[Suggestion],
    decisions: Iterable[Decision],
    title: str,
    *,
    documents: Iterable[DocumentLine] = (),
    served: Served | None = None,
) -> str:
    """The page as HTML. `documents` adds the sources found and the scores after cleaning."""
    data = dump(
        {
            **page(entries, suggestions, documents),
            "decisions": [decision_to_json(decision) for decision in decisions],
            "server": {"token": served.token, "by": served.by} if served else None,
        }
    )
    style, script = _asset(_STYLE), "\n".join(_asset(name) for name in _SCRIPTS)
    environment = Environment(
        loader=PackageLoader("repair.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(
        title=title,
        version=__version__,
        policy=_policy(style, script, connect="'self'" if served else "'none'"),
        style=_as_is(style),
        script=_as_is(script),
        data=_as_is(_inert(data)),
    )


def _asset(name: str) -> str:
    return (files("repair.review") / "templates" / name).read_text(encoding="utf-8")


def _as_is(text: str) -> Markup:
    """The three texts that skip escaping: our own style and script, and data that is made inert."""
    return Markup(text)  # noqa: S704


def _policy(style: str, script: str, connect: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def _inert(json: str) -> str:
    """JSON that cannot end its <script> block, nor open a comment in it: the same value, other escapes."""
    return json.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
