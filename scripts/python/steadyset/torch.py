"""For PyTorch: a map-style data set, a sampler whose state can be saved and restored, and an iterable data set of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .errors import missing_package

try:
    import torch
    import torch.utils.data
except ImportError as error:
    raise missing_package("data sets for PyTorch", "torch", "torch") from error

from .sampler import EpochSampler
from .samples import Samples
from .streams.share import StreamShare


Pair = tuple[torch.Tensor, torch.Tensor]


class TorchDataset(torch.utils.data.Dataset[Pair]):
    """Samples as pairs of tensors float32 (1, rows, columns): x, y. Works with any number of workers.

    `transform` is given several samples at once, x and y of (samples, 1, rows, columns), and returns such a pair;
    `steadyset.transforms.RandomSymmetry` is one.
    """

    def __init__(self, samples: Samples, transform: Callable[[torch.Tensor, torch.Tensor], Pair] | None = None) -> None:
        if not len(samples):
            raise ValueError("there are no samples: a loader of them would give nothing")
        self.samples, self.transform = samples, transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Pair:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: list[int]) -> list[Pair]:
        x, y = (torch.from_numpy(fields)[:, None] for fields in self.samples.read(indices))
        if self.transform is not None:
            x, y = self.transform(x, y)
        return list(zip(x, y))


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
