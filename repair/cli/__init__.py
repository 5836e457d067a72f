"""The commands, one file each: parse, call one function, print. The only room that prints or exits.

Nothing heavy is imported here: `repair --help` is quick, and each command imports what it runs on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from repair.cli import apply, clean, doctor, explain, models, review, score
from repair.cli.common import FAILED, Version

_EPILOG = """Begin here:
$ repair models fetch
$ repair score articles/
$ repair clean articles/ -o out"""

app = typer.Typer(
    name="repair",
    help="Finds garbled, machine-translated English in archives of news, and mends it from clean sources.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(version: Version = False) -> None:
    """Options before the command."""


for _module in (score, clean, review, apply, explain, models, doctor):
    _module.register(app)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 flagged, 2 error, 130 interrupted."""
    try:
        app(args=None if argv is None else list(argv), prog_name="repair")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED if end.code else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
