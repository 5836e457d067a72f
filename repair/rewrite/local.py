"""Rewrites from a transformers model in memory: `--rewriter FOLDER`, or `owner/model` of the hub.

Chat models are asked through their own template; a model without one is given the same examples to go on with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repair.config import Settings
from repair.errors import ModelError
from repair.rewrite.answers import AnswerCache, key_of
from repair.rewrite.prompts import Question, answer, completion, conversation
from repair.rewrite.rewriter import Reply

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

LONGEST = 256
"""Tokens of a sentence that is asked about."""
GROWTH = 1.3
"""Tokens that an answer may have for each of the sentence's; what grows more, the gate refuses anyway."""
PREAMBLE = 24
"""Tokens that it may have besides, for politeness."""
_TOO_LONG = "the sentence, or what is known around it, is too long for the model"


@dataclass(eq=False)
class ChatModel:
    """A model, its tokenizer, and what was asked; a `Rewriter`."""

    name: str
    """`name@sha8`"""
    network: PreTrainedModel
    chat: Any
    """The tokenizer as transformers reads it, which knows the chat template."""
    cache: AnswerCache
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer itself."""
        tokenizer: Tokenizer = self.chat.backend_tokenizer
        return tokenizer

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply to each question, in order, in batches; what was answered before is not asked again."""
        prompts = [self.prompt(question) for question in questions]
        keys = [key_of(self.name, prompt) for prompt in prompts]
        words = {key: kept for key in keys if (kept := self.cache.get(key)) is not None}
        fitting = [i for i, key in enumerate(keys) if key not in words and self._fits(prompts[i], questions[i])]
        for i, reply in zip(fitting, self._complete(prompts, questions, fitting), strict=True):
            self.cache.put(keys[i], reply)
            words[keys[i]] = reply
        replies = []
        for key, question in zip(keys, questions, strict=True):
            if key in words:
                replies.append(Reply(answer(words[key], question.sentence)))
            else:
                self.problems[_TOO_LONG] += 1
                replies.append(Reply("", _TOO_LONG))
        return replies

    def close(self) -> None:
        """Close the cache."""
        self.cache.close()

    def _tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def _fits(self, prompt: str, question: Question) -> bool:
        room = int(getattr(self.network.config, "max_position_embeddings", 2048)) - int(GROWTH * LONGEST) - PREAMBLE
        return self._tokens(question.sentence) <= LONGEST and self._tokens(prompt) <= room

    def _complete(self, prompts: Sequence[str], questions: Sequence[Question], places: Sequence[int]) -> list[str]:
        """The model's words for the prompts at `places`."""
        from repair.lm.generate import complete

        if not places:
            return []
        longest = max(self._tokens(questions[i].sentence) for i in places)
        answers = complete(
            self,
            [prompts[i] for i in places],
            samples=1,
            max_new_tokens=int(GROWTH * longest) + PREAMBLE,
            seed=0,
            stop="" if self.chat.chat_template else "\n",
        )
        return [one for (one,) in answers]

    def prompt(self, question: Question) -> str:
        """The question as the model was taught to read one.

        Marks that end a turn are taken out of what is quoted, so that no article can speak for someone else.
        """
        if not self.chat.chat_template:
            return (self.chat.bos_token or "") + completion(self._plain(question.sentence))
        messages = conversation(
            Question(self._plain(question.sentence), self._plain(question.before), self._plain(question.source))
        )
        prompt: str = self._render(messages)
        return prompt

    def _render(self, messages: list[dict[str, str]]) -> Any:
        from jinja2 import TemplateError

        try:
            return self.chat.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except TemplateError:  # a template that knows no system's turn: its words open the first question
            system, first, *rest = messages
            merged = {"role": "user", "content": f"{system['content']}\n\n{first['content']}"}
            return self.chat.apply_chat_template([merged, *rest], tokenize=False, add_generation_prompt=True)

    def _plain(self, text: str) -> str:
        for mark in self.chat.all_special_tokens:
            text = text.replace(mark, " ")
        return text


def load_chat(settings: Settings, cache: AnswerCache) -> ChatModel:
    """The model that `settings.rewriter` names. Raises ModelError where it is missing or cannot be read."""
    from transformers import AutoTokenizer

    from repair.lm.catalog import fingerprint, resolve
    from repair.lm.hub import load_network
    from repair.lm.model import pick_device, pick_dtype

    folder = resolve(settings.rewriter, offline=settings.offline)
    device = pick_device(settings.device)
    try:
        chat = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = load_network(folder, device, pick_dtype(device))
    except (OSError, ValueError, KeyError) as error:
        cause = f"not a causal language model that can be read: {error}"
        raise ModelError(str(folder), cause, "Give --rewriter another model.") from error
    return ChatModel(f"{Path(settings.rewriter).name}@{fingerprint(folder)[:8]}", network, chat, cache)
