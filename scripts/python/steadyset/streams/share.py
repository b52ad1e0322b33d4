"""The data set of `steadyset.torch` for streams, without PyTorch: which batches a process sees, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..frame import FloatArray
from .endless import Batches, Endless, Share, StreamBatch, check_coefficient, position_in, state_of


class StreamShare:
    """One process's share of a stream: its batches, among several workers, and a position that can be saved and restored.

    The batches are those of `stream.batches(batch_size, start=position, rank=rank, ranks=ranks)`. Workers take them in turn,
    so a loader that asks its workers in turn, as PyTorch's does, gets the same batches in the same order from any number.

    A loader fetches ahead of the training, so nobody here knows what was learnt from: call `advance()` after each step of all
    processes. Every iteration begins at `position`. `coefficients` become further channels of x, behind the sources.
    """

    def __init__(
        self, stream: Endless, batch_size: int, *, rank: int = 0, ranks: int = 1, start: int = 0,
        coefficients: Sequence[str] = (), threads: int = 1,
    ) -> None:  # fmt: skip
        stream.batches(batch_size, start=start, rank=rank, ranks=ranks, threads=threads)  # checks them
        for name in coefficients:
            check_coefficient(name)
        self.stream, self.batch_size, self.rank, self.ranks = stream, batch_size, rank, ranks
        self.position, self.coefficients, self.threads = start, tuple(coefficients), threads

    def share(self, worker: int = 0, workers: int = 1) -> Batches:
        """Returns the batches of one of this process's workers, from `position` on."""
        share = Share(self.batch_size, self.rank, self.ranks, worker, workers, False)
        span = range(self.position, self.stream.positions)
        return Batches(self.stream, span, share, self.threads, self.threads + 1, self.coefficients)

    def channels(self, batch: StreamBatch) -> FloatArray:
        """Returns a batch's x, (samples, 1 + planes of coefficients, rows, columns)."""
        x = batch.x[:, None]
        if not self.coefficients:
            return x
        fields = (batch.coefficients[name] for name in self.coefficients)
        return np.concatenate([x, *(field if field.ndim == 4 else field[:, None] for field in fields)], axis=1)

    def advance(self, steps: int = 1) -> None:
        """Notes that every process has learnt from `steps` more batches of its own."""
        if steps < 0:
            raise ValueError("one cannot advance by less than nothing")
        self.position += steps * self.batch_size * self.ranks

    def set_epoch(self, epoch: int) -> None:
        """Does nothing, as a stream has no epochs: trainers may call it."""

    def state_dict(self) -> dict[str, Any]:
        """Returns where training stands, as plain numbers."""
        return state_of(self.stream, self.position)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues where a state stands, with any number of processes and workers and any size of batches."""
        self.position = position_in(self.stream, state)
