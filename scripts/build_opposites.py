"""Makes the table of opposites out of WordNet 3.0: `repair/parallel/data/opposites.tsv`.

    apt-get download wordnet-base && dpkg -x wordnet-base_*.deb wordnet
    .venv/bin/python scripts/build_opposites.py wordnet/usr/share/wordnet

A row has the two sides of one opposition: the words of two synsets that WordNet calls antonyms; of adjectives also
the satellites of either ("large, huge, vast": "small, tiny"), for which it has no antonyms of their own; each with
the forms that it is inflected in. Words that people seldom write are left out (wordfreq).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordfreq import zipf_frequency

TABLE = Path(__file__).resolve().parent.parent / "repair" / "parallel" / "data" / "opposites.tsv"
PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
COMMON = 2.8
"""Zipf frequency from which a form is kept: some 600 uses in a billion words."""
HEAD = """\
# one side of an opposition, separated by |	the other side
# Made from WordNet 3.0 by scripts/build_opposites.py. WordNet 3.0 Copyright 2006 by Princeton University. All rights
# reserved. Its licence is in WORDNET-LICENSE beside this file.
"""


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning: its words, its antonyms' and its satellites' keys."""

    words: tuple[str, ...]
    antonyms: tuple[str, ...]
    similar: tuple[str, ...]


def read_synsets(folder: Path, part: str) -> Iterator[tuple[str, Synset]]:
    """The synsets of one part of speech by their offset. The format is described in wndb(5)."""
    for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        words = tuple(word.split("(")[0] for word in fields[4 : 4 + 2 * count : 2])
        pointers = fields[5 + 2 * count :]
        found = list(zip(pointers[::4], pointers[1::4], pointers[2::4], strict=False))
        own = [(symbol, offset) for symbol, offset, pos in found if pos == PARTS[part]]
        yield fields[0], Synset(words, *(tuple(o for s, o in own if s == wanted) for wanted in "!&"))


def irregular(folder: Path, part: str) -> dict[str, set[str]]:
    """Forms that no rule makes, by their lemma ("take": "took", "taken")."""
    forms: dict[str, set[str]] = defaultdict(set)
    for line in (folder / f"{part}.exc").read_text(encoding="utf-8").splitlines():
        form, *lemmas = line.split()
        for lemma in lemmas:
            forms[lemma].add(form)
    return forms


def inflected(word: str, part: str) -> set[str]:
    """The regular forms of a word; what is no English word is dropped later by its frequency."""
    stem = word[:-1] if word.endswith("e") else word
    doubled = word + word[-1]
    y = word[:-1] + "i" if word.endswith("y") else stem
    plural = {word + "s", word + "es", y + "es"}
    endings = {
        "noun": plural,
        "verb": plural | {base + end for base in (stem, doubled, y) for end in ("ed", "ing")} | {word + "ing"},
        "adj": {base + end for base in (stem, doubled, y) for end in ("er", "est")},
        "adv": set[str](),
    }
    return endings[part]


def written(every: Sequence[Synset], part: str, forms: dict[str, set[str]]) -> set[str]:
    """All common forms of the synsets' words."""
    lemmas = {word for one in every for word in one.words if word.isalpha() and word.islower()}
    found = lemmas | {form for word in lemmas for form in inflected(word, part) | forms[word]}
    return {form for form in found if len(form) > 1 and zipf_frequency(form, "en") >= COMMON}


def oppositions(folder: Path) -> Iterator[tuple[set[str], set[str]]]:
    """Both sides of every opposition. A satellite is opposed to the other head alone: two satellites rarely are."""
    for part in PARTS:
        synsets = dict(read_synsets(folder, part))
        forms = irregular(folder, part)
        for one in synsets.values():
            for other in one.antonyms:
                near = [synsets[k] for k in one.similar] if part == "adj" else []
                yield written([one, *near], part, forms), written([synsets[other]], part, forms)


def main() -> None:
    """Write the table; the folder of WordNet's files is the one argument."""
    lines = set()
    for one, other in oppositions(Path(sys.argv[1])):
        if one - other and other - one:
            lines.add("\t".join("|".join(sorted(side)) for side in (one - other, other - one)) + "\n")
    TABLE.write_text(HEAD + "".join(sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
