"""For PyTorch: a map-style data set, and a sampler whose state can be saved and restored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.utils.data

from .order import Order, Progress
from .samples import Samples


class TorchDataset(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Samples as pairs of tensors float32 (1, rows, columns): x, y. Works with any number of workers."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = self.samples.read([index])
        return torch.from_numpy(x), torch.from_numpy(y)

    def __getitems__(self, indices: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        x, y = self.samples.read(indices)
        return list(zip(torch.from_numpy(x[:, None]), torch.from_numpy(y[:, None])))


class TorchSampler(torch.utils.data.Sampler[int]):
    """The rest of an epoch, for one process of several.

    A `DataLoader` fetches ahead of the training, so the sampler cannot know what was learnt from: call
    `advance(samples)` with what all processes together have learnt from, then `state_dict()` says where to continue.
    Iterating does not move it.
    """

    def __init__(
        self, count: int, order: Order | None = None, *, rank: int = 0, ranks: int = 1, drop_last: bool = False
    ) -> None:
        self.progress = Progress(count, order)
        self.rank, self.ranks, self.drop_last = rank, ranks, drop_last

    def __iter__(self) -> Iterator[int]:
        return self.progress.share(self.rank, self.ranks, self.drop_last)

    def __len__(self) -> int:
        return self.progress.length(self.ranks, self.drop_last)

    def advance(self, samples: int) -> None:
        """Notes that all processes together have learnt from `samples` more."""
        self.progress.advance(samples)

    def next_epoch(self) -> None:
        """Goes to the beginning of the next epoch."""
        self.progress.next_epoch()

    def state_dict(self) -> dict[str, Any]:
        """Returns where training stands: seed, epoch, position, number of samples."""
        return self.progress.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where a state stands, with any number of processes."""
        self.progress.load_state_dict(state)
