"""A GGUF file to what transformers loads fast: bf16 safetensors, tokenizer.json, config.json, chat template."""

from __future__ import annotations

import contextlib
import io
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from repair.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PRE_TOKENIZER_KEY = b"tokenizer.ggml.pre"
GGUF_STRING = 8
"""The number that marks a string among the value types of GGUF."""


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the model in `gguf` into `folder`, dequantised to bf16. 135 M weights take half a minute and 1 GB.

    The same file gives the same bytes with the same versions of the libraries. Raises ModelError where the file
    is no GGUF, or names a way to split text that we do not know, or where the disk is full.
    """
    check_pre_tokenizer(gguf)
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, GgufConfig, PreTrainedTokenizerFast

    with _quiet():
        tokenizer = PreTrainedTokenizerFast.from_pretrained(gguf.parent, gguf_file=gguf.name)
        restore_pre_tokenizer(tokenizer)
        tokenizer.save_pretrained(folder)
        network = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),  # else it stays packed and cannot be saved
        )
        try:
            network.save_pretrained(folder)
        except SafetensorError as error:  # its writer turns what the disk says into this
            cause = f"cannot be written: {error}"
            raise ModelError(str(folder), cause, "Free some space, or let REPAIR_CACHE name another folder.") from error


def check_pre_tokenizer(gguf: Path) -> None:
    """Make sure that the file splits text as `restore_pre_tokenizer` does. Raises ModelError otherwise.

    Reads the one field where it lies: a key, its value type (uint32), the length (uint64), the characters.
    """
    with gguf.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(PRE_TOKENIZER_KEY) + len(PRE_TOKENIZER_KEY)
        if data[:4] != b"GGUF" or at < len(PRE_TOKENIZER_KEY):
            raise ModelError(str(gguf), "is no GGUF file with a tokenizer", "Use a safetensors model.")
        kind, length = struct.unpack_from("<IQ", data, at)
        name = data[at + 12 : at + 12 + length] if kind == GGUF_STRING and length < 64 else b""
    if name != b"smollm":
        cause = f"splits text by {name.decode(errors='replace')!r}, which is not known here"
        raise ModelError(str(gguf), cause, "Use a safetensors model.")


def restore_pre_tokenizer(tokenizer: PreTrainedTokenizerFast) -> None:
    """Split text as SmolLM2 was taught to: every digit for itself, then the rule of GPT-2.

    transformers takes the vocabulary from a GGUF but not this; it shows where white space meets digits.
    """
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the progress bars of transformers off the terminal; one of them listens to no setting."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
