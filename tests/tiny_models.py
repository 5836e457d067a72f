"""Models so small that a test makes them: a wheel with a payload, a causal network, an encoder, their tokenizers."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

WORDS = "the a minister police said voted fell rose on in monday tuesday prices taxes and not 1 2 3 . , \n".split(" ")


def write_folder(folder: Path) -> Path:
    """A folder that `resolve` accepts: one small tensor, and the two JSON files."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weight": np.arange(6, dtype=np.float32).reshape(2, 3)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "none"}', encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    return folder


def write_wheel(folder: Path, payload: Path, package: str = "tiny-model") -> Path:
    """A wheel that pip accepts, with the files of `payload` under `tiny_model/`."""
    stem = package.replace("-", "_")
    wheel = folder / f"{stem}-1.0-py3-none-any.whl"
    info = f"{stem}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(payload.iterdir()):
            archive.write(path, f"{stem}/{path.name}")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def write_card(models: Path, wheel: Path, payload: Path, name: str = "tiny") -> Path:
    """The `model.toml` of that wheel, true in every digest."""
    rows = [
        f'[[payload]]\nmember = "tiny_model/{path.name}"\nsize = {path.stat().st_size}\nsha256 = "{sha256(path)}"\n'
        for path in sorted(payload.iterdir(), reverse=True)
    ]
    head = f"""
name = "{name}"
kind = "causal-lm"
purpose = "tests"
origin = "made up"
revision = "1"
licence = "Apache-2.0"
parameters = 6
installed_size = {sum(path.stat().st_size for path in payload.iterdir())}

[wheel]
package = "tiny-model"
version = "1.0"
size = {wheel.stat().st_size}
sha256 = "{sha256(wheel)}"
"""
    card = models / name / "model.toml"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text("\n".join((head, *rows)), encoding="utf-8")
    return card


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def word_tokenizer(ends: tuple[str, ...] = ("<|im_end|>",)) -> Tokenizer:
    """One token a word of `WORDS`; unknown words are `[UNK]`."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    vocabulary = {word: i for i, word in enumerate(("[UNK]", *ends, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    tokenizer.add_special_tokens([AddedToken(end, special=True) for end in ends])
    return tokenizer


@dataclass(frozen=True)
class TinyModel:
    """What `repair.lm.generate.complete` asks of a language model."""

    network: PreTrainedModel
    tokenizer: Tokenizer


def tiny_causal(seed: int = 0) -> TinyModel:
    """A Llama of two layers with random weights, float32, that likes some tokens clearly better than others."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    tokenizer = word_tokenizer()
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=1,
        initializer_range=0.6,
    )
    return TinyModel(LlamaForCausalLM(config).eval(), tokenizer)


def write_encoder(folder: Path) -> Path:
    """A BERT of two layers with random weights, saved as `load_embedder` wants it."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    tokenizer = word_tokenizer(ends=("[CLS]", "[SEP]"))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        initializer_range=0.6,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def cases(path: Path) -> list[dict[str, str]]:
    """The rows of a file in `tests/cases`."""
    rows: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return rows
