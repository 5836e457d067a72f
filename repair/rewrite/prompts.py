"""What a language model is asked, and what of its answer is the sentence.

The examples show faults of several kinds and are all made up; none comes from a data set.
"""

from __future__ import annotations

import re

SYSTEM = (
    "You correct English news sentences that a machine translated badly. Change as little as you can. Keep every "
    "name, number, date, negation and every word inside quotation marks. Answer with the corrected sentence alone."
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

_PREAMBLE = re.compile(
    r"(?:(?:sure|certainly|of course|here(?:['’]s| is| are))\b[^.:\n]{0,60}"
    r"|(?:the )?(?:corrected|rewritten|revised|right|correct)(?: english)?(?: (?:sentence|version|text|answer|form))?"
    r"(?: (?:is|would be|reads))?):\s*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<\|[a-z_]+\|>|```|\*\*|^(?:Wrong|Right|Input|Output|Answer): ", re.MULTILINE)
_WRAPPED = re.compile(r"[\"“](?P<inside>[^\"“”]*)[\"”]")


def completion(sentence: str) -> str:
    """The examples and `sentence` as a text to go on with, for a model that only continues texts."""
    shown = "".join(f"Wrong: {wrong}\nRight: {right}\n\n" for wrong, right in EXAMPLES)
    return f"Each sentence is rewritten in correct English.\n\n{shown}Wrong: {sentence}\nRight:"


def conversation(sentence: str, context: str) -> list[dict[str, str]]:
    """The same as chat messages; `context` is what stands before the sentence, for a model that can use it."""
    messages = [{"role": "system", "content": SYSTEM}]
    for wrong, right in EXAMPLES:
        messages += [{"role": "user", "content": wrong}, {"role": "assistant", "content": right}]
    asked = f"(The text before it, not to be answered: {context})\n{sentence}" if context else sentence
    return [*messages, {"role": "user", "content": asked}]


def answer(reply: str, sentence: str) -> str:
    """The sentence in a model's reply: its first line, without a preamble or quotation marks set around it all."""
    first = next((line.strip() for line in reply.splitlines() if line.strip()), "")
    preamble = _PREAMBLE.match(first)
    if preamble and not _PREAMBLE.match(sentence):
        first = first[preamble.end() :] or next((line.strip() for line in reply.splitlines()[1:] if line.strip()), "")
    wrapped = _WRAPPED.fullmatch(first)
    if wrapped and not _WRAPPED.fullmatch(sentence):
        first = wrapped["inside"].strip()
    return first


def echoes(text: str) -> bool:
    """True where `text` speaks of the answer, or holds marks of a prompt, a chat or a markup."""
    return bool(_PREAMBLE.match(text.lstrip()) or _MARKUP.search(text))
