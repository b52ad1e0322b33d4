"""Checkpoints of a training: one file, replaced as a whole after each epoch."""

from __future__ import annotations

import hashlib
import io
import pathlib
from typing import Any

import torch

from ..canonical import canonical
from ..wholefile import write_whole
from .description import TrainingDescription
from .errors import TrainingError

_VERSION = 1
_MAGIC = b"steadyset-torch1"


def identity(training: TrainingDescription, dataset_id: str, samples: int) -> str:
    """Returns a digest of what determines a training; a checkpoint of another one is not continued."""
    document = {"version": _VERSION, "train": training.document(), "dataset": dataset_id, "samples": samples}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


class Checkpoint:
    """The checkpoint in a folder, and beside it the weights of the best epoch so far.

    The file has the digest of what was meant before the rest, which PyTorch's format does not have of its values.
    """

    def __init__(self, folder: pathlib.Path, identity: str) -> None:
        self._path = folder / "torch-checkpoint.pt"
        self._identity = identity
        self.best = folder / "torch-best.safetensors"

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Returns what was saved, none where nothing was. Raises `TrainingError` where it is damaged or of another
        training."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        head = len(_MAGIC) + 32
        if data[: len(_MAGIC)] != _MAGIC or data[len(_MAGIC) : head] != hashlib.sha256(data[head:]).digest():
            raise self.damaged()
        try:
            found: dict[str, Any] = torch.load(io.BytesIO(data[head:]), map_location=device, weights_only=True)
            of = found.pop("identity")
        except Exception as error:
            raise self.damaged() from error
        if of != self._identity:
            raise TrainingError(
                f"{self._path} is of another training (other keys, or other data): take another folder, or remove it"
            )
        return found

    def damaged(self) -> TrainingError:
        """What there is to say of a checkpoint that cannot be continued."""
        return TrainingError(f"{self._path} is damaged, or of an older release: remove it to train from the beginning")

    def save(self, content: dict[str, Any]) -> None:
        """Replaces the checkpoint."""
        buffer = io.BytesIO()
        torch.save(content | {"identity": self._identity}, buffer)
        data = buffer.getbuffer()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, [_MAGIC + hashlib.sha256(data).digest(), data])

    def best_weights(self, digest: str) -> bytes:
        """Returns the file of the best epoch's weights, whose SHA-256 the checkpoint has."""
        try:
            data = self.best.read_bytes()
        except FileNotFoundError:
            data = b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise TrainingError(
                f"{self.best} is missing or damaged: remove {self._path} too, to train from the beginning"
            )
        return data
