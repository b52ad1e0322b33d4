"""Checkpoints of a training: one file, replaced as a whole after each epoch."""

from __future__ import annotations

import hashlib
import os
import pathlib
from typing import Any

import torch

from ..canonical import canonical
from .description import TrainingDescription
from .errors import TrainingError

_VERSION = 1


def identity(training: TrainingDescription, dataset_id: str, samples: int) -> str:
    """Returns a digest of what determines a training; a checkpoint of another one is not continued."""
    document = {"version": _VERSION, "train": training.document(), "dataset": dataset_id, "samples": samples}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


class Checkpoint:
    """The checkpoint in a folder, and beside it the weights of the best epoch so far."""

    def __init__(self, folder: pathlib.Path, identity: str) -> None:
        self._path = folder / "torch-checkpoint.pt"
        self._identity = identity
        self.best = folder / "torch-best.safetensors"

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Returns what was saved, none where nothing was. Raises `TrainingError` where it is of another training."""
        if not self._path.exists():
            return None
        try:
            found: dict[str, Any] = torch.load(self._path, map_location=device, weights_only=True)
            of = found.pop("identity")
        except Exception as error:
            raise TrainingError(f"{self._path} is damaged: remove it to train from the beginning") from error
        if of != self._identity:
            raise TrainingError(
                f"{self._path} is of another training (other keys, or other data): take another folder, or remove it"
            )
        return found

    def save(self, content: dict[str, Any]) -> None:
        """Replaces the checkpoint."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(self._path.name + ".tmp")
        with temporary.open("wb") as file:
            torch.save(content | {"identity": self._identity}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
