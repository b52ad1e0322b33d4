"""For PyTorch: a map-style data set, a sampler whose state can be saved and restored, and an iterable data set of a stream."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.utils.data

from .sampler import EpochSampler
from .samples import Samples
from .streams.share import StreamShare


class TorchDataset(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Samples as pairs of tensors float32 (1, rows, columns): x, y. Works with any number of workers."""

    def __init__(self, samples: Samples) -> None:
        if not len(samples):
            raise ValueError("there are no samples: a loader of them would give nothing")
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = self.samples.read([index])
        return torch.from_numpy(x), torch.from_numpy(y)

    def __getitems__(self, indices: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        x, y = self.samples.read(indices)
        return list(zip(torch.from_numpy(x[:, None]), torch.from_numpy(y[:, None])))


class TorchSampler(EpochSampler, torch.utils.data.Sampler[int]):
    """One process's share of each epoch, for a `DataLoader`; see `steadyset.sampler.EpochSampler`."""


class TorchStream(StreamShare, torch.utils.data.IterableDataset[tuple[torch.Tensor, torch.Tensor]]):
    """A stream's batches as pairs of tensors float32 (samples, channels, rows, columns): x, y. For a `DataLoader` with
    `batch_size=None` and any number of workers; see `steadyset.streams.share.StreamShare`."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        info = torch.utils.data.get_worker_info()
        batches = self.share() if info is None else self.share(info.id, info.num_workers)
        for batch in batches:
            yield torch.from_numpy(self.channels(batch)), torch.from_numpy(batch.y[:, None])
