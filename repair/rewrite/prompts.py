"""What a language model is asked, and what of its answer is the sentence.

The examples show faults of several kinds and are all made up; none comes from a data set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SYSTEM = (
    "You correct English news sentences that a machine translated badly. Change as little as you can. Keep every "
    "name, number, date, negation and every word inside quotation marks. You may be given the text before a sentence, "
    "to understand it by, and what a clean report of the same event says: take its names, terms and quotations, and "
    "leave out what only the report tells. Answer with the corrected sentence alone."
)

EXAMPLES = (
    (
        "The police has on Monday three man arrested, the of robbing a bank in Lyon suspected are.",
        "Police on Monday arrested three men who are suspected of robbing a bank in Lyon.",
    ),
    (
        "Minister Anna Berg said, that the costs for the new bridge with 40 million euros higher would be.",
        "Minister Anna Berg said that the costs for the new bridge would be 40 million euros higher.",
    ),
    (
        "The company does not the factory in Turin close, but it will 200 workers release.",
        "The company will not close the factory in Turin, but it will lay off 200 workers.",
    ),
)

SOURCED_EXAMPLE = (
    "The vice-minister for the fishing “very worried”, has on Friday in Oslo explained.",
    "Speaking in Oslo on Friday, Deputy Fisheries Minister Nils Dahl said he was “deeply worried” about the stocks.",
    "The deputy fisheries minister was “deeply worried”, he explained in Oslo on Friday.",
)
"""A sentence, what a clean report says, the correction."""

_PREAMBLE = re.compile(
    r"(?:(?:sure|certainly|of course|here(?:['’]s| is| are))\b[^.:\n]{0,60}"
    r"|(?:the )?(?:corrected|rewritten|revised|right|correct)(?: english)?(?: (?:sentence|version|text|answer|form))?"
    r"(?: (?:is|would be|reads))?|sentence|answer|output):\s*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<\|[a-z_]+\|>|```|\*\*|^(?:Wrong|Right|Input|Output|Answer): ", re.MULTILINE)
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_WRAPPED = re.compile(r"[\"“](?P<inside>[^\"“”]*)[\"”]")


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence that is to be corrected, and what is known around it."""

    sentence: str
    before: str = ""
    """The text before it."""
    source: str = ""
    """What a clean source says in its place."""


def completion(sentence: str) -> str:
    """The examples and `sentence` as a text to go on with, for a model that only continues texts."""
    shown = "".join(f"Wrong: {wrong}\nRight: {right}\n\n" for wrong, right in EXAMPLES)
    return f"Each sentence is rewritten in correct English.\n\n{shown}Wrong: {sentence}\nRight:"


def conversation(question: Question) -> list[dict[str, str]]:
    """The same as chat messages, with what is known around the sentence."""
    wrong, report, right = SOURCED_EXAMPLE
    shown = [*((Question(before), after) for before, after in EXAMPLES), (Question(wrong, source=report), right)]
    messages = [{"role": "system", "content": SYSTEM}]
    for example, corrected in shown:
        messages += [{"role": "user", "content": _asked(example)}, {"role": "assistant", "content": corrected}]
    return [*messages, {"role": "user", "content": _asked(question)}]


def _asked(question: Question) -> str:
    known = (("Text before", question.before), ("Clean report", question.source), ("Sentence", question.sentence))
    return "\n".join(f"{label}: {' '.join(text.split())}" for label, text in known if text)


def answer(reply: str, sentence: str) -> str:
    """The sentence in a model's reply: its first line, without thoughts, preamble or marks around it all."""
    lines = [line.strip() for line in _THOUGHTS.sub("", reply).splitlines() if line.strip()]
    first = lines[0] if lines else ""
    preamble = _PREAMBLE.match(first)
    if preamble and not _PREAMBLE.match(sentence):
        first = first[preamble.end() :] or "".join(lines[1:2])
    wrapped = _WRAPPED.fullmatch(first)
    if wrapped and not _WRAPPED.fullmatch(sentence):
        first = wrapped["inside"].strip()
    return first


def is_cut_off(reply: str) -> bool:
    """True where a reply that ran out of room has no whole line that could be the sentence."""
    return "\n" not in _THOUGHTS.sub("", reply).strip()


def echoes(text: str) -> bool:
    """True where `text` speaks of the answer, or holds marks of a prompt, a chat or a markup."""
    return bool(_PREAMBLE.match(text.lstrip()) or _MARKUP.search(text))
