"""Settings: each default explained where it stands. Loading them from flags, environment and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ApplyPolicy = Literal["none", "safe", "all"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every stage may ask. Frozen; a stage never changes it."""

    lm: str = "smollm2-135m-instruct"
    """The causal language model: a name in `models/`, a folder, or a hub name."""
    embedder: str = "all-minilm-l6-v2"
    """The sentence embedder, likewise."""
    threshold: float | None = None
    """Probability from which a sentence is flagged; None takes the one kept with the scorer (1 % false
    positives on clean news)."""
    context_tokens: int = 128
    """Tokens of the document before a sentence that the language model may see. `eval/context` shows why."""
    sources: str | None = None
    """A folder of clean articles that are not in the archive."""
    apply: ApplyPolicy = "safe"
    """`safe` applies what a clean source or a sure rule supports; `all` also what only the model proposes;
    neither ever applies what the gate refused."""
    rewriter: str = "lm"
    """`none`, `lm` (the small model), a model's name or folder, or the URL of an OpenAI-compatible server."""
    grammar: str = "auto"
    """`none`, `harper`, `languagetool`, the URL of a LanguageTool server, or `auto`: LanguageTool where it is
    ready, else Harper."""
    device: Device = "auto"
    jobs: int = 1
    """Processes that read, split and write. The model has its own threads."""
    text_field: str | None = None
    """The column with the text in jsonl, csv and parquet; None tries `text`, `content`, `body`, `article`."""
    offline: bool = True
    """Nothing leaves this machine; only an explicit URL does."""
