"""Batches for training: decoded ahead in the background, or all kept in memory where they fit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..order import IndexArray, Order
from ..samples import Samples
from ..streams.ahead import Stop, worked_ahead

FloatArray = npt.NDArray[np.float32]

_AHEAD = 3  # batches


@dataclass(frozen=True)
class LoadedBatch:
    """The share of a batch that one process learns from; fields are (samples, rows, columns)."""

    x: FloatArray
    y: FloatArray
    index: IndexArray
    """Numbers of the samples in the selection."""
    whole: int | None
    """Samples of the whole batch, over all processes; None where each knows of its own only."""
    weights: FloatArray | None = None
    """Of each sample, where draws are curated."""


class Source(Protocol):
    """What a training learns from."""

    @property
    def count(self) -> int:
        """Numbers of an epoch."""

    @property
    def batches(self) -> int:
        """Batches of an epoch; the last may be smaller."""

    def epoch(self, order: Order, epoch: int, rank: int = 0, ranks: int = 1) -> Iterator[LoadedBatch]:
        """Yields process `rank`'s share of every batch: positions rank, rank + ranks, … of the batch, at times none."""

    def names(self, order: Order, epoch: int, number: int) -> list[str]:
        """Returns the ids of the samples of a batch."""


class Loader:
    """Reads batches of a selection. Where all of x and y take at most `memory` bytes they are read once and kept."""

    def __init__(self, samples: Samples, batch: int, *, threads: int = 2, memory: int = 1 << 31) -> None:
        self.samples, self.batch, self.threads = samples, batch, threads
        rows, columns = samples.dataset.lattice
        self._kept: tuple[FloatArray, FloatArray] | None = None
        if len(samples) * rows * columns * 8 <= memory:
            with ThreadPoolExecutor(threads) as pool:
                self._kept = samples.read(np.arange(len(samples)), pool=pool)

    @property
    def count(self) -> int:
        return len(self.samples)

    @property
    def batches(self) -> int:
        return -(-len(self.samples) // self.batch)

    def names(self, order: Order, epoch: int, number: int) -> list[str]:
        positions = np.arange(number * self.batch, min(self.count, (number + 1) * self.batch))
        chosen = self.samples[order.indices(positions, self.count, epoch)]
        return [f"{int(found):016x}" for found in chosen.ids]

    def epoch(self, order: Order, epoch: int, rank: int = 0, ranks: int = 1) -> Iterator[LoadedBatch]:
        count = len(self.samples)
        index = order.indices(np.arange(count), count, epoch)
        shares = [
            (index[first + rank : first + self.batch : ranks], min(self.batch, count - first))
            for first in range(0, count, self.batch)
        ]
        if self._kept is not None:
            for share, whole in shares:
                yield LoadedBatch(self._kept[0][share], self._kept[1][share], share, whole)
            return
        with ThreadPoolExecutor(self.threads) as pool:

            def read(share: IndexArray, whole: int, stop: Stop) -> LoadedBatch:
                return LoadedBatch(*self.samples.read(share, pool=pool), share, whole)

            yield from worked_ahead((partial(read, *share) for share in shares), 1, _AHEAD)
