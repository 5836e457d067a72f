"""Mending with the trained rewriter, a small change at a time.

The sentence itself is the draft of its mended form: one pass reads the whole draft, and it is kept up to the first
token that the rewriter would write otherwise by more than `margin` nats; from there it writes freely until its words
meet the draft again (input-guided aggressive decoding, Sun et al. 2021, arXiv:2106.04970). So a sentence that is right
costs one pass, and how sure the rewriter must be before it touches anything is a number that can be chosen.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import torch

from repair.errors import ModelError
from repair.lm.card import MODELS_DIR
from repair.lm.llama import Llama, Past
from repair.lm.lora import merged, read_changes
from repair.lm.model import LanguageModel
from repair.rewrite.asking import answered, asked

MARGIN = 1.0
"""Nats by which another token must be likelier than the sentence's own."""
AHEAD = 8
"""Tokens of the draft in which what was written freely may meet it again."""
MOST_FREE = 24
"""Tokens written freely at one place before the sentence is given up."""
MOST_CHANGES = 4
"""Changes of one sentence up to which every choice of them is proposed too."""
APART = 2
"""Words that must stay between two changes for them to be two."""
_WORDS = re.compile(r"\S+|\s+")


@dataclass(frozen=True, eq=False, slots=True)
class Mender:
    """The language model with the rewriter's changes merged in."""

    model: LanguageModel
    body: Llama
    signature: str

    @torch.inference_mode()
    def mend(self, sentence: str, *, before: str = "", source: str = "", margin: float = MARGIN) -> str:
        """The mended sentence; the sentence itself where nothing is surely wrong."""
        prompt = [self.model.prefix, *self.model.encode(asked(sentence, before=before, source=source)).ids]
        draft = [*self.model.encode(answered(sentence)).ids, self.model.prefix]
        written = _Written(self.body, prompt)
        at = 0
        while at < len(draft):
            chances = written.chances(draft[at:])
            own = chances.gather(1, torch.tensor(draft[at:], device=chances.device)[:, None])[:, 0]
            # The end is not for the rewriter to put: what it leaves out, it did not understand.
            chances[:, self.model.prefix] = -torch.inf
            differs = (chances.amax(dim=1) - own > margin)[:-1].nonzero()
            if not len(differs):
                written.keep(draft[at:])
                break
            place = at + int(differs[0, 0])
            written.keep(draft[at:place])
            at = _met(written, draft, place, self.model.prefix)
            if at < 0:
                return sentence
        text: str = self.model.tokenizer.decode(written.tokens).strip()
        return text if text else sentence


class _Written:
    """The answer so far, and what the model keeps of it between passes."""

    def __init__(self, body: Llama, prompt: Sequence[int]) -> None:
        self.body, self.tokens = body, list[int]()
        read = body.read(torch.tensor([list(prompt)], device=body.device))
        self._past: Past = read.past
        self._last = read.last[:, -1:]

    def keep(self, tokens: Sequence[int]) -> None:
        """Add tokens to the answer."""
        if not tokens:
            return
        self.tokens += tokens
        read = self.body.read(torch.tensor([list(tokens)], device=self.body.device), past=self._past)
        self._past, self._last = read.past, read.last[:, -1:]

    def chances(self, draft: Sequence[int]) -> torch.Tensor:
        """Log-probabilities at each place of a draft that would follow. Shape: (draft, vocabulary)."""
        states = self._last
        if len(draft) > 1:
            read = self.body.read(torch.tensor([list(draft[:-1])], device=self.body.device), past=self._past)
            states = torch.cat([states, read.last], dim=1)
        return torch.log_softmax(self.body.logits(states[0]), dim=-1)


def _met(written: _Written, draft: Sequence[int], at: int, end: int) -> int:
    """Write freely until it goes on as the draft does: the place to go on from, or -1 where none comes.

    It meets the draft where the next token is one of the draft's next, and the one after it would be too.
    """
    for _ in range(MOST_FREE):
        token = int(written.chances([end])[0].argmax())
        if token == end:
            return -1
        for place in range(at, min(at + AHEAD, len(draft) - 1)):
            if draft[place] != token:
                continue
            following = written.chances([token, end])[1]
            if int(following.argmax()) == draft[place + 1]:
                return place
        written.keep([token])
    return -1


def parts(before: str, after: str) -> Iterator[str]:
    """`after`, and where it makes a few changes, `before` with each choice of them; fewer changes come later."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    yield after
    changes = _changes(old, new)
    if not 1 < len(changes) <= MOST_CHANGES:
        return
    for count in range(len(changes) - 1, 0, -1):
        for chosen in combinations(changes, count):
            words = list(old)
            for start, end, put in reversed(chosen):
                words[start:end] = put
            yield "".join(words)


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, Sequence[str]]]:
    """What of `old` (from, to) became which words; changes that APART words or fewer part are one."""
    joined: list[list[int]] = []
    for tag, i, j, m, n in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        # Spaces count as pieces: n words between two changes are 2 n + 1 pieces.
        if joined and i - joined[-1][1] <= 2 * (APART - 1) + 1:
            joined[-1][1], joined[-1][3] = j, n
        else:
            joined.append([i, j, m, n])
    return [(i, j, new[m:n]) for i, j, m, n in joined]


def load_mender(model: LanguageModel, folder: Path = MODELS_DIR / "rewriter") -> Mender | None:
    """The rewriter kept in `folder`; None where `model` is not the one that it was trained on.

    Raises ModelError where the file cannot be read.
    """
    from safetensors import SafetensorError

    file = folder / "rewriter.safetensors"
    try:
        changes, told = read_changes(file)
        if not isinstance(model.body, Llama) or model.signature.partition("@")[0] != told["lm"]:
            return None
        body = merged(model.body, changes, range(*json.loads(told["layers"])))
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(str(file), f"the rewriter cannot be read: {error}", "Install repair again.") from error
    return Mender(model, body, f"rewriter@{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}")
