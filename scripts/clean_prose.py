"""Documents that people wrote, other than news: what a scorer calibrated on news alone would take for damage.

Reviews and editorials from the package that `slips.py` reads, in their documents; and technical prose, out of the
docstrings of installed, pinned packages.
"""

from __future__ import annotations

import ast
import importlib.util
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from slips import PEOPLE, labelled

TECHNICAL = {"fit": ("sklearn", "scipy"), "dev": ("numpy", "pandas", "torch.optim", "torch.nn")}
"""Packages whose docstrings are read to fit by, and others to choose by."""
LEAST_WORDS, LEAST_SENTENCES = 60, 4
_SENTENCE_END = re.compile(r"(?<=[a-z)][.?!])\s+(?=[A-Z])")
_CODE = re.compile(r"[`=<>{}_|\\]|::|\(\)|\.\w+\(")


def people_documents(folder: Path) -> list[list[str]]:
    """Reviews and editorials of at least four sentences, in a fixed order."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in PEOPLE[:2]:
        for id, text in labelled(folder, name):
            found[f"{name}-{id.partition('_')[0]}"].append(text)
    return [texts[:12] for texts in found.values() if len(texts) >= LEAST_SENTENCES]


def technical_documents(split: str, seed: int) -> list[list[str]]:
    """Running paragraphs of docstrings, without code, in random order; each text once."""
    found = {" ".join(one): one for package in TECHNICAL[split] for one in _paragraphs(package)}
    documents = [found[key] for key in sorted(found)]
    random.Random(seed).shuffle(documents)
    return documents


def _paragraphs(package: str) -> Iterator[list[str]]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        if "test" in str(path):  # some hold what no parser takes
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8", errors="replace"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                for paragraph in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
                    text = " ".join(paragraph.split())
                    sentences = _SENTENCE_END.split(text)
                    enough = len(text.split()) >= LEAST_WORDS and len(sentences) >= LEAST_SENTENCES
                    if enough and text[0].isupper() and not _CODE.search(text):
                        yield sentences[:12]
