"""The one door to model files: from a name, a folder or a hub name to a folder that can be loaded."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from repair.errors import ModelError
from repair.lm.cache import STAMP, cache_dir, digest, home_of, installed, read_stamp
from repair.lm.card import MODELS_DIR, ModelCard, cards, fetchable, load_card
from repair.lm.fetch import fetch, missing, verify

__all__ = [
    "MODELS_DIR",
    "ModelCard",
    "ModelStatus",
    "cache_dir",
    "cards",
    "check_folder",
    "fetch",
    "fingerprint",
    "load_card",
    "resolve",
    "status",
    "verify",
]

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.jinja"]
"""All that is taken from a hub: no pickles, no code; chat templates are rendered in a sandbox."""
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"}


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model that can be fetched, and where it would lie. `problem` says why it is not ready, or is empty."""

    card: ModelCard
    path: Path
    problem: str

    @property
    def ready(self) -> bool:
        """True where it can be loaded at once."""
        return not self.problem


def status() -> tuple[ModelStatus, ...]:
    """Every model that can be fetched, and whether it is there. Looks at sizes; `verify` looks at digests."""
    return tuple(ModelStatus(card, home_of(card), _problem(card)) for card in cards())


def _problem(card: ModelCard) -> str:
    try:
        return "" if installed(card) else "not fetched"
    except ModelError as error:
        return f"damaged: {error.cause}"


def resolve(name_or_path: str, *, offline: bool) -> Path:
    """A folder with config.json, tokenizer.json and safetensors, ready to load.

    Takes a name in `models/`, a local folder, or a hub name `owner/model`, in this order. Downloads only where
    `offline` is false. Raises ModelError where the model is missing, damaged, or holds weights as pickles.
    """
    if name_or_path in fetchable():
        card = load_card(name_or_path)
        home = installed(card)
        if home is None and offline:
            raise missing(card)
        return home or fetch(name_or_path)
    path = Path(name_or_path).expanduser()
    if path.exists():
        return check_folder(path)
    if HUB_NAME.fullmatch(name_or_path):
        return check_folder(_from_hub(name_or_path, offline=offline))
    known = f"Known: {', '.join(fetchable())}; or give a folder or owner/model."
    raise ModelError(name_or_path, "is no folder and no known model", known)


def check_folder(folder: Path) -> Path:
    """The same folder, once it is sure to hold a whole model. Raises ModelError otherwise.

    Reads the headers of the weights, not the weights; says nothing of whether the network fits the task.
    """
    if not folder.is_dir():
        raise ModelError(str(folder), "is a file", "Give the folder that holds config.json and *.safetensors.")
    weights = _weights(folder)
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelError(str(folder), f"{name} is missing", "Save model and tokenizer with `save_pretrained`.")
    for path in weights:
        _check_safetensors(path)
    return folder


def _weights(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(str(index), f"cannot be read: {error}", "Get the model again.") from error
        if stray := [name for name in names if Path(name).name != name]:
            raise ModelError(str(index), f"names a file outside its folder: {stray[0]}", "Do not use this model.")
        return [folder / name for name in names]
    if found := sorted(folder.glob("*.safetensors")):
        return found
    if pickles := sorted(p.name for p in folder.iterdir() if p.suffix in PICKLES):
        cause = f"{pickles[0]} is a pickle, which can run code when it is loaded"
        raise ModelError(str(folder), cause, "Only *.safetensors are read: save the model with `save_pretrained`.")
    raise ModelError(str(folder), "holds no *.safetensors", "Save the model there with `save_pretrained`.")


def _check_safetensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            empty = not file.keys()
    except (OSError, SafetensorError) as error:
        raise ModelError(str(path), f"is cut off or damaged: {error}", "Get the model again.") from error
    if empty:
        raise ModelError(str(path), "holds no weights", "Get the model again.")


def _from_hub(name: str, *, offline: bool) -> Path:
    """What the hub's own cache has; what it lacks is downloaded unless `offline`."""
    import huggingface_hub.errors as hub
    from huggingface_hub import snapshot_download

    client_error: type[Exception] = hub.__dict__["HTTPError"]  # of the HTTP client that this version of it uses
    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES, local_files_only=offline))
    except hub.LocalEntryNotFoundError as error:
        cause = "is no folder here, and the hub is not asked offline" if offline else "the hub cannot be reached"
        raise ModelError(name, cause, "Give a folder, or allow the network with `--no-offline`.") from error
    except (client_error, hub.HFValidationError, OSError) as error:
        cause = str(error).strip().splitlines()[0]
        raise ModelError(name, f"cannot be downloaded: {cause}", "Check the name, or give a folder.") from error


def fingerprint(folder: Path) -> str:
    """The sha256 that names the weights in `folder`, 64 hexadecimal digits.

    For a model that we fetched it is the digest of the file as it came, so that it does not hang on the converter;
    for any other, of its safetensors, in order.
    """
    if (folder / STAMP).is_file():
        return read_stamp(folder).weights_sha256
    weights = _weights(folder)
    if len(weights) == 1:
        return digest(weights[0])
    return hashlib.sha256("".join(map(digest, weights)).encode()).hexdigest()
